// HTTP/1.1 and HTTP/2 over connections of this library, by node:http and node:http2, with the limits of a server that
// is open to anybody.

import { createServer as createHttp1 } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import type { TlsConnection } from '../../index.node.ts'
import { ConnectionDuplex } from './duplex.ts'
import type { Request, Response } from './static.ts'

export interface HttpServer {
  /** Resolves when the connection is over. */
  take(connection: TlsConnection, remoteAddress: string): Promise<void>
  /** No further requests; those that run may finish. */
  close(): void
}

export interface HttpTimes {
  /** Milliseconds in which the header of a request has to be there. */
  readonly headersTimeout: number
  /** For the whole request. */
  readonly requestTimeout: number
  /** Without data, between requests and within them. */
  readonly idleTimeout: number
}

export const httpServer = (handler: (request: Request, response: Response) => void, times: HttpTimes): HttpServer => {
  const { headersTimeout, requestTimeout, idleTimeout } = times
  const one = createHttp1(
    {
      headersTimeout,
      requestTimeout,
      keepAliveTimeout: Math.min(idleTimeout, 5000),
      connectionsCheckingInterval: Math.min(1000, headersTimeout),
      maxHeaderSize: 16_384,
    },
    handler,
  )
  const two = createHttp2(
    { maxSessionMemory: 5, settings: { maxConcurrentStreams: 100, maxHeaderListSize: 16_384 } },
    handler,
  )
  two.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session)).on('error', () => {})
  })
  const sessions = new Set<{ close(): void }>()
  const streams = new Set<ConnectionDuplex>()
  return {
    take: (connection, remoteAddress) =>
      new Promise((resolve) => {
        const stream = new ConnectionDuplex(connection, remoteAddress)
        streams.add(stream)
        stream
          .on('error', () => {})
          .on('close', () => {
            streams.delete(stream)
            resolve()
          })
        stream.setTimeout(idleTimeout, () => stream.destroy())
        ;(connection.info.alpn === 'h2' ? two : one).emit('connection', stream)
      }),
    close: () => {
      one.closeIdleConnections()
      for (const session of sessions) session.close()
    },
  }
}
