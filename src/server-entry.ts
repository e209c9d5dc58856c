// puretls/server: the server alone, and of that what is asked for. TLS 1.3 over a stream, with a certificate;
// `provider` has to be given. Everything else is a feature that one imports and passes, or that stays out of the
// bundle.

import { createServerBy } from './server-base.ts'
import type { CreateServer } from './server-base.ts'
import { serverMachine } from './server-machine.ts'
import { joined } from './engine/endpoints.ts'
import type { ServerFeature } from './engine/endpoints.ts'

/**
 * A createServer() with these features.
 *
 * ```ts
 * import { createServerWith, sessions, tls12 } from 'puretls/server'
 * const createServer = createServerWith(sessions, tls12)
 * ```
 */
export const createServerWith = (...features: readonly ServerFeature[]): CreateServer => {
  const feature = joined(features)
  const machine = serverMachine(feature.defaults, feature)
  return createServerBy({ defaults: feature.defaults, parts: feature.config, machine: () => machine })
}

/** Makes a server of options, with no feature beside. */
export const createServer: CreateServer = /* @__PURE__ */ createServerWith()

export {
  certificateCompression,
  clientAuth,
  delegatedCredentials,
  ech,
  externalPsks,
  sessions,
  tls12,
} from './handshake/server/features.ts'
export { generateEchKeys } from './ech.ts'
export type { ServerFeature } from './engine/endpoints.ts'
export { TlsError } from './errors.ts'
export type { AlertName, Fault, TlsErrorCode } from './errors.ts'
export type { AcceptOptions, CreateServer, CreateServerOptions, TlsServer } from './server-base.ts'
export type { TlsConnection } from './connection.ts'
export type { ConnectionInfo } from './info.ts'
export type { ClientAuthOptions, Identity, ServerOptions } from './options.ts'
export type { CryptoProvider, Signer } from './crypto/provider.ts'
export type { AnyDuplex, ByteStream } from './stream/types.ts'
export type { CertificateVerifier } from './x509/verifier.ts'
