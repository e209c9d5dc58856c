// puretls/core: nothing is chosen for the caller, so nothing heavy is imported. `provider` has to be given, and on the
// client `verifier`.

import { connectWith } from './connect.ts'
import type { Connect } from './connect.ts'
import { loadIdentityWith } from './identity.ts'
import type { LoadIdentity } from './identity.ts'
import { createServerWith } from './server.ts'
import type { CreateServer } from './server.ts'
import { serverDefaults } from './server-defaults.ts'

/** Speaks TLS as the client, over a stream or to `host:port`. */
export const connect: Connect = connectWith(serverDefaults)
/** Makes a server of options. */
export const createServer: CreateServer = createServerWith(serverDefaults)
/** A certificate chain and its key, read and checked once. See {@link LoadIdentity}. */
export const loadIdentity: LoadIdentity = loadIdentityWith(undefined)
export * from './exports.ts'
