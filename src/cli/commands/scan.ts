// `puretls scan`: what testssl.sh and sslscan are asked for.

import { choice, defineCommand, duration, flag, list, number, text } from '../command.ts'
import type { Command } from '../command.ts'
import { scanSchema } from '../scan/report.ts'
import { starttlsNames } from '../starttls/index.ts'

export const scan: Command = defineCommand({
  name: 'scan',
  summary: 'finds what a server speaks, its known weaknesses, and gives it a grade with the reasons',
  text: [
    'Versions from SSL 2.0 to TLS 1.3, suites and groups by preference, signature schemes, the chain and its ' +
      'faults, resumption, early ' +
      'data, ECH, OCSP, ALPN, HSTS, and known weaknesses by name. Nothing is exploited: each test stops where the ' +
      'answer is known.',
    'It makes one to two hundred connections, two at a time. Scan servers that are yours, or whose owner knows.',
  ],
  args: [{ name: 'HOST[:PORT]', help: 'the server; port 443, or that of the --starttls protocol', required: true }],
  options: {
    starttls: choice(starttlsNames, 'asks for TLS in this protocol first, in each connection'),
    servername: text('NAME', 'the name to ask for and to find in the certificate (default: HOST)'),
    ca: list('FILE', "trusts these certificates instead of the machine's roots"),
    httpsRecord: flag('looks up the HTTPS record of the name, and whether the ECH config in it is taken'),
    resolver: text('HOST[:PORT]', 'the name server that is asked for it'),
    parallel: number('N', 'connections at a time (default: 2)', { min: 1, max: 20 }),
    delay: duration('TIME', 'between the beginnings of two connections (default: 20ms)'),
    timeout: duration('TIME', 'for each answer (default: 10s)'),
    compare: text('FILE', 'says what changed since the scan whose --json is in FILE; exit code 1 if something did'),
    minGrade: choice(['A+', 'A', 'A-', 'B', 'C', 'D'], 'exit code 1 for a lower grade'),
  },
  examples: [
    { run: 'puretls scan localhost:8443 --ca ca.pem --delay 0ms', says: 'a server of your own, at full speed' },
    { run: 'puretls scan example.com --json > scan.json', says: 'for a program, or to compare with later' },
    { run: 'puretls scan mail.example.com --starttls smtp', says: 'a mail server' },
    { run: 'puretls scan localhost:8443 --ca ca.pem --min-grade B', says: 'for a test that watches a server' },
  ],
  schema: scanSchema,
  exits: ['ok', 'negative', 'input', 'connection', 'handshake', 'interrupted'],
  run: async (context) => (await import('../scan/run.ts')).runScan(context),
})
