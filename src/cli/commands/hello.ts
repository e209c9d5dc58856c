// `puretls hello`: a server that tells what clients say of themselves, and a client that says the same.

import { defineCommand, duration, flag, number, text } from '../command.ts'
import type { Command } from '../command.ts'
import { helloSchema } from '../hello/run.ts'

export const hello: Command = defineCommand({
  name: 'hello',
  summary: 'a server that shows the ClientHello of whoever connects; `hello replay` sends one again',
  text: [
    'Each ClientHello is shown with JA3, JA4 and the client that it resembles, also of clients that then refuse ' +
      'the certificate or speak ' +
      'no version that puretls does. Whoever sends a line gets its own hello back as JSON, browsers and curl as a ' +
      'page.',
    '`puretls hello replay FILE HOST[:PORT]` sends a hello of the shape of the one in FILE (a line of --append, a ' +
      'hexdump, a capture): the ' +
      'same suites, extensions, groups and order, with randoms, key shares and name of its own. Nothing can be ' +
      'resumed by it.',
  ],
  args: [{ name: 'replay FILE HOST[:PORT]', help: 'sends the shape of a hello instead of listening', many: true }],
  options: {
    port: number('PORT', 'where to listen (default: 8443; 0: the system chooses)', { min: 0, max: 65_535 }),
    host: text('ADDRESS', 'the address to listen on (default: 127.0.0.1; :: for all)'),
    cert: text('FILE', 'the certificate to show (default: one made on the spot)'),
    key: text('FILE', 'its private key'),
    append: text('FILE', 'appends each hello as a line of JSON'),
    count: number('N', 'ends after so many hellos', { min: 1 }),
    line: number('N', 'replay: which line of FILE, or which hello of a capture (default: the first)', { min: 1 }),
    servername: text('NAME', 'replay: the name to ask for (default: HOST)'),
    raw: flag('prints the message in hex too'),
    timeout: duration('TIME', 'for a hello to come, and of replay for TCP and the handshake (default: 15s)'),
  },
  examples: [
    { run: 'puretls hello --port 8443', says: 'shows who connects, until Ctrl-C' },
    { run: 'puretls hello --port 8443 --append hellos.jsonl --json', says: 'as JSON, into a file as well' },
    { run: 'puretls hello replay hellos.jsonl localhost:8443', says: 'sends the shape of the first one' },
  ],
  schema: helloSchema,
  exits: ['ok', 'negative', 'input', 'connection', 'handshake', 'interrupted'],
  run: async (context) => (await import('../hello/run.ts')).runHello(context),
})
