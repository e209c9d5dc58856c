// `puretls ja4`: fingerprints of the ClientHellos in a file.

import { defineCommand, flag } from '../command.ts'
import type { Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { readInput } from '../files.ts'
import { helloProperties } from '../hello/report.ts'
import { schema } from '../schema.ts'

export const ja4: Command = defineCommand({
  name: 'ja4',
  summary: 'prints JA4 and JA3 of the ClientHellos in a capture, a hexdump or a file of `puretls hello`',
  args: [{ name: 'FILE', help: 'pcap, pcapng, hexdump, raw bytes, lines of JSON, or - for stdin', required: true }],
  options: { raw: flag('the parts of JA4 and JA3 before hashing too') },
  examples: [
    { run: 'puretls ja4 capture.pcap', says: 'each client of a capture' },
    { run: 'puretls ja4 hello.hex --raw', says: 'with what is hashed' },
    { run: 'puretls ja4 hellos.jsonl --json', says: 'everything, for a program' },
  ],
  schema: schema.object(
    { from: schema.nullable(schema.string('address:port, where it is known')), ...helloProperties },
    'one a line',
  ),
  exits: ['ok', 'input'],
  run: async ({ io, out, args, options }) => {
    const { hellosOf } = await import('../hello/sources.ts')
    const { helloJson } = await import('../hello/report.ts')
    const [path = ''] = args
    for (const { hello, from } of await hellosOf(await readInput(io, path), path)) {
      const json = helloJson(hello)
      await out.json({ from: from ?? null, ...json })
      const like =
        json.resembles === null
          ? ''
          : `  ${json.resembles.likeness === 1 ? 'like' : 'nearest to'} ${json.resembles.name}`
      await out.print(
        `${out.style.cyan(json.ja4)}  ${json.ja3}  ` +
          `${from === undefined ? '' : `${from}  `}${json.serverName ?? '-'}${like}`,
      )
      if (options.raw) await out.print(`    JA4_r ${json.ja4Raw}`, `    JA3   ${json.ja3String}`)
    }
    return exitCodes.ok
  },
})
