// `puretls bench`: how fast a server shakes hands.

import { defineCommand, duration, flag, list, number, text } from '../command.ts'
import type { Command } from '../command.ts'
import { benchSchema } from '../bench/run.ts'

export const bench: Command = defineCommand({
  name: 'bench',
  summary: 'measures the handshakes of a server: how many a second, first byte, full against resumed',
  text: [
    'Connections are made one after the other, or --parallel at a time, each with its own TCP connection. It is a ' +
      "client's view: what this " +
      'machine can do is part of it. The default is small on purpose; ask before you measure a server that is not ' +
      'yours.',
  ],
  args: [{ name: 'HOST[:PORT]', help: 'the server', required: true }],
  options: {
    count: number('N', 'handshakes of each kind (default: 20)', { min: 1, max: 100_000 }),
    parallel: number('N', 'at a time (default: 1)', { min: 1, max: 100 }),
    tls12: flag('offers TLS 1.2 only'),
    group: list('NAMES', 'groups to offer'),
    suite: list('NAMES', 'cipher suites to offer, by IANA name'),
    http: flag('asks for / by HTTP after the handshake, and measures the first byte of the answer'),
    servername: text('NAME', 'the name to ask for (default: HOST)'),
    timeout: duration('TIME', 'for TCP and for the handshake, each (default: 15s)'),
  },
  examples: [
    { run: 'puretls bench localhost:8443', says: '20 full handshakes, 20 resumed ones' },
    { run: 'puretls bench localhost:8443 --count 5 --parallel 2 --json', says: 'for a program' },
  ],
  schema: benchSchema,
  exits: ['ok', 'connection', 'handshake', 'interrupted'],
  run: async (context) => (await import('../bench/run.ts')).runBench(context),
})
