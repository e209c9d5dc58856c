import assert from 'node:assert/strict'
import got from 'got'
import http2 from 'node:http2'
import { ca, cert, done, httpsServer, key, listen, recipe } from '../common.mjs'

const { origin } = await httpsServer()
const client = recipe ? recipe.client(ca) : got.extend({ https: { certificateAuthority: ca } })
assert.equal(await client(`${origin}/got`).text(), 'you asked for /got')
if (!recipe) {
  const server = http2.createSecureServer({ cert, key }, (request, response) => response.end(request.httpVersion))
  const url = `https://localhost:${await listen(server)}/`
  assert.equal(await client(url, { http2: true }).text(), '2.0')
  await assert.rejects(got(origin, { retry: { limit: 0 } }), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
}
done()
