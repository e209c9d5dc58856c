import { connect as openSocket } from 'cloudflare:sockets'
import { connect } from 'puretls'

/** TLS over a worker's socket, with what startTls() lacks: a CA of your own, a client certificate, ALPN. */
export const connectFromWorker = (hostname, port, options) => {
  const socket = openSocket({ hostname, port }, { secureTransport: 'off', allowHalfOpen: true })
  return connect(socket, { serverName: hostname, ...options })
}
