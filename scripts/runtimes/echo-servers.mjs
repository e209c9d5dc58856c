// What browser.mjs and worker.mjs talk to: servers of node:tls that echo, made on demand, over TCP or a WebSocket, where
// an empty message is the end of a direction, which a WebSocket does not have.
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { Duplex } from 'node:stream'
import { json } from 'node:stream/consumers'
import { createServer } from 'node:tls'
import { WebSocketServer } from 'ws'

const tlsVersion = (version) => version.replace('TLS ', 'TLSv')

const serverOptions = ({ cert, key, versions, clientAuth, alpn }) => ({
  cert,
  key,
  minVersion: tlsVersion(versions.min),
  maxVersion: tlsVersion(versions.max),
  ...(alpn ? { ALPNProtocols: alpn } : {}),
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
  return {
    port: server.address().port,
    next: seen.next,
    accept: (transport) => server.emit('connection', transport),
    close: () => server.close(),
  }
}

/**
 * A WebSocket as the transport of a connection to the server. Through a TCP socket between the two an alert could be
 * lost: a server that closes with input unread sends a reset, and a write that fails by it ends what was not read yet.
 */
const transportOver = (socket) => {
  const transport = new Duplex({
    read: () => {},
    write: (chunk, _encoding, done) => {
      socket.send(chunk)
      done()
    },
    final: (done) => {
      socket.send(new Uint8Array())
      done()
    },
    destroy: (error, done) => {
      socket.close()
      done(error)
    },
  })
  transport.on('error', () => {})
  socket.on('message', (data) => transport.push(data.length > 0 ? data : null))
  socket.on('close', () => transport.destroy())
  return transport
}

/**
 * An HTTP server on a port of the system's. POST /servers makes a server and answers its `id` and `port`, GET
 * /served/ID what it saw of its next connection, a WebSocket on /relay/ID leads to it; `others` answers the rest with
 * `[type, body]`.
 */
export const echoServers = async (others = () => ['text/plain', '']) => {
  const servers = []
  const start = async (options) => {
    const id = servers.push(await startServer(options)) - 1
    return { id, port: servers[id].port }
  }
  const respond = async (request) => {
    const [, path, id] = request.url.split('/')
    if (path === 'servers') return ['application/json', JSON.stringify(await start(await json(request)))]
    if (path === 'served') return ['application/json', JSON.stringify(await servers[id].next())]
    return others(path, request)
  }
  const answer = async (request, response) => {
    try {
      const [type, body] = await respond(request)
      response.setHeader('content-type', type).end(body)
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  }
  const control = createHttpServer((request, response) => void answer(request, response))
  const webSockets = new WebSocketServer({ noServer: true })
  control.on('upgrade', (request, socket, head) => {
    const { accept } = servers[request.url.split('/')[2]]
    webSockets.handleUpgrade(request, socket, head, (opened) => accept(transportOver(opened)))
  })
  control.listen(0, '127.0.0.1')
  await once(control, 'listening')
  return {
    url: `http://127.0.0.1:${control.address().port}`,
    close: () => {
      for (const server of servers) server.close()
      control.closeAllConnections()
      control.close()
    },
  }
}
