// A SOCKS5 proxy of a few lines (RFC 1928), and TLS through it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as dial, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import { SocksClient } from 'socks'
import { ca, done, httpsServer, listen, ports, recipe } from '../common.mjs'

const { port } = await httpsServer()
const proxy = createServer(async (socket) => {
  await once(socket, 'readable')
  socket.read()
  socket.write(Buffer.from([5, 0]))
  await once(socket, 'readable')
  socket.read()
  const upstream = dial(port, '127.0.0.1', () => {
    socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
    upstream.pipe(socket).pipe(upstream)
  })
  for (const side of [socket, upstream]) side.on('error', () => undefined)
})
const proxyPort = await listen(proxy)
const ask = async (socket) => {
  socket.write('GET /socks HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  return text(socket)
}
let socket
if (recipe) socket = await recipe.open({ host: '127.0.0.1', port: proxyPort, type: 5 }, { host: 'localhost', port }, ca)
else {
  const options = {
    command: 'connect',
    proxy: { host: '127.0.0.1', port: proxyPort, type: 5 },
    destination: { host: 'localhost', port },
  }
  const { socket: tunnel } = await SocksClient.createConnection(options)
  socket = tls.connect({ socket: tunnel, servername: 'localhost', ca })
}
assert.match(await ask(socket), /you asked for \/socks/)
assert.ok(ports)
done()
