// A server of HTTP/1.1 over TLS: node:http's own, on our connections.

import { createServer as createHttpServer } from 'node:http'
import type { RequestListener } from 'node:http'

import { Server } from './server.ts'
import type { TLSSocket } from './socket.ts'
import type { TlsOptions } from './types.ts'

/** https.createServer(): HTTP/1.1 of node:http over our TLS. */
export const createHttpsServer = (options: TlsOptions, listener?: RequestListener): Server => {
  const http = createHttpServer(listener)
  const server = new Server(
    { ALPNProtocols: ['http/1.1'], ...options },
    (socket) => void http.emit('connection', socket),
  )
  server.on('tlsClientError', (_error: Error, socket: TLSSocket) => void socket.destroy())
  return server
}
