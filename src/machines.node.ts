// What connect() and accept() run on Node, Bun and Deno: loaded with the first connection.

import { clientMachine } from './client-machine.ts'
import type { ClientMachine } from './client-machine.ts'
import { remembering } from './config/unchanged.ts'
import type { VerifierRequest } from './config.ts'
import { nodeProvider } from './crypto/node.ts'
import { defaultsWith, verifierFor } from './defaults.ts'
import { everyFeature as everyClientFeature } from './handshake/client/every-feature.ts'
import { everyFeature as everyServerFeature } from './handshake/server/every-feature.ts'
import { serverMachine } from './server-machine.ts'
import type { ServerMachine } from './server-machine.ts'
import { systemRoots } from './x509/trust.node.ts'
import type { CertificateVerifier } from './x509/verifier.ts'

export interface Machines {
  readonly client: ClientMachine
  readonly server: ServerMachine
  readonly verifierFor: (request: VerifierRequest) => CertificateVerifier
}

const ofRuntime = verifierFor(() => systemRoots())
const defaults = defaultsWith(nodeProvider, ofRuntime)

export const nodeMachines: Machines = {
  client: clientMachine(defaults, everyClientFeature, remembering()),
  server: serverMachine(defaults, everyServerFeature),
  verifierFor: ofRuntime,
}
