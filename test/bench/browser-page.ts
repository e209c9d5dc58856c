// What test/bench/browser.ts has a browser run: bulk over a pair in memory, with WebCrypto and with noble, in turns.

import { nobleProvider } from '../../src/crypto/noble.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { connect, createServer, pair } from '../../src/index.ts'
import type { TlsConnection } from '../../src/index.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'
import { median } from './quantile.ts'

const ROUNDS = 9
const WRITE = 16_384
const ROUND = 4 * 2 ** 20

export interface BrowserRow {
  readonly cipherSuite: string
  readonly writes: number
  /** MiB a second, medians; ratio of the rounds' medians. */
  readonly webcrypto: number
  readonly noble: number
  readonly ratio: number
}

interface Ends {
  readonly client: TlsConnection
  readonly server: TlsConnection
}

const meet = async (provider: CryptoProvider, cipherSuite: string): Promise<Ends> => {
  const [near, far] = pair()
  const options = { provider, versions: { min: 'TLS 1.3' }, cipherSuites: [cipherSuite] } as const
  const accepted = createServer({ ...options, ...ecdsa }).accept(far)
  const client = await connect(near, { ...options, serverName: 'server.test', verifier: anyCertificate })
  return { client, server: await accepted }
}

/** MiB a second of one round. */
const round = async ({ client, server }: Ends): Promise<number> => {
  const data = new Uint8Array(WRITE)
  const start = performance.now()
  const written = (async (): Promise<void> => {
    for (let sent = 0; sent < ROUND; sent += WRITE) await client.write(data)
  })()
  for (let got = 0; got < ROUND;) got += (await server.read())?.length ?? ROUND
  await written
  return ROUND / 2 ** 20 / ((performance.now() - start) / 1000)
}

const row = async (cipherSuite: string): Promise<BrowserRow> => {
  const ends = [await meet(webcryptoProvider, cipherSuite), await meet(nobleProvider, cipherSuite)] as const
  const rates: [number[], number[]] = [[], []]
  await Promise.all([round(ends[0]), round(ends[1])])
  for (let i = 0; i < ROUNDS; i++) {
    rates[0].push(await round(ends[0]))
    rates[1].push(await round(ends[1]))
  }
  const [webcrypto, noble] = [median(rates[0]), median(rates[1])]
  return { cipherSuite, writes: WRITE, webcrypto, noble, ratio: webcrypto / noble }
}

const told: unknown = await row('TLS_AES_128_GCM_SHA256').catch((error: unknown) => ({ error: String(error) }))
await fetch('/row', { method: 'POST', body: JSON.stringify(told) })
