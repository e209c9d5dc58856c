// puretls/node/http2: node:http2 with our TLS: createSecureServer() with allowHTTP1 and connect() to https: addresses.
// All else is node:http2's own.

import type * as nodeHttp2 from 'node:http2'
import type {
  ClientHttp2Session,
  ClientSessionOptions,
  SecureServerOptions as NodeSecureServerOptions,
} from 'node:http2'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'

import { connect as connectTls } from './connect.ts'
import type { ConnectOptions } from './connect.ts'
import { graft, httpMethod } from './http-grafting.ts'
import { http2SocketOf } from './http2-socket.ts'
import { native } from './native.ts'
import { invalidArgType } from './node-errors.ts'
import { Server as TlsServer } from './server.ts'
import type { TLSSocket } from './socket.ts'
import type { TlsOptions } from './types.ts'

// What is not declared below is node:http2's.
const standard: typeof nodeHttp2 = native.http2
/** http2.constants of Node. */
export const constants: typeof nodeHttp2.constants = standard.constants
export const createServer: typeof nodeHttp2.createServer = standard.createServer
export const getDefaultSettings: typeof nodeHttp2.getDefaultSettings = standard.getDefaultSettings
export const getPackedSettings: typeof nodeHttp2.getPackedSettings = standard.getPackedSettings
export const getUnpackedSettings: typeof nodeHttp2.getUnpackedSettings = standard.getUnpackedSettings
/** http2.Http2ServerRequest of Node. */
export const Http2ServerRequest: typeof nodeHttp2.Http2ServerRequest = standard.Http2ServerRequest
/** http2.Http2ServerResponse of Node. */
export const Http2ServerResponse: typeof nodeHttp2.Http2ServerResponse = standard.Http2ServerResponse
export const performServerHandshake: typeof nodeHttp2.performServerHandshake = standard.performServerHandshake
/** http2.sensitiveHeaders of Node. */
export const sensitiveHeaders: typeof nodeHttp2.sensitiveHeaders = standard.sensitiveHeaders

/** Options of node:http2's server, of tls.createServer(), and, with `allowHTTP1`, of node:http's server. */
export type SecureServerOptions = TlsOptions &
  Omit<NodeSecureServerOptions, keyof TlsOptions> & { readonly http1Options?: object }
type OnRequest = (request: nodeHttp2.Http2ServerRequest, response: nodeHttp2.Http2ServerResponse) => void

/** What createSecureServer() makes: an http2.Http2SecureServer over this library's TLS. */
export class Http2SecureServer extends TlsServer {
  readonly #made: nodeHttp2.Http2Server
  readonly #allowHttp1: boolean

  /** As http2.createSecureServer(): throws what tls.createServer() and http2.createServer() throw for their options. */
  constructor(options: SecureServerOptions = {}, onRequest?: OnRequest) {
    if (typeof options === 'function') throw invalidArgType('options', 'Object', options)
    const made = native.createHttp2Server(options as nodeHttp2.ServerOptions)
    super(withProtocols(options))
    const allowHTTP1 = options.allowHTTP1 === true
    this.#made = made
    this.#allowHttp1 = allowHTTP1
    // HTTP/1.1 first: of properties that both have, http2's count.
    const serveHttp1 = allowHTTP1 ? graft(this, new native.HttpServer(http1OptionsOf(options))) : undefined
    const serve = graft(this, made)
    this.on('secureConnection', (socket: TLSSocket) => {
      const isHttp1 = socket.alpnProtocol === false || socket.alpnProtocol === 'http/1.1'
      if (isHttp1) (serveHttp1 ?? serve)(socket)
      else serve(http2SocketOf(socket))
    })
    if (typeof onRequest === 'function') this.on('request', onRequest)
    this.on('tlsClientError', (error: Error, socket: Duplex) => {
      if (!this.emit('clientError', error, socket)) socket.destroy(error)
    })
  }

  /**
   * Milliseconds without traffic after which a session is destroyed, unless somebody listens for `timeout`; 0 for
   * never.
   */
  setTimeout(milliseconds: number, callback?: () => void): this {
    return this.#inherited('setTimeout', [milliseconds, callback])
  }

  /** Changes the settings for sessions from now on. */
  updateSettings(settings: nodeHttp2.Settings): void {
    this.#inherited('updateSettings', [settings])
  }

  closeIdleConnections(): void {
    if (this.#allowHttp1) httpMethod(this, 'closeIdleConnections')
  }

  /** Ends idle connections, and the sessions where node:http2 of this version does. */
  override close(callback?: (error?: Error) => void): this {
    if (this.#allowHttp1) Reflect.apply(native.HttpServer.prototype.close, this, [callback])
    this.#inherited('close', this.#allowHttp1 ? [] : [callback])
    return this
  }

  /** A method of node:http2's server, on this one. */
  #inherited<T>(name: string, args: readonly unknown[]): T {
    const method: unknown = Reflect.get(this.#made, name)
    if (typeof method !== 'function') throw new TypeError(`this runtime's node:http2 has no ${name}()`)
    return Reflect.apply(method, this, args)
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.close((error) => (error ? reject(error) : resolve()))
    })
  }
}

/** As node:http2: h2 before http/1.1, whatever ALPNProtocols says, unless a callback chooses. */
const withProtocols = <T extends object>(options: T & { readonly allowHTTP1?: boolean | undefined }): T =>
  Reflect.get(options, 'ALPNCallback')
    ? options
    : { ...options, ALPNProtocols: options.allowHTTP1 ? ['h2', 'http/1.1'] : ['h2'] }

/** What of the options concerns HTTP/1.1 connections: the limits of node:http, and the classes of its messages. */
const http1OptionsOf = ({
  Http1IncomingMessage,
  Http1ServerResponse,
  http1Options,
  ...options
}: SecureServerOptions): object => ({
  ...options,
  ...(Http1IncomingMessage ? { IncomingMessage: Http1IncomingMessage } : {}),
  ...(Http1ServerResponse ? { ServerResponse: Http1ServerResponse } : {}),
  ...http1Options,
})

/** http2.createSecureServer(). */
export const createSecureServer = (options?: SecureServerOptions, onRequest?: OnRequest): Http2SecureServer =>
  new Http2SecureServer(options, onRequest)

/** Options of http2.connect() and of tls.connect(). */
export type SecureClientOptions = ConnectOptions & Omit<ClientSessionOptions, keyof ConnectOptions>
type OnConnect = (session: ClientHttp2Session, socket: Duplex) => void

/** http2.connect(): over our TLS to https: addresses, unless `createConnection` brings a connection. */
export const connect = (
  authority: string | URL,
  options?: SecureClientOptions | OnConnect,
  listener?: OnConnect,
): ClientHttp2Session => {
  const given = typeof options === 'function' ? {} : (options ?? {})
  const onConnect = typeof options === 'function' ? options : listener
  const overTls =
    (typeof authority === 'string' ? new URL(authority) : authority).protocol || given.protocol || 'https:'
  const createConnection =
    overTls === 'https:' && !given.createConnection
      ? (url: URL) => http2SocketOf(dial(url, given))
      : given.createConnection
  const all = { ...given, ...(createConnection ? { createConnection } : {}) }
  return native.connectHttp2(authority, all as ClientSessionOptions, onConnect as never)
}

Object.defineProperty(connect, promisify.custom, {
  value: (authority: string | URL, options?: SecureClientOptions) =>
    new Promise((resolve, reject) => {
      const session = connect(authority, options, () => {
        session.off('error', reject)
        resolve(session)
      })
      session.once('error', reject)
    }),
})

const dial = (url: URL, options: SecureClientOptions): TLSSocket => {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const servername = options.servername || (isIP(host) === 0 ? host : undefined)
  // As in node:http2, a port or a host among the options counts over those of the address.
  return connectTls({
    port: url.port || 443,
    host,
    ...withProtocols<ConnectOptions>(options),
    ...(servername === undefined ? {} : { servername }),
  })
}

/** What `require('node:http2')` gives. */
const http2: typeof nodeHttp2 = Object.assign({ ...native.http2 }, { connect, createSecureServer })
export { http2 as default }
