// puretls/core: nothing is chosen for the caller, so nothing heavy is imported. `provider` has to be given, and on the
// client
// `verifier`.

import type { Defaults } from './config.ts'
import { connectWith } from './connect.ts'
import type { Connect } from './connect.ts'
import { loadIdentityWith } from './identity.ts'
import type { LoadIdentity } from './identity.ts'
import { createServerWith } from './server.ts'
import type { CreateServer } from './server.ts'
import { memoryReplayGuard } from './session/replay-guard.ts'
import { rotatingTicketKeys } from './session/ticket-keys.ts'

const defaults: Defaults = {
  tickets: (provider, lifetime) => rotatingTicketKeys({ provider, lifetimeSeconds: lifetime }),
  replayGuard: (clock, quarantine) => memoryReplayGuard({ clock, quarantine }),
}

/** Speaks TLS as the client, over a stream or to `host:port`. */
export const connect: Connect = connectWith(defaults)
/** Makes a server of options. */
export const createServer: CreateServer = createServerWith(defaults)
/** A certificate chain and its key, read and checked once. See {@link LoadIdentity}. */
export const loadIdentity: LoadIdentity = loadIdentityWith(undefined)
export * from './exports.ts'
