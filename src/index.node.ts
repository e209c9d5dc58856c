// puretls on Node, Bun and Deno: the node:crypto provider and the roots that the machine trusts. What only a connection
// needs is loaded with the first one.

import type { Defaults } from './config.ts'
import { everyServerPart } from './config/every.ts'
import { connectBy } from './connect-base.ts'
import type { Connect } from './connect-base.ts'
import { lazily } from './crypto/lazily.ts'
import { andThen } from './crypto/maybe.ts'
import { nodeProvider } from './crypto/node.ts'
import { generateEchKeysBy } from './ech.ts'
import type { GenerateEchKeys } from './ech.ts'
import { loadIdentityWith } from './identity.ts'
import type { LoadIdentity } from './identity.ts'
import { createServerBy } from './server-base.ts'
import type { CreateServer } from './server-base.ts'
import { serverDefaults } from './config/server-defaults.ts'
import { nodeSockets } from './sockets.node.ts'
import { lateVerifier } from './x509/late-verifier.ts'

const machines = lazily(async () => (await import('./machines.node.ts')).nodeMachines)

const defaults: Defaults = {
  provider: nodeProvider,
  ...serverDefaults,
  verifier: (request) => lateVerifier(() => andThen(machines(), ({ verifierFor }) => verifierFor(request))),
}

/** Speaks TLS as the client, over a stream or to `host:port`. */
export const connect: Connect = connectBy(() => andThen(machines(), ({ client }) => client), nodeSockets)
/** Makes a server of options. */
export const createServer: CreateServer = createServerBy({
  defaults,
  parts: everyServerPart,
  machine: () => andThen(machines(), ({ server }) => server),
  sockets: nodeSockets,
})
/** A certificate chain and its key, read and checked once. See {@link LoadIdentity}. */
export const loadIdentity: LoadIdentity = loadIdentityWith(nodeProvider)
/** Keys for Encrypted Client Hello, with the provider of this runtime unless one is given. */
export const generateEchKeys: GenerateEchKeys = generateEchKeysBy(nodeProvider)
export * from './exports.ts'
export { systemRoots } from './x509/trust.node.ts'
export type { SystemRootsOptions } from './x509/trust.node.ts'
