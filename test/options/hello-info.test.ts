// What a server's application sees of a ClientHello: in onClientHello, in ConnectionInfo, and as JSON for a log.

import { expect, it } from 'vitest'
import { ja3, ja4 } from '../../src/inspect/index.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createServer, connect, pair } from '../../src/index.node.ts'
import type { ClientHelloInfo, HelloSource } from '../../src/index.node.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { infoOf, meet } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'

it('info.clientHello is there on a server, and not on a client', async () => {
  const { clientEvents, serverEvents } = await meet({ alpn: ['h2'] }, { alpn: ['h2'] })
  expect(infoOf(serverEvents).clientHello).toMatchObject({ serverName: 'server.test', alpn: ['h2'] })
  expect(infoOf(clientEvents).clientHello).toBeUndefined()
})

it('info.clientHello is there in TLS 1.2 too', async () => {
  const { serverEvents } = await meet({ versions: { max: 'TLS 1.2' } })
  expect(infoOf(serverEvents).clientHello?.serverName).toBe('server.test')
})

it('toJSON() has names beside numbers, JA3 and JA4, and the bytes only if asked', async () => {
  const { serverEvents } = await meet({
    versions: { min: 'TLS 1.3' },
    hello: { grease: true },
    cipherSuites: ['TLS_AES_128_GCM_SHA256'],
  })
  const hello = infoOf(serverEvents).clientHello
  if (!hello) throw new Error('no hello')
  const json = JSON.parse(JSON.stringify({ hello })).hello
  expect(json.cipherSuites).toEqual([
    { id: expect.any(Number), name: 'GREASE' },
    { id: 0x1301, name: 'TLS_AES_128_GCM_SHA256' },
  ])
  expect(json.versions).toContainEqual({ id: 0x0304, name: 'TLS 1.3' })
  expect(json.groups).toContainEqual({ id: 0x001d, name: 'X25519' })
  expect(json.extensions).toContainEqual({ id: 51, name: 'key_share' })
  expect(json.signatureSchemes).toContainEqual({ id: 0x0403, name: 'ecdsa_secp256r1_sha256' })
  expect(json).toMatchObject({ ja3: ja3(hello, nodeProvider), ja4: ja4(hello, nodeProvider) })
  expect(json).not.toHaveProperty('raw')
  expect(hello.toJSON({ raw: true }).raw).toBe(toHex(hello.raw))
  expect(Object.keys(hello)).not.toContain('toJSON')
})

it('onClientHello is given the stream and the context of accept()', async () => {
  const seen: [ClientHelloInfo, HelloSource][] = []
  const server = createServer({ ...ecdsa, onClientHello: (hello, source) => void seen.push([hello, source]) })
  const [near, far] = pair()
  const accepted = server.accept(far, { context: { id: 7 } })
  const connection = await connect(near, { serverName: 'server.test', verifier: anyCertificate })
  expect((await accepted).info.clientHello).toBe(seen[0]?.[0])
  expect(seen[0]?.[1]).toEqual({ stream: far, context: { id: 7 } })
  expect(seen[0]?.[1].stream).toBe(far)
  await connection.close()
})
