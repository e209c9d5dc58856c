import assert from 'node:assert/strict'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { ca, cert, done, key, listen, mode } from '../common.mjs'

const http2 = await import(mode === 'plug' ? 'puretls/node/http2' : 'node:http2')
const server = http2.createSecureServer({ cert, key })
server.on('stream', (stream, headers) => {
  stream.respond({ ':status': 200 })
  stream.end(headers[':path'])
})
const session = http2.connect(`https://localhost:${await listen(server)}`, { ca })
await once(session, 'connect')
const paths = Array.from({ length: 50 }, (_, index) => `/${index}`)
assert.deepEqual(await Promise.all(paths.map((path) => text(session.request({ ':path': path })))), paths)
assert.equal(session.alpnProtocol, 'h2')
done()
