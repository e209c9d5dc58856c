import { mergeOptions } from '../../src/options/merge.ts'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import {
  decodeSession,
  memoryReplayGuard,
  memorySessionCache,
  rotatingTicketKeys,
  sharedTicketKeys,
} from '../../src/session/index.ts'
import type { ClientOptions, ServerOptions } from '../../src/options.ts'
import { createServerEngine, serverConfig } from '../../src/engine/every.ts'
import {
  clientOf,
  connectEngines,
  errorOf,
  eventsOf,
  infoOf,
  meet,
  serverConfigOf,
  serverOf,
} from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, ed25519, rsa } from '../fixtures/identities.ts'

const tls13: Partial<ClientOptions> & ServerOptions = { versions: { min: 'TLS 1.3' } }
const tickets = () => ({ protector: rotatingTicketKeys({ provider: nodeProvider }) })

describe('tickets (RFC 9846 section 4.7.1)', () => {
  it('resumes with a ticket, once for each', async () => {
    const sessions = memorySessionCache()
    const server: ServerOptions = { ...tls13, tickets: tickets() }
    const first = await meet({ ...tls13, sessions }, server)
    expect(infoOf(first.clientEvents).resumed).toBe(false)
    expect(sessions.size).toBe(2)
    const second = await meet({ ...tls13, sessions }, server)
    expect(infoOf(second.clientEvents).resumed).toBe(true)
    expect(infoOf(second.serverEvents).resumed).toBe(true)
    expect(infoOf(second.clientEvents).peerCertificates).toEqual(infoOf(first.clientEvents).peerCertificates)
    const { signatureScheme } = infoOf(first.clientEvents)
    expect(signatureScheme).toBeDefined()
    expect(infoOf(second.clientEvents).signatureScheme).toBe(signatureScheme)
    expect(sessions.size).toBe(2) // one was taken, one came
  })

  it('a session survives the process as bytes', async () => {
    const server: ServerOptions = { ...tls13, tickets: tickets() }
    const first = await meet(tls13, server)
    const [session] = eventsOf(first.clientEvents, 'session')
    const second = await meet({ ...tls13, session: session?.session ?? new Uint8Array(0) }, server)
    expect(infoOf(second.clientEvents).resumed).toBe(true)
  })

  it('a cache survives the process as bytes', async () => {
    const sessions = memorySessionCache()
    const server: ServerOptions = { ...tls13, tickets: tickets() }
    await meet({ ...tls13, sessions }, server)
    const restored = memorySessionCache({ restore: sessions.serialize() })
    expect(restored.size).toBe(sessions.size)
    expect(infoOf((await meet({ ...tls13, sessions: restored }, server)).clientEvents).resumed).toBe(true)
    expect(() => memorySessionCache({ restore: Uint8Array.of(1, 2, 3) })).toThrow(/serialize/)
  })

  it('resumes across HelloRetryRequest', async () => {
    const sessions = memorySessionCache()
    const server: ServerOptions = { ...tls13, tickets: tickets() }
    await meet({ ...tls13, sessions }, server)
    const retried = await meet({ ...tls13, sessions, groups: ['X25519', 'P-256'] }, { ...server, groups: ['P-256'] })
    expect(infoOf(retried.clientEvents)).toMatchObject({ resumed: true, helloRetryRequest: true, group: 'P-256' })
  })

  it.each<[string, Partial<ClientOptions>, ServerOptions]>([
    ['another certificate', {}, { ...rsa }],
    ['other protocols on the server', {}, { alpn: ['h2'] }],
    ['other protocols on the client', { alpn: ['h2'] }, {}],
    ['another verifier on the client', { verifier: { ...anyCertificate, fingerprint: 'another' } }, {}],
    ['another server name', { serverName: 'localhost' }, {}],
    ['a client-auth policy', {}, { clientAuth: { mode: 'request', verifier: anyCertificate } }],
    ['other ticket keys', {}, { tickets: tickets() }],
    ['no tickets', {}, { tickets: false }],
  ])('does not resume across a change of config: %s', async (_, clientChange, serverChange) => {
    const server: ServerOptions = { ...tls13, tickets: tickets() }
    const first = await meet(tls13, server)
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    const again = await meet({ ...tls13, session, ...clientChange }, { ...server, ...serverChange })
    expect(infoOf(again.clientEvents).resumed).toBe(false)
    expect(infoOf(again.serverEvents).resumed).toBe(false)
  })

  it('does not resume after the lifetime, on either side', async () => {
    let now = 1_000_000
    const clock = (): number => now
    const server: ServerOptions = { ...tls13, clock, tickets: { ...tickets(), lifetimeSeconds: 60 } }
    const first = await meet({ ...tls13, clock }, server)
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    now += 61_000
    expect(infoOf((await meet({ ...tls13, clock, session }, server)).clientEvents).resumed).toBe(false)
    const stale = await meet({ ...tls13, clock: () => 1_000_000, session }, server)
    expect(infoOf(stale.serverEvents).resumed).toBe(false)
  })

  it('tickets that renew each other do not put off a full handshake for more than seven days', async () => {
    let now = 1_000_000
    const clock = (): number => now
    const server: ServerOptions = {
      ...tls13,
      clock,
      tickets: {
        protector: rotatingTicketKeys({ provider: nodeProvider, lifetimeSeconds: 604800 }),
        lifetimeSeconds: 604800,
      },
    }
    let session =
      eventsOf((await meet({ ...tls13, clock }, server)).clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    const resumed: boolean[] = []
    for (let day = 0; day < 8; day += 2) {
      now += 2 * 86_400_000
      const { clientEvents } = await meet({ ...tls13, clock, session }, server)
      resumed.push(infoOf(clientEvents).resumed)
      session = eventsOf(clientEvents, 'session')[0]?.session ?? session
    }
    expect(resumed).toEqual([true, true, true, false])
  })

  it('ticket_request: as many tickets as asked for (RFC 9149 section 3)', async () => {
    const sessions = memorySessionCache({ perServer: 10 })
    const server: ServerOptions = { ...tls13, tickets: { ...tickets(), count: 5 } }
    const ask: Partial<ClientOptions> = { ...tls13, sessions, tickets: { newSession: 3, resumption: 1 } }
    expect(eventsOf((await meet(ask, server)).clientEvents, 'session')).toHaveLength(3)
    expect(eventsOf((await meet(ask, server)).clientEvents, 'session')).toHaveLength(1)
  })

  it('more tickets than a client takes go only to one that asks for them', async () => {
    const server: ServerOptions = { ...tls13, tickets: { ...tickets(), count: 255 } }
    expect(eventsOf((await meet(tls13, server)).clientEvents, 'session')).toHaveLength(16)
    const ask: Partial<ClientOptions> = { ...tls13, tickets: { newSession: 255, resumption: 1 } }
    const { clientEvents } = await meet(ask, server)
    expect(eventsOf(clientEvents, 'error')).toEqual([])
    expect(eventsOf(clientEvents, 'session')).toHaveLength(255)
  })

  it('a ticket protector or cache that fails costs a full handshake, no more', async () => {
    const broken = { seal: () => Promise.reject(new Error('down')), open: () => Promise.reject(new Error('down')) }
    const sessions = { take: () => Promise.reject(new Error('down')), put: () => Promise.reject(new Error('down')) }
    const good: ServerOptions = { ...tls13, tickets: tickets() }
    const session = eventsOf((await meet(tls13, good)).clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    expect(
      infoOf((await meet({ ...tls13, session }, { ...tls13, tickets: { protector: broken } })).clientEvents).resumed,
    ).toBe(false)
    expect(infoOf((await meet({ ...tls13, sessions }, good)).clientEvents).resumed).toBe(false)
  })

  it('a wrong binder is decrypt_error, not a full handshake (RFC 9846 section 4.3.11)', async () => {
    const server: ServerOptions = { ...tls13, tickets: tickets() }
    const session = eventsOf((await meet(tls13, server)).clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    const client = clientOf({ ...tls13, session })
    const [hello] = client.takeOutput()
    const changed = Uint8Array.from(hello ?? [])
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    const answering = serverOf(server)
    answering.receive(changed)
    expect(errorOf(answering.takeEvents())).toMatchObject({ code: 'bad_binder', alert: 'decrypt_error' })
  })
})

describe('early data (RFC 9846 section 2.3 and 8)', () => {
  const request = new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')
  const setUp = async (changes: ServerOptions = {}, clock: () => number = Date.now) => {
    const server: ServerOptions = {
      ...tls13,
      clock,
      tickets: tickets(),
      earlyData: { maxBytes: 16384, replayGuard: memoryReplayGuard({ clock }) },
      ...changes,
    }
    const first = await meet({ ...tls13, clock }, server)
    return { server, session: eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0) }
  }

  it('is accepted once, and comes with the first flight', async () => {
    const { server, session } = await setUp()
    const client = clientOf({ ...tls13, session, earlyData: request })
    const flight = client.takeOutput()
    const engine = serverOf(server)
    for (const bytes of flight) engine.receive(bytes)
    const events = engine.takeEvents()
    expect(eventsOf(events, 'earlyData').map(({ data }) => data)).toEqual([request])
    for (const bytes of engine.takeOutput()) client.receive(bytes)
    expect(infoOf(client.takeEvents()).earlyData).toBe('accepted')
  })

  it('is within what its key may seal: the rest follows after the handshake (section 5.5)', async () => {
    const { server, session } = await setUp()
    const client = clientOf({ ...tls13, session, earlyData: request, limits: { recordsPerKey: 4 } })
    for (let i = 0; i < 10; i++) void client.send(Uint8Array.of(i))
    const { serverEvents } = await connectEngines(client, serverOf(server))
    expect(eventsOf(serverEvents, 'earlyData')).toHaveLength(3)
    const later = eventsOf(serverEvents, 'data').flatMap(({ data }) => [...data])
    expect(later).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('a replayed flight is not accepted again (section 8.2)', async () => {
    const replayGuard = memoryReplayGuard()
    const { server, session } = await setUp({ earlyData: { maxBytes: 16384, replayGuard } })
    const flight = clientOf({ ...tls13, session, earlyData: request }).takeOutput()
    const accepted = Array.from({ length: 50 }, () => {
      const engine = serverOf(server)
      for (const bytes of flight) engine.receive(bytes)
      return eventsOf(engine.takeEvents(), 'earlyData').length
    })
    expect(accepted.filter((count) => count > 0)).toEqual([1])
  })

  it('is handed back when it is rejected, and skipped by the server', async () => {
    const { server, session } = await setUp()
    const { clientEvents, serverEvents } = await meet(
      { ...tls13, session, earlyData: request },
      { ...server, earlyData: { maxBytes: 0 } },
    )
    expect(eventsOf(clientEvents, 'earlyDataRejected').map(({ data }) => data)).toEqual([request])
    expect(infoOf(clientEvents)).toMatchObject({ resumed: true, earlyData: 'rejected' })
    expect(infoOf(serverEvents).earlyData).toBe('rejected')
    expect(eventsOf(serverEvents, 'earlyData')).toHaveLength(0)
  })

  it.each([
    ['less', 1000, 5000, 5000, 'accepted'],
    ['more', 5000, 1000, 1000, 'accepted'],
    ['none', 0, 40_000, 40_000, 'rejected'],
  ] as const)(
    'as much may come as its ticket says, where the option says %s by now (section 4.7.1)',
    async (_, now, before, length, outcome) => {
      const { server, session } = await setUp({ earlyData: { maxBytes: before, replayGuard: memoryReplayGuard() } })
      const { serverEvents } = await meet(
        { ...tls13, session, earlyData: new Uint8Array(length) },
        { ...server, earlyData: { maxBytes: now, replayGuard: memoryReplayGuard() } },
      )
      expect(infoOf(serverEvents).earlyData).toBe(outcome)
    },
  )

  it('beyond what its ticket says is unexpected_message, also where the option says more by now', async () => {
    const { server, session } = await setUp({ earlyData: { maxBytes: 10, replayGuard: memoryReplayGuard() } })
    const generous = { ...decodeSession(session), maxEarlyData: 100 }
    const { serverEvents } = await meet(
      { ...tls13, session: generous, earlyData: new Uint8Array(100) },
      { ...server, earlyData: { maxBytes: 1000, replayGuard: memoryReplayGuard() } },
    )
    expect(errorOf(serverEvents)).toMatchObject({ code: 'unexpected_message', alert: 'unexpected_message' })
  })

  it.each<[string, Partial<ServerOptions>]>([
    ['a ticket of keys that are gone', { tickets: tickets() }],
    ['a ticket that is not looked at before HelloRetryRequest', { groups: ['P-384'] }],
  ])('is skipped as far as a server ever allowed it: %s', async (_, change) => {
    const before = serverConfigOf({ ...tls13, tickets: tickets(), earlyData: { maxBytes: 40_000 } })
    const first = await connectEngines(clientOf(tls13), createServerEngine(before))
    const session = eventsOf(first.clientEvents, 'session')[0]?.session ?? new Uint8Array(0)
    const options = { ...before.options, earlyData: { maxBytes: 0 }, ...change }
    const now = serverConfig(options, {}, before.made)
    const client = clientOf({ ...tls13, session, earlyData: new Uint8Array(40_000) })
    const { serverEvents } = await connectEngines(client, createServerEngine(now))
    expect(infoOf(serverEvents).earlyData).toBe('rejected')
  })

  it('is skipped no further than any ticket allowed (section 4.3.10)', async () => {
    const { server, session } = await setUp({ earlyData: { maxBytes: 10, replayGuard: memoryReplayGuard() } })
    const generous = { ...decodeSession(session), maxEarlyData: 100_000 }
    const client = { ...tls13, session: generous, earlyData: new Uint8Array(100_000) }
    const { serverEvents } = await meet(client, { ...server, tickets: tickets() })
    expect(errorOf(serverEvents)).toMatchObject({
      code: 'unexpected_message',
      alert: 'unexpected_message',
      message: expect.stringContaining('more early data than any ticket allowed'),
    })
  })

  it('is rejected by HelloRetryRequest (section 4.3.10)', async () => {
    const { server, session } = await setUp()
    const client: Partial<ClientOptions> = { ...tls13, session, earlyData: request, groups: ['X25519', 'P-256'] }
    const { clientEvents } = await meet(client, { ...server, groups: ['P-256'] })
    expect(infoOf(clientEvents)).toMatchObject({ helloRetryRequest: true, earlyData: 'rejected' })
  })

  it('ends with HelloRetryRequest: nothing can be sent behind it before there are keys (section 4.3.10)', async () => {
    const { server, session } = await setUp()
    const client = clientOf({ ...tls13, session, earlyData: request, groups: ['X25519', 'P-256'] })
    const peer = serverOf({ ...server, groups: ['P-256'] })
    for (const bytes of client.takeOutput()) peer.receive(bytes)
    for (const bytes of peer.takeOutput()) client.receive(bytes)
    expect(() => client.send(Uint8Array.of(1, 2, 3))).toThrow(expect.objectContaining({ code: 'wrong_state' }))
    const second = client.takeOutput()
    expect(second.map(([type]) => type)).toEqual([22])
    for (const bytes of second) peer.receive(bytes)
    const { clientEvents } = await connectEngines(client, peer)
    expect(infoOf(clientEvents)).toMatchObject({ helloRetryRequest: true, earlyData: 'rejected' })
  })

  it.each([
    ['older', 0, 30_000],
    ['younger', 30_000, 0],
  ])('is rejected when the ticket is %s than the client says (section 8.3)', async (_, ahead, late) => {
    let now = 5_000_000
    const { server, session } = await setUp({}, () => now)
    const early = clientOf({ ...tls13, clock: () => 5_000_000 + ahead, session, earlyData: request })
    now += late
    expect(infoOf((await connectEngines(early, serverOf(server))).clientEvents)).toMatchObject({
      resumed: true,
      earlyData: 'rejected',
    })
  })

  it('is rejected without a guard, and by a guard that fails', async () => {
    const { server, session } = await setUp()
    const failing = { firstSeen: () => Promise.reject(new Error('down')) }
    for (const change of [
      { earlyData: { maxBytes: 16384, replayGuard: failing } },
      { earlyData: { maxBytes: 16384, replayGuard: { firstSeen: () => false } } },
    ]) {
      const { clientEvents } = await meet({ ...tls13, session, earlyData: request }, { ...server, ...change })
      expect(infoOf(clientEvents).earlyData).toBe('rejected')
    }
  })

  it('more than the session allows is not offered at all', async () => {
    const { server, session } = await setUp({ earlyData: { maxBytes: 10, replayGuard: memoryReplayGuard() } })
    const { clientEvents } = await meet({ ...tls13, session, earlyData: request }, server)
    expect(infoOf(clientEvents)).toMatchObject({ resumed: true, earlyData: 'none' })
  })

  it('more than the ticket allows is unexpected_message (section 4.7.1)', async () => {
    const { server, session } = await setUp({ earlyData: { maxBytes: 10, replayGuard: memoryReplayGuard() } })
    const boasting = { ...decodeSession(session), maxEarlyData: 16384 }
    const { serverEvents } = await connectEngines(
      clientOf({ ...tls13, session: boasting, earlyData: request }),
      serverOf(server),
    )
    expect(errorOf(serverEvents).alert).toBe('unexpected_message')
  })
})

describe('external PSKs (RFC 9846 section 2.2, RFC 9258)', () => {
  const key = new Uint8Array(32).fill(7)
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  const lookUp = (viaImporter: boolean, hash: 'sha256' | 'sha384' = 'sha256'): ServerOptions => ({
    ...tls13,
    identity: [],
    psk: {
      lookup: (identity, _hello, imported) =>
        text(identity) === 'device 1' && (imported !== undefined) === viaImporter ? { key, hash } : undefined,
    },
  })

  it.each(['sha256', 'sha384'] as const)('as it is, for %s', async (hash) => {
    const cipherSuites = [hash === 'sha256' ? 'TLS_AES_128_GCM_SHA256' : 'TLS_AES_256_GCM_SHA384']
    const psk = { identity: 'device 1', key, hash }
    const { clientEvents } = await meet(
      { ...tls13, psk: { keys: psk }, cipherSuites },
      { ...lookUp(false, hash), cipherSuites },
    )
    expect(infoOf(clientEvents)).toMatchObject({
      resumed: false,
      peerCertificates: [],
      pskIdentity: new TextEncoder().encode('device 1'),
    })
  })

  it.each(['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'])(
    'through the importer, with %s (RFC 9258 section 5)',
    async (suite) => {
      const psk = { identity: 'device 1', key, imported: { context: Uint8Array.of(1, 2) } }
      const { clientEvents } = await meet({ ...tls13, psk: { keys: psk } }, { ...lookUp(true), cipherSuites: [suite] })
      expect(infoOf(clientEvents)).toMatchObject({ peerCertificates: [], cipherSuite: suite })
    },
  )

  it('an imported key and a plain one of the same identity do not meet (RFC 9258 section 5.2)', async () => {
    const { serverEvents } = await meet(
      { ...tls13, psk: { keys: { identity: 'device 1', key, imported: true } } },
      lookUp(false),
    )
    expect(errorOf(serverEvents).fault).toBe('peer-incompatible')
  })

  it('a wrong key is decrypt_error', async () => {
    const { serverEvents } = await meet(
      { ...tls13, psk: { keys: { identity: 'device 1', key: new Uint8Array(32) } } },
      lookUp(false),
    )
    expect(errorOf(serverEvents)).toMatchObject({ code: 'bad_binder', alert: 'decrypt_error' })
  })

  it('psk_ke only if both sides said so (section 4.3.9)', async () => {
    const client: Partial<ClientOptions> = { ...tls13, psk: { keys: { identity: 'device 1', key }, modes: ['psk_ke'] } }
    const agreed = await meet(client, mergeOptions(lookUp(false), { psk: { modes: ['psk_ke'] } }))
    expect(infoOf(agreed.clientEvents)).toMatchObject({ peerCertificates: [], group: undefined })
    expect(errorOf((await meet(client, lookUp(false))).serverEvents).fault).toBe('peer-incompatible')
  })
})

describe('post-handshake authentication (RFC 9846 section 4.7.2)', () => {
  const server: ServerOptions = { ...tls13, clientAuth: { mode: 'request', verifier: anyCertificate } }

  it('the server asks and the client answers', async () => {
    const meeting = await meet({ ...tls13, hello: { postHandshakeAuth: true } }, server)
    expect(infoOf(meeting.serverEvents).peerCertificates).toEqual([])
    const late = await meet({ ...tls13, hello: { postHandshakeAuth: true }, ...ed25519 }, server)
    await late.server.requestClientCertificate()
    await late.settle()
    expect(
      eventsOf(late.serverEvents, 'clientCertificate').map(({ peerCertificates }) => peerCertificates.length),
    ).toEqual([1])
    await late.client.send(Uint8Array.of(1))
    await late.settle()
    expect(eventsOf(late.serverEvents, 'data')).toHaveLength(1)
  })

  it('a client without a certificate declines', async () => {
    const meeting = await meet({ ...tls13, hello: { postHandshakeAuth: true } }, server)
    await meeting.server.requestClientCertificate()
    await meeting.settle()
    expect(
      eventsOf(meeting.serverEvents, 'clientCertificate').map(({ peerCertificates }) => peerCertificates.length),
    ).toEqual([0])
  })

  it('is not asked of a client that did not offer it', async () => {
    const meeting = await meet({ ...tls13, ...ecdsa }, server)
    expect(() => meeting.server.requestClientCertificate()).toThrow(/did not offer/)
  })
})

describe('ticket keys', () => {
  const session = new Uint8Array(100).fill(3)
  const hour = 3_600_000

  it('rotate by themselves; the old ones open for the lifetime', async () => {
    const keys = rotatingTicketKeys({ provider: nodeProvider, periodSeconds: 3600, lifetimeSeconds: 7200 })
    const start = 500_000 * hour
    const ticket = (await keys.seal(session, start)) ?? new Uint8Array(0)
    expect(await keys.open(ticket, start + hour)).toEqual(session)
    const later = (await keys.seal(session, start + hour)) ?? new Uint8Array(0)
    expect(later.subarray(0, 16)).not.toEqual(ticket.subarray(0, 16))
    expect(await keys.open(ticket, start + 4 * hour)).toBeUndefined()
  })

  it('derived from a shared secret open on every machine, and with another secret on none', async () => {
    const secret = new Uint8Array(32).fill(9)
    const [one, two] = [0, 1].map(() => sharedTicketKeys({ provider: nodeProvider, secret }))
    const stranger = sharedTicketKeys({ provider: nodeProvider, secret: new Uint8Array(32).fill(8) })
    const now = 500_000 * hour
    const ticket = (await one?.seal(session, now)) ?? new Uint8Array(0)
    expect(await two?.open(ticket, now - hour / 2)).toEqual(session) // its clock is behind
    expect(await two?.open(ticket, now + 24 * hour)).toEqual(session)
    expect(await two?.open(ticket, now + 75 * hour)).toBeUndefined()
    expect(await stranger.open(ticket, now)).toBeUndefined()
  })

  it('open nothing that was changed, for any byte', async () => {
    const keys = rotatingTicketKeys({ provider: nodeProvider })
    const ticket = (await keys.seal(session, 0)) ?? new Uint8Array(0)
    for (let i = 0; i < ticket.length; i++) {
      const changed = ticket.slice()
      changed[i] = (changed[i] ?? 0) ^ 0x40
      expect(await keys.open(changed, 0)).toBeUndefined()
    }
    expect(await keys.open(new Uint8Array(3), 0)).toBeUndefined()
  })
})

describe('application data in tickets', () => {
  it('comes back when the session is resumed, and is carried on', async () => {
    const data = new TextEncoder().encode('user 42')
    const protection = tickets()
    const server: ServerOptions = { ...tls13, tickets: { ...protection, applicationData: () => data } }
    const sessionOf = (events: Parameters<typeof eventsOf>[0]) =>
      eventsOf(events, 'session')[0]?.session ?? new Uint8Array(0)
    const first = await meet(tls13, server)
    expect(infoOf(first.serverEvents).sessionData).toBeUndefined()
    const plain: ServerOptions = { ...server, tickets: protection }
    const second = await meet({ ...tls13, session: sessionOf(first.clientEvents) }, plain)
    expect(infoOf(second.serverEvents).sessionData).toEqual(data)
    const third = await meet({ ...tls13, session: sessionOf(second.clientEvents) }, plain)
    expect(infoOf(third.serverEvents).sessionData).toEqual(data)
  })

  it('too much of it is bad_option', async () => {
    const server: ServerOptions = { ...tls13, tickets: { ...tickets(), applicationData: () => new Uint8Array(20000) } }
    expect(errorOf((await meet(tls13, server)).serverEvents)).toMatchObject({ code: 'bad_option' })
  })
})
