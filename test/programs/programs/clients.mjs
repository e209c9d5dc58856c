// More clients of HTTPS and HTTP/2, with nothing but their own options for TLS.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import http2 from 'node:http2'
import https from 'node:https'
import { HttpConnection, Transport, UndiciConnection, WeightedConnectionPool } from '@elastic/transport'
import apn from '@parse/node-apn'
import superagent from 'superagent'
import { ca, cert, done, key, listen } from '../common.mjs'

// The authority is sent along: elastic looks for it in what the server sends.
const server = https.createServer({ cert: cert + ca, key }, (request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ url: request.url }))
})
const origin = `https://localhost:${await listen(server)}`

const body = { text: 'x'.repeat(100_000) }
assert.deepEqual((await superagent.post(`${origin}/superagent`).ca(ca).key(key).cert(cert).send(body)).body, {
  url: '/superagent',
})
await assert.rejects(superagent.get(origin), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })

// Elasticsearch's clients know the authority by its fingerprint, and find it by way of issuerCertificate.
const fingerprint = new X509Certificate(ca).fingerprint256
for (const Connection of [HttpConnection, UndiciConnection]) {
  const ask = (options) => {
    const connectionPool = new WeightedConnectionPool({ Connection, ...options })
    connectionPool.addConnection(origin)
    return new Transport({ connectionPool, maxRetries: 0 }).request({ method: 'GET', path: '/elastic' })
  }
  assert.deepEqual(await ask({ tls: { ca } }), { url: '/elastic' })
  const unverified = { tls: { rejectUnauthorized: false } }
  assert.deepEqual(await ask({ ...unverified, caFingerprint: fingerprint }), { url: '/elastic' })
  await assert.rejects(ask({ ...unverified, caFingerprint: '00:11' }), /fingerprint does not match/)
}

// HTTP/2 whose port is an option, not part of the address.
const second = http2.createSecureServer({ cert, key })
second.on('stream', (stream) => {
  stream.respond({ ':status': 200 })
  stream.end()
})
const provider = new apn.Provider({
  cert,
  key,
  ca,
  address: 'localhost',
  port: await listen(second),
  rejectUnauthorized: true,
})
const { sent, failed } = await provider.send(new apn.Notification({ alert: 'hello', topic: 'topic' }), 'abcdef')
assert.deepEqual([sent.length, failed], [1, []])
await provider.shutdown()
done()
