// tls.Server: a net.Server whose connections come out encrypted, with the events of node:tls.

import { createHash } from 'node:crypto'
import { Server as NetServer } from 'node:net'
import type { Socket } from 'node:net'
import { strict as assert } from 'node:assert'
import { captureRejectionSymbol } from 'node:events'
import process from 'node:process'

import { convertALPNProtocols } from './alpn.ts'
import type { Context } from './context.ts'
import {
  checkFunction,
  checkNumber,
  checkObject,
  checkString,
  checkView,
  codedError,
  connectionReset,
  invalidArgType,
} from './node-errors.ts'
import { createSecureContext, SecureContext } from './secure-context.ts'
import { TLSSocket } from './socket.ts'
import { ticketKeyLengths } from './tickets.ts'
import type { SecureContextOptions, SniCallback, TlsOptions } from './types.ts'
import { verifyError } from './verify.ts'

const HANDSHAKE_TIMEOUT = 120_000

/** Options of a secure context, which setSecureContext() keeps as properties of the server. */
const contextNames = [
  'pfx',
  'key',
  'passphrase',
  'cert',
  'clientCertEngine',
  'ca',
  'minVersion',
  'maxVersion',
  'secureProtocol',
  'crl',
  'sigalgs',
  'ciphers',
  'ecdhCurve',
  'dhparam',
  'privateKeyIdentifier',
  'privateKeyEngine',
  'certificateCompression',
  'allowPartialTrustChain',
] as const

export class Server extends NetServer {
  declare requestCert: boolean
  declare rejectUnauthorized: boolean
  declare ALPNProtocols: Buffer | undefined
  declare ALPNCallback: TlsOptions['ALPNCallback']
  declare sessionTimeout: number | undefined
  declare ticketKeys: NodeJS.ArrayBufferView | undefined
  declare sessionIdContext: SecureContextOptions['sessionIdContext']
  declare honorCipherOrder: boolean
  declare secureOptions: number | undefined
  declare _contexts: [RegExp, Context][]
  declare _sharedCreds: SecureContext
  declare readonly _puretls: { readonly handshakeTimeout: number; readonly options: TlsOptions }

  /** Throws what createSecureContext() throws, and ERR_INVALID_ARG_TYPE. */
  constructor(options?: TlsOptions | ((socket: TLSSocket) => void) | null, listener?: (socket: TLSSocket) => void) {
    const given = optionsOf(options)
    checkServerOptions(given)
    super(given)
    initialise(this, given, typeof options === 'function' ? options : listener)
  }

  /** Other certificates, keys and rules for the connections that come from now on. Throws as the constructor does. */
  setSecureContext(options: SecureContextOptions): void {
    checkObject(options, 'options')
    const kept = Object.fromEntries(contextNames.map((name) => [name, Reflect.get(options, name) || undefined]))
    Object.assign(this, kept, {
      honorCipherOrder: options.honorCipherOrder === undefined ? true : Boolean(options.honorCipherOrder),
      secureOptions: options.secureOptions || undefined,
      sessionIdContext:
        options.sessionIdContext || createHash('sha1').update(process.argv.join(' ')).digest('hex').slice(0, 32),
    })
    if (options.sessionTimeout) this.sessionTimeout = options.sessionTimeout
    if (options.ticketKeys) this.ticketKeys = options.ticketKeys
    const { honorCipherOrder, secureOptions, sessionIdContext, sessionTimeout, ticketKeys } = this
    this._sharedCreds = createSecureContext({
      ...kept,
      ecdhCurve: options.ecdhCurve,
      sigalgs: options.sigalgs,
      honorCipherOrder,
      secureOptions,
      sessionIdContext,
      sessionTimeout,
      ticketKeys,
    })
  }

  /** Another context for a name, whose `*` stands for one label. Throws ERR_TLS_REQUIRED_SERVER_NAME. */
  addContext(servername: string, context: SecureContextOptions | SecureContext): void {
    if (!servername) {
      throw codedError(
        Error,
        'ERR_TLS_REQUIRED_SERVER_NAME',
        '"servername" is required parameter for Server.addContext',
      )
    }
    const pattern = servername.replace(/[.^$+?\-\\[\]{}()|]/g, String.raw`\$&`).replaceAll('*', '[^.]*')
    const made = context instanceof SecureContext ? context : createSecureContext(context)
    this._contexts.push([new RegExp(`^${pattern}$`, 'i'), made.context])
  }

  /** 48 bytes, or 80 if such were set, which other servers may be given. */
  getTicketKeys(): Buffer<ArrayBuffer> {
    return this._sharedCreds.context.getTicketKeys()
  }

  setTicketKeys(keys: Buffer): void {
    checkView(keys)
    assert(ticketKeyLengths.includes(keys.byteLength), 'Session ticket keys must be a 48-byte buffer')
    this._sharedCreds.context.setTicketKeys(keys)
  }

  /** What node:cluster gives to its workers. */
  _getServerData(): { ticketKeys: string } {
    return { ticketKeys: this.getTicketKeys().toString('hex') }
  }

  _setServerData({ ticketKeys }: { readonly ticketKeys: string }): void {
    this.setTicketKeys(Buffer.from(ticketKeys, 'hex'))
  }
}

/** With `captureRejections`: what a listener rejects with ends the socket that it was about. */
Object.defineProperty(Server.prototype, captureRejectionSymbol, {
  configurable: true,
  writable: true,
  value(this: Server, error: Error, event: string, ...args: unknown[]): void {
    const [socket] = args
    if (event === 'secureConnection' && socket instanceof TLSSocket) socket.destroy(error)
    else if (event === 'connection') (socket as Socket).destroy(error)
    else this.emit('error', error)
  },
})

/** On an object that inherits from Server without being made by its constructor. */
export const initialiseServer = (self: object, [options, listener]: unknown[]): void => {
  const given = optionsOf(options)
  checkServerOptions(given)
  Reflect.apply(NetServer, self, [given])
  const last = typeof options === 'function' ? options : listener
  initialise(self as Server, given, last as (socket: TLSSocket) => void)
}

const optionsOf = (options: unknown): TlsOptions => {
  if (typeof options === 'function' || options === null || options === undefined) return {}
  if (typeof options === 'object') return options
  throw invalidArgType('options', 'Object', options)
}

const checkServerOptions = (options: TlsOptions): void => {
  if (options.ALPNCallback && options.ALPNProtocols) {
    throw codedError(
      TypeError,
      'ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS',
      'The ALPNCallback and ALPNProtocols TLS options are mutually exclusive',
    )
  }
}

const initialise = (server: Server, options: TlsOptions, listener: ((socket: TLSSocket) => void) | undefined): void => {
  server._contexts = []
  server.requestCert = options.requestCert === true
  server.rejectUnauthorized = options.rejectUnauthorized !== false
  server.ALPNCallback = options.ALPNCallback
  if (options.ALPNProtocols) convertALPNProtocols(options.ALPNProtocols, server)
  server.setSecureContext(options)
  const timeout: unknown = options.handshakeTimeout || HANDSHAKE_TIMEOUT
  checkNumber(timeout, 'options.handshakeTimeout')
  Object.defineProperty(server, '_puretls', { value: { handshakeTimeout: timeout, options } })
  if (options.SNICallback) checkFunction(options.SNICallback, 'options.SNICallback')
  if (options.pskCallback) checkFunction(options.pskCallback, 'options.pskCallback')
  if (options.pskIdentityHint) checkString(options.pskIdentityHint, 'options.pskIdentityHint')
  server.on('connection', onConnection)
  if (listener) server.on('secureConnection', listener)
}

function onConnection(this: Server, raw: Socket): void {
  const { options, handshakeTimeout } = this._puretls
  const chooseByName: SniCallback = (name, done) => done(null, byName(this, name) as never)
  const socket = new TLSSocket(raw, {
    secureContext: this._sharedCreds,
    isServer: true,
    server: this,
    requestCert: this.requestCert,
    rejectUnauthorized: this.rejectUnauthorized,
    handshakeTimeout: handshakeTimeout,
    ALPNProtocols: this.ALPNProtocols as never,
    ALPNCallback: this.ALPNCallback,
    SNICallback: options.SNICallback ?? (this._contexts.length > 0 ? chooseByName : undefined),
    enableTrace: options.enableTrace,
    pauseOnConnect: options.pauseOnConnect,
    pskCallback: options.pskCallback as never,
    pskIdentityHint: options.pskIdentityHint,
    requireCloseNotify: options.requireCloseNotify,
    puretls: options.puretls as never,
  })
  socket.on('secure', onSocketSecure)
  if (this.listenerCount('keylog') > 0) socket.on('keylog', (line: Buffer) => this.emit('keylog', line, socket))
  socket.on('close', onSocketClose)
  socket.on('_tlsError', onSocketError)
  socket.on('error', onSocketError)
}

const byName = (server: Server, name: string): Context | undefined =>
  server._contexts.findLast(([pattern]) => pattern.test(name))?.[1]

function onSocketSecure(this: TLSSocket): void {
  if (this._requestCert) judgeClient(this)
  if (this.destroyed || !this._releaseControl()) return
  this.secureConnecting = false
  ;(this.server as Server).emit('secureConnection', this)
}

const judgeClient = (socket: TLSSocket): void => {
  const { info, verdict } = socket._puretls
  const hasCertificate = (info?.peerCertificates.length ?? 0) > 0
  const error = hasCertificate ? verdict?.error : verifyError('UNABLE_TO_GET_ISSUER_CERT')
  if (!error) {
    socket.authorized = true
    return
  }
  socket.authorizationError = error.code as never
  // As in node:tls, a key that both ends have does not stand for the certificate that is required.
  if (socket._rejectUnauthorized) socket.destroy()
}

const isTold = (socket: TLSSocket): boolean => socket._controlReleased || socket._puretls.errorEmitted

function tell(socket: TLSSocket, error: Error): void {
  if (isTold(socket)) return
  socket._puretls.errorEmitted = true
  ;(socket.server as Server).emit('tlsClientError', error, socket)
}

function onSocketError(this: TLSSocket, error: Error): void {
  tell(this, error)
}

function onSocketClose(this: TLSSocket, hadError: boolean): void {
  if (!hadError && !isTold(this)) tell(this, connectionReset('socket hang up'))
}

/** tls.createServer(). */
export const createServer = (
  options?: TlsOptions | ((socket: TLSSocket) => void),
  listener?: (socket: TLSSocket) => void,
): Server => new Server(options, listener)
