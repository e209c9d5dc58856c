// TLSSocket: a TLS connection as a stream.Duplex with the surface of tls.TLSSocket, over any Node duplex. connect() and
// the server in this folder make it; the work is done by the same connection as everywhere else.

import { X509Certificate } from 'node:crypto'
import { Socket, connect as netConnect } from 'node:net'
import type { NetConnectOpts } from 'node:net'
import { Duplex } from 'node:stream'
import type { PeerCertificate } from 'node:tls'

import { connectWith } from '../connect.ts'
import type { ConnectionOptions, TlsConnection } from '../connection.ts'
import { asTlsError, TlsError } from '../errors.ts'
import { createServerWith } from '../server.ts'
import { clientOptionsOf, defaults, serverOptionsOf } from './options.ts'
import type { Authorization, NodeClientOptions, NodeServerOptions } from './options.ts'

export type TLSSocketOptions =
  (NodeClientOptions & { readonly isServer?: false }) | (NodeServerOptions & { readonly isServer: true })

/** How the handshake is done: node/server.ts hands in a server that is made already. */
export type Handshake = (stream: Duplex, options: ConnectionOptions) => Promise<TlsConnection>

type Callback = (error?: Error | null) => void

export class TLSSocket extends Duplex {
  /** Always true: tells it from a net.Socket. */
  readonly encrypted = true
  /** Whether the peer's certificate was verified. */
  authorized = false
  authorizationError: Error | null = null
  /** The protocol agreed on by ALPN, or false. Null before the handshake. */
  alpnProtocol: string | false | null = null
  /** The name that the client asked for, or false. */
  servername: string | false | null = null
  readonly #transport: Duplex
  readonly #abort = new AbortController()
  readonly #authorization: Authorization = { error: undefined }
  readonly #handshake: Promise<TlsConnection>
  #connection: TlsConnection | undefined
  #session: Uint8Array | undefined

  /** Starts the handshake. Throws `unsupported` for options of node:tls that can't be kept. */
  constructor(transport: Duplex, options: TLSSocketOptions | Handshake = {}) {
    super({ allowHalfOpen: false, emitClose: true, autoDestroy: true })
    this.#transport = transport
    const handshake = typeof options === 'function' ? options : handshakeOf(options, this.#authorization)
    for (const event of ['connect', 'lookup', 'ready', 'timeout']) {
      transport.on(event, (...details: unknown[]) => this.emit(event, ...details))
    }
    this.#handshake = handshake(transport, {
      signal: this.#abort.signal,
      onSession: (session) => this.#onSession(session),
    })
    this.#handshake.then(
      (connection) => this.#onSecure(connection),
      (error: unknown) => this.destroy(asTlsError(error)),
    )
  }

  override _read(): void {
    this.#use(
      (connection) => connection.read(),
      (data) => this.push(data ? Buffer.from(data.buffer, data.byteOffset, data.length) : null),
    )
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: Callback): void {
    this.#use(
      (connection) => connection.write(chunk),
      () => callback(),
      callback,
    )
  }

  override _writev(chunks: { readonly chunk: Uint8Array }[], callback: Callback): void {
    const writeAll = (connection: TlsConnection): Promise<unknown> =>
      Promise.all(chunks.map(({ chunk }) => connection.write(chunk)))
    this.#use(writeAll, () => callback(), callback)
  }

  override _final(callback: Callback): void {
    this.#use(
      (connection) => connection.closeWrite(),
      () => callback(),
      callback,
    )
  }

  override _destroy(error: Error | null, callback: Callback): void {
    const connection = this.#connection
    if (!connection) this.#abort.abort(error ?? new Error('the socket was destroyed'))
    else if (error || !this.writableFinished) connection.abort(error ?? undefined)
    else connection.close().catch(() => undefined)
    callback(error)
  }

  /** As net.Socket has it: ends, then destroys when all is written. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  // ---- what was agreed on
  // --------------------------------------------------------------------------------------------

  getProtocol(): 'TLSv1.2' | 'TLSv1.3' | null {
    const version = this.#connection?.info.version
    if (!version) return null
    return version === 'TLS 1.3' ? 'TLSv1.3' : 'TLSv1.2'
  }

  /** `name` and `standardName` are both the IANA name: OpenSSL's own names are not known here. */
  getCipher(): { readonly name: string; readonly standardName: string; readonly version: string } | undefined {
    const suite = this.#connection?.info.cipherSuite
    return suite === undefined ? undefined : { name: suite, standardName: suite, version: this.getProtocol() ?? '' }
  }

  getEphemeralKeyInfo(): { readonly type?: string; readonly name?: string } {
    const group = this.#connection?.info.group
    return group === undefined ? {} : { type: 'ECDH', name: group }
  }

  getPeerCertificate(_detailed?: boolean): PeerCertificate | Record<string, never> {
    return this.getPeerX509Certificate()?.toLegacyObject() ?? {}
  }

  getPeerX509Certificate(): X509Certificate | undefined {
    const [leaf] = this.#connection?.info.peerCertificates ?? []
    return leaf && new X509Certificate(leaf)
  }

  /** The last session for resumption, for the `session` option of a later connect(). */
  getSession(): Buffer | undefined {
    return this.#session && Buffer.from(this.#session)
  }

  isSessionReused(): boolean {
    return this.#connection?.info.resumed ?? false
  }

  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    if (!this.#connection) throw new TlsError('wrong_state', 'exportKeyingMaterial: the handshake is not done')
    return Buffer.from(this.#connection.exportKeyingMaterial(length, label, context))
  }

  getFinished(): undefined {
    return undefined
  }

  getPeerFinished(): undefined {
    return undefined
  }

  getTLSTicket(): undefined {
    return undefined
  }

  getSharedSigalgs(): string[] {
    const scheme = this.#connection?.info.signatureScheme
    return scheme === undefined ? [] : [scheme]
  }

  /** False: the size of fragments is not changed on the way (see the record_size_limit option). */
  setMaxSendFragment(): boolean {
    return false
  }

  disableRenegotiation(): void {}

  enableTrace(): void {}

  /** The connection underneath, for what node:tls has no name for. Undefined before `secureConnect`. */
  get connection(): TlsConnection | undefined {
    return this.#connection
  }

  // ---- what belongs to the socket underneath
  // -------------------------------------------------------------------------

  get connecting(): boolean {
    return Reflect.get(this.#transport, 'connecting') === true
  }
  get pending(): boolean {
    return this.connecting
  }
  get bytesRead(): number {
    return Number(Reflect.get(this.#transport, 'bytesRead') ?? 0)
  }
  get bytesWritten(): number {
    return Number(Reflect.get(this.#transport, 'bytesWritten') ?? 0)
  }
  get remoteAddress(): string | undefined {
    return this.#net?.remoteAddress
  }
  get remotePort(): number | undefined {
    return this.#net?.remotePort
  }
  get remoteFamily(): string | undefined {
    return this.#net?.remoteFamily
  }
  get localAddress(): string | undefined {
    return this.#net?.localAddress
  }
  get localPort(): number | undefined {
    return this.#net?.localPort
  }
  get localFamily(): string | undefined {
    return this.#net?.localFamily
  }
  get timeout(): number | undefined {
    return this.#net?.timeout
  }
  address(): object {
    return this.#net?.address() ?? {}
  }
  setTimeout(milliseconds: number, callback?: () => void): this {
    if (callback) {
      if (milliseconds === 0) this.removeListener('timeout', callback)
      else this.once('timeout', callback)
    }
    this.#net?.setTimeout(milliseconds)
    return this
  }
  setNoDelay(noDelay?: boolean): this {
    this.#net?.setNoDelay(noDelay)
    return this
  }
  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#net?.setKeepAlive(enable, initialDelay)
    return this
  }
  ref(): this {
    this.#net?.ref()
    return this
  }
  unref(): this {
    this.#net?.unref()
    return this
  }

  get #net(): Socket | undefined {
    return this.#transport instanceof Socket ? this.#transport : undefined
  }

  /** Runs something on the connection once there is one; what fails destroys the socket, or goes to `failed`. */
  #use<T>(
    action: (connection: TlsConnection) => Promise<T>,
    done: (value: T) => void,
    failed?: (error: Error) => void,
  ): void {
    const running = this.#connection ? action(this.#connection) : this.#handshake.then(action)
    running.then(done, (error: unknown) => (failed ?? ((reason: Error) => this.destroy(reason)))(asTlsError(error)))
  }

  #onSecure(connection: TlsConnection): void {
    if (this.destroyed) return connection.abort()
    this.#connection = connection
    const { alpn, serverName, verifiedChain } = connection.info
    this.alpnProtocol = alpn ?? false
    this.servername = serverName ?? false
    this.authorizationError = this.#authorization.error ?? null
    this.authorized = verifiedChain.length > 0 && !this.authorizationError
    this.emit('secure')
    this.emit('secureConnect')
  }

  #onSession(session: Uint8Array): void {
    this.#session = session
    // After the handshake's own event, as node:tls has it.
    process.nextTick(() => this.emit('session', Buffer.from(session)))
  }
}

const handshakeOf = (options: TLSSocketOptions, authorization: Authorization): Handshake => {
  if (options.isServer) {
    const server = createServerWith(defaults)(serverOptionsOf(options, () => undefined))
    return (stream, connectionOptions) => server.accept(stream, connectionOptions)
  }
  const clientOptions = clientOptionsOf(options, authorization)
  return (stream, connectionOptions) => connectWith(defaults)(stream, { ...clientOptions, ...connectionOptions })
}

export type ConnectOptions = NodeClientOptions & {
  readonly port?: number | string
  /** A path of a Unix socket or a named pipe; null and undefined are none, as https.Agent gives them. */
  readonly path?: string | null
  /** A duplex that is there already, instead of a new connection. */
  readonly socket?: Duplex
  readonly timeout?: number
}

/** tls.connect(): (options), (port, host, options) or (port, options), each with a listener for `secureConnect`. */
export const connect = (
  ...args: readonly (ConnectOptions | number | string | (() => void) | undefined)[]
): TLSSocket => {
  const options = optionsOf(args)
  const listener = args.find((arg): arg is () => void => typeof arg === 'function')
  // Checked before anything is opened.
  clientOptionsOf(options, { error: undefined })
  const socket = new TLSSocket(options.socket ?? netConnect(netOptions(options)), options)
  if (listener) socket.once('secureConnect', listener)
  if (options.timeout) socket.setTimeout(options.timeout)
  return socket
}

const optionsOf = (args: readonly unknown[]): ConnectOptions => {
  const [first, second] = args
  const given = args.find((arg): arg is ConnectOptions => typeof arg === 'object' && arg !== null) ?? {}
  const isPort = typeof first === 'number' || typeof first === 'string'
  return {
    ...given,
    ...(isPort ? { port: first } : {}),
    ...(isPort && typeof second === 'string' ? { host: second } : {}),
  }
}

const netOptions = (options: ConnectOptions): NetConnectOpts => {
  const { path, port, host = 'localhost' } = options
  // Options of net.connect (lookup, family, localAddress) pass through; those of TLS mean nothing to it.
  if (path) return { ...options, path } as NetConnectOpts
  return { ...options, path: undefined, host, port: Number(port) } as unknown as NetConnectOpts
}
