import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as dial } from 'node:net'
import { Agent, fetch, ProxyAgent, request } from 'undici'
import { ca, cert, done, httpsServer, key, listen, mode, recipe } from '../common.mjs'

const { origin, port } = await httpsServer()
const dispatcher = recipe ? recipe.dispatcher(ca) : new Agent({ connect: { ca } })
const { body } = await request(`${origin}/request`, { dispatcher })
assert.equal(await body.text(), 'you asked for /request')
assert.equal(await (await fetch(`${origin}/fetch`, { dispatcher })).text(), 'you asked for /fetch')

// HTTP/2
const http2 = await import(mode === 'plug' ? 'puretls/node/http2' : 'node:http2')
const secure = http2.createSecureServer({ cert, key, allowHTTP1: true }, (incoming, response) =>
  response.end(incoming.httpVersion),
)
const second = `https://localhost:${await listen(secure)}`
const h2 = recipe ? recipe.dispatcher(ca, { allowH2: true }) : new Agent({ connect: { ca }, allowH2: true })
assert.equal(await (await fetch(second, { dispatcher: h2 })).text(), '2.0')

// A proxy, and TLS inside its tunnel
if (!recipe) {
  const proxy = createServer()
  const asked = []
  proxy.on('connect', (incoming, socket) => {
    asked.push(incoming.url)
    const upstream = dial(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
  })
  const uri = `http://127.0.0.1:${await listen(proxy)}`
  const through = new ProxyAgent({ uri, requestTls: { ca } })
  assert.equal(await (await fetch(`${origin}/proxied`, { dispatcher: through })).text(), 'you asked for /proxied')
  assert.deepEqual(asked, [`localhost:${port}`])
  const refused = await fetch(origin).catch((error) => error)
  assert.equal(refused.cause.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  assert.ok(once)
}
done()
