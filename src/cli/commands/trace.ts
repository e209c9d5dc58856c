// `puretls trace`: what passed on the wire, of a connection of its own, of a capture or of a hexdump.

import { defineCommand, duration, flag, list, number, text } from '../command.ts'
import type { Command } from '../command.ts'
import { traceSchema } from '../trace/report.ts'

export const trace: Command = defineCommand({
  name: 'trace',
  summary: 'shows a handshake message by message, field by field, byte by byte',
  text: [
    'SOURCE is a server (HOST[:PORT]), a capture (pcap or pcapng), a hexdump or raw bytes in a file, or - for ' +
      'stdin. What looks like a ' +
      'file and is there is read; write HOST:PORT for a server whose name is that of a file.',
    'Of a server it makes one connection of its own, sends nothing but the handshake, and accepts any certificate: ' +
      'this is for looking. ' +
      'Of a capture it tells each TLS connection; with a key log, or one embedded in a pcapng, what is encrypted too.',
    'Braces stand around what is encrypted with handshake keys, brackets around application data, as in the ' +
      'figures of RFC 9846.',
  ],
  args: [{ name: 'SOURCE', help: 'HOST[:PORT], a file, or -', required: true }],
  options: {
    keylog: text(
      'FILE',
      'of a capture: the secrets to decrypt it with; of a server: appends them to it (SSLKEYLOGFILE)',
    ),
    fields: flag('opens each message to its fields'),
    bytes: flag('opens each record to its bytes, each named'),
    secrets: flag('the key schedule: each secret, where it comes from, and which records its key protects'),
    connection: number('N', 'of a capture with several connections, this one only', { min: 1 }),
    servername: text('NAME', 'the name to ask a server for (default: HOST)'),
    alpn: list('NAMES', 'application protocols to offer'),
    tls12: flag('offers TLS 1.2 only'),
    group: list('NAMES', 'groups to offer: X25519MLKEM768,X25519'),
    suite: list('NAMES', 'cipher suites to offer, by IANA name'),
    timeout: duration('TIME', 'for TCP and for the handshake, each (default: 15s)'),
  },
  examples: [
    { run: 'puretls trace example.com', says: 'the handshake with a server, one line a message' },
    { run: 'puretls trace localhost:8443 --fields', says: 'open to the fields' },
    { run: 'puretls trace localhost:8443 --tls12 --bytes', says: 'TLS 1.2, every byte named' },
    { run: 'puretls trace localhost:8443 --secrets', says: 'the key schedule with its values' },
    { run: 'puretls trace capture.pcap --keylog keys.log', says: 'a capture, decrypted' },
    { run: 'puretls trace hello.hex --fields --json', says: 'a hexdump, for a program' },
  ],
  schema: traceSchema,
  exits: ['ok', 'input', 'connection', 'handshake', 'interrupted'],
  run: async (context) => (await import('../trace/run.ts')).runTrace(context),
})
