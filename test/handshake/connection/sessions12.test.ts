import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { ClientHelloOptions } from '../../../src/options.ts'
import type { TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'
import type { ServerSessionStore } from '../../../src/session/interfaces.ts'
import { decodeSession, encodeSession, memorySessionCache, rotatingTicketKeys } from '../../../src/session/index.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, meet, serverOf } from '../../fixtures/engines.ts'
import { anyCertificate, ecdsa, ed25519, rsa } from '../../fixtures/identities.ts'
import { delayedProvider } from '../../fixtures/delayed-provider.ts'

const tls12: TestClientOptions & TestServerOptions = { versions: { max: 'TLS 1.2' } }
const tickets = () => ({ protector: rotatingTicketKeys({ provider: nodeProvider }) })

const store = (): ServerSessionStore & { readonly size: number } => {
  const kept = new Map<string, Uint8Array>()
  return {
    get: (id) => kept.get(toHex(id)),
    set: (id, session) => void kept.set(toHex(id), session),
    get size() {
      return kept.size
    },
  }
}

const byTicket = (): TestServerOptions => ({ ...tls12, tickets: tickets() })
const byId = (): TestServerOptions => ({ ...tls12, tickets: false, sessions: store() })
const ways = { ticket: byTicket, ID: byId }
const sessionOf = (meeting: Awaited<ReturnType<typeof meet>>): Uint8Array =>
  eventsOf(meeting.clientEvents, 'session').at(-1)?.session ?? new Uint8Array(0)

describe.each(Object.entries(ways))('resumption by %s', (way, make) => {
  it('resumes, with the same certificates and fresh keys', async () => {
    const server = make()
    const first = await meet(tls12, server)
    const second = await meet({ ...tls12, session: sessionOf(first) }, server)
    expect(infoOf(second.clientEvents)).toMatchObject({ resumed: true, group: 'X25519' })
    expect(infoOf(second.serverEvents).resumed).toBe(true)
    expect(infoOf(second.clientEvents).peerCertificates).toEqual(infoOf(first.clientEvents).peerCertificates)
    for (const type of ['tls-unique', 'tls-server-end-point', 'tls-exporter'] as const) {
      expect(second.client.channelBinding(type)).toEqual(second.server.channelBinding(type))
    }
    expect(second.client.channelBinding('tls-exporter')).not.toEqual(first.client.channelBinding('tls-exporter'))
    void second.client.send(Uint8Array.of(1))
    await second.settle()
    expect(eventsOf(second.serverEvents, 'data')).toHaveLength(1)
  })

  it('resumes again and again, from a cache, with an asynchronous provider, offered beside TLS 1.3', async () => {
    const server = { ...make(), provider: delayedProvider(nodeProvider) }
    const sessions = memorySessionCache()
    const resumed: boolean[] = []
    for (let i = 0; i < 3; i++) resumed.push(infoOf((await meet({ sessions }, server)).clientEvents).resumed)
    expect(resumed).toEqual([false, true, true])
  })

  it("keeps the client's certificates", async () => {
    const server: TestServerOptions = { ...make(), clientAuth: { mode: 'require', verifier: anyCertificate } }
    const first = await meet({ ...tls12, identity: ecdsa }, server)
    const second = await meet({ ...tls12, identity: ecdsa, session: sessionOf(first) }, server)
    expect(infoOf(second.serverEvents)).toMatchObject({ resumed: true })
    expect(infoOf(second.serverEvents).peerCertificates).toEqual(infoOf(first.serverEvents).peerCertificates)
  })

  it.each<[string, TestClientOptions, TestServerOptions]>([
    ['another certificate', { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] }, { ...ed25519 }],
    ['other protocols on the server', {}, { alpn: ['h2'] }],
    ['another server name', { serverName: 'localhost' }, {}],
    ['a client-auth policy', {}, { clientAuth: { mode: 'request', verifier: anyCertificate } }],
    ['a suite that the server has no more', {}, { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] }],
    ['a suite that the client has no more', { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] }, {}],
    ['the lifetime being over', {}, { clock: () => Date.now() + 86_401_000 }],
    ['a clock that went back', {}, { clock: () => Date.now() - 86_401_000 }],
  ])('does not resume across: %s', async (_, clientChange, serverChange) => {
    const server = make()
    const first = await meet(tls12, server)
    const second = await meet({ ...tls12, session: sessionOf(first), ...clientChange }, { ...server, ...serverChange })
    expect(infoOf(second.clientEvents).resumed).toBe(false)
    expect(infoOf(second.serverEvents).resumed).toBe(false)
  })

  it('is offered only with its suite (RFC 5246 section 7.4.1.2)', async () => {
    const session = sessionOf(await meet(tls12, make()))
    const offers = (suite: string): boolean => {
      let offered = false
      const shape: ClientHelloOptions['shape'] = (hello) => {
        const ticket = hello.extensions?.find(({ type }) => type === 35)?.data.length ?? 0
        offered = hello.sessionId.length + ticket > 0
        return hello
      }
      clientOf({ ...tls12, session, cipherSuites: [suite], hello: { shape } }).takeOutput()
      return offered
    }
    expect(offers('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256')).toBe(true)
    expect(offers('TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384')).toBe(false)
  })

  it('a server that lost it does a full handshake', async () => {
    const first = await meet(tls12, make())
    expect(infoOf((await meet({ ...tls12, session: sessionOf(first) }, make())).clientEvents).resumed).toBe(false)
  })

  it('a session offered without extended_master_secret ends the handshake (RFC 7627 section 5.3)', async () => {
    const server = make()
    const first = await meet(tls12, server)
    const shapeHello: ClientHelloOptions['shape'] = (hello) => ({
      ...hello,
      extensions: hello.extensions?.filter(({ type }) => type !== 23),
    })
    const second = await meet({ ...tls12, session: sessionOf(first), hello: { shape: shapeHello } }, server)
    expect(errorOf(second.serverEvents)).toMatchObject({
      code: 'extended_master_secret_required',
      alert: 'handshake_failure',
    })
    expect(way).toBeTruthy()
  })

  it('a server that resumes with another suite or without extended master secret is refused', async () => {
    const server = make()
    const session = sessionOf(await meet(tls12, server))
    const changes = (
      change: (fields: { cipherSuite: number; extensions?: readonly { type: number }[] }) => object,
    ) => ({
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) =>
        type === 'ServerHello'
          ? change(fields as { cipherSuite: number; extensions?: readonly { type: number }[] })
          : fields,
    })
    const suite = await meet(
      { ...tls12, session },
      { ...server, seam: changes((fields) => ({ ...fields, cipherSuite: 0xc02c })) },
    )
    expect(errorOf(suite.clientEvents).message).toMatch(/was resumed with TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384/)
    const plain = await meet(
      { ...tls12, session },
      {
        ...server,
        seam: changes((fields) => ({ ...fields, extensions: fields.extensions?.filter(({ type }) => type !== 23) })),
      },
    )
    expect(errorOf(plain.clientEvents).message).toMatch(/RFC 7627 section 5.3/)
    const lenient = { ...tls12, resumption: { withoutExtendedMasterSecret: true } }
    const state = decodeSession(sessionOf(await meet(lenient, server)))
    const bare = encodeSession({ ...state, extendedMasterSecret: false })
    const extended = await meet({ ...lenient, session: bare }, server)
    expect(errorOf(extended.clientEvents).message).toMatch(/RFC 7627 section 5.3/)
  })
})

describe('tickets (RFC 5077)', () => {
  it('are renewed past half of their life, and the age of the certificate check is kept', async () => {
    const start = Date.now()
    let now = start
    const clock = () => now
    const server: TestServerOptions = { ...byTicket(), clock }
    const client: TestClientOptions = { ...tls12, clock }
    const first = sessionOf(await meet(client, server))
    now = start + 3_600_000
    const soon = await meet({ ...client, session: first }, server)
    expect(infoOf(soon.clientEvents).resumed).toBe(true)
    expect(eventsOf(soon.clientEvents, 'session')).toHaveLength(0)
    now = start + 50_000_000
    const late = await meet({ ...client, session: first }, server)
    expect(infoOf(late.clientEvents).resumed).toBe(true)
    expect(decodeSession(sessionOf(late))).toMatchObject({ createdAt: now, authenticatedAt: start })
  })

  it('end a week after the certificates were checked, however often renewed', async () => {
    const start = Date.now()
    let now = start
    const clock = () => now
    const server: TestServerOptions = { ...byTicket(), clock }
    let session = sessionOf(await meet({ ...tls12, clock }, server))
    const resumed: boolean[] = []
    for (let step = 0; step < 14; step++) {
      now += 50_000_000
      const next = await meet({ ...tls12, clock, session }, server)
      resumed.push(infoOf(next.clientEvents).resumed)
      session = sessionOf(next)
    }
    expect(resumed.indexOf(false)).toBe(12)
  })

  it('a promised ticket may be empty, and leaves no session (section 3.3)', async () => {
    const meeting = await meet(tls12, {
      ...tls12,
      tickets: { protector: { seal: () => undefined, open: () => undefined } },
    })
    infoOf(meeting.clientEvents)
    expect(eventsOf(meeting.clientEvents, 'session')).toHaveLength(0)
  })

  it('stores and protectors that fail cost the session and no more', async () => {
    const fail = (): never => {
      throw new Error('out of order')
    }
    const failing: TestServerOptions[] = [
      { ...tls12, tickets: { protector: { seal: fail, open: fail } } },
      { ...tls12, tickets: false, sessions: { get: fail, set: fail } },
    ]
    for (const server of failing) {
      const first = await meet(tls12, server)
      infoOf(first.serverEvents)
      const session = encodeSession({ ...decodeSession(sessionOf(await meet(tls12, byId()))) })
      expect(infoOf((await meet({ ...tls12, session }, server)).clientEvents).resumed).toBe(false)
    }
  })

  it('resume without a session ID too (section 3.4)', async () => {
    const server = byTicket()
    const session = sessionOf(await meet(tls12, server))
    const shapeHello: ClientHelloOptions['shape'] = (hello) => ({ ...hello, sessionId: new Uint8Array(0) })
    const { serverEvents } = await meet({ ...tls12, session, hello: { shape: shapeHello } }, server)
    // our own client sends an ID to be told by, and cannot tell without: it expects a Certificate
    expect(errorOf(serverEvents).received).toBe('unexpected_message')
  })

  it('bytes that are no ticket give a full handshake', async () => {
    const server = byTicket()
    const session = { ...decodeSession(sessionOf(await meet(tls12, server))), ticket: new Uint8Array(100) }
    expect(infoOf((await meet({ ...tls12, session }, server)).clientEvents).resumed).toBe(false)
  })

  it('a session of TLS 1.2 is not taken for one of TLS 1.3, nor the reverse', async () => {
    const protector = tickets()
    const older = sessionOf(await meet(tls12, { ...tls12, tickets: protector }))
    expect(infoOf((await meet({ session: older }, { tickets: protector })).clientEvents)).toMatchObject({
      version: 'TLS 1.3',
      resumed: false,
    })
    const newer = sessionOf(await meet({}, { tickets: protector }))
    expect(infoOf((await meet({ session: newer }, { ...tls12, tickets: protector })).clientEvents)).toMatchObject({
      version: 'TLS 1.2',
      resumed: false,
    })
  })
})

describe('extended master secret (RFC 7627)', () => {
  const without: ClientHelloOptions['shape'] = (hello) => ({
    ...hello,
    extensions: hello.extensions?.filter(({ type }) => type !== 23),
  })

  it('without it the handshake works, but nothing is exported and nothing resumed', async () => {
    for (const server of [byTicket(), byId()]) {
      const meeting = await meet({ ...tls12, hello: { shape: without } }, server)
      infoOf(meeting.clientEvents)
      expect(() => meeting.client.exportKeyingMaterial(32, 'x')).toThrow(/RFC 7627/)
      expect(() => meeting.server.channelBinding('tls-unique')).toThrow(/tls-unique/)
      expect(eventsOf(meeting.clientEvents, 'session')).toHaveLength(0)
    }
  })

  it('either end can require it', async () => {
    const server = await meet(
      { ...tls12, hello: { shape: without } },
      { ...tls12, tls12: { requireExtendedMasterSecret: true } },
    )
    expect(errorOf(server.serverEvents)).toMatchObject({
      code: 'extended_master_secret_required',
      alert: 'handshake_failure',
    })
    const client = await meet(
      { ...tls12, hello: { shape: without }, tls12: { requireExtendedMasterSecret: true } },
      tls12,
    )
    expect(errorOf(client.clientEvents).code).toBe('extended_master_secret_required')
    const both = await meet(
      { ...tls12, tls12: { requireExtendedMasterSecret: true } },
      { ...tls12, tls12: { requireExtendedMasterSecret: true } },
    )
    expect(infoOf(both.clientEvents).version).toBe('TLS 1.2')
  })
})

describe('static RSA sessions', () => {
  it('resume too', async () => {
    const server: TestServerOptions = { ...byId(), ...rsa, cipherSuites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }
    const client = { ...tls12, cipherSuites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }
    const session = sessionOf(await meet(client, server))
    const second = await connectEngines(clientOf({ ...client, session }), serverOf(server))
    expect(infoOf(second.clientEvents)).toMatchObject({ resumed: true, cipherSuite: 'TLS_RSA_WITH_AES_128_CBC_SHA' })
  })
})
