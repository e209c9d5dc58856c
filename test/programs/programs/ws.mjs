import assert from 'node:assert/strict'
import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import { ca, done, httpsServer, recipe } from '../common.mjs'

const { origin, server } = await httpsServer()
const echo = new WebSocketServer({ server })
echo.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
const url = origin.replace('https', 'wss')
const socket = recipe ? recipe.open(url, ca) : new WebSocket(url, { ca })
await once(socket, 'open')
const message = Buffer.alloc(300_000, 7)
socket.send(message)
const [received] = await once(socket, 'message')
assert.ok(message.equals(received))
socket.close()
await once(socket, 'close')
await new Promise((resolve) => server.close(resolve))
done()
