// Rules that bind a message which comes a second time, or late: the ServerHello after a HelloRetryRequest or in a
// renegotiation, requests after the handshake, early data that nobody takes. Each is broken once.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { generateEchKeys } from '../../src/ech.ts'
import { memoryReplayGuard, rotatingTicketKeys } from '../../src/session/index.ts'
import { decodeExtensions, certificateRequestExtensions } from '../../src/wire/extensions.ts'
import type { CertificateRequest13, ServerHello } from '../../src/wire/messages.ts'
import { extensionTypes } from '../../src/wire/registry.ts'
import { records } from '../attacks/wire.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'
import {
  expectRefusal,
  misbehaving,
  plainRecord,
  refusedBy,
  tls13,
  withExtension,
  withoutExtension,
} from './misbehaving.ts'

const none = new Uint8Array(0)
const key = new Uint8Array(32).fill(1)
const tls12 = { versions: { max: 'TLS 1.2' } } as const

describe('ServerHello (RFC 9846 section 4.2.3)', () => {
  it('of TLS 1.3 has legacy_version 0x0303, also after HelloRetryRequest', async () => {
    const client: TestClientOptions = { groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'] } }
    for (const legacyVersion of [0x0302, 0x0304]) {
      const seam = misbehaving({ ServerHello: (f, nth) => (nth === 1 ? { ...f, legacyVersion } : f) })
      await refusedBy('client', client, { groups: ['P-256'], seam }, 'protocol_version', 'protocol_version')
    }
  })

  it.each([0x0304, 0x0305])('without supported_versions names no version from 0x%s on', async (legacyVersion) => {
    const seam = misbehaving({
      ServerHello: (f) => ({
        ...f,
        legacyVersion,
        extensions: withoutExtension(f.extensions, extensionTypes.supported_versions),
      }),
    })
    await refusedBy('client', {}, { seam }, 'illegal_parameter', 'illegal_parameter', /without supported_versions/)
  })
})

describe('ServerHello of a renegotiation (RFC 5246 section 7.4.1.3)', () => {
  it.each<readonly [string, (fields: ServerHello) => ServerHello, string, RegExp]>([
    [
      'supported_versions (RFC 9846 section 4.2.3)',
      (f) => ({
        ...f,
        extensions: withExtension(f.extensions, extensionTypes.supported_versions, Uint8Array.of(3, 4)),
      }),
      'protocol_version',
      /TLS 1.3 in a renegotiation/,
    ],
    ['another version', (f) => ({ ...f, legacyVersion: 0x0302 }), 'illegal_parameter', /TLS 1.1 in a renegotiation/],
    ['compression', (f) => ({ ...f, compressionMethod: 1 }), 'illegal_parameter', /compression/],
    ['a suite that was not offered', (f) => ({ ...f, cipherSuite: 0x1301 }), 'illegal_parameter', /not offered/],
  ])('with %s', async (_, change, code, says) => {
    const seam = misbehaving({ ServerHello: (f, nth) => (nth === 1 ? change(f) : f) })
    const freely = { ...tls12, tls12: { renegotiation: 'freely' } } as const
    const meeting = await meet(freely, { ...freely, seam })
    infoOf(meeting.clientEvents)
    meeting.server.renegotiate()
    await meeting.settle()
    expect(errorOf(meeting.clientEvents)).toMatchObject({ code, alert: code, message: expect.stringMatching(says) })
  })
})

describe('CertificateRequest after the handshake (RFC 9846 section 4.7.2)', () => {
  const client: TestClientOptions = { ...tls13, hello: { postHandshakeAuth: true }, identity: ecdsa }
  const server: TestServerOptions = { ...tls13, clientAuth: { mode: 'request', verifier: anyCertificate } }

  it('has a context', async () => {
    const seam = misbehaving({ CertificateRequest: (f) => (f.context.length > 0 ? { ...f, context: none } : f) })
    const meeting = await meet(client, { ...server, seam })
    void meeting.server.requestClientCertificate()
    await meeting.settle()
    expectRefusal('client', meeting, 'illegal_parameter', 'illegal_parameter', /a context is expected/)
  })

  it('names the schemes of certificates, as the one in the handshake does', async () => {
    const requests: CertificateRequest13[] = []
    const seam = misbehaving({
      CertificateRequest: (f) => {
        requests.push(f)
        return f
      },
    })
    const certificates = { signatureSchemes: ['ecdsa_secp384r1_sha384', 'ecdsa_secp256r1_sha256'] } as const
    const meeting = await meet(client, { ...server, certificates, seam })
    void meeting.server.requestClientCertificate()
    await meeting.settle()
    const named = requests.map(
      ({ extensions }) =>
        decodeExtensions(certificateRequestExtensions, extensions, 'CertificateRequest').signature_algorithms_cert,
    )
    expect(named).toEqual([
      [0x0503, 0x0403],
      [0x0503, 0x0403],
    ])
    expect(eventsOf(meeting.serverEvents, 'clientCertificate')).toHaveLength(1)
  })

  it('is not sent by a server that judges no certificates', async () => {
    const meeting = await meet(client, tls13)
    expect(() => meeting.server.requestClientCertificate()).toThrow(expect.objectContaining({ code: 'wrong_state' }))
  })
})

describe('a ClientHello without a key share (RFC 9846 section 9.2)', () => {
  const psk = { keys: { identity: 'x', key }, modes: ['psk_dhe_ke', 'psk_ke'] } as const
  const bare = misbehaving({
    ClientHello: (f) => ({
      ...f,
      extensions: f.extensions?.filter(
        ({ type }) => type !== extensionTypes.key_share && type !== extensionTypes.supported_groups,
      ),
    }),
  })

  it.each<readonly [string, TestServerOptions]>([
    ['whose key is not known', { psk: { lookup: () => undefined, modes: ['psk_dhe_ke', 'psk_ke'] } }],
    ['at a server that wants a key exchange', { psk: { lookup: () => ({ key }), modes: ['psk_dhe_ke'] } }],
  ])('is missing_extension: %s', async (_, server) => {
    await refusedBy('server', { psk, seam: bare }, server, 'missing_extension', 'missing_extension', /no key_share/)
  })

  it('for the group that HelloRetryRequest asked for is illegal_parameter', async () => {
    const seam = misbehaving({
      ClientHello: (f, nth) =>
        nth === 0
          ? f
          : { ...f, extensions: withExtension(f.extensions, extensionTypes.key_share, Uint8Array.of(0, 0)) },
    })
    const client: TestClientOptions = { groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'] }, seam }
    await refusedBy('server', client, { groups: ['P-256'] }, 'illegal_parameter', 'illegal_parameter')
  })
})

describe('early data that the server does not take (RFC 9846 section 4.3.10)', () => {
  const OVERHEAD = 17 // of each record: its type and its tag
  const skipping = async (
    maxBytes: number,
    lengths: readonly number[],
    retried: boolean,
  ): Promise<readonly string[]> => {
    const make = (): TestServerOptions => ({
      ...tls13,
      groups: ['X25519'],
      tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
      earlyData: { maxBytes, replayGuard: memoryReplayGuard() },
    })
    const first = await meet(tls13, make())
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? none
    const hello = { keyShares: [retried ? 'P-256' : 'X25519'] as const }
    const client = clientOf({ ...tls13, groups: ['P-256', 'X25519'], hello, session, earlyData: Uint8Array.of(1) })
    const server = serverOf(make()) // which cannot open the ticket
    const [clientHello] = client.takeOutput().flatMap((bytes) => records(bytes))
    server.receive(clientHello ?? none)
    await server.pending
    for (const length of lengths) server.receive(plainRecord(23, new Uint8Array(length + OVERHEAD)))
    await server.pending
    return eventsOf(server.takeEvents(), 'error').map(({ error }) => error.code)
  }

  it.each([false, true])('is dropped up to what its tickets allow, and then refused; retried: %s', async (retried) => {
    expect(await skipping(40_000, [16_000, 16_000, 8000], retried)).toEqual([])
    expect(await skipping(40_000, [16_000, 16_000, 8001], retried)).toEqual(['unexpected_message'])
  })

  it.each([false, true])('is dropped up to 16 KiB whatever they allow; retried: %s', async (retried) => {
    expect(await skipping(1, [16_384], retried)).toEqual([])
    expect(await skipping(1, [16_384, 1], retried)).toEqual(['unexpected_message'])
  })
})

describe('ChangeCipherSpec (RFC 9846 section 5)', () => {
  it.each([false, true])('may stand between messages of the handshake and not inside one: %s', async (inside) => {
    const client = clientOf({ ...tls13, limits: { recordSizeLimit: 64 } })
    const server = serverOf(tls13)
    for (const bytes of client.takeOutput()) server.receive(bytes)
    await server.pending
    const [hello, ...encrypted] = server
      .takeOutput()
      .flatMap((bytes) => records(bytes))
      .filter(([type]) => type !== 20)
    expect(encrypted.length).toBeGreaterThan(4)
    const ccs = plainRecord(20, Uint8Array.of(1))
    const order = inside ? [hello, ccs, ...encrypted.slice(0, 2), ccs] : [hello, ccs, ccs, ...encrypted]
    for (const each of order) client.receive(each ?? none)
    await client.pending
    const events = client.takeEvents()
    if (inside)
      expect(errorOf(events)).toMatchObject({ code: 'unexpected_message', message: expect.stringContaining('inside') })
    else infoOf(events)
  })
})

describe('a key for ECH that is none (RFC 9849 section 6.1)', () => {
  it('fails the connection with the option that it came from', async () => {
    const { config } = await generateEchKeys({ publicName: 'public.test', provider: nodeProvider })
    const bad = config.map((byte, i) => (i >= 9 && i < 9 + 32 ? 0 : byte)) // an X25519 key of small order
    const configList = Uint8Array.of(bad.length >> 8, bad.length & 0xff, ...bad)
    const client = clientOf({ ...tls13, hello: { ech: { configList } } })
    const { clientEvents } = await connectEngines(client, serverOf(tls13))
    expect(errorOf(clientEvents)).toMatchObject({ code: 'bad_option', message: expect.stringContaining('configList') })
  })
})

it('a channel binding that there is not is a mistake in the options', async () => {
  const { client } = await meet(tls13, tls13)
  expect(() => client.channelBinding('tls-server' as never)).toThrow(
    expect.objectContaining({ code: 'bad_option', message: expect.stringContaining('tls-server') }),
  )
})
