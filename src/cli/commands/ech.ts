// `puretls ech`: keys and configs of Encrypted Client Hello (RFC 9849).

import { defineCommand, flag, number, text } from '../command.ts'
import type { Command, CommandGroup } from '../command.ts'
import { echConfigSchema, echKeysSchema } from '../ech/run.ts'

const keys: Command = defineCommand({
  name: 'ech keys',
  summary: 'makes a key of Encrypted Client Hello, and the config that DNS publishes',
  text: [
    'The key goes into `hello.ech.keys` of a server, or as --out into a file that holds key and config in PEM ' +
      '(draft-farrell-tls-pemesni). The ' +
      'config list is the `ech` parameter of an HTTPS record.',
  ],
  args: [
    { name: 'PUBLIC-NAME', help: 'the name that stays visible; the server needs a certificate for it', required: true },
  ],
  options: {
    id: number('N', 'the config id, different for each key in use (default: random)', { min: 0, max: 255 }),
    maxName: number('N', 'bytes of the longest name behind the key: clients pad to it (default: 64)', {
      min: 0,
      max: 255,
    }),
    out: text('FILE', 'writes key and config list there (PEM), readable by the user alone'),
    force: flag('replaces a file that is there'),
  },
  examples: [
    { run: 'puretls ech keys public.example.com', says: 'prints key and config' },
    { run: 'puretls ech keys public.example.com --out ech.pem', says: 'the key in a file, the config to publish' },
  ],
  schema: echKeysSchema,
  exits: ['ok', 'input'],
  run: async (context) => (await import('../ech/run.ts')).runKeys(context),
})

const config: Command = defineCommand({
  name: 'ech config',
  summary: 'shows what an ECHConfigList says',
  args: [
    {
      name: 'CONFIG',
      help: 'base64, hex, a file with either or with PEM, - for stdin, or dns:NAME for the HTTPS record',
      required: true,
    },
  ],
  options: { resolver: text('HOST[:PORT]', 'the name server that is asked, with dns:NAME') },
  examples: [
    {
      run:
        'puretls ech config ' +
        'AEj+DQBEAQAgACAdd+scUi0IYFsXnUIU7ko2Nd9+F8M26pAGZVpz/KrWPgAEAAEAAWQVZWNoLXNpdGVzLmV4YW1wbGUubmV0AAA=',
      says: 'the config of an HTTPS record',
    },
    { run: 'puretls ech config ech.pem --json', says: 'of a file that `ech keys --out` wrote' },
  ],
  schema: echConfigSchema,
  exits: ['ok', 'input', 'connection'],
  run: async (context) => (await import('../ech/run.ts')).runConfig(context),
})

export const ech: CommandGroup = {
  name: 'ech',
  summary: 'keys and configs of Encrypted Client Hello',
  commands: [keys, config],
}
