// tls.connect(): a socket, its connection, and the verdict on the server once the handshake is done.

import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import type { Duplex } from 'node:stream'
import process from 'node:process'

import type { Certificate } from '../x509/certificate.ts'
import { checkFunction, checkNumber, connectionReset } from './node-errors.ts'
import { native } from './native.ts'
import { createSecureContext } from './secure-context.ts'
import { replaceable } from './replaceable.ts'
import { settings } from './settings.ts'
import { TLSSocket } from './socket.ts'
import { emitPendingSession } from './socket-life.ts'
import { identityNameOf } from './socket-engine.ts'
import type { ConnectionOptions } from './types.ts'

const nodeCheck: typeof native.checkServerIdentity = native.checkServerIdentity

/**
 * tls.checkServerIdentity(). A name or an address is compared with the certificate; an Error says what does not match.
 */
export const checkServerIdentity: typeof nodeCheck = (hostname, certificate) => nodeCheck(hostname, certificate)

export type ConnectOptions = ConnectionOptions

type Listener = () => void

/** (options), (port, host, options), (port, options) or (path, options), each with a listener for `secureConnect`. */
export interface Connect {
  (options: ConnectionOptions, listener?: Listener): TLSSocket
  (port: number, host?: string, options?: ConnectionOptions, listener?: Listener): TLSSocket
  (port: number, options?: ConnectionOptions, listener?: Listener): TLSSocket
  (path: string, options?: ConnectionOptions, listener?: Listener): TLSSocket
}

/** tls.connect(): by options, port and host, or path, or over `options.socket`. Certificates are checked by default. */
export const connect: Connect = (...args: readonly unknown[]): TLSSocket => {
  const [given, listener] = normalise(args)
  const allowUnauthorized = process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0'
  if (allowUnauthorized) warnOfUnauthorized()
  const options: ConnectionOptions = {
    rejectUnauthorized: !allowUnauthorized,
    ciphers: settings.DEFAULT_CIPHERS,
    checkServerIdentity: (replaceable.checkServerIdentity as typeof nodeCheck | undefined) ?? checkServerIdentity,
    minDHSize: 1024,
    ...given,
  }
  checkFunction(options.checkServerIdentity, 'options.checkServerIdentity')
  checkNumber(options.minDHSize, 'options.minDHSize', 1)
  const secureContext =
    options.secureContext ||
    ((replaceable.createSecureContext as typeof createSecureContext | undefined) ?? createSecureContext)(options)
  const below = options.socket as Duplex | undefined
  options.rejectUnauthorized = options.rejectUnauthorized !== false
  const socket = new TLSSocket(below, {
    allowHalfOpen: options.allowHalfOpen,
    secureContext,
    isServer: false,
    requestCert: true,
    rejectUnauthorized: options.rejectUnauthorized,
    session: options.session,
    ALPNProtocols: options.ALPNProtocols,
    requestOCSP: options.requestOCSP,
    enableTrace: options.enableTrace,
    pskCallback: options.pskCallback as never,
    highWaterMark: options.highWaterMark,
    onread: options.onread as never,
    signal: options.signal,
    noDelay: options.noDelay,
    keepAlive: options.keepAlive,
    keepAliveInitialDelay: options.keepAliveInitialDelay,
    requireCloseNotify: options.requireCloseNotify,
    puretls: options.puretls as never,
  })
  socket._puretls.connectOptions = options as Record<string, unknown>
  if (listener) socket.once('secureConnect', listener)
  if (!below) {
    if (options.timeout) socket.setTimeout(options.timeout)
    socket.connect(options, socket._start)
  }
  socket._releaseControl()
  if (options.session) socket.setSession(options.session)
  if (options.servername) {
    warnOfAddress(options.servername)
    socket.setServername(options.servername)
  }
  if (below) socket._start()
  socket.on('secure', onConnectSecure)
  socket.prependListener('end', onConnectEnd)
  return socket
}

let warnedOfUnauthorized = false
const warnOfUnauthorized = (): void => {
  if (warnedOfUnauthorized) return
  warnedOfUnauthorized = true
  process.emitWarning(
    "Setting the NODE_TLS_REJECT_UNAUTHORIZED environment variable to '0' makes TLS connections and HTTPS requests " +
      'insecure by disabling certificate verification.',
  )
}

let warnedOfAddress = false
const warnOfAddress = (servername: string): void => {
  if (warnedOfAddress || isIP(servername) === 0) return
  warnedOfAddress = true
  process.emitWarning(
    'Setting the TLS ServerName to an IP address is not permitted by RFC 6066. This will be ignored in a future ' +
      'version.',
    'DeprecationWarning',
    'DEP0123',
  )
}

const isPipeName = (value: unknown): value is string => typeof value === 'string' && !(Number(value) >= 0)

/** Options that stand behind port and host count over them, as in node:tls. */
const normalise = (args: readonly unknown[]): readonly [ConnectionOptions, Listener | undefined] => {
  const [first, second, third] = args
  const last = args.at(-1)
  const listener = typeof last === 'function' ? (last as Listener) : undefined
  if (first !== null && typeof first === 'object') return [{ ...first }, listener]
  const base = isPipeName(first)
    ? { path: first }
    : { port: first, ...(typeof second === 'string' && { host: second }) }
  const more =
    second !== null && typeof second === 'object' ? second : third !== null && typeof third === 'object' ? third : {}
  return [{ ...base, ...more } as ConnectionOptions, listener]
}

function onConnectSecure(this: TLSSocket): void {
  const options = this._puretls.connectOptions ?? {}
  const { info, verdict } = this._puretls
  let error: Error | undefined = info?.pskIdentity && info.peerCertificates.length === 0 ? undefined : verdict?.error
  if (!error && mustCheckName(this)) {
    error = nameError(this, options.checkServerIdentity as typeof nodeCheck, identityNameOf(options))
  }
  if (error) {
    const code: unknown = Reflect.get(error, 'code')
    this.authorized = false
    this.authorizationError = (code || error.message) as never
    if (options.rejectUnauthorized !== false) {
      this.destroy(error)
      return
    }
  } else {
    this.authorized = true
  }
  this.secureConnecting = false
  this.emit('secureConnect')
  emitPendingSession(this)
  this.removeListener('end', onConnectEnd)
}

/**
 * What a check says of the peer's certificate. Our own looks at its names first, and makes the object that an error
 * shows only where they do not match.
 */
const nameError = (socket: TLSSocket, check: typeof nodeCheck, name: string): Error | undefined => {
  const leaf = socket._puretls.verdict?.chain[0]
  if (check === checkServerIdentity && leaf) {
    const names = { subject: {}, subjectaltname: alternativeNames(leaf) }
    if (nodeCheck(name, names as PeerCertificate) === undefined) return undefined
  }
  return check(name, socket.getPeerCertificate(true))
}

const namesOf = new WeakMap<Certificate, string>()

/** As Node writes them, kept with a certificate that the verifier knows again. */
const alternativeNames = (leaf: Certificate): string => {
  let names = namesOf.get(leaf)
  if (names === undefined) namesOf.set(leaf, (names = new X509Certificate(leaf.der).subjectAltName ?? ''))
  return names
}

/**
 * A function of the caller is not asked again about a session whose server it has found good, as in node:tls; another
 * one is. Our own check is cheap, and is made each time. With a pre-shared key and no certificate the caller's is
 * asked, as there.
 */
const mustCheckName = (socket: TLSSocket): boolean => {
  const { info, isCheckedBy } = socket._puretls
  if (!info?.resumed) return true
  if (info.pskIdentity && info.peerCertificates.length === 0) return false
  const check = socket._puretls.connectOptions?.checkServerIdentity
  if (check === checkServerIdentity || typeof check !== 'function') return true
  return isCheckedBy?.(check) !== true
}

function onConnectEnd(this: TLSSocket): void {
  if (this._hadError) return
  const { path, host, port, localAddress } = this._puretls.connectOptions ?? {}
  this._hadError = true
  const error = connectionReset('Client network socket disconnected before secure TLS connection was established')
  this.destroy(Object.assign(error, { path, host, port, localAddress }))
}
