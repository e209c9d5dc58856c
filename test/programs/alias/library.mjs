// Bundled by alias.test.ts: a library of CommonJS modules that ask for `https` and `tls` by require().
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { WebSocket, WebSocketServer } from 'ws'

const [ca, cert, key] = process.argv.slice(2).map((path) => readFileSync(path, 'utf8'))
const server = createServer({ cert, key }).listen(0, '127.0.0.1')
await once(server, 'listening')
new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
const client = new WebSocket(`wss://localhost:${server.address().port}`, { ca })
await once(client, 'open')
client.send('hello')
const [data] = await once(client, 'message')
assert.equal(String(data), 'hello')
console.log('ok')
process.exit()
