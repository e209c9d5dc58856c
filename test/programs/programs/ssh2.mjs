// Both ends of SSH; TLS runs through a forwarded channel, which is a Duplex and no socket.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as dial } from 'node:net'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import ssh2 from 'ssh2'
import { ca, done, httpsServer, listen, recipe } from '../common.mjs'

const { port } = await httpsServer()
const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private
const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
  client.on('authentication', (context) => context.accept())
  client.on('error', () => undefined)
  client.on('ready', () => {
    client.on('tcpip', (accept) => {
      const channel = accept()
      const upstream = dial(port, '127.0.0.1')
      channel.pipe(upstream).pipe(channel)
    })
  })
})
const client = new ssh2.Client()
client.connect({ host: '127.0.0.1', port: await listen(server), username: 'tester', password: 'any' })
await once(client, 'ready')
const channel = await new Promise((resolve, reject) => {
  client.forwardOut('127.0.0.1', 1, 'localhost', port, (error, opened) => (error ? reject(error) : resolve(opened)))
})
const socket = recipe
  ? recipe.secure(channel, 'localhost', ca)
  : tls.connect({ socket: channel, servername: 'localhost', ca })
socket.write('GET /ssh HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
assert.match(await text(socket), /you asked for \/ssh/)
done()
