// What browser.mjs talks to: servers of node:tls that echo, made on demand, and a relay from a WebSocket to their TCP
// port. An empty message is the end of a direction, which a WebSocket does not have.
import { once } from 'node:events'
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { WebSocketServer } from 'ws'

const tlsVersion = (version) => version.replace('TLS ', 'TLSv')

const serverOptions = ({ cert, key, versions, clientAuth }) => ({
  cert,
  key,
  minVersion: tlsVersion(versions.min),
  maxVersion: tlsVersion(versions.max),
  ...(clientAuth ? { requestCert: true, rejectUnauthorized: true, ca: clientAuth.ca } : {}),
})

/** What the server saw, one entry for each connection, in order; next() waits for it. */
const queue = () => {
  const entries = []
  const waiting = []
  return {
    add: (entry) => (waiting.length > 0 ? waiting.shift()(entry) : entries.push(entry)),
    next: () => (entries.length > 0 ? entries.shift() : new Promise((resolve) => waiting.push(resolve))),
  }
}

const infoOf = (socket) => {
  const { raw } = socket.getPeerCertificate()
  return { version: socket.getProtocol(), peerCertificates: raw === undefined ? [] : [raw.toString('base64')] }
}

const startServer = async (options) => {
  const seen = queue()
  const server = createServer(serverOptions(options), (socket) => {
    const info = infoOf(socket)
    socket.on('error', () => {})
    socket.on('close', () => seen.add(info))
    socket.pipe(socket)
  })
  server.on('tlsClientError', (error) => seen.add({ error: error.message }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: server.address().port, next: seen.next, close: () => server.close() }
}

const relay = (socket, port) => {
  const tcp = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  tcp.on('data', (data) => socket.send(data))
  tcp.on('end', () => socket.send(new Uint8Array()))
  tcp.on('error', () => socket.close())
  tcp.on('close', () => socket.close())
  socket.on('message', (data) => (data.length > 0 ? tcp.write(data) : tcp.end()))
  socket.on('close', () => tcp.destroy())
}

export const createRelay = () => {
  const servers = []
  const webSockets = new WebSocketServer({ noServer: true })
  return {
    /** The number of a new server, which `upgrade` and `next` take. */
    start: async (options) => servers.push(await startServer(options)) - 1,
    next: (id) => servers[id].next(),
    upgrade: (request, socket, head, id) =>
      webSockets.handleUpgrade(request, socket, head, (opened) => relay(opened, servers[id].port)),
    close: () => {
      for (const server of servers) server.close()
    },
  }
}
