import assert from 'node:assert/strict'
import https from 'node:https'
import Fastify from 'fastify'
import { text } from 'node:stream/consumers'
import { ca, cert, done, key, recipe } from '../common.mjs'

const get = (port, path, agent) =>
  new Promise((resolve, reject) => {
    https.get({ port, path, agent }, (response) => resolve(text(response))).on('error', reject)
  })
const apps = recipe
  ? [recipe.app({ cert, key })]
  : [Fastify({ https: { cert, key } }), Fastify({ http2: true, https: { allowHTTP1: true, cert, key } })]
for (const app of apps) {
  app.get('/hello/:name', (request) => ({ hello: request.params.name, protocol: request.protocol }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const agent = recipe ? recipe.agent(ca) : new https.Agent({ ca })
  const body = await get(app.server.address().port, '/hello/you', agent)
  assert.deepEqual(JSON.parse(body), { hello: 'you', protocol: 'https' })
  await app.close()
}
done()
