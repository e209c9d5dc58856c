// Facts that an application is told: why early data was refused (RFC 9846 section 4.3.10), the age of a ticket (section
// 8.3), the extended master secret (RFC 7627), secure renegotiation (RFC 5746), the early exporter (section 7.5),
// authentication after the handshake only.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { ServerOptions } from '../../../src/options.ts'
import { decodeSession, memoryReplayGuard, sharedTicketKeys } from '../../../src/session/index.ts'
import { clientOf, connectEngines, eventsOf, infoOf, meet, serverOf } from '../../fixtures/engines.ts'
import type { Meeting, TestClientOptions } from '../../fixtures/engines.ts'
import { anyCertificate, ecdsa } from '../../fixtures/identities.ts'

const protector = sharedTicketKeys({ provider: nodeProvider, secret: new Uint8Array(32).fill(7) })
const tls13 = { versions: { min: 'TLS 1.3' } } as const
const tls12 = { versions: { max: 'TLS 1.2' } } as const
const takesEarlyData = (): ServerOptions => ({
  ...tls13,
  tickets: { protector },
  earlyData: { maxBytes: 100, replayGuard: memoryReplayGuard() },
})
const sessionOf = ({ clientEvents }: Meeting): Uint8Array => {
  const session = eventsOf(clientEvents, 'session').at(-1)
  if (!session) throw new Error('no session came')
  return session.session
}
const early = Uint8Array.of(1, 2, 3)
const refusals = ({ clientEvents, serverEvents }: Meeting) => [
  infoOf(clientEvents).earlyDataRefusal,
  infoOf(serverEvents).earlyDataRefusal,
]

describe('why early data was refused, on the client and on the server', () => {
  const shared = takesEarlyData()
  const with0Rtt = async (change: TestClientOptions = {}, server: ServerOptions = {}) => {
    const session = sessionOf(await meet({ ...tls13, alpn: ['a', 'b'] }, { ...shared, alpn: ['a', 'b'] }))
    return meet(
      { ...tls13, alpn: ['a', 'b'], session, earlyData: early, ...change },
      { ...shared, alpn: ['a', 'b'], ...server },
    )
  }
  it('not at all', async () => {
    expect(refusals(await with0Rtt())).toEqual([undefined, undefined])
  })
  it.each<[string, string, TestClientOptions, ServerOptions]>([
    ['hello_retry_request', 'hello_retry_request', {}, { groups: ['P-384'] }],
    ['declined', 'disabled', {}, { earlyData: { maxBytes: 0 } }],
    ['declined', 'replay', {}, { earlyData: { maxBytes: 100, replayGuard: { firstSeen: () => false } } }],
    [
      'declined',
      'replay',
      {},
      { earlyData: { maxBytes: 100, replayGuard: { firstSeen: () => Promise.reject(new Error('down')) } } },
    ],
    ['declined', 'ticket_age', { clock: () => Date.now() + 20_000 }, {}],
    [
      'not_resumed',
      'not_resumed',
      {},
      { tickets: { protector: sharedTicketKeys({ provider: nodeProvider, secret: new Uint8Array(32) }) } },
    ],
    [
      'cipher_suite',
      'cipher_suite',
      {},
      {
        cipherSuites: ['TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
        hello: { preferServerOrder: 'strict' },
      },
    ],
    ['alpn', 'alpn', {}, { hello: { chooseAlpn: () => 'b' } }],
  ])('%s, %s', async (client, server, clientChange, serverChange) => {
    const suites =
      client === 'cipher_suite'
        ? { cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'] as const }
        : {}
    const session = sessionOf(
      await meet(
        { ...tls13, ...suites, alpn: ['a', 'b'] },
        { ...shared, ...suites, hello: { preferServerOrder: 'strict' }, alpn: ['a', 'b'] },
      ),
    )
    const meeting = await meet(
      { ...tls13, ...suites, alpn: ['a', 'b'], session, earlyData: early, ...clientChange },
      { ...shared, alpn: ['a', 'b'], ...serverChange },
    )
    expect(refusals(meeting)).toEqual([client, server])
  })
  it('or why a client sent none', async () => {
    expect(refusals(await meet({ ...tls13, earlyData: early }, shared))).toEqual(['no_session', undefined])
    expect(refusals(await with0Rtt({ earlyData: new Uint8Array(101) }))).toEqual(['too_long', undefined])
    const session = sessionOf(await meet(tls13, { ...tls13, tickets: { protector } }))
    expect(refusals(await meet({ ...tls13, session, earlyData: early }, shared))).toEqual([
      'session_forbids',
      undefined,
    ])
    expect(refusals(await meet({ ...tls13, session }, shared))).toEqual([undefined, undefined])
  })
})

it('the age of a ticket as the client sees it, less what it is here (section 8.3)', async () => {
  const clock = (): number => 1_000_000_000_000
  const server: ServerOptions = { ...tls13, clock, tickets: { protector } }
  const session = sessionOf(await meet({ ...tls13, clock }, server))
  const skewed = (difference: number) => meet({ ...tls13, clock: () => clock() + difference, session }, server)
  for (const difference of [0, 7_000]) {
    const { clientEvents, serverEvents } = await skewed(difference)
    expect(infoOf(serverEvents)).toMatchObject({ resumed: true, ticketAgeSkew: difference })
    expect(infoOf(clientEvents).ticketAgeSkew).toBeUndefined()
  }
  const late = { ...server, clock: () => clock() + 3_000 }
  expect(infoOf((await meet({ ...tls13, clock, session }, late)).serverEvents).ticketAgeSkew).toBe(-3_000)
  expect(infoOf((await meet(tls13, server)).serverEvents).ticketAgeSkew).toBeUndefined()
})

describe('extended master secret and secure renegotiation', () => {
  it('are told on both sides', async () => {
    for (const versions of [tls12, tls13]) {
      const { clientEvents, serverEvents } = await meet(versions, versions)
      for (const events of [clientEvents, serverEvents])
        expect(infoOf(events)).toMatchObject({ extendedMasterSecret: true, secureRenegotiation: true })
    }
  })

  /** What a client of TLS 1.2 leaves out: 23 is extended_master_secret, 0xff01 renegotiation_info. */
  const without = (...types: readonly number[]): TestClientOptions => ({
    ...tls12,
    hello: {
      shape: (hello) => ({
        ...hello,
        extensions: (hello.extensions ?? []).filter(({ type }) => !types.includes(type)),
      }),
    },
    tls12: { legacy: true },
  })

  it('and where they are missing', async () => {
    const { clientEvents, serverEvents } = await meet(without(23, 0xff01), tls12)
    for (const events of [clientEvents, serverEvents])
      expect(infoOf(events)).toMatchObject({ extendedMasterSecret: false, secureRenegotiation: false })
  })

  it('sessions without the extended master secret are resumed by option only (RFC 7627 section 5.3)', async () => {
    const resumption = { withoutExtendedMasterSecret: true }
    const server: ServerOptions = { ...tls12, tickets: { protector } }
    const old = without(23)
    expect(eventsOf((await meet(old, server)).clientEvents, 'session')).toEqual([])
    expect(eventsOf((await meet({ ...old, resumption }, server)).clientEvents, 'session')).toEqual([])
    const session = sessionOf(await meet({ ...old, resumption }, { ...server, resumption }))
    const back = async (client: TestClientOptions, change: ServerOptions) =>
      infoOf((await meet({ ...client, session }, { ...server, ...change })).serverEvents).resumed
    expect(await back({ ...old, resumption }, { resumption })).toBe(true)
    expect(await back(old, { resumption })).toBe(false)
    expect(await back({ ...old, resumption }, {})).toBe(false)
    // a client that has it now gets out of the old session
    expect(await back({ ...without(), resumption }, { resumption })).toBe(false)
  })
})

describe('the early exporter (section 7.5)', () => {
  it('is equal on both sides once early data is accepted, and is in the key log (RFC 9850)', async () => {
    const server = takesEarlyData()
    const session = sessionOf(await meet(tls13, server))
    const lines: { readonly client: string[]; readonly server: string[] } = { client: [], server: [] }
    const client = clientOf({ ...tls13, session, earlyData: early, keyLog: (line) => void lines.client.push(line) })
    const inFlight = client.exportEarlyKeyingMaterial(32, 'EXPORTER-test', Uint8Array.of(1))
    const meeting = await connectEngines(
      client,
      serverOf({ ...server, keyLog: (line) => void lines.server.push(line) }),
    )
    for (const end of [meeting.client, meeting.server]) {
      expect(end.exportEarlyKeyingMaterial(32, 'EXPORTER-test', Uint8Array.of(1))).toEqual(inFlight)
      expect(end.exportEarlyKeyingMaterial(32, 'EXPORTER-test')).not.toEqual(inFlight)
      expect(end.exportKeyingMaterial(32, 'EXPORTER-test', Uint8Array.of(1))).not.toEqual(inFlight)
    }
    const earlyLine = (list: readonly string[]) => list.filter((line) => line.startsWith('EARLY_EXPORTER_SECRET '))
    expect(earlyLine(lines.client)).toHaveLength(1)
    expect(earlyLine(lines.server)).toEqual(earlyLine(lines.client))
  })

  it('is not there without early data, or once it was refused', async () => {
    const server = takesEarlyData()
    const first = await meet(tls13, server)
    for (const end of [first.client, first.server])
      expect(() => end.exportEarlyKeyingMaterial(32, 'x')).toThrow(/early data/)
    const refused = await meet(
      { ...tls13, session: sessionOf(first), earlyData: early },
      { ...server, earlyData: { maxBytes: 0 } },
    )
    for (const end of [refused.client, refused.server])
      expect(() => end.exportEarlyKeyingMaterial(32, 'x')).toThrow(/early data/)
  })
})

describe('clientAuth after the handshake only (section 4.7.2)', () => {
  const clientAuth = { mode: 'after-handshake', verifier: anyCertificate } as const

  it('nobody is asked in the handshake, in either version', async () => {
    for (const versions of [tls12, tls13]) {
      const { serverEvents } = await meet({ ...versions, identity: ecdsa }, { ...versions, clientAuth })
      expect(infoOf(serverEvents).peerCertificates).toEqual([])
    }
  })

  it('and a client that is asked later shows its certificate', async () => {
    const meeting = await meet(
      { ...tls13, identity: ecdsa, hello: { postHandshakeAuth: true } },
      { ...tls13, clientAuth, tickets: { protector } },
    )
    expect(decodeSession(sessionOf(meeting)).ownIdentity).toBe('')
    void meeting.server.requestClientCertificate()
    await meeting.settle()
    expect(eventsOf(meeting.serverEvents, 'clientCertificate')[0]?.peerCertificates).toHaveLength(1)
  })
})
