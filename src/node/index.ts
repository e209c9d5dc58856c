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
export const DEFAULT_CIPHERS: string = settings.DEFAULT_CIPHERS
export const DEFAULT_ECDH_CURVE: string = settings.DEFAULT_ECDH_CURVE
export const DEFAULT_MIN_VERSION: string = settings.DEFAULT_MIN_VERSION
export const DEFAULT_MAX_VERSION: string = settings.DEFAULT_MAX_VERSION
export const CLIENT_RENEG_LIMIT: number = settings.CLIENT_RENEG_LIMIT
export const CLIENT_RENEG_WINDOW: number = settings.CLIENT_RENEG_WINDOW

export { tls as default }
