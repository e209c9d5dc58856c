// puretls/core: client and server, with nothing chosen for the caller, so that nothing heavy is imported. `provider`
// has to be given, and on the client `verifier`. TLS 1.3; other features are passed as to puretls/client and
// puretls/server, which export them.

import { loadIdentityWith } from './identity.ts'
import type { LoadIdentity } from './identity.ts'

export { connect, connectWith } from './client-entry.ts'
export { createServer, createServerWith } from './server-entry.ts'
export type { ClientFeature, ServerFeature } from './engine/endpoints.ts'
/** A certificate chain and its key, read and checked once. See {@link LoadIdentity}. */
export const loadIdentity: LoadIdentity = loadIdentityWith(undefined)
export * from './exports.ts'
