// `npm run bench`: full handshakes per second and bulk throughput of puretls with the node and noble providers, as
// ratios to node:tls in the same run, all taking turns. With --write the result goes to docs/benchmarks.md.

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createCa } from '../../src/pki/index.ts'
import { engineContender, nodeContender, puretlsContender } from './contenders.ts'
import type { Contender } from './contenders.ts'
import { allCounts } from './counts.ts'

if (process.argv.includes('--counts')) {
  console.log(await allCounts())
  process.exit()
}

const ROUNDS = 7
/** Milliseconds that one turn of handshakes lasts. */
const TURN = 400
const MIB = 1 << 20

const ca = await createCa({ name: 'bench' })
const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'] })
const identity = { ca: ca.certificatePem, cert: chainPem, key: privateKeyPem }

interface Result {
  readonly name: string
  readonly value: number
  /** To the first contender's, round by round; the median. */
  readonly ratio: number
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** Each contender in turn, ROUNDS times after one round to warm up. */
const inTurns = async (
  contenders: readonly Contender[],
  measure: (contender: Contender) => Promise<number>,
): Promise<readonly Result[]> => {
  const rounds: number[][] = []
  for (let round = -1; round < ROUNDS; round++) {
    const values: number[] = []
    for (const contender of contenders) values.push(await measure(contender))
    if (round >= 0) rounds.push(values)
  }
  return contenders.map(({ name }, index) => ({
    name,
    value: median(rounds.map((values) => values[index] ?? 0)),
    ratio: median(rounds.map((values) => (values[index] ?? 0) / (values[0] ?? 1))),
  }))
}

/** Milliseconds of processor time: what else the machine does is not counted. */
const processorTime = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const handshakesPerSecond = async ({ handshake }: Contender): Promise<number> => {
  let spent = 0
  let count = 0
  while (spent < TURN) {
    const start = processorTime()
    const end = await handshake()
    spent += processorTime() - start
    count++
    end()
  }
  return (count * 1000) / spent
}

const mebibytesPerSecond =
  (size: (contender: Contender) => number) =>
  async (contender: Contender): Promise<number> => {
    const bytes = size(contender)
    const start = processorTime()
    await contender.bulk(bytes)
    return (bytes / MIB) * (1000 / (processorTime() - start))
  }

const table = (title: string, unit: string, results: readonly Result[]): readonly string[] => [
  `## ${title}`,
  '',
  `| | ${unit} | to node:tls |`,
  '|---|---:|---:|',
  ...results.map(
    ({ name, value, ratio }) => `| ${name} | ${value.toFixed(value < 100 ? 1 : 0)} | ${ratio.toFixed(2)} |`,
  ),
  '',
]

const contendersFor = (suite: string): readonly Contender[] => [
  nodeContender(identity, suite),
  puretlsContender('puretls, node provider', nodeProvider, identity, suite),
  engineContender('puretls engine alone, node provider', nodeProvider, identity, suite),
  ...(process.argv.includes('--node-only')
    ? []
    : [puretlsContender('puretls, noble provider', nobleProvider, identity, suite)]),
]

const lines: string[] = [
  '# Benchmarks',
  '',
  `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node} (OpenSSL ${process.versions.openssl}), ` +
    `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}.`,
  'Made by `npm run bench -- --write`: client and server in one process over an in-memory pair, streams included, ' +
    'all contenders in',
  `turns, per second of processor time, the median of ${ROUNDS} rounds.`,
  '',
]
const aes = contendersFor('TLS_AES_128_GCM_SHA256')
lines.push(
  ...table(
    'Full handshakes (TLS 1.3, X25519, ECDSA P-256, chain verified)',
    'per second',
    await inTurns(aes, handshakesPerSecond),
  ),
)
const size = ({ name }: Contender): number => (name.includes('noble') ? 4 : 48) * MIB
lines.push(...table('Bulk, AES-128-GCM, writes of 16 KiB', 'MiB/s', await inTurns(aes, mebibytesPerSecond(size))))
const chacha = contendersFor('TLS_CHACHA20_POLY1305_SHA256')
lines.push(
  ...table('Bulk, ChaCha20-Poly1305, writes of 16 KiB', 'MiB/s', await inTurns(chacha, mebibytesPerSecond(size))),
)

console.log(lines.join('\n'))
if (process.argv.includes('--write')) {
  const file = new URL('../../docs/benchmarks.md', import.meta.url)
  // The last section is of x509.ts.
  const rest = /\n## A chain of three[^]*/.exec(readFileSync(file, 'utf8'))?.[0] ?? ''
  writeFileSync(file, `${lines.join('\n')}${rest}`)
}
