// A server with the surface of tls.Server: a net.Server whose connections come out encrypted. createServer() and
// createHttpsServer() make it.

import { createServer as createHttpServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Socket } from 'node:net'

import { createServerWith } from '../server.ts'
import type { TlsServer } from '../server.ts'
import { defaults, serverOptionsOf } from './options.ts'
import type { NodeServerOptions, SecureContext, SecureContextOptions } from './options.ts'
import { TLSSocket } from './socket.ts'

export class Server extends NetServer {
  #options: NodeServerOptions
  #contexts: { readonly pattern: RegExp; readonly context: SecureContext }[] = []
  #tls: TlsServer

  /** Throws `bad_key` or `key_mismatch` at once. */
  constructor(options: NodeServerOptions = {}, listener?: (socket: TLSSocket) => void) {
    super({ allowHalfOpen: true })
    this.#options = options
    this.#tls = this.#make()
    this.on('connection', (socket: Socket) => this.#accept(socket))
    if (listener) this.on('secureConnection', listener)
  }

  /** New certificate, key and options for the connections that come from now on. */
  setSecureContext(options: SecureContextOptions): void {
    this.#options = { ...this.#options, ...options }
    this.#tls = this.#make()
  }

  /** Another identity for a host name, which may begin with `*.`. */
  addContext(hostname: string, context: SecureContext | SecureContextOptions): void {
    const pattern = new RegExp(`^${hostname.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '[^.]+')}$`, 'i')
    this.#contexts.push({ pattern, context: 'context' in context ? context : { context } })
  }

  #make(): TlsServer {
    const byName = (name: string): SecureContext | undefined =>
      this.#contexts.findLast(({ pattern }) => pattern.test(name))?.context
    return createServerWith(defaults)(serverOptionsOf(this.#options, byName))
  }

  #accept(raw: Socket): void {
    const socket = new TLSSocket(raw, (stream, options) => this.#tls.accept(stream, options))
    const onError = (error: Error): void => {
      this.emit('tlsClientError', error, socket)
    }
    socket.on('error', onError)
    socket.once('secureConnect', () => {
      socket.off('error', onError)
      socket.on('error', ignore) // a reset must not end the process of a server that does not listen for it
      this.emit('secureConnection', socket)
    })
  }
}

const ignore = (): void => undefined

/** tls.createServer(). */
export const createServer = (options: NodeServerOptions = {}, listener?: (socket: TLSSocket) => void): Server =>
  new Server(options, listener)

/** https.createServer(): HTTP/1.1 of node:http over our TLS. */
export const createHttpsServer = (options: NodeServerOptions, listener?: RequestListener): Server => {
  const http = createHttpServer(listener)
  const server = new Server(
    { ALPNProtocols: ['http/1.1'], ...options },
    (socket) => void http.emit('connection', socket),
  )
  server.on('tlsClientError', (_error: Error, socket: TLSSocket) => void socket.destroy())
  return server
}
