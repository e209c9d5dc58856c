// All that the bench measures. The peers are packages of this folder's own package.json.

import nodeTls from 'node:tls'
import { nobleProvider } from '../../../src/crypto/noble.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { webcryptoProvider } from '../../../src/crypto/webcrypto.ts'
import * as puretlsNode from '../../../src/node/index.ts'
import { nodeClient, ownClient, reclaim, subtls } from './clients.ts'
import { engine, puretls } from './puretls.ts'
import { nodeLike, nodeOptions } from './node-like.ts'
import type { NodeOptions, TlsModule } from './node-like.ts'
import type { Contender } from './types.ts'

export const node: Contender = nodeLike({
  name: 'node:tls',
  tls: nodeTls as unknown as TlsModule,
  options: nodeOptions,
  context: (options) => nodeTls.createSecureContext(options),
})

export const own: Contender = puretls('puretls', nodeProvider)
/** For bulk: the same, but for who receives it. */
export const ownInto: Contender = puretls('puretls, read({ into })', nodeProvider, { readsInto: true })
/** Over sockets that a program has made itself. */
export const ownHanded: Contender = puretls('puretls, sockets handed in', nodeProvider, { handsIn: true })
export const ownNoble: Contender = puretls('puretls, noble provider', nobleProvider)
export const ownWebcrypto: Contender = puretls('puretls, webcrypto provider', webcryptoProvider)
export const ownEngine: Contender = engine('puretls engine alone', nodeProvider)

export const ownNode: Contender = nodeLike({
  name: 'puretls/node',
  tls: puretlsNode as unknown as TlsModule,
  options: nodeOptions,
  context: (options) => puretlsNode.createSecureContext(options),
})

/** Numbers of suites and groups, as lemon-tls takes them. */
const suites = new Map([
  ['TLS_AES_128_GCM_SHA256', 0x1301],
  ['TLS_CHACHA20_POLY1305_SHA256', 0x1303],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 0xc02f],
])
const groups = new Map<string, number>([
  ['X25519', 0x001d],
  ['P-256', 0x0017],
])

const lemonOptions: NodeOptions = (setup) => {
  const given = nodeOptions(setup)
  const [suite, group] = [suites.get(setup.suite), groups.get(setup.group)]
  if (!given || suite === undefined || group === undefined) return undefined
  const own = { allowedCipherSuites: [suite], groups: [group], ciphers: undefined, ecdhCurve: undefined }
  if (setup.clientIdentity) return undefined
  return { client: { ...given.client, ...own }, server: { ...given.server, ...own } }
}

/** A package of this folder, or undefined where it is not installed. */
const peer = async (name: string): Promise<unknown> => {
  try {
    const loaded: { readonly default?: unknown } = await import(name)
    return loaded.default ?? loaded
  } catch {
    return undefined
  }
}

const lemon = async (): Promise<Contender | undefined> => {
  const tls = await peer('lemon-tls')
  return tls
    ? nodeLike({ name: 'lemon-tls', tls: tls as TlsModule, options: lemonOptions, transports: ['tcp'] })
    : undefined
}

/** `nodeClient` and `ownClient` are next to the peers that are clients only. */
const all = { node, own, ownInto, ownHanded, ownNode, ownEngine, ownNoble, ownWebcrypto, nodeClient, ownClient }
const peers = { lemon, subtls, reclaim }

export type ContenderId = keyof typeof all | keyof typeof peers

/** Undefined for a peer that is not installed, or no contender's name. */
export const contenderNamed = async (id: string): Promise<Contender | undefined> => {
  if (id in peers) return peers[id as keyof typeof peers]()
  return (all as Readonly<Record<string, Contender>>)[id]
}
