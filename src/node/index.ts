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
export { createServer as createHttpsServer } from './https.ts'
export { getCertificateCompressionAlgorithms, SecureContext, Server, TLSSocket } from './module.ts'
export { getCACertificates, setDefaultCACertificates } from './roots.ts'
export { createSecureContext } from './secure-context.ts'
export { createServer } from './server.ts'
export type { ConnectionOptions, SecureContextOptions, TlsOptions, TLSSocketOptions } from './types.ts'

/** Mozilla's authorities, PEM. */
export const rootCertificates: readonly string[] = readRoots()
/** tls.DEFAULT_CIPHERS: the cipher string where `ciphers` is not given. Set it on the default export. */
export const DEFAULT_CIPHERS: string = settings.DEFAULT_CIPHERS
/** tls.DEFAULT_ECDH_CURVE: the groups where `ecdhCurve` is not given. Set it on the default export. */
export const DEFAULT_ECDH_CURVE: string = settings.DEFAULT_ECDH_CURVE
/** tls.DEFAULT_MIN_VERSION: where `minVersion` is not given. Set it on the default export. */
export const DEFAULT_MIN_VERSION: string = settings.DEFAULT_MIN_VERSION
/** tls.DEFAULT_MAX_VERSION: where `maxVersion` is not given. Set it on the default export. */
export const DEFAULT_MAX_VERSION: string = settings.DEFAULT_MAX_VERSION
/** tls.CLIENT_RENEG_LIMIT: renegotiations that a client may ask for within the window. Set it on the default export. */
export const CLIENT_RENEG_LIMIT: number = settings.CLIENT_RENEG_LIMIT
/** tls.CLIENT_RENEG_WINDOW: the window in seconds. Set it on the default export. */
export const CLIENT_RENEG_WINDOW: number = settings.CLIENT_RENEG_WINDOW

export { tls as default }
