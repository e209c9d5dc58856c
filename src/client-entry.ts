// puretls/client: the client alone, and of that what is asked for. TLS 1.3 over a stream to a server that shows a
// certificate; `provider` and `verifier` have to be given. Everything else is a feature that one imports and passes, or
// that stays out of the bundle.

import { clientMachine } from './client-machine.ts'
import { connectBy } from './connect-base.ts'
import type { Connect } from './connect-base.ts'
import { remembering } from './config/unchanged.ts'
import { connectOverBy } from './connect-over.ts'
import type { ConnectOver } from './connect-over.ts'
import { joined } from './engine/endpoints.ts'
import type { ClientFeature } from './engine/endpoints.ts'
import { explanations } from './handshake/client/features.ts'
import type { StreamKind } from './stream/kinds.ts'

/**
 * A connect() with these features.
 *
 * ```ts
 * import { connectWith, ech, sessions, tls12 } from 'puretls/client'
 * const connect = connectWith(sessions, tls12, ech)
 * ```
 */
export const connectWith = (...features: readonly ClientFeature[]): Connect => {
  const machine = clientMachine({}, joined([explanations, ...features]), remembering())
  return connectBy(() => machine)
}

/** Speaks TLS 1.3 as the client over a stream, with no feature beside. */
export const connect: Connect = /* @__PURE__ */ connectWith()

/**
 * The smallest client: over streams of these kinds and ByteStreams, with these features and no others (not even
 * `explanations`), and no dialling. Options are checked for each connection, also where connect() remembers that they
 * did not change. A stream of another kind is refused with `bad_option`.
 *
 * ```ts
 * import { connectOver, nodeStreams } from 'puretls/client'
 * const connect = connectOver([nodeStreams])
 * const connection = await connect(socket, { serverName: 'example.org', provider, verifier })
 * ```
 */
export const connectOver = <K extends StreamKind<object>>(
  kinds: readonly K[],
  ...features: readonly ClientFeature[]
): ConnectOver<K> => connectOverBy(kinds, clientMachine({}, joined(features)))

export {
  certificateCompression,
  clientCertificates,
  delegatedCredentials,
  ech,
  explanations,
  externalPsks,
  helloShaping,
  identityOptions,
  sessions,
  tls12,
} from './handshake/client/features.ts'
export { iterableStreams, messageStreams, nodeStreams, webStreams } from './stream/kinds.ts'
export type { StreamKind } from './stream/kinds.ts'
export type { ConnectOver } from './connect-over.ts'
export type { ClientFeature } from './engine/endpoints.ts'
export { TlsError } from './errors.ts'
export type { AlertName, Fault, TlsErrorCode } from './errors.ts'
export type { Connect, ConnectOptions, DialOptions } from './connect-base.ts'
export type { TlsConnection } from './connection.ts'
export type { ConnectionInfo } from './info.ts'
export type { ClientOptions, Identity } from './options.ts'
export type { CryptoProvider, Signer } from './crypto/provider.ts'
export type { AnyDuplex, ByteStream } from './stream/types.ts'
export type { CertificateVerifier } from './x509/verifier.ts'
