// Bundled by alias.test.ts with an alias of node:tls and its like: it knows these modules by their own names alone.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http2 from 'node:http2'
import https, { createServer } from 'node:https'
import { text } from 'node:stream/consumers'
import * as tls from 'node:tls'

const [ca, cert, key] = process.argv.slice(2).map((path) => readFileSync(path, 'utf8'))
const listen = async (server) => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { host: '127.0.0.1', port: server.address().port, servername: 'localhost' }
}

const echo = await listen(tls.createServer({ cert, key }, (socket) => socket.pipe(socket)))
const socket = tls.connect({ ...echo, ca })
socket.end('a line')
assert.equal(await text(socket), 'a line')
// node:tls has no sentence of puretls beside its own code.
const [refused] = await once(tls.connect(echo), 'error')
assert.equal(refused.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
assert.equal(refused.cause.name, 'TlsError')

const web = await listen(createServer({ cert, key }, (request, response) => response.end(`asked for ${request.url}`)))
const response = await new Promise((resolve, reject) => {
  https.get({ ...web, path: '/path', ca }, resolve).on('error', reject)
})
assert.equal(await text(response), 'asked for /path')

const second = http2.createSecureServer({ cert, key })
second.on('stream', (stream) => stream.end('a stream'))
const { port } = await listen(second)
const session = http2.connect(`https://localhost:${port}`, { ca })
assert.equal(await text(session.request({ ':path': '/' })), 'a stream')
console.log('ok')
process.exit()
