// What a socket says of itself and of the one underneath, at both ends and after the end.

import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, createSecureContext, createServer } from '../../src/node/index.ts'
import type { TLSSocket } from '../../src/node/index.ts'
import { createCa, createPkcs12 } from '../../src/pki/index.ts'

const authority = await createCa({ name: 'Facts CA' })
const leaf = await authority.issue({ names: ['localhost'] })
const me = await authority.issue({ name: 'me', client: true })
const ca = authority.certificatePem
const server = createServer({ cert: leaf.chainPem, key: leaf.privateKeyPem, ca, requestCert: false })
let client: TLSSocket
let accepted: TLSSocket
let underneath: Socket

beforeAll(async () => {
  server.on('connection', (socket: Socket) => (underneath = socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const coming = once(server, 'secureConnection') as Promise<[TLSSocket]>
  const { port } = server.address() as AddressInfo
  // It has a certificate that nobody asks for.
  client = connect({ host: '127.0.0.1', port, servername: 'localhost', ca, cert: me.chainPem, key: me.privateKeyPem })
  const [[socket]] = await Promise.all([coming, once(client, 'secureConnect')])
  accepted = socket
})
afterAll(() => {
  client.destroy()
  server.close()
})

describe('certificates of our own', () => {
  it('are shown by a server, and by a client only if they were sent', () => {
    expect(accepted.getCertificate()).toMatchObject({ subjectaltname: 'DNS:localhost' })
    expect(accepted.getX509Certificate()?.subjectAltName).toBe('DNS:localhost')
    expect(client.getCertificate()).toEqual({})
    expect(client.getX509Certificate()).toBeUndefined()
  })
})

describe('the socket underneath', () => {
  it('gives the addresses', () => {
    const { port } = server.address() as AddressInfo
    expect(client).toMatchObject({ remoteAddress: '127.0.0.1', remotePort: port, remoteFamily: 'IPv4' })
    expect(client).toMatchObject({ localAddress: '127.0.0.1', localPort: accepted.remotePort, localFamily: 'IPv4' })
    expect(accepted.localPort).toBe(port)
    expect(client.address()).toEqual({ address: '127.0.0.1', family: 'IPv4', port: client.localPort })
  })
  it('is told, and the socket itself is the answer', () => {
    for (const socket of [client, accepted]) {
      expect(socket.setNoDelay(true)).toBe(socket)
      expect(socket.setKeepAlive(true, 1000)).toBe(socket)
      expect(socket.unref()).toBe(socket)
      expect(socket.ref()).toBe(socket)
    }
    expect(accepted.remotePort).toBe(underneath.remotePort)
  })
})

it('what was counted and where it went are known after the end', async () => {
  client.end('hello')
  expect(String((await once(accepted, 'data'))[0])).toBe('hello')
  const { remotePort, bytesWritten, bytesRead } = client
  expect(client.readyState).toBe('readOnly')
  accepted.end()
  await Promise.all([once(client.resume(), 'close'), once(accepted.resume(), 'close')])
  expect(client).toMatchObject({ readyState: 'closed', pending: true, bufferSize: undefined })
  expect(client.getProtocol()).toBeNull()
  expect(client.getCipher()).toBeNull()
  expect(client.getCertificate()).toBeNull()
  expect(client.getX509Certificate()).toBeUndefined()
  expect(client.getPeerCertificate()).toBeNull()
  expect(client.getPeerX509Certificate()).toBeUndefined()
  expect(client.getEphemeralKeyInfo()).toBeNull()
  expect(client.getSharedSigalgs()).toBeNull()
  expect(client.isSessionReused()).toBeNull()
  expect(client.getTLSTicket()).toBeNull()
  expect([client.getFinished(), client.getPeerFinished()]).toEqual([null, null])
  expect([client.remotePort, client.bytesWritten, client.bytesRead >= bytesRead]).toEqual([
    remotePort,
    bytesWritten,
    true,
  ])
})

it('pfx takes files alone and with a passphrase each; null is refused', async () => {
  const options = { cert: me.chainPem, key: me.privateKeyPem }
  const [one, two] = await Promise.all(['x', 'y'].map((password) => createPkcs12({ ...options, password })))
  const [first, second] = [one, two].map((file) => Buffer.from(file ?? []))
  if (!first || !second) throw new Error('no files')
  createSecureContext({
    pfx: [
      { buf: first, passphrase: 'x' },
      { buf: second, passphrase: 'y' },
    ],
  })
  createSecureContext({ pfx: [{ buf: first, passphrase: 'x' }, { buf: second }], passphrase: 'y' })
  createSecureContext({ pfx: [first], passphrase: 'x' })
  expect(() => createSecureContext({ pfx: [{ buf: first, passphrase: 'y' }] })).toThrow('mac verify failure')
  expect(() => createSecureContext({ pfx: [null] as never, passphrase: 'x' })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  )
})
