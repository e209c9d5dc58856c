// puretls/node: the module node:tls on this library's engine, and what node:https needs of it. The default export is
// the module as an object; anything new is better served by connect() and createServer() of the root entry.

import { settings } from './settings.ts'
import { rootCertificates as readRoots } from './roots.ts'
import { tls } from './module.ts'

export { Agent } from './agent.ts'
export { convertALPNProtocols } from './alpn.ts'
export { getCiphers } from './ciphers.ts'
export { checkServerIdentity, connect } from './connect.ts'
export type { ConnectOptions } from './connect.ts'
export { createHttpsServer } from './https.ts'
export { getCertificateCompressionAlgorithms, SecureContext, Server, TLSSocket } from './module.ts'
export { getCACertificates, setDefaultCACertificates } from './roots.ts'
export { createSecureContext } from './secure-context.ts'
export { createServer } from './server.ts'
export type { ConnectionOptions, SecureContextOptions, TlsOptions, TLSSocketOptions } from './types.ts'

/** Mozilla's authorities, PEM. */
export const rootCertificates: readonly string[] = readRoots()
export const {
  DEFAULT_CIPHERS,
  DEFAULT_ECDH_CURVE,
  DEFAULT_MIN_VERSION,
  DEFAULT_MAX_VERSION,
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
} = settings

export { tls as default }
