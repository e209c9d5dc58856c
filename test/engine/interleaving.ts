// Two engines over providers that answer after random delays, and every order of write, closeWrite, updateKeys,
// requestClientCertificate and abort that a seed gives. The peer must see what was written, in the order in which it
// was written, no nonce may be used twice under a key, and nothing may follow the last alert.

import { nodeProvider } from '../../src/crypto/node.ts'
import type { AeadCipher, CryptoProvider } from '../../src/crypto/provider.ts'
import type { TlsEngine } from '../../src/engine/every.ts'
import { concat, toHex } from '../../src/wire/bytes.ts'
import { clientOf, serverOf } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, rsa } from '../fixtures/identities.ts'
import { seeded } from '../replay/fragments.ts'

export interface Scenario {
  readonly seed: number
  /** Steps of both ends. */
  readonly steps: number
}

/** Throws an error that says what went wrong; resolves with the number of records that were sealed. */
export const interleave = async ({ seed, steps }: Scenario): Promise<number> => {
  const next = seeded(seed)
  const below = (limit: number): number => (next() >>> 8) % limit
  const delays = new Delays(below)
  const nonces = new Nonces()
  const client = new End('client', below)
  const server = new End('server', below)
  const provider = delaying(nodeProvider, delays, nonces)
  const limits = { maxRecordSize: 64, recordsPerKey: 3 + below(5) }
  const common = { provider, versions: { min: 'TLS 1.3' }, limits } as const
  client.start(clientOf({ ...common, hello: { postHandshakeAuth: true }, ...ecdsa, trace: client.trace }))
  server.start(
    serverOf({
      ...common,
      identity: rsa,
      clientAuth: { mode: 'request', verifier: anyCertificate },
      trace: server.trace,
    }),
  )

  for (let step = 0; step < steps; step++) {
    const end = below(2) === 0 ? client : server
    end.act()
    for (let moves = below(4); moves > 0; moves--) {
      if (below(2) === 0) await delays.settleOne()
      exchange(client, server, below)
    }
  }
  client.finish()
  server.finish()
  for (let idle = 0; idle < 4;) {
    const moved = exchange(client, server)
    const settled = await delays.settleOne()
    idle = moved || settled ? 0 : idle + 1
    await new Promise((resolve) => setImmediate(resolve))
    await nextTurns()
  }
  check(client, server, seed)
  check(server, client, seed)
  return nonces.count
}

const nextTurns = async (): Promise<void> => {
  for (let i = 0; i < 8; i++) await Promise.resolve()
}

/** Moves what the engines have; with `below`, perhaps only one way. */
const exchange = (a: End, b: End, below?: (limit: number) => number): boolean => {
  let moved = false
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    if (below && below(3) === 0) continue
    for (const bytes of from.engine.takeOutput()) {
      moved = true
      to.engine.receive(bytes.slice())
    }
    from.look()
    to.look()
  }
  return moved
}

const check = (from: End, to: End, seed: number): void => {
  const fail = (what: string): never => {
    throw new Error(`seed ${seed}: ${from.name} to ${to.name}: ${what}`)
  }
  if (from.broken) fail(from.broken)
  const sent = concat(...from.accepted)
  const got = concat(...to.received)
  if (toHex(got) !== toHex(sent.subarray(0, got.length)))
    fail(`${got.length} bytes came that are not those that were written`)
  if (from.aborted || to.aborted) return
  if (from.error) fail(`it failed: ${from.error}`)
  if (got.length !== sent.length) fail(`${sent.length} bytes were written and ${got.length} came`)
  if (!to.ended) fail('close_notify did not come')
}

class End {
  readonly name: 'client' | 'server'
  readonly accepted: Uint8Array[] = []
  readonly received: Uint8Array[] = []
  readonly #below: (limit: number) => number
  #engine: TlsEngine | undefined
  #done = false
  #closed = false
  #lastWords = false
  ended = false
  aborted = false
  error: string | undefined
  broken: string | undefined
  #written = 0

  constructor(name: 'client' | 'server', below: (limit: number) => number) {
    this.name = name
    this.#below = below
  }

  get engine(): TlsEngine {
    if (!this.#engine) throw new Error('not started')
    return this.#engine
  }

  start(engine: TlsEngine): void {
    this.#engine = engine
  }

  /** Watches what leaves: nothing after the last alert, and a client's answer to a request in one piece. */
  readonly trace = ({ direction, type, content }: { direction: string; type: number; content: Uint8Array }): void => {
    if (direction !== 'sent') return
    if (this.#lastWords) this.broken ??= `a record of type ${type} was sealed after the last alert`
    if (type === 21 && (content[0] === 2 || content[1] === 0)) this.#lastWords = true
  }

  look(): void {
    for (const event of this.engine.takeEvents()) {
      if (event.type === 'handshake') this.#done = true
      else if (event.type === 'data') this.received.push(event.data.slice())
      else if (event.type === 'end') this.ended = true
      else if (event.type === 'error') this.error ??= `${event.error.code}: ${event.error.message}`
    }
  }

  act(): void {
    this.look()
    if (!this.#done || this.#closed || this.error !== undefined) return
    const choice = this.#below(100)
    if (choice < 60) return this.#write()
    if (choice < 85) return this.#do(() => this.engine.updateKeys(this.#below(2) === 0))
    if (choice < 96)
      return this.name === 'server' ? this.#do(() => this.engine.requestClientCertificate()) : this.#write()
    if (choice < 99) return this.#close()
    this.aborted = true
    this.engine.abort()
  }

  finish(): void {
    if (!this.#closed && this.error === undefined && !this.aborted) this.#close()
  }

  #close(): void {
    this.#closed = true
    this.#do(() => this.engine.closeWrite())
  }

  #write(): void {
    const data = Uint8Array.from({ length: this.#below(300) }, () => this.#written++ & 0xff)
    this.accepted.push(data.slice())
    this.#do(() => this.engine.send(data))
    data.fill(0xee) // send() has taken it
  }

  #do(call: () => void | Promise<void>): void {
    try {
      void Promise.resolve(call()).catch(() => {}) // the error event tells
    } catch (error) {
      this.broken ??= `a call threw: ${String(error)}`
    }
  }
}

/** Answers that are held back until the scenario lets one go, in random order. */
class Delays {
  readonly #below: (limit: number) => number
  readonly #held: (() => void)[] = []

  constructor(below: (limit: number) => number) {
    this.#below = below
  }

  hold<T>(make: () => T | Promise<T>): Promise<T> {
    if (this.#below(4) === 0) return Promise.resolve().then(make)
    return new Promise((resolve) => this.#held.push(() => resolve(make())))
  }

  async settleOne(): Promise<boolean> {
    const [release] = this.#held.splice(this.#below(Math.max(1, this.#held.length)), 1)
    release?.()
    await nextTurns()
    return release !== undefined
  }
}

class Nonces {
  readonly #seen = new Set<string>()
  count = 0

  use(key: string, nonce: Uint8Array): void {
    const id = `${key} ${toHex(nonce)}`
    if (this.#seen.has(id)) throw new Error(`a nonce was used twice: ${id}`)
    this.#seen.add(id)
    this.count++
  }
}

const delaying = (base: CryptoProvider, delays: Delays, nonces: Nonces): CryptoProvider => ({
  ...base,
  name: 'delaying',
  suites: base.suites.map(({ id, cipher }) => ({
    id,
    cipher: cipher.kind === 'aead' ? delayingAead(cipher, delays, nonces) : cipher,
  })),
  signer: async (key) => {
    const signer = await base.signer(key)
    return { ...signer, sign: (algorithm, message) => delays.hold(() => signer.sign(algorithm, message)) }
  },
})

let keys = 0

const delayingAead = (cipher: AeadCipher, delays: Delays, nonces: Nonces): AeadCipher => ({
  ...cipher,
  importKey: (raw) => {
    const copy = raw.slice()
    const name = `${keys++}`
    return delays.hold(async () => {
      const key = await cipher.importKey(copy)
      return {
        // everything is read late, as a provider in another thread would
        seal: (nonce, additionalData, plaintext, out) =>
          delays.hold(async () => {
            nonces.use(name, nonce)
            await key.seal(nonce, additionalData, plaintext, out)
          }),
        open: (nonce, additionalData, sealed) => delays.hold(() => key.open(nonce, additionalData, sealed)),
      }
    })
  },
})
