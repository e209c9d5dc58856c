// The fetch and the WebSocket of Node itself; the authority is in NODE_EXTRA_CA_CERTS.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { done, httpsServer } from '../common.mjs'

const { origin, server } = await httpsServer()
const answer = await fetch(`${origin}/fetch`, { method: 'POST', body: 'x'.repeat(100_000) })
assert.equal(await answer.text(), 'you asked for /fetch')
new WebSocketServer({ server }).on('connection', (socket) =>
  socket.on('message', (data) => socket.send(`echo ${data}`)),
)
const socket = new WebSocket(origin.replace('https', 'wss'))
await once(socket, 'open')
socket.send('hello')
const [{ data }] = await once(socket, 'message')
assert.equal(data, 'echo hello')
done()
