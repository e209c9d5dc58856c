// Another handshake inside a connection of TLS 1.2, asked for by either end (RFC 5246 section 7.4.1.1, RFC 5746, RFC
// 7627 section 5.4).

import { describe, expect, it, vi } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { EngineEvent, TlsEngine } from '../../../src/engine/every.ts'
import type { ClientHelloOptions, ClientOptions, ServerOptions } from '../../../src/options.ts'
import type { ClientHello } from '../../../src/wire/messages.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { decodeSession } from '../../../src/session/state.ts'
import { misbehaving, records } from '../../attacks/wire.ts'
import { delayedProvider } from '../../fixtures/delayed-provider.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, serverOf } from '../../fixtures/engines.ts'
import type { Meeting, TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'
import { anyCertificate, ecdsa, rsa } from '../../fixtures/identities.ts'

const tls12 = { versions: { max: 'TLS 1.2' } } as const
const freely = { ...tls12, tls12: { renegotiation: 'freely' } } as const
const [scsv, sessionTicket, extendedMasterSecret, encryptThenMac, renegotiationInfo] = [0xff, 35, 23, 22, 0xff01]

const tickets = { tickets: { protector: { seal: (state: Uint8Array) => state, open: (t: Uint8Array) => t } } }

const meet = (client: TestClientOptions = {}, server: TestServerOptions = {}): Promise<Meeting> =>
  connectEngines(clientOf({ ...tls12, ...client }), serverOf({ ...tls12, ...server }))

/** The two talk until they are quiet, after this was done; what both were told of since. */
const after = async (meeting: Meeting, act: (meeting: Meeting) => void) => {
  const [clientFrom, serverFrom] = [meeting.clientEvents.length, meeting.serverEvents.length]
  act(meeting)
  await meeting.settle()
  return { client: meeting.clientEvents.slice(clientFrom), server: meeting.serverEvents.slice(serverFrom) }
}
const clientAsks = (meeting: Meeting) => after(meeting, ({ client }) => client.renegotiate())
const serverAsks = (meeting: Meeting, clientAuth?: ServerOptions['clientAuth']) =>
  after(meeting, ({ server }) => server.renegotiate(clientAuth && { clientAuth }))

const types = (events: readonly EngineEvent[]): readonly string[] => events.map(({ type }) => type)
const dataOf = (events: readonly EngineEvent[]): readonly number[] =>
  eventsOf(events, 'data').flatMap(({ data }) => [...data])
const exported = (engine: TlsEngine): Uint8Array => engine.exportKeyingMaterial(32, 'EXPERIMENTAL test')
const codes = (events: readonly EngineEvent[]): readonly string[] => eventsOf(events, 'error').map((e) => e.error.code)

/** Another ClientHello from the second one on. */
const secondHello = (change: (hello: ClientHello) => ClientHello): Partial<ClientOptions> => {
  let count = 0
  const shape: ClientHelloOptions['shape'] = (hello) => (count++ === 0 ? hello : change(hello))
  return { hello: { shape } }
}
const without =
  (...left: readonly number[]) =>
  (hello: ClientHello): ClientHello => ({
    ...hello,
    extensions: hello.extensions?.filter(({ type }) => !left.includes(type)),
  })

describe('a client that resumed a session', () => {
  it('has the certificate of a full renegotiation verified: the session vouched for it before', async () => {
    const { clientEvents } = await meet({}, tickets)
    const session = eventsOf(clientEvents, 'session').at(-1)?.session ?? new Uint8Array(0)
    let verified = 0
    const verifier = {
      ...anyCertificate,
      verify: (...args: Parameters<typeof anyCertificate.verify>) => {
        verified++
        return anyCertificate.verify(...args)
      },
    }
    const meeting = await meet({ session, verifier, tls12: { renegotiation: 'freely' } }, tickets)
    expect([infoOf(meeting.clientEvents).resumed, verified]).toEqual([true, 0])
    for (let i = 0; i < 2; i++) {
      const events = await serverAsks(meeting)
      expect([types(events.client).at(-1), types(events.server)]).toEqual(['renegotiated', ['renegotiated']])
    }
    expect(verified).toBe(1) // the same certificate is not judged twice
  })
})

describe('a client asks for a renegotiation', () => {
  it('and a server that allows it has new keys, and the same peer (RFC 5746 section 3.7)', async () => {
    const meeting = await meet({}, freely)
    const before = exported(meeting.client)
    const events = await clientAsks(meeting)
    expect([types(events.client), types(events.server)]).toEqual([['renegotiated'], ['renegotiated']])
    expect(exported(meeting.client)).not.toEqual(before)
    expect(exported(meeting.client)).toEqual(exported(meeting.server))
    expect(meeting.client.channelBinding('tls-unique')).toEqual(meeting.server.channelBinding('tls-unique'))
    const data = await after(meeting, ({ client, server }) => {
      void client.send(Uint8Array.of(1))
      void server.send(Uint8Array.of(2))
    })
    expect([dataOf(data.server), dataOf(data.client)]).toEqual([[1], [2]])
  })

  it.each([
    ['a provider that answers later', { provider: delayedProvider(nodeProvider) }],
    ['RSA', rsa],
  ])('with %s', async (_, options) => {
    const meeting = await meet({ ...('provider' in options && options) }, { ...freely, ...options })
    for (let i = 0; i < 3; i++) {
      const events = await clientAsks(meeting)
      expect([types(events.client).at(-1), types(events.server)]).toEqual(['renegotiated', ['renegotiated']])
    }
  })

  it('after the server has: what was asked once is answered once, and then its own rule holds', async () => {
    const meeting = await meet(freely, {})
    const asked = await serverAsks(meeting)
    expect([types(asked.client).at(-1), types(asked.server)]).toEqual(['renegotiated', ['renegotiated']])
    const own = await clientAsks(meeting)
    expect(types(own.server)).not.toContain('renegotiated')
    expect(codes(own.client)).toEqual(['alert_received'])
  })

  it('and a ticket or a session ID in its ClientHello resumes nothing: the handshake is a full one', async () => {
    const first = await meet({}, tickets)
    const state = decodeSession(eventsOf(first.clientEvents, 'session').at(-1)?.session ?? new Uint8Array(0))
    const ticket = state.ticket ?? new Uint8Array(0)
    expect(ticket.length).toBeGreaterThan(100)
    const resumes = secondHello((hello) => ({
      ...hello,
      sessionId: new Uint8Array(32).fill(1),
      extensions: hello.extensions?.map((one) => (one.type === sessionTicket ? { ...one, data: ticket } : one)),
    }))
    const opened = vi.spyOn(tickets.tickets.protector, 'open')
    const events = await clientAsks(await meet(resumes, { ...freely, ...tickets }))
    expect([types(events.client).at(-1), types(events.server)]).toEqual(['renegotiated', ['renegotiated']])
    expect(opened).not.toHaveBeenCalled()
    opened.mockRestore()
  })

  it('inside one that the server asked for is the same one', async () => {
    const meeting = await meet({ ...freely, provider: delayedProvider(nodeProvider) }, freely)
    const asked: string[] = []
    const events = await after(meeting, ({ client, server }) => {
      server.renegotiate()
      for (let turn = 1; turn < 6; turn++) {
        setTimeout(() => {
          if (eventsOf(meeting.clientEvents, 'renegotiated').length > 0) return
          asked.push(`turn ${turn}`)
          client.renegotiate()
        })
      }
    })
    expect(asked.length).toBeGreaterThan(0)
    expect([codes(events.client), codes(events.server)]).toEqual([[], []])
    expect(eventsOf(events.client, 'renegotiated')).toHaveLength(1)
  })

  it('and does not ask itself whether it may: its function is for what the server asks', async () => {
    const counts: number[] = []
    const own = { tls12: { renegotiation: (done: number) => (counts.push(done), true) } }
    const meeting = await meet(own, freely)
    for (let i = 0; i < 2; i++) expect(types((await clientAsks(meeting)).server)).toEqual(['renegotiated'])
    expect(counts).toEqual([])
    await serverAsks(meeting)
    expect(counts).toEqual([0])
  })

  it('is refused by default, which ends a connection that wanted it (RFC 5246 section 7.2.2)', async () => {
    const events = await clientAsks(await meet())
    expect(errorOf(events.client)).toMatchObject({ code: 'alert_received', received: 'no_renegotiation' })
    expect(errorOf(events.server)).toMatchObject({ code: 'alert_received', received: 'handshake_failure' })
  })

  it("'ignore': the server says nothing, and takes data as before", async () => {
    const meeting = await meet({}, { tls12: { renegotiation: 'ignore' } })
    const events = await clientAsks(meeting)
    expect([events.client, events.server]).toEqual([[], []])
    const data = await after(meeting, ({ server }) => void server.send(Uint8Array.of(2)))
    expect(dataOf(data.client)).toEqual([2])
  })

  it("'once' is once; a function is told how often it was", async () => {
    const once = await meet({}, { tls12: { renegotiation: 'once' } })
    expect(types((await clientAsks(once)).server)).toEqual(['renegotiated'])
    expect(codes((await clientAsks(once)).server)).toEqual(['alert_received'])
    const counts: number[] = []
    const asked = await meet({}, { tls12: { renegotiation: (done) => (counts.push(done), Promise.resolve(done < 2)) } })
    for (let i = 0; i < 3; i++) await clientAsks(asked)
    expect(counts).toEqual([0, 1, 2])
    expect(eventsOf(asked.serverEvents, 'renegotiated')).toHaveLength(2)
  })

  it('as often as the server allows: messages of allowed handshakes are no flood', async () => {
    const meeting = await meet({}, freely)
    for (let i = 0; i < 20; i++) expect(types((await clientAsks(meeting)).server)).toEqual(['renegotiated'])
  })

  it('twice at once: one handshake', async () => {
    const meeting = await meet({}, freely)
    const events = await after(meeting, ({ client }) => {
      client.renegotiate()
      client.renegotiate()
    })
    expect(types(events.server)).toEqual(['renegotiated'])
  })

  it('holds data and close_notify back until it is done, at both ends', async () => {
    const meeting = await meet({}, freely)
    const { client, server } = meeting
    client.renegotiate()
    void client.send(Uint8Array.of(1, 2))
    void client.closeWrite()
    expect(records(concat(...client.takeOutput())).map(([type]) => type)).toEqual([22])
    const fresh = await meet({}, freely)
    const events = await after(fresh, (each) => {
      each.client.renegotiate()
      void each.client.send(Uint8Array.of(1, 2))
      for (const bytes of each.client.takeOutput()) each.server.receive(bytes)
      void each.server.send(Uint8Array.of(3)) // its flight is out
      void each.client.closeWrite()
    })
    expect([dataOf(events.server), dataOf(events.client)]).toEqual([[1, 2], [3]])
    expect(types(events.server)).toEqual(['renegotiated', 'data', 'end'])
    server.abort()
  })

  it('a server that has closed its direction gets what was held back, under the keys before', async () => {
    const events = await after(await meet({}, freely), ({ client, server }) => {
      void server.closeWrite()
      client.renegotiate()
      void client.send(Uint8Array.of(1))
    })
    expect([types(events.client), types(events.server), dataOf(events.server)]).toEqual([['end'], ['data'], [1]])
  })

  it.each<[string, (hello: ClientHello) => ClientHello, string, TestServerOptions?]>([
    ['no renegotiation_info', without(renegotiationInfo), 'bad_renegotiation_info'],
    [
      'that of another connection',
      (hello) => ({
        ...hello,
        extensions: hello.extensions?.map((each) =>
          each.type === renegotiationInfo ? { ...each, data: each.data.map((byte, i) => (i ? byte ^ 1 : byte)) } : each,
        ),
      }),
      'bad_renegotiation_info',
    ],
    [
      'the SCSV (RFC 5746 section 3.7)',
      (hello) => ({ ...hello, cipherSuites: [...hello.cipherSuites, scsv] }),
      'bad_renegotiation_info',
    ],
    ['no extended master secret', without(extendedMasterSecret), 'illegal_parameter'],
    [
      'no encrypt-then-MAC any more (RFC 7366 section 3.1)',
      without(encryptThenMac),
      'illegal_parameter',
      {
        cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'],
      },
    ],
    ['another server name', without(0), 'illegal_parameter'],
    ['an older version', (hello) => ({ ...hello, legacyVersion: 0x0302 }), 'protocol_version'],
    [
      'protocols without the one in use (ALPN)',
      (hello) => ({
        ...hello,
        extensions: [...(hello.extensions ?? []), { type: 16, data: Uint8Array.of(0, 2, 1, 0x78) }],
      }),
      'no_common_protocol',
      { alpn: ['h2'] },
    ],
  ])('with %s: refused', async (_, change, code, options = {}) => {
    const { cipherSuites } = options
    const meeting = await meet(
      { ...secondHello(change), alpn: ['h2'], ...(cipherSuites && { cipherSuites }) },
      { ...freely, ...options },
    )
    infoOf(meeting.serverEvents)
    const { server } = await clientAsks(meeting)
    expect(codes(server)).toEqual([code])
  })

  it('the protocol stays, and is confirmed to a client that offers it again', async () => {
    const h2 = Uint8Array.of(0, 3, 2, 0x68, 0x32)
    const answers: number[] = []
    const seam = misbehaving({
      ServerHello: (fields: { readonly extensions?: readonly { readonly type: number }[] }) => {
        answers.push(fields.extensions?.filter(({ type }) => type === 16).length ?? 0)
        return fields
      },
    })
    const meeting = await meet({ alpn: ['h2'] }, { ...freely, alpn: ['http/1.1', 'h2'], seam })
    await clientAsks(meeting)
    expect([meeting.server.info?.alpn, meeting.client.info?.alpn, answers]).toEqual(['h2', 'h2', [1, 0]])
    const again = await meet(
      {
        alpn: ['h2'],
        ...secondHello((hello) => ({ ...hello, extensions: [...(hello.extensions ?? []), { type: 16, data: h2 }] })),
      },
      { ...freely, alpn: ['http/1.1', 'h2'], seam },
    )
    expect(types((await clientAsks(again)).server)).toEqual(['renegotiated'])
    expect(answers).toEqual([1, 0, 1, 1])
  })

  it('keeps the certificate of the server, whatever the second hello would have got', async () => {
    const meeting = await meet({}, { ...freely, identity: alternating([ecdsa, rsa]) })
    const { server } = await clientAsks(meeting)
    expect(codes(server)).toEqual(['no_identity'])
  })

  it('stays with TLS 1.2 where the second hello offers TLS 1.3 (RFC 9846 section 4.2.2)', async () => {
    const both = Uint8Array.of(4, 3, 4, 3, 3)
    const meeting = await connectEngines(
      clientOf({
        ...tls12,
        ...secondHello((hello) => ({ ...hello, extensions: [...(hello.extensions ?? []), { type: 43, data: both }] })),
      }),
      serverOf({ tls12: { renegotiation: 'freely' } }),
    )
    expect(eventsOf((await clientAsks(meeting)).server, 'renegotiated').map(({ info }) => info.version)).toEqual([
      'TLS 1.2',
    ])
  })

  it('does not resume: whoever asks again wants it all', async () => {
    const server = { ...freely, ...tickets }
    const [session] = eventsOf((await meet({}, server)).clientEvents, 'session')
    const meeting = await meet({ ...(session && { session: session.session }) }, server)
    expect(infoOf(meeting.serverEvents).resumed).toBe(true)
    const again = await clientAsks(meeting)
    expect(eventsOf(again.server, 'renegotiated').map(({ info }) => info.resumed)).toEqual([false])
    expect(types(again.client)).toEqual(['session', 'renegotiated'])
    expect(types((await clientAsks(await meet(secondHello(without(sessionTicket)), freely))).server)).toEqual([
      'renegotiated',
    ])
  })
})

describe('a server asks for a renegotiation', () => {
  it('and a client that allows it has new keys', async () => {
    const meeting = await meet(freely)
    const events = await serverAsks(meeting)
    expect([types(events.client).at(-1), types(events.server)]).toEqual(['renegotiated', ['renegotiated']])
    expect(exported(meeting.client)).toEqual(exported(meeting.server))
  })

  it('a client that refuses ends it', async () => {
    const events = await serverAsks(await meet())
    expect(errorOf(events.server)).toMatchObject({ code: 'alert_received', received: 'no_renegotiation' })
    expect(errorOf(events.client)).toMatchObject({ code: 'alert_received', received: 'handshake_failure' })
  })

  it('a client that says nothing goes on as before', async () => {
    const meeting = await meet({ tls12: { renegotiation: 'ignore' } })
    await serverAsks(meeting)
    const data = await after(meeting, ({ client, server }) => {
      void client.send(Uint8Array.of(1))
      void server.send(Uint8Array.of(2))
    })
    expect([dataOf(data.server), dataOf(data.client)]).toEqual([[1], [2]])
  })

  it('both at once: one handshake', async () => {
    const meeting = await meet({}, {})
    const events = await after(meeting, ({ client, server }) => {
      client.renegotiate()
      server.renegotiate()
    })
    expect(types(events.server)).toEqual(['renegotiated'])
    expect(types(events.client).at(-1)).toBe('renegotiated')
  })

  it('and for the certificate that it did not ask for before', async () => {
    const meeting = await meet({ ...freely, ...rsa })
    expect(meeting.server.info?.peerCertificates).toEqual([])
    const events = await serverAsks(meeting, { mode: 'require', verifier: anyCertificate })
    expect(codes(events.server)).toEqual([])
    expect(meeting.server.info?.peerCertificates).toHaveLength(1)
    expect(eventsOf(events.server, 'renegotiated')[0]?.info.peerCertificates).toHaveLength(1)
  })

  it.each([
    ['require', ['client_certificate_missing']],
    ['request', []],
  ] as const)('mode %s, and the client has none', async (mode, expected) => {
    const events = await serverAsks(await meet(freely), { mode, verifier: anyCertificate })
    expect(codes(events.server)).toEqual(expected)
  })

  it('a certificate that the verifier refuses ends it', async () => {
    const verifier = {
      ...anyCertificate,
      verify: () => {
        throw new Error('not this one')
      },
    }
    const events = await serverAsks(await meet({ ...freely, ...rsa }), { mode: 'require', verifier })
    expect(codes(events.server)).toEqual(['verifier_refused'])
  })

  it.each<[string, () => TestClientOptions, readonly string[]]>([
    ['the same', () => rsa, []],
    ['another', () => ({ identity: alternating([rsa, ecdsa]) }), ['bad_certificate']],
    ['none any more', () => ({ identity: alternating([rsa, undefined]) }), ['bad_certificate']],
  ])("a client's certificate: %s", async (_, identity, expected) => {
    const clientAuth = { mode: 'request', verifier: anyCertificate } as const
    const meeting = await meet({ ...freely, ...identity() }, { clientAuth })
    expect(infoOf(meeting.serverEvents).peerCertificates).toHaveLength(1)
    const events = await serverAsks(meeting)
    expect(codes(events.server)).toEqual(expected)
  })

  it('an option that cannot be is refused at once, and nothing is sent', async () => {
    const { server } = await meet(freely)
    expect(() => server.renegotiate({ clientAuth: { mode: 'perhaps' as never } })).toThrow(/clientAuth/)
    expect(server.takeOutput()).toEqual([])
  })
})

describe('what cannot be renegotiated (wrong_state)', () => {
  const wrong = expect.objectContaining({ code: 'wrong_state' })
  it('TLS 1.3', async () => {
    const { client, server } = await connectEngines(clientOf(), serverOf())
    expect(() => client.renegotiate()).toThrow(wrong)
    expect(() => server.renegotiate()).toThrow(wrong)
  })

  it('before the handshake is done, and after the end', async () => {
    expect(() => clientOf(tls12).renegotiate()).toThrow(wrong)
    const { client, server, settle } = await meet({}, freely)
    void server.closeWrite()
    await settle()
    expect(() => client.renegotiate()).toThrow(wrong)
    expect(() => server.renegotiate()).toThrow(wrong)
  })

  it('without the extended master secret (RFC 7627 section 5.4), by either end', async () => {
    const meeting = await meet({ hello: { shape: without(extendedMasterSecret) } }, freely)
    expect(() => meeting.client.renegotiate()).toThrow(/RFC 7627/)
    expect(() => meeting.server.renegotiate()).toThrow(/RFC 7627/)
  })

  it('with a pre-shared key and no certificate', async () => {
    const key = new Uint8Array(32).fill(7)
    const meeting = await meet(
      { psk: { keys: { identity: 'us', key } }, cipherSuites: ['TLS_PSK_WITH_AES_128_GCM_SHA256'] },
      { ...freely, cipherSuites: ['TLS_PSK_WITH_AES_128_GCM_SHA256'], psk: { lookup: () => ({ key }) } },
    )
    expect(() => meeting.client.renegotiate()).toThrow(wrong)
  })

  it('changes at a client', async () => {
    const { client } = await meet({}, freely)
    expect(() => client.renegotiate({ clientAuth: { mode: 'require' } })).toThrow(wrong)
  })
})

/** One after the other, at each question of the server. */
const alternating = (list: readonly ({ readonly cert: string; readonly key: string } | undefined)[]) => {
  let count = 0
  return (() => list[count++]) as never
}
