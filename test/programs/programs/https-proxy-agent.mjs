// A proxy that is itself reached over TLS: TLS in TLS.
import assert from 'node:assert/strict'
import https from 'node:https'
import { connect as dial } from 'node:net'
import { text } from 'node:stream/consumers'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { ca, cert, done, httpsServer, key, listen, recipe } from '../common.mjs'

const { origin, port } = await httpsServer()
const make = recipe ? recipe.proxyServer : https.createServer
const proxy = make({ cert, key })
proxy.on('connect', (request, socket) => {
  const upstream = dial(port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    upstream.pipe(socket).pipe(upstream)
  })
  for (const side of [socket, upstream]) side.on('error', () => undefined)
})
const proxyUrl = `https://localhost:${await listen(proxy)}`
const agent = recipe ? recipe.agent(proxyUrl, ca) : new HttpsProxyAgent(proxyUrl, { ca })
const body = await new Promise((resolve, reject) => {
  https.get(`${origin}/nested`, { agent, ca }, (response) => resolve(text(response))).on('error', reject)
})
assert.equal(body, 'you asked for /nested')
done()
