// Golden flows: handshakes whose randomness is fixed, so that each byte is the same in every run.
// vectors/golden/tls13.json holds them; `npm run golden:update` records them again. flips13.test.ts changes bits of
// them.

import { readFileSync } from 'node:fs'
import { nodeProvider } from '../../src/crypto/node.ts'
import { nodeParts } from '../../src/crypto/node-groups.ts'
import { diffieHellmanExchange } from '../../src/crypto/groups.ts'
import type { DiffieHellman, DiffieHellmanKey } from '../../src/crypto/groups.ts'
import type { CryptoProvider, KeyExchangeGroup } from '../../src/crypto/provider.ts'
import { clientConfig, createClientEngine, createServerEngine, serverConfig } from '../../src/engine/every.ts'
import type { TlsEngine } from '../../src/engine/every.ts'
import type { ClientOptions, ServerOptions } from '../../src/options.ts'
import { concat, toHex } from '../../src/wire/bytes.ts'
import { infoOf } from '../fixtures/engines.ts'
import { anyCertificate, ed25519 } from '../fixtures/identities.ts'
import { seeded } from './fragments.ts'

const goldenPath = new URL('../../vectors/golden/tls13.json', import.meta.url)

/** What went each way, in turns, in hex; the client begins. */
export type Flow = readonly string[]
export const recorded = (): Readonly<Record<string, Flow>> => JSON.parse(readFileSync(goldenPath, 'utf8'))

interface Scenario {
  readonly client: Partial<ClientOptions>
  readonly server: ServerOptions
}

const base = { versions: { min: 'TLS 1.3' }, clock: () => Date.UTC(2026, 10, 23) } as const

/** Ed25519 signs without randomness; key agreements have one fixed key for each side and group. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  full: { client: { groups: ['X25519'] }, server: {} },
  retry: {
    client: { groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'] } },
    server: { groups: ['P-256'], hello: { cookie: true } },
  },
  'client certificate': {
    client: { groups: ['X25519'], ...ed25519 },
    server: { clientAuth: { mode: 'require', verifier: anyCertificate } },
  },
}

export const goldenClient = (name: string): TlsEngine =>
  fresh(`client ${name}`, 1, (provider) => {
    const config = clientConfig({
      ...base,
      provider,
      serverName: 'server.test',
      verifier: anyCertificate,
      ...scenarios[name]?.client,
    })
    return () => createClientEngine(config)
  })

export const goldenServer = (name: string): TlsEngine =>
  fresh(`server ${name}`, 2, (provider) => {
    const config = serverConfig({ ...base, provider, identity: ed25519, ...scenarios[name]?.server })
    return () => createServerEngine(config)
  })

/** Both sides of a flow, as they are today. */
export const play = (name: string): Flow => {
  const [client, server] = [goldenClient(name), goldenServer(name)]
  const flow: string[] = []
  for (let turn = 0; turn < 10; turn++) {
    const [from, to] = turn % 2 === 0 ? [client, server] : [server, client]
    const bytes = concat(...from.takeOutput())
    if (bytes.length === 0) break
    flow.push(toHex(bytes))
    to.receive(bytes)
  }
  infoOf(client.takeEvents())
  infoOf(server.takeEvents())
  return flow
}

interface Maker {
  readonly make: () => TlsEngine
  readonly restart: () => void
}
const makers = new Map<string, Maker>()

/** An engine of a config that is made once, with its random sequence at the start again. */
const fresh = (name: string, seed: number, maker: (provider: CryptoProvider) => () => TlsEngine): TlsEngine => {
  let known = makers.get(name)
  if (!known) {
    let next = seeded(seed)
    const provider = fixedProvider(seed, () => next())
    known = {
      make: maker(provider),
      restart: () => {
        next = seeded(seed)
      },
    }
    makers.set(name, known)
  }
  known.restart()
  return known.make()
}

const fixedProvider = (seed: number, next: () => number): CryptoProvider => {
  const parts: readonly DiffieHellman[] = [nodeParts.x25519, nodeParts.p256]
  return {
    ...nodeProvider,
    random: (length) => Uint8Array.from({ length }, () => next() >>> 24),
    groups: parts.map((dh) => fixedGroup(dh, keyOf(dh, seed))),
  }
}

const keys = new Map<string, DiffieHellmanKey>()
const keyOf = (dh: DiffieHellman, seed: number): DiffieHellmanKey => {
  const name = `${dh.id} ${seed}`
  const known = keys.get(name)
  if (known) return known
  const key = dh.fromPrivate(new Uint8Array(32).fill(0x40 + seed))
  if (key instanceof Promise) throw new Error('a synchronous provider is needed')
  keys.set(name, key)
  return key
}

const fixedGroup = (dh: DiffieHellman, key: DiffieHellmanKey): KeyExchangeGroup => {
  const exchange = diffieHellmanExchange(dh, key)
  return {
    id: dh.id,
    start: () => exchange,
    respond: (peer) => {
      const secret = exchange.complete(peer)
      if (secret instanceof Promise) throw new Error('a synchronous provider is needed')
      return { share: key.publicKey, secret }
    },
  }
}
