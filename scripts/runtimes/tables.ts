// docs/runtimes.md out of what the runtimes said.
import { readFileSync } from 'node:fs'

export interface Row {
  readonly transport: string
  readonly version: string
  readonly check: string
  /** 'yes', or what went wrong. */
  readonly result: string
}

export interface Outcome {
  readonly name: string
  readonly title: string
  readonly rows: readonly Row[]
}

const workerSocket = readFileSync(new URL('worker-socket.mjs', import.meta.url), 'utf8').trim()

export const head = `# Runtimes

Made by \`npm run runtimes -- --write\`: the package is packed and installed as a user would, and the same checks
([conformance.mjs](../scripts/runtimes/conformance.mjs)) are run in each runtime, client and server in one process,
except where the server is said to be node:tls. In Chromium, in a page and in a Worker, the package is bundled.
"yes" is a check that passed; a code is the error that it ended with; empty is what does not exist there.

In workerd and Chromium it is the root entry that is run, whose provider is WebCrypto there; in workerd also, with
\`nodejs_compat\`, the provider of \`puretls/crypto/node\`, and \`puretls/node\`. The \`node:crypto\` of workerd
2026-04-26 fails to agree on a secret with an X25519 public key that was imported, refuses a KeyObject beside
\`padding\`, and does PKCS#1 v1.5 where \`sign()\` and \`verify()\` are asked for PSS with a key in PEM: X25519 is
noble's there, and PSS is done by \`createSign()\` and \`createVerify()\`, which do it right.

What \`puretls/node\` is without in workerd, because the runtime is: servers (\`net.Server\` is "not
implemented": wrap a stream in \`new TLSSocket(stream, { isServer: true, ... })\`), default authorities
(\`rootCertificates\` is empty: give \`ca\`), and the fields of \`getPeerCertificate()\` that tell the public
key, but for its size. \`connect()\` dials out over \`node:net\`, against a server of \`node:tls\` with 19 of
the 20 checks; the client that TLS 1.3 refuses for want of a certificate, after it has sent data, hears nothing:
workerd's \`net.Socket\` gives neither error nor end then, where \`connect()\` of the root entry over
\`cloudflare:sockets\` passes. Give such connections a timeout.

A worker connects through this, which is what the checks over \`cloudflare:sockets\` are run with:

\`\`\`js
${workerSocket}
\`\`\`
`

export const titles: Readonly<Record<string, string>> = {
  memory: 'Over `pair()`, in memory',
  'memory, webcrypto': 'Over `pair()`, with the provider `webcrypto`',
  'memory, noble': 'Over `pair()`, with the provider `noble`',
  'memory, node': 'Over `pair()`, with the provider `node`',
  'memory, puretls/node': '`puretls/node` over a pair of streams',
  'message channel': 'Over a `MessageChannel`',
  sockets: 'A client over a socket of `cloudflare:sockets` to a server of `node:tls`',
  relay: 'A client over a WebSocket, relayed to a server of `node:tls`',
  loopback: "Over the runtime's own sockets: `listen()` and `connect('127.0.0.1:port')`",
}

const short = (result: string | undefined): string => result?.split(':').slice(0, 2).join(':') ?? ''

export const tables = (outcomes: readonly Outcome[]): string => {
  const all = outcomes.flatMap(({ rows }) => rows)
  const transports = [...new Set(all.map(({ transport }) => transport))]
  return [head, ...transports.map((transport) => table(transport, outcomes))].join('\n')
}

const table = (transport: string, outcomes: readonly Outcome[]): string => {
  const columns = outcomes.filter(({ rows }) => rows.some((row) => row.transport === transport))
  const labels = new Map<string, (string | undefined)[]>()
  for (const [index, { rows }] of columns.entries()) {
    for (const row of rows.filter((row) => row.transport === transport)) {
      const label = `${row.version}: ${row.check}`
      const cells = labels.get(label) ?? columns.map(() => undefined)
      cells[index] = row.result
      labels.set(label, cells)
    }
  }
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    `## ${titles[transport] ?? transport}`,
    '',
    line(['', ...columns.map(({ title }) => title)]),
    `|${'---|'.repeat(columns.length + 1)}`,
    ...[...labels].map(([label, cells]) => line([label, ...cells.map(short)])),
    '',
  ].join('\n')
}
