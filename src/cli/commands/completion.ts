// `puretls completion`: prints the script that a shell completes by.

import { defineCommand } from '../command.ts'
import type { Command } from '../command.ts'
import { completionScript, shells } from '../completion.ts'
import { usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { schema } from '../schema.ts'

export const completion: Command = defineCommand({
  name: 'completion',
  summary: 'prints the completion script of a shell',
  args: [{ name: 'SHELL', help: shells.join(', '), required: true }],
  options: {},
  examples: [
    {
      run: 'puretls completion bash > ~/.local/share/bash-completion/completions/puretls',
      says: 'bash, from the next shell on',
    },
    { run: 'puretls completion zsh', says: 'zsh: into a file _puretls in a folder of $fpath' },
    { run: 'puretls completion fish', says: 'fish: into ~/.config/fish/completions/puretls.fish' },
  ],
  schema: schema.object({ shell: schema.oneOf(shells), script: schema.string() }),
  exits: [],
  run: async ({ args, out, json, commands }) => {
    const shell = shells.find((one) => one === args[0])
    if (shell === undefined) throw usage(`completion: there is none for "${args[0]}"; take one of ${shells.join(', ')}`)
    const script = completionScript(shell, commands)
    if (json) await out.json({ shell, script })
    else await out.raw(script)
    return exitCodes.ok
  },
})
