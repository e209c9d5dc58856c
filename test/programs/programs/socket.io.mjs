// Both ends, over WebSocket, by polling, and from polling to WebSocket.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import https from 'node:https'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { ca, done, httpsServer, recipe } from '../common.mjs'

const { server, origin } = await httpsServer()
new Server(server).on('connection', (socket) => socket.on('echo', (data, answer) => answer(data)))
const agent = recipe ? recipe.agent(ca) : new https.Agent({ ca })
for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
  const client = io(origin, { transports, agent, forceNew: true })
  await once(client, 'connect')
  const data = Buffer.alloc(300_000, 1)
  assert.ok(data.equals(Buffer.from(await client.emitWithAck('echo', data))))
  while (client.io.engine.transport.name !== transports.at(-1)) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(await client.emitWithAck('echo', 'after'), 'after')
  client.disconnect()
}
done()
