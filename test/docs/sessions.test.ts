// Every worked session of docs/command.md does what it says: its commands are run, and print what stands there.

import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fileName, sessionOf } from '../../scripts/docs-command.ts'
import { commands } from '../../src/cli/commands/index.ts'
import { runSteps, stepsOf } from '../cli/shell.ts'

const files = readdirSync(new URL('../../docs/sessions', import.meta.url)).filter((name) => name.endsWith('.md'))

describe('worked sessions', () => {
  it('belong to a command, and each command or group has one', () => {
    expect(files.toSorted()).toEqual(commands.map(({ name }) => `${fileName(name)}.md`).toSorted())
  })

  it.each(files)('%s', async (file) => {
    const steps = stepsOf(sessionOf(file.replace(/\.md$/, '')) ?? '')
    expect(steps.length).toBeGreaterThan(0)
    await runSteps(steps)
  })
})
