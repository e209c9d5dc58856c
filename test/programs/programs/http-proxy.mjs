// A reverse proxy with TLS on both sides, for requests and for WebSocket.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import httpProxy from 'http-proxy'
import { WebSocket, WebSocketServer } from 'ws'
import { ca, done, httpsServer, recipe } from '../common.mjs'

const back = await httpsServer(async (request, response) =>
  response.end(`${request.url} ${(await text(request)).length}`),
)
new WebSocketServer({ server: back.server }).on('connection', (socket) =>
  socket.on('message', (data) => socket.send(data)),
)
const agent = recipe ? recipe.agent(ca) : new https.Agent({ ca })
const proxy = httpProxy.createProxyServer({ target: back.origin, agent, secure: true, changeOrigin: true })
const front = await httpsServer((request, response) => proxy.web(request, response))
front.server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head))

const answer = await new Promise((resolve, reject) => {
  const request = https.request(`${front.origin}/path`, { method: 'POST', agent }, (response) =>
    resolve(text(response)),
  )
  request.on('error', reject).end(Buffer.alloc(500_000))
})
assert.equal(answer, '/path 500000')
const client = new WebSocket(front.origin.replace('https', 'wss'), { agent })
await once(client, 'open')
client.send('hello')
assert.equal(String((await once(client, 'message'))[0]), 'hello')
done()
