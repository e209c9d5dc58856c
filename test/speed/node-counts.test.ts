// What a handshake of puretls/node may cost beside that of the engine, in counts (see counts.test.ts).

import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { connect, createSecureContext, createServer } from '../../src/node/index.ts'
import { createCa } from '../../src/pki/index.ts'
import { counted } from '../bench/counting.ts'

const ca = await createCa({ name: 'Counting CA' })
const leaf = await ca.issue({ names: ['localhost'] })
const server = createServer({ cert: leaf.chainPem, key: leaf.privateKeyPem }, (socket) => void socket.end())
const secureContext = createSecureContext({ ca: ca.certificatePem })

beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'))
afterAll(() => void server.close())

const handshake = async (servername = 'localhost'): Promise<void> => {
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', servername, secureContext })
  socket.resume()
  await once(socket, 'close')
}

it('a known server costs one signature check, no parsed certificate and no object of one', async () => {
  await handshake()
  await handshake() // the second parses what the first remembered
  const objects = vi.spyOn(X509Certificate.prototype, 'toLegacyObject')
  const { verify, parseCertificate = 0 } = await counted(() => handshake(), ['parseCertificate'])
  expect({ verify, parseCertificate }).toEqual({ verify: 1, parseCertificate: 0 })
  expect(objects).not.toHaveBeenCalled()
})

it('a certificate for another name is shown in the error', async () => {
  const names = await handshake('other.test').catch((error: unknown) => error)
  expect(names).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', host: 'other.test' })
  expect(names).toMatchObject({ cert: { subjectaltname: 'DNS:localhost' } })
})
