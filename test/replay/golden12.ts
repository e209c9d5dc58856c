// Golden flows of TLS 1.2: whole connections of puretls with puretls, with fixed randomness, keys and clock. Recorded
// by `npm run golden:update` into vectors/golden/, and replayed from each side by golden12.test.ts.

import { readFileSync } from 'node:fs'
import { diffieHellmanExchange } from '../../src/crypto/groups.ts'
import type { DiffieHellman } from '../../src/crypto/groups.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { isPromise } from '../../src/crypto/maybe.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { clientConfig, createClientEngine, createServerEngine, serverConfig } from '../../src/engine/every.ts'
import type { TlsEngine } from '../../src/engine/every.ts'
import type { ClientOptions, ServerOptions } from '../../src/options.ts'
import type { ServerSessionStore, TicketProtector } from '../../src/session/interfaces.ts'
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts'
import { utf8Bytes } from '../../src/wire/texts.ts'
import { anyCertificate, ed25519, rsa } from '../fixtures/identities.ts'

export type Side = 'client' | 'server'

/** What one side sent without waiting for the other, one connection after the other. */
export interface GoldenFile {
  readonly name: string
  readonly about: string
  readonly connections: readonly (readonly { readonly from: Side; readonly bytes: string }[])[]
}

export interface GoldenFlow {
  readonly name: string
  readonly about: string
  readonly client: Partial<ClientOptions>
  readonly server: ServerOptions
  /** Connections: the second one resumes the first. */
  readonly connections: 1 | 2
}

const CBC = { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'] }
const withoutEtm: Partial<ClientOptions> = {
  hello: { shape: (hello) => ({ ...hello, extensions: hello.extensions?.filter(({ type }) => type !== 22) }) },
}
const GCM = { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] }
const none: ServerOptions = { tickets: false }

export const flows: readonly GoldenFlow[] = [
  {
    name: 'tls12-ecdhe',
    about: 'full handshake, ECDHE_ECDSA with AES-128-GCM, Ed25519 certificate',
    client: { ...GCM, alpn: ['h2'] },
    server: { ...GCM, ...none, ...ed25519, alpn: ['h2'] },
    connections: 1,
  },
  {
    name: 'tls12-chacha',
    about: 'full handshake, ECDHE_RSA with ChaCha20-Poly1305, rsa_pkcs1_sha256',
    client: { cipherSuites: ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'], signatureSchemes: ['rsa_pkcs1_sha256'] },
    server: { ...none, ...rsa },
    connections: 1,
  },
  {
    name: 'tls12-resumed-id',
    about: 'resumption by session ID',
    client: GCM,
    server: { ...GCM, ...none, ...ed25519 },
    connections: 2,
  },
  {
    name: 'tls12-resumed-ticket',
    about: 'resumption by ticket',
    client: GCM,
    server: { ...GCM, ...ed25519 },
    connections: 2,
  },
  {
    name: 'tls12-client-auth',
    about: 'client certificate (Ed25519)',
    client: { ...GCM, identity: ed25519 },
    server: { ...GCM, ...none, ...ed25519, clientAuth: { mode: 'require', verifier: anyCertificate } },
    connections: 1,
  },
  {
    name: 'tls12-static-rsa',
    about: 'static RSA key exchange with AES-256-GCM',
    client: { cipherSuites: ['TLS_RSA_WITH_AES_256_GCM_SHA384'] },
    server: { cipherSuites: ['TLS_RSA_WITH_AES_256_GCM_SHA384'], ...none, ...rsa },
    connections: 1,
  },
  {
    name: 'tls12-cbc-etm',
    about: 'AES-128-CBC with encrypt-then-MAC',
    client: CBC,
    server: { ...CBC, ...none, ...ed25519 },
    connections: 1,
  },
  {
    name: 'tls12-cbc',
    about: 'AES-128-CBC with MAC-then-encrypt',
    client: { ...CBC, ...withoutEtm },
    server: { ...CBC, ...none, ...ed25519 },
    connections: 1,
  },
]

export const goldenFile = (name: string): GoldenFile =>
  JSON.parse(readFileSync(new URL(`../../vectors/golden/${name}.json`, import.meta.url), 'utf8')) as GoldenFile

/** A stream of bytes that is the same in each run. */
const stream = (seed: string): ((length: number) => Uint8Array) => {
  const { sha256 } = nodeProvider.hashes
  if (!sha256) throw new Error('no SHA-256')
  let counter = 0
  return (length) => {
    const blocks: Uint8Array[] = []
    for (let have = 0; have < length; have += 32) blocks.push(sha256.digest(utf8Bytes(`${seed} ${counter++}`)))
    return concat(...blocks).slice(0, length)
  }
}

/** A provider with fixed randomness and fixed X25519 keys. */
export const fixedProvider = (base: CryptoProvider, x25519: DiffieHellman, seed: string): CryptoProvider => {
  const random = stream(seed)
  const privateKeys = stream(`${seed} x25519`)
  const start = () => {
    const key = x25519.fromPrivate(privateKeys(32))
    if (isPromise(key)) throw new Error('golden flows are for synchronous groups')
    return diffieHellmanExchange(x25519, key)
  }
  return {
    ...base,
    random,
    groups: base.groups.filter(({ id }) => id === x25519.id).map((group) => ({ ...group, start })),
  }
}

const NOW = Date.UTC(2026, 10, 23)

/** Tickets that are the session itself: not for anybody's use but these tests'. */
const openTickets: TicketProtector = {
  seal: (session) => concat(Uint8Array.of(0x54), session),
  open: (ticket) => ticket.slice(1),
}

/** What outlives a connection on each side. */
export class Memory {
  session: Uint8Array | undefined
  readonly #stored = new Map<string, Uint8Array>()
  readonly store: ServerSessionStore = {
    get: (id) => this.#stored.get(toHex(id)),
    set: (id, session) => void this.#stored.set(toHex(id), session),
  }
}

export const clientEngine = (flow: GoldenFlow, provider: CryptoProvider, memory: Memory): TlsEngine =>
  createClientEngine(
    clientConfig({
      provider,
      serverName: 'server.test',
      verifier: anyCertificate,
      versions: { max: 'TLS 1.2' },
      groups: ['X25519'],
      clock: () => NOW,
      ...(memory.session && { session: memory.session }),
      ...flow.client,
    }),
  )

export const serverEngine = (flow: GoldenFlow, provider: CryptoProvider, memory: Memory): TlsEngine =>
  createServerEngine(
    serverConfig({
      provider,
      versions: { max: 'TLS 1.2' },
      groups: ['X25519'],
      clock: () => NOW,
      ...(flow.connections === 2 && flow.server.tickets === false && { sessions: memory.store }),
      tickets: { protector: openTickets },
      ...flow.server,
    }),
  )

/** The application of both sides: a request, an answer, and both close. Returns true at the clean end. */
export const act = (side: Side, engine: TlsEngine, memory: Memory): boolean => {
  let ended = false
  for (const event of engine.takeEvents()) {
    if (event.type === 'error') throw event.error
    if (event.type === 'session') memory.session = event.session
    if (event.type === 'handshake' && side === 'client') void engine.send(utf8Bytes('a request'))
    if (event.type === 'data') {
      if (side === 'server') void engine.send(utf8Bytes('an answer'))
      else void engine.closeWrite()
    }
    if (event.type === 'end') {
      if (side === 'server') void engine.closeWrite()
      ended = true
    }
  }
  return ended
}

export interface ReplaySetup {
  readonly flow: GoldenFlow
  readonly side: Side
  readonly provider: CryptoProvider
  /** How many of the `left` bytes come next. */
  readonly fragment: (left: number) => number
}

/**
 * Replays all connections of a flow from one side; throws at the first byte that differs. Returns the bytes compared.
 */
export const replayGolden = async ({ flow, side, provider, fragment }: ReplaySetup): Promise<number> => {
  const memory = new Memory()
  let compared = 0
  for (const connection of goldenFile(flow.name).connections) {
    const engine = side === 'client' ? clientEngine(flow, provider, memory) : serverEngine(flow, provider, memory)
    let ended = false
    /**
     * Records are cut when output is taken, so it is taken when nothing is pending; sealing may have to be waited for
     * then.
     */
    const settle = async (): Promise<Uint8Array> => {
      const sent: Uint8Array[] = []
      do {
        for (ended = act(side, engine, memory) || ended; engine.pending; ended = act(side, engine, memory) || ended)
          await engine.pending
        sent.push(...engine.takeOutput())
      } while (engine.pending)
      return concat(...sent, ...engine.takeOutput())
    }
    for (const { from, bytes } of connection) {
      const expected = fromHex(bytes)
      if (from === side) {
        const got = await settle()
        if (toHex(got) !== bytes)
          throw new Error(`${flow.name}, ${side}: sent ${toHex(got)}, where the golden flow has ${bytes}`)
        compared += got.length
        continue
      }
      for (let at = 0; at < expected.length;) {
        const length = fragment(expected.length - at)
        engine.receive(expected.subarray(at, at + length))
        at += length
        await engine.pending
      }
    }
    if ((await settle()).length > 0 || !ended)
      throw new Error(`${flow.name}, ${side}: the connection did not end where the golden flow does`)
  }
  return compared
}
