// puretls on Node, Bun and Deno: the node:crypto provider and the roots that the machine trusts.

import { connectWith } from './connect.ts'
import type { Connect } from './connect.ts'
import { nodeProvider } from './crypto/node.ts'
import { defaultsWith } from './defaults.ts'
import { loadIdentityWith } from './identity.ts'
import type { LoadIdentity } from './identity.ts'
import { createServerWith } from './server.ts'
import type { CreateServer } from './server.ts'
import { nodeSockets } from './sockets.node.ts'
import { systemRoots } from './x509/trust.node.ts'

const defaults = defaultsWith(nodeProvider, () => systemRoots())

/** Speaks TLS as the client, over a stream or to `host:port`. */
export const connect: Connect = connectWith(defaults, nodeSockets)
/** Makes a server of options. */
export const createServer: CreateServer = createServerWith(defaults, nodeSockets)
/** A certificate chain and its key, read and checked once. See {@link LoadIdentity}. */
export const loadIdentity: LoadIdentity = loadIdentityWith(nodeProvider)
export * from './exports.ts'
export { systemRoots } from './x509/trust.node.ts'
export type { SystemRootsOptions } from './x509/trust.node.ts'
