// The module as an object, the default export: what `require('node:tls')` gives, with the properties that programs
// change. connect() and the others go by it as it is at the time.

import { certificateCodecs } from '../compression/index.node.ts'
import { convertALPNProtocols } from './alpn.ts'
import { callable } from './callable.ts'
import { getCiphers } from './ciphers.ts'
import { checkServerIdentity, connect } from './connect.ts'
import { replaceable } from './replaceable.ts'
import { getCACertificates, rootCertificates, setDefaultCACertificates } from './roots.ts'
import { createSecureContext, SecureContext as SecureContextClass } from './secure-context.ts'
import { createServer, initialiseServer, Server as ServerClass } from './server.ts'
import { settings } from './settings.ts'
import { initialiseSocket, TLSSocket as TLSSocketClass } from './socket.ts'

/** tls.TLSSocket: TLS over a socket or stream, as the client or (`isServer`) as the server. */
export const TLSSocket: typeof TLSSocketClass &
  ((...args: ConstructorParameters<typeof TLSSocketClass>) => TLSSocketClass) = callable(
  TLSSocketClass,
  initialiseSocket,
)
export type TLSSocket = TLSSocketClass

/** tls.Server, with and without `new`. */
export const Server: typeof ServerClass & ((...args: ConstructorParameters<typeof ServerClass>) => ServerClass) =
  callable(ServerClass, initialiseServer)
export type Server = ServerClass

/** tls.SecureContext: what createSecureContext() makes. */
export const SecureContext: typeof SecureContextClass &
  ((...args: ConstructorParameters<typeof SecureContextClass>) => SecureContextClass) = callable(
  SecureContextClass,
  () => undefined,
)
export type SecureContext = SecureContextClass

/** tls.getCertificateCompressionAlgorithms(). */
export const getCertificateCompressionAlgorithms = (): string[] => certificateCodecs.map(({ name }) => name).toSorted()

/** What `require('node:tls')` gives. */
export interface TlsModule {
  readonly TLSSocket: typeof TLSSocket
  readonly Server: typeof Server
  readonly SecureContext: typeof SecureContext
  readonly connect: typeof connect
  readonly createServer: typeof createServer
  createSecureContext: typeof createSecureContext
  checkServerIdentity: typeof checkServerIdentity
  readonly getCiphers: typeof getCiphers
  readonly getCertificateCompressionAlgorithms: typeof getCertificateCompressionAlgorithms
  readonly getCACertificates: typeof getCACertificates
  readonly setDefaultCACertificates: typeof setDefaultCACertificates
  readonly convertALPNProtocols: typeof convertALPNProtocols
  readonly rootCertificates: readonly string[]
  DEFAULT_CIPHERS: string
  DEFAULT_ECDH_CURVE: string
  DEFAULT_MIN_VERSION: string
  DEFAULT_MAX_VERSION: string
  CLIENT_RENEG_LIMIT: number
  CLIENT_RENEG_WINDOW: number
}

const fixed = {
  TLSSocket,
  Server,
  SecureContext,
  connect,
  createServer,
  createSecureContext,
  checkServerIdentity,
  getCiphers,
  getCertificateCompressionAlgorithms,
  getCACertificates,
  setDefaultCACertificates,
  convertALPNProtocols,
  get rootCertificates(): readonly string[] {
    return rootCertificates()
  },
}

/** Gives `module` the properties of `held`, which are read from there and written to it. */
const share = (module: object, held: object): void => {
  for (const name of Object.keys(held)) {
    const get = (): unknown => Reflect.get(held, name)
    const set = (value: unknown): void => void Reflect.set(held, name, value)
    Object.defineProperty(module, name, { get, set, enumerable: true, configurable: true })
  }
}

Object.assign(replaceable, { checkServerIdentity, createSecureContext })
share(fixed, replaceable)
share(fixed, settings)

/** The module as node:tls has it: functions, classes, and defaults that a program may set. */
export const tls: TlsModule = fixed as TlsModule
