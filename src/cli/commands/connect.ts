// `puretls connect`: what `openssl s_client` is asked for.

import { choice, defineCommand, duration, flag, list, optional, text } from '../command.ts'
import type { Command } from '../command.ts'
import { reportSchema } from '../connect/report.ts'
import { schema } from '../schema.ts'
import { starttlsNames } from '../starttls/index.ts'

export const connect: Command = defineCommand({
  name: 'connect',
  summary: 'opens a TLS connection, says what was negotiated, and why a certificate is refused',
  text: [
    "The certificate is verified as a library's client does it: by the machine's roots or --ca, and for the " +
      'name. A refused one is told with the reason and the mend, exit code 6, and nothing is sent.',
    'If something is piped into stdin, it is sent, what comes back goes to stdout, and the report to stderr.',
  ],
  args: [
    {
      name: 'HOST[:PORT]',
      help: 'a name, an address ([::1]:443), or a URL; port 443, or that of the --starttls protocol',
      required: true,
    },
  ],
  options: {
    starttls: choice(starttlsNames, 'asks for TLS in this protocol first'),
    servername: text('NAME', 'the name to ask for and to find in the certificate (default: HOST)'),
    ca: list('FILE', "trusts these certificates instead of the machine's roots"),
    cert: text('FILE', 'shows this client certificate (chain, PEM or DER)'),
    key: text('FILE', 'its private key (default: in the file of --cert)'),
    password: text('SOURCE', 'the password of an encrypted key: pass:WORDS, env:NAME or file:PATH'),
    alpn: list('NAMES', 'application protocols in order of preference: h2,http/1.1'),
    tls12: flag('offers TLS 1.2 only'),
    tls13: flag('offers TLS 1.3 only'),
    legacy: flag('also offers the weak suites of TLS 1.2 (CBC, RSA key exchange, SHA-1)'),
    group: list('NAMES', 'groups of the key exchange in order of preference: X25519MLKEM768,X25519'),
    suite: list('NAMES', 'cipher suites in order of preference, by IANA name'),
    psk: text('ID:HEX', 'an external pre-shared key, or @FILE with one'),
    resume: flag('connects twice, the second time with the session of the first'),
    earlyData: text('FILE', 'connects twice, and sends this as early data (0-RTT) the second time'),
    ech: optional(
      'CONFIG',
      'Encrypted Client Hello: an ECHConfigList (base64 or @FILE), `grease`, or without a value that of the ' +
        'HTTPS record',
    ),
    resolver: text('HOST[:PORT]', 'the name server that is asked for it'),
    keylog: text('FILE', 'appends the secrets for Wireshark (SSLKEYLOGFILE)'),
    proxy: text('URL', 'through http://HOST:PORT (CONNECT) or socks5://HOST:PORT'),
    showcerts: flag("prints the server's certificates as PEM under the report"),
    pem: flag('prints them and nothing else'),
    watch: duration('TIME', 'connects again and again, so often, and says what changed'),
    timeout: duration('TIME', 'for TCP, for STARTTLS and for the handshake, each (default: 15s)'),
    insecure: flag('goes on with a certificate that is refused, and exits with 0'),
    noInput: flag('reports only, whatever is in stdin', { short: 'n' }),
  },
  examples: [
    { run: 'puretls connect example.com', says: 'what is negotiated, the chain, and whether it holds' },
    { run: 'puretls connect mail.example.com --starttls smtp', says: 'a mail server' },
    { run: 'puretls connect localhost:8443 --ca ca.pem --alpn h2,http/1.1', says: 'a server of a CA of your own' },
    {
      run: "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | puretls connect localhost:8443 --ca ca.pem",
      says: 'a request, and what comes back',
    },
    { run: 'puretls connect localhost:8443 --pem -n --insecure > server.pem', says: "saves the server's chain" },
    {
      run: 'puretls connect localhost:8443 --ca ca.pem --resume --json',
      says: 'whether sessions are resumed, for a program',
    },
  ],
  schema: schema.anyOf(
    reportSchema,
    schema.object(
      {
        at: schema.time(),
        'report?': reportSchema,
        'failure?': schema.string('why there was no connection this time'),
        changes: schema.array(schema.string(), 'since the time before'),
      },
      'with --watch, one a line',
    ),
  ),
  exits: ['input', 'connection', 'handshake', 'verification', 'interrupted'],
  run: async (context) => (await import('../connect/run.ts')).runConnect(context, context.options),
})
