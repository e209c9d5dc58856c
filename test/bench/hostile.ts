// node test/bench/hostile.ts: milliseconds of this thread that verifyChain() takes to refuse what a hostile peer sends,
// by growth (1x, 2x, 4x, 8x). The limits on certificates and bytes are lifted, so that growth shows; the budgets for
// work are the defaults. The last two columns are the largest message that a connection takes, with all limits as they
// are, with the node provider and with noble. Below that PEM texts and CRLs, and peers beside node:tls.

import process from 'node:process'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { defaults } from '../../src/x509/options.ts'
import { trustStore, verifyChain } from '../../src/x509/index.ts'
import { now } from '../x509/make.ts'
import { hostileCrls, hostilePem } from './hostile-files.ts'
import type { HostileFile } from './hostile-files.ts'
import { hostileInputs, root } from './hostile-inputs.ts'
import { measureHostilePeers } from './hostile-peers.ts'

const SAMPLES = 4
/** Milliseconds at least. */
const SAMPLE = 40
const BASE = 60
/** Bytes of certificates in one message that a connection takes by default. */
const MESSAGE = 128 * 1024
const MIB = 1024 * 1024

const trust = trustStore(root.der)

interface Limits {
  readonly certificates?: number
  readonly bytes?: number
}

/** Milliseconds of the processor, which other programs on the machine do not lengthen: the least of several samples,
 * each long enough for a clock that ticks every few milliseconds. */
const fastest = async (work: () => unknown): Promise<number> => {
  const samples: number[] = []
  for (let i = 0; i < SAMPLES; i++) {
    const start = process.threadCpuUsage()
    let total = 0
    let runs = 0
    while (total < SAMPLE) {
      await work()
      runs++
      const { user, system } = process.threadCpuUsage(start)
      total = (user + system) / 1000
    }
    samples.push(total / runs)
  }
  return Math.min(...samples)
}

const refusal = (
  chain: readonly Uint8Array[],
  budgets: Limits = {},
  provider: CryptoProvider = nodeProvider,
): Promise<number> =>
  fastest(() => verifyChain(chain, { provider, trust, time: now, serverName: 'host.example', budgets }))

/** As large as the message may be, and of no more certificates than the verifier takes. */
const withinCertificates = (chain: (n: number) => readonly Uint8Array[], n: number): readonly Uint8Array[] => {
  const all = chain(n)
  return all.length <= defaults.certificates ? all : chain(Math.floor((n * (defaults.certificates - 3)) / all.length))
}

const sizeOf = (chain: readonly Uint8Array[]): number => chain.reduce((sum, { length }) => sum + length, 0)

const heads = ['1x', '2x', '4x', '8x', '128 KiB', 'noble']
console.log(`${'milliseconds'.padEnd(58)}${heads.map((head) => head.padStart(9)).join('')}`)
for (const { what, chain } of hostileInputs) {
  const times: number[] = []
  for (const factor of [1, 2, 4, 8]) times.push(await refusal(chain(BASE * factor), { certificates: 1e6, bytes: 1e9 }))
  const perUnit = sizeOf(chain(BASE * 2)) / (BASE * 2)
  const largest = withinCertificates(chain, Math.floor(MESSAGE / perUnit))
  times.push(await refusal(largest), await refusal(largest, {}, nobleProvider))
  console.log(`${what.padEnd(58)}${times.map((time) => time.toFixed(1).padStart(9)).join('')}`)
}

const measureFiles = async (files: readonly HostileFile[], sizes: readonly number[]): Promise<void> => {
  const titles = sizes.map((size) => (size < MIB ? `${size / 1024} KiB` : `${size / MIB} MiB`).padStart(9))
  console.log(`\n${'milliseconds'.padEnd(58)}${titles.join('')}`)
  for (const { what, prepare } of files) {
    const times: number[] = []
    for (const size of sizes) times.push(await fastest(prepare(size)))
    console.log(`${what.padEnd(58)}${times.map((time) => time.toFixed(1).padStart(9)).join('')}`)
  }
}
await measureFiles(hostilePem, [MIB / 8, MIB / 4, MIB / 2, MIB])
await measureFiles(hostileCrls, [MIB, 2 * MIB, 4 * MIB, 8 * MIB])

const head = ['puretls', 'node:tls', 'ratio'].map((title) => title.padStart(9)).join('')
console.log(`\n${'milliseconds'.padEnd(58)}${head}`)
for (const { what, puretls, node, ratio } of await measureHostilePeers()) {
  const columns = [puretls.toFixed(1), node.toFixed(1), `${ratio.toFixed(1)}x`]
  console.log(`${what.padEnd(58)}${columns.map((column) => column.padStart(9)).join('')}`)
}
