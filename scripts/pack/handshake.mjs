// A CA and a leaf from puretls/pki, then connect() and createServer() over pair(): what is written on one side is read on
// the other, both ways, and a client that trusts another CA refuses. Run by scripts/pack-test.ts with the tarball installed.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { connect, createServer, pair } from 'puretls'
import { createCa } from 'puretls/pki'

const ca = await createCa({ name: 'Pack test CA' })
const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'] })
const server = createServer({ cert: chainPem, key: privateKeyPem, alpn: ['echo'] })

const [near, far] = pair()
const [client, accepted] = await Promise.all([
  connect(near, { serverName: 'localhost', ca: ca.certificatePem, alpn: ['echo'] }),
  server.accept(far),
])
equal(client.info.version, 'TLS 1.3')
equal(client.info.alpn, 'echo')
equal(accepted.info.serverName, 'localhost')

const sent = new Uint8Array(100_000).map((_, index) => index % 251)
const received = readAll(accepted)
await client.write(sent)
await client.closeWrite()
deepEqual(await received, sent)

const answered = readAll(client)
await accepted.write(sent.subarray(0, 10))
await accepted.close()
deepEqual(await answered, sent.subarray(0, 10))
await client.close()

const [badNear, badFar] = pair()
const stranger = await createCa({ name: 'Another CA' })
const refused = Promise.allSettled([server.accept(badFar)])
await rejects(connect(badNear, { serverName: 'localhost', ca: stranger.certificatePem }), (error) => {
  ok(typeof error.code === 'string' && error.name === 'TlsError', `expected a TlsError, got ${error}`)
  return true
})
equal((await refused)[0].status, 'rejected')

console.log(`  handshake: ${client.info.version}, ${client.info.cipherSuite}, ${client.info.group}`)

async function readAll(connection) {
  const chunks = []
  for await (const chunk of connection) chunks.push(...chunk)
  return new Uint8Array(chunks)
}
