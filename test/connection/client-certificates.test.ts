// requestClientCertificate() of a connection (RFC 9846 section 4.7.2): each answer goes to who asked, in order, and a
// request that cannot be made or answered rejects.

import { describe, expect, it } from 'vitest'
import { connectWith } from '../../src/connect.ts'
import type { ConnectOptions } from '../../src/connect.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createServerWith } from '../../src/server.ts'
import { CertificateRequests } from '../../src/stream/certificate-requests.ts'
import { pair } from '../../src/stream/pair.ts'
import { TlsError } from '../../src/errors.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { anyCertificate, ecdsa, rsa } from '../fixtures/identities.ts'

const shown = decodePem(rsa.cert)[0]?.bytes
const connect = connectWith({ provider: nodeProvider })
const createServer = createServerWith({ provider: nodeProvider })

const both = async (client: Partial<ConnectOptions> = {}) => {
  const [near, far] = pair()
  const server = createServer({ ...ecdsa, clientAuth: { mode: 'after-handshake', verifier: anyCertificate } })
  const options = { serverName: 'server.test', verifier: anyCertificate, hello: { postHandshakeAuth: true } }
  const [left, right] = await Promise.all([connect(near, { ...options, ...client }), server.accept(far)])
  return { client: left, server: right }
}

describe('requestClientCertificate()', () => {
  it('resolves with what the client shows, every time', async () => {
    const { client, server } = await both({ ...rsa })
    void client.read() // post-handshake messages are read by who reads
    const answers = await Promise.all([server.requestClientCertificate(), server.requestClientCertificate()])
    for (const { peerCertificates } of answers) expect(peerCertificates).toEqual([shown])
  })

  it('rejects where the client did not offer it, and what comes later is asked all the same', async () => {
    const { server } = await both({ hello: {} })
    await expect(server.requestClientCertificate()).rejects.toMatchObject({ code: 'wrong_state' })
    await expect(server.requestClientCertificate()).rejects.toMatchObject({ code: 'wrong_state' })
  })

  it('rejects on a client, and on a server that is closed', async () => {
    const { client, server } = await both()
    await expect(client.requestClientCertificate()).rejects.toMatchObject({ code: 'wrong_state' })
    server.abort()
    await expect(server.requestClientCertificate()).rejects.toBeInstanceOf(TlsError)
  })

  it('rejects when the connection ends before the answer', async () => {
    const { client, server } = await both({ ...rsa })
    const asked = server.requestClientCertificate()
    client.abort()
    await expect(asked).rejects.toBeInstanceOf(TlsError)
  })
})

describe('requests that wait', () => {
  const answer = (byte: number) => ({ peerCertificates: [Uint8Array.of(byte)], verifiedChain: [] })

  it('are answered in the order in which they were made, without one that could not be made', async () => {
    const requests = new CertificateRequests()
    const failure = new TlsError('wrong_state', 'not now')
    const first = requests.ask(() => Promise.resolve())
    const refused = requests.ask(() => Promise.reject(failure))
    const second = requests.ask(() => Promise.resolve())
    await expect(refused).rejects.toBe(failure)
    requests.answered(answer(1))
    requests.answered(answer(2))
    expect(await Promise.all([first, second])).toEqual([answer(1), answer(2)])
    requests.answered(answer(3)) // to nobody
  })

  it('all reject with the error that ends the connection', async () => {
    const requests = new CertificateRequests()
    const waiting = [requests.ask(() => Promise.resolve()), requests.ask(() => Promise.resolve())]
    const failure = new TlsError('aborted', 'gone')
    requests.end(failure)
    for (const one of waiting) await expect(one).rejects.toBe(failure)
  })
})
