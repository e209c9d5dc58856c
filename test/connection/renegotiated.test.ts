// What a connection tells of itself after the peer renegotiated (RFC 5746): the truth of now, not of the first
// handshake.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as nodeTls from 'node:tls'
import { expect, it } from 'vitest'
import { connect } from '../../src/index.node.ts'
import { anyCertificate, ecdsa, rsa } from '../fixtures/identities.ts'

it('info is that of the latest handshake: a server that asks later who we are', async () => {
  const server = nodeTls.createServer({ ...ecdsa, maxVersion: 'TLSv1.2' }, (socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      const asked = { requestCert: true, rejectUnauthorized: false }
      socket.renegotiate(asked, () => socket.write('done'))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const options = { verifier: anyCertificate, tls12: { renegotiation: 'once' } } as const
  const connection = await connect(`127.0.0.1:${port}`, { ...options, ...rsa })
  try {
    expect(connection.info).toMatchObject({ version: 'TLS 1.2', ownIdentity: undefined })
    await connection.write(Uint8Array.of(1))
    expect(new TextDecoder().decode((await connection.read()) ?? new Uint8Array(0))).toBe('done')
    expect(connection.info).toMatchObject({
      ownIdentity: expect.stringMatching(/^[0-9a-f]{64}$/),
      ownSignatureScheme: expect.stringMatching(/^rsa_/),
      resumed: false,
    })
  } finally {
    connection.abort()
    server.close()
  }
})
