// TLSSocket: a net.Socket whose bytes go through an engine. Its events, their order and their errors are those of
// tls.TLSSocket. connect.ts and server.ts make it; anybody may, over any duplex.

import { Socket } from 'node:net'
import { Duplex } from 'node:stream'

import { inWorkerd } from '../crypto/runtime.ts'
import { convertALPNProtocols } from './alpn.ts'
import { Context } from './context.ts'
import type { RenegotiationChanges } from '../handshake/context.ts'
import { TlsHandle } from './handle.ts'
import {
  bytesOfView,
  checkBoolean,
  checkFunction,
  checkInt32,
  checkObject,
  checkString,
  checkUint32,
  checkView,
  codedError,
  invalidArgType,
  isView,
} from './node-errors.ts'
import { readInto } from './onread.ts'
import { createSecureContext, SecureContext } from './secure-context.ts'
import { beginRenegotiation } from './renegotiation.ts'
import { clientAuthOf } from './socket-engine.ts'
import { SocketFacts } from './socket-facts.ts'
import type { SocketState } from './socket-facts.ts'
import { joined } from '../wire/bytes.ts'
import { finishHandshake, forward, ownerOf, wrappedSession, write } from './socket-life.ts'
import type { SecureContextLike, SecureContextOptions, TLSSocketOptions } from './types.ts'

type Callback = (error?: Error | null) => void
interface RenegotiateOptions {
  rejectUnauthorized?: boolean | undefined
  requestCert?: boolean | undefined
}

export class TLSSocket extends SocketFacts {
  /** Throws what createSecureContext() throws, ERR_TLS_INVALID_CONTEXT for a context of node:tls itself. */
  constructor(socket?: Duplex | null, options?: TLSSocketOptions) {
    super(superOptions(socket, options))
    initialise(this, socket, options)
  }

  /** Client: starts the handshake, when there is a connection. Server: it starts by itself. */
  _start(): void {
    if (this.connecting) return void this.once('connect', this._start)
    this._handle?.start()
  }

  // ---- the stream
  // ----------------------------------------------------------------------------------------------------

  override _read(size: number): void {
    if (this.connecting || !this._handle) this.once('connect', () => this._read(size))
    else if (!this._handle.reading) this._handle.readStart()
  }

  override _write(chunk: unknown, encoding: BufferEncoding, callback: Callback): void {
    const data =
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk instanceof Uint8Array ? chunk : Buffer.alloc(0)
    write(this, data, callback)
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: Callback): void {
    const parts = chunks.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : (chunk as Uint8Array),
    )
    write(this, joined(parts), callback, true)
  }

  override _final(callback: Callback): void {
    if (this.connecting) return void this.once('connect', () => this._final(callback))
    if (!this._handle) return callback()
    this._handle.shutdown(callback)
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.connecting = false
    this.setTimeout(0)
    const handle = this._handle
    const isException = error !== null && error !== undefined
    if (!handle) {
      callback(error)
      process.nextTick(() => this.emit('close'))
      return
    }
    this._puretls.last = handle.socket
    this._puretls.counts = { read: handle.bytesRead, written: handle.bytesWritten }
    handle.silence()
    const forget = (): void => {
      this._handle = null
      this.ssl = null
    }
    const close = (): void =>
      handle.close(() => {
        forget()
        this.emit('close', isException)
      })
    // First of all, so that an error is told before the end.
    callback(error)
    // A handshake that failed: whoever hears of it still finds the socket's addresses.
    if (isException && !this._secureEstablished) queueMicrotask(close)
    else close()
    queueMicrotask(forget)
  }

  override connect(...args: unknown[]): this {
    // Destroyed by it while it was made, which Node's streams forget.
    if (this._tlsOptions.signal?.aborted) return this
    const below = this._handle?.socket
    if (!below) throw codedError(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed')
    const last = args.at(-1)
    if (typeof last === 'function') this.once('connect', last as () => void)
    const rest = typeof last === 'function' ? args.slice(0, -1) : args
    this.connecting = true
    Reflect.apply(below.connect, below, rest)
    return this
  }

  override resetAndDestroy(): this {
    const below = this._handle?.socket
    if (below && !this.connecting) below.resetAndDestroy()
    else if (this.connecting) this.once('connect', () => this.resetAndDestroy())
    else this.destroy(codedError(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed'))
    return this
  }

  // ---- what can be asked of a connection
  // ------------------------------------------------------------------------------

  /**
   * Server: nothing to do; client: the name that the handshake asks for. Throws ERR_TLS_SNI_FROM_SERVER on a server.
   */
  setServername(name: string): void {
    checkString(name, 'name')
    if (this._tlsOptions.isServer) {
      throw codedError(Error, 'ERR_TLS_SNI_FROM_SERVER', 'Cannot issue SNI from a TLS server-side socket')
    }
    this._tlsOptions.servername = name
  }

  /** Before the handshake: the session to resume. */
  setSession(session: unknown): void {
    if (session === undefined) return
    const bytes = typeof session === 'string' ? Buffer.from(session, 'latin1') : session
    if (!isView(bytes)) throw codedError(TypeError, 'ERR_INVALID_ARG_TYPE', 'Session must be a buffer')
    this._tlsOptions.session = Buffer.from(bytesOfView(bytes))
  }

  /** Client: the session as it is now; a connection of TLS 1.3 can be resumed once the event `session` came. */
  getSession(): Buffer<ArrayBuffer> | undefined {
    if (!this._handle) return null as unknown as undefined
    const { session, info, isServer } = this._puretls
    if (isServer || !info) return undefined
    return wrappedSession(this, session ?? new Uint8Array(0))
  }

  exportKeyingMaterial(length: number, label: string, context?: Buffer): Buffer<ArrayBuffer> {
    checkUint32(length, 'length', 1)
    checkString(label, 'label')
    if (context !== undefined) checkView(context, 'context')
    const engine = this._handle?.engine
    if (!this._secureEstablished || !engine) {
      throw codedError(Error, 'ERR_TLS_INVALID_STATE', 'TLS socket connection must be securely established')
    }
    return Buffer.from(engine.exportKeyingMaterial(length, label, context && bytesOfView(context)))
  }

  getFinished(): Buffer<ArrayBuffer> | undefined {
    return finished(this, 'own')
  }

  getPeerFinished(): Buffer<ArrayBuffer> | undefined {
    return finished(this, 'peer')
  }

  /** Records of at most `size` bytes, 512 to 16384; false for any other size. */
  setMaxSendFragment(size: number): boolean {
    checkInt32(size, 'size')
    if (!this._handle || size < 512 || size > 16_384) return false
    this._handle.maxFragment = size
    return true
  }

  /**
   * TLS 1.2: another handshake inside the connection, `secure` tells when it is done. Server: `requestCert` asks the
   * client for a certificate. The callback gets the error where it cannot be begun, as in TLS 1.3, and false is given.
   */
  renegotiate(options: RenegotiateOptions, callback?: (error: Error | null) => void): boolean | undefined {
    checkObject(options, 'options')
    if (callback !== undefined) checkFunction(callback, 'callback')
    if (this.destroyed) return undefined
    const error = beginRenegotiation(this, changedVerification(this, options))
    if (error) {
      if (callback) process.nextTick(callback, error)
      return false
    }
    if (callback) this.once('secure', () => callback(null))
    return true
  }

  disableRenegotiation(): void {
    this._puretls.renegotiationDisabled = true
  }

  /** Server, before the handshake chooses: another certificate and key for this connection. */
  setKeyCert(context: SecureContextOptions | SecureContext): void {
    if (!this._handle) return
    this._puretls.context = contextOf(context)
  }

  /** The library's own trace of records and messages, to standard error, from now on. */
  enableTrace(): void {
    this._puretls.isTracing = true
  }

  // ---- as node:tls has them, for programs that look
  // -------------------------------------------------------------------

  _emitTLSError(error: Error): void {
    const shown = this._tlsError(error)
    if (shown) this.emit('error', shown)
  }

  _tlsError(error: Error): Error | null {
    this.emit('_tlsError', error)
    return this._controlReleased ? error : null
  }

  _releaseControl(): boolean {
    if (this._controlReleased) return false
    this._controlReleased = true
    this.removeListener('error', this._tlsError)
    return true
  }

  _handleTimeout(): void {
    this._emitTLSError(codedError(Error, 'ERR_TLS_HANDSHAKE_TIMEOUT', 'TLS handshake timeout'))
  }

  _finishInit(): void {
    finishHandshake(this)
  }

  _destroySSL(): void {
    this.ssl = null
  }
}

// workerd's own look for a reader in our handle, and leave it stopped.
if (inWorkerd) {
  const { pause, read, resume } = Duplex.prototype
  Object.assign(TLSSocket.prototype, { pause, read, resume })
}

/** On an object that inherits from TLSSocket without being made by its constructor. */
export const initialiseSocket = (self: object, args: unknown[]): void => {
  const [socket, options] = args as [Duplex | undefined, TLSSocketOptions | undefined]
  Reflect.apply(Socket, self, [superOptions(socket, options)])
  initialise(self as TLSSocket, socket, options)
}

const superOptions = (socket: Duplex | null | undefined, options: TLSSocketOptions = {}): object => ({
  allowHalfOpen: socket ? socket.allowHalfOpen : options.allowHalfOpen,
  ...(options.highWaterMark !== undefined && { highWaterMark: options.highWaterMark }),
  ...(options.signal && { signal: options.signal }),
})

const initialise = (socket: TLSSocket, given: Duplex | null | undefined, options: TLSSocketOptions = {}): void => {
  const tlsOptions = { ...options }
  checkCallbacks(tlsOptions)
  if (tlsOptions.enableTrace !== undefined && tlsOptions.enableTrace !== null)
    checkBoolean(tlsOptions.enableTrace, 'options.enableTrace')
  if (tlsOptions.ALPNProtocols) {
    convertALPNProtocols(tlsOptions.ALPNProtocols, tlsOptions)
    if (!isView(tlsOptions.ALPNProtocols)) throw new TypeError('Must give a Buffer as first argument')
  }
  const context = contextOf(tlsOptions.secureContext ?? tlsOptions.credentials ?? tlsOptions)
  Object.assign(socket, {
    _tlsOptions: tlsOptions,
    _secureEstablished: false,
    _securePending: false,
    _newSessionPending: false,
    _controlReleased: false,
    _hadError: false,
    secureConnecting: true,
    servername: null,
    alpnProtocol: null,
    authorized: false,
    authorizationError: null,
    encrypted: true,
    server: tlsOptions.server,
    _requestCert: Boolean(tlsOptions.requestCert) || !tlsOptions.isServer,
    _rejectUnauthorized: Boolean(tlsOptions.rejectUnauthorized),
  })
  const state: SocketState = {
    context,
    isServer: Boolean(tlsOptions.isServer),
    info: undefined,
    verdict: undefined,
    session: undefined,
    isTracing: tlsOptions.enableTrace === true || tracesAll(),
    isJudged: false,
    renegotiationDisabled: false,
    heardHello: false,
    errorEmitted: false,
  }
  Object.defineProperty(socket, '_puretls', { value: state, configurable: true })
  // Read once, an address is known after the end as well.
  if (given instanceof Socket && tlsOptions.isServer) void given.remoteAddress
  if (given && typeof given.pause !== 'function') throw invalidArgType('socket', 'Duplex', given)
  // Whatever is falsy is no stream, as in node:tls.
  const below = given || new Socket({ allowHalfOpen: true })
  const handle = new TlsHandle(ownerOf(socket, !given), below)
  socket._handle = handle
  socket.ssl = handle
  socket.on('error', socket._tlsError)
  if (tlsOptions.onread && !given) readInto(socket, tlsOptions.onread)
  if (below instanceof Socket) forward(socket, below, Boolean(given))
  else socket.connecting = false
  if (tlsOptions.handshakeTimeout !== undefined && tlsOptions.handshakeTimeout > 0) {
    socket.setTimeout(tlsOptions.handshakeTimeout, socket._handleTimeout)
  }
  if (tlsOptions.noDelay) socket.setNoDelay(true)
  if (tlsOptions.keepAlive) socket.setKeepAlive(true, tlsOptions.keepAliveInitialDelay)
  if (tlsOptions.pauseOnConnect) socket.pause()
  if (tlsOptions.isServer) handle.start()
  process.nextTick(() => {
    if (!socket._handle) return
    handle.transport.start()
    socket.read(0)
  })
}

let warnedOfTrace = false

/** `--trace-tls`: of every connection of the process. */
const tracesAll = (): boolean => {
  if (!process.execArgv.includes('--trace-tls')) return false
  if (!warnedOfTrace) process.emitWarning('Enabling --trace-tls can expose sensitive data in the resulting log')
  return (warnedOfTrace = true)
}

const checkCallbacks = ({
  isServer,
  SNICallback,
  ALPNCallback,
  pskCallback,
  pskIdentityHint,
}: TLSSocketOptions): void => {
  if (isServer && SNICallback) checkFunction(SNICallback, 'options.SNICallback')
  if (isServer && ALPNCallback) checkFunction(ALPNCallback, 'options.ALPNCallback')
  if (pskCallback) checkFunction(pskCallback, 'pskCallback')
  if (pskCallback && pskIdentityHint) checkString(pskIdentityHint, 'options.pskIdentityHint')
}

/** Throws ERR_TLS_INVALID_CONTEXT for what this library did not make: a context of node:tls cannot be read. */
const contextOf = (given: SecureContextLike | SecureContextOptions | Context): Context => {
  if (given instanceof SecureContext) return given.context
  if (given instanceof Context) return given
  if ('context' in given && typeof given.context === 'object') {
    throw codedError(TypeError, 'ERR_TLS_INVALID_CONTEXT', 'context must be a SecureContext')
  }
  return createSecureContext(given as SecureContextOptions).context
}

/** What renegotiate() asks for; undefined at a client, and where it is what it was. */
const changedVerification = (
  socket: TLSSocket,
  { requestCert = socket._requestCert, rejectUnauthorized = socket._rejectUnauthorized }: RenegotiateOptions,
): RenegotiationChanges | undefined => {
  const isSame =
    socket._requestCert === Boolean(requestCert) && socket._rejectUnauthorized === Boolean(rejectUnauthorized)
  socket._requestCert = Boolean(requestCert)
  socket._rejectUnauthorized = Boolean(rejectUnauthorized)
  if (isSame || !socket._puretls.isServer) return undefined
  return { clientAuth: socket._requestCert ? clientAuthOf(socket._puretls, socket._rejectUnauthorized) : undefined }
}

/** The verify_data of the handshake. */
const finished = (socket: TLSSocket, whose: 'own' | 'peer'): Buffer<ArrayBuffer> | undefined => {
  if (!socket._handle) return null as unknown as undefined
  const data = socket._handle.engine?.finished[whose]
  return data && Buffer.from(data)
}
