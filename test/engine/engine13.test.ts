// The sans-IO engine over TLS 1.3: what the two ends agree on and tell, data both ways, closing, key updates, padding,
// record sizes, exporters and key log; with providers that answer at once and later.

import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { ClientOptions, ServerOptions, TracedRecord } from '../../src/options.ts'
import { concat, toHex } from '../../src/wire/bytes.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, ed25519, rsa } from '../fixtures/identities.ts'
import { seeded } from '../replay/fragments.ts'
import { delayedProvider } from '../fixtures/delayed-provider.ts'

const providers = [nodeProvider, nobleProvider, delayedProvider(nodeProvider), delayedProvider(nobleProvider)]
const tls13 = { versions: { min: 'TLS 1.3' } } as const

const bytes = (length: number): Uint8Array => {
  const next = seeded(length)
  return Uint8Array.from({ length }, () => next() >>> 24)
}
const dataOf = (events: Parameters<typeof eventsOf>[0]): Uint8Array =>
  concat(...eventsOf(events, 'data').map(({ data }) => data))

describe.each(providers)('engines with the $name provider', (provider) => {
  const both = { ...tls13, provider }

  it.each([
    ['ECDSA', ecdsa, 'ecdsa_secp256r1_sha256'],
    ['RSA', rsa, 'rsa_pss_rsae_sha256'],
    ['Ed25519', ed25519, 'ed25519'],
  ])('%s: both ends know the same', async (_, identity, scheme) => {
    const { clientEvents, serverEvents } = await meet(
      { ...both, alpn: ['h2', 'x'] },
      { ...both, identity, alpn: ['x'] },
    )
    const [client, server] = [infoOf(clientEvents), infoOf(serverEvents)]
    for (const field of ['version', 'cipherSuite', 'group', 'alpn', 'serverName', 'resumed'] as const) {
      expect(client[field]).toEqual(server[field])
    }
    expect(client).toMatchObject({
      version: 'TLS 1.3',
      alpn: 'x',
      serverName: 'server.test',
      signatureScheme: scheme,
      resumed: false,
      echAccepted: false,
    })
    expect(server.echAccepted).toBe(false)
    expect(client.peerCertificates).toHaveLength(1)
    expect(server.signatureScheme).toBeUndefined() // it is the peer's, and the client did not sign
  })

  it('carries data both ways, in order', async () => {
    const meeting = await meet(both, both)
    const [up, down] = [bytes(70_000), bytes(50_001)]
    for (let at = 0; at < up.length; at += 9_999) await meeting.client.send(up.subarray(at, at + 9_999))
    await meeting.server.send(down)
    await meeting.settle()
    expect(toHex(dataOf(meeting.serverEvents))).toBe(toHex(up))
    expect(toHex(dataOf(meeting.clientEvents))).toBe(toHex(down))
  })

  it('updates keys while data flows', async () => {
    const meeting = await meet(both, both)
    const sent: number[] = []
    for (let i = 0; i < 12; i++) {
      if (i % 3 === 0) await meeting.client.updateKeys(i % 2 === 0)
      await meeting.client.send(Uint8Array.of(i))
      sent.push(i)
      if (i % 4 === 0) await meeting.settle()
    }
    await meeting.server.send(Uint8Array.of(99))
    await meeting.settle()
    expect([...dataOf(meeting.serverEvents)]).toEqual(sent)
    expect([...dataOf(meeting.clientEvents)]).toEqual([99])
    expect(eventsOf(meeting.serverEvents, 'keyUpdate').filter(({ direction }) => direction === 'read')).toHaveLength(4)
    expect(eventsOf(meeting.clientEvents, 'keyUpdate').some(({ direction }) => direction === 'read')).toBe(true)
  })

  it('authenticates clients', async () => {
    const { serverEvents } = await meet(
      { ...both, ...rsa },
      { ...both, clientAuth: { mode: 'require', verifier: anyCertificate } },
    )
    expect(infoOf(serverEvents).peerCertificates).toHaveLength(1)
  })

  it('goes through HelloRetryRequest with a cookie', async () => {
    const groups = { groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'] } }
    const { clientEvents } = await meet({ ...both, ...groups }, { ...both, groups: ['P-256'], hello: { cookie: true } })
    expect(infoOf(clientEvents)).toMatchObject({ helloRetryRequest: true, group: 'P-256' })
  })

  it('exports the same keying material at both ends (RFC 9846 section 7.5)', async () => {
    const { client, server } = await meet(both, both)
    const context = Uint8Array.of(1, 2, 3)
    const exported = toHex(client.exportKeyingMaterial(48, 'EXPERIMENTAL a', context))
    expect(exported).toBe(toHex(server.exportKeyingMaterial(48, 'EXPERIMENTAL a', context)))
    const others = [
      client.exportKeyingMaterial(48, 'EXPERIMENTAL b', context),
      client.exportKeyingMaterial(48, 'EXPERIMENTAL a'),
    ]
    for (const other of others) expect(toHex(other)).not.toBe(exported)
    expect(toHex(client.exportKeyingMaterial(20, 'EXPERIMENTAL a', context))).not.toBe(exported.slice(0, 40))
  })

  it('closes each direction by itself (RFC 9846 section 6.1)', async () => {
    const meeting = await meet(both, both)
    await meeting.client.closeWrite()
    await meeting.settle()
    expect(eventsOf(meeting.serverEvents, 'end')).toHaveLength(1)
    expect(() => meeting.client.send(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'wrong_state' }))
    await meeting.server.send(Uint8Array.of(7))
    await meeting.server.closeWrite()
    await meeting.settle()
    expect([...dataOf(meeting.clientEvents)]).toEqual([7])
    expect(meeting.client.closed && meeting.server.closed).toBe(true)
    meeting.client.receiveEnd()
    expect(meeting.client.takeEvents()).toEqual([])
  })
})

describe('what an engine tells', () => {
  it('a key log with the labels of RFC 9850, the same at both ends', async () => {
    const [ours, theirs]: [string[], string[]] = [[], []]
    await meet({ ...tls13, keyLog: (line) => ours.push(line) }, { ...tls13, keyLog: (line) => theirs.push(line) })
    expect(ours.map((line) => line.split(' ')[0] ?? '').sort()).toEqual([
      'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
      'CLIENT_TRAFFIC_SECRET_0',
      'EXPORTER_SECRET',
      'SERVER_HANDSHAKE_TRAFFIC_SECRET',
      'SERVER_TRAFFIC_SECRET_0',
    ])
    expect([...ours].sort()).toEqual([...theirs].sort())
    for (const line of ours) expect(line).toMatch(/^[A-Z_0]+ [0-9a-f]{64} ([0-9a-f]{64}|[0-9a-f]{96})$/)
  })

  it('a trace of each record, whose bytes are those that went out', async () => {
    const traced: TracedRecord[] = []
    const client = clientOf({ ...tls13, trace: (record) => traced.push(record) })
    const server = serverOf(tls13)
    const [up, down]: [Uint8Array[], Uint8Array[]] = [[], []]
    for (let turn = 0; turn < 3; turn++) {
      for (const out of client.takeOutput()) {
        up.push(out)
        server.receive(out)
      }
      for (const out of server.takeOutput()) {
        down.push(out)
        client.receive(out)
      }
    }
    const wire = (direction: 'sent' | 'received') =>
      toHex(concat(...traced.filter((r) => r.direction === direction).map((r) => r.wire)))
    expect(wire('sent')).toBe(toHex(concat(...up)))
    expect(wire('received')).toBe(toHex(concat(...down)))
    expect(traced.filter(({ encrypted }) => encrypted).length).toBeGreaterThan(1)
  })
  it.each<readonly [string, NonNullable<ClientOptions['versions']>]>([
    ['TLS 1.3', { min: 'TLS 1.3' }],
    ['TLS 1.2', { max: 'TLS 1.2' }],
  ])('which records of %s were sealed (*)', async (_, versions) => {
    const seen: Record<'client' | 'server', string[]> = { client: [], server: [] }
    const traceOf = (end: 'client' | 'server') => ({
      trace: ({ direction, type, encrypted }: TracedRecord) =>
        void seen[end].push(`${direction} ${type}${encrypted ? '*' : ''}`),
    })
    const meeting = await meet({ versions, ...traceOf('client') }, { versions, tickets: false, ...traceOf('server') })
    void meeting.client.closeWrite()
    void meeting.server.closeWrite()
    await meeting.settle()
    const once = (direction: string): readonly string[] =>
      ['22', '20', '22*', '21*'].map((type) => `${direction} ${type}`)
    const all = [...once('sent'), ...once('received')].toSorted()
    expect([...new Set(seen.client)].toSorted()).toEqual(all)
    expect([...new Set(seen.server)].toSorted()).toEqual(all)
  })
})

describe('records', () => {
  const sizesOf = (output: readonly Uint8Array[]): readonly number[] => {
    const all = concat(...output)
    const sizes: number[] = []
    for (let at = 0; at < all.length;) {
      const size = (all[at + 3] ?? 0) * 256 + (all[at + 4] ?? 0)
      sizes.push(size)
      at += 5 + size
    }
    return sizes
  }

  it('hold 16 KiB at most (RFC 9846 section 5.1)', async () => {
    const { client } = await meet(tls13, tls13)
    await client.send(new Uint8Array(40_000))
    expect(sizesOf(client.takeOutput())).toEqual([16384 + 17, 16384 + 17, 40_000 - 32768 + 17])
  })

  it.each<readonly [string, Partial<ClientOptions>, ServerOptions, 'client' | 'server']>([
    ["a client's", { limits: { recordSizeLimit: 500 } }, {}, 'server'],
    ["a server's", { limits: { recordSizeLimit: 16385 } }, { limits: { recordSizeLimit: 500 } }, 'client'],
  ])('stay under %s record_size_limit (RFC 8449 section 4)', async (_, client, server, sender) => {
    const meeting = await meet({ ...tls13, ...client }, { ...tls13, ...server })
    await meeting[sender].send(new Uint8Array(1200))
    expect(sizesOf(meeting[sender].takeOutput())).toEqual([499 + 17, 499 + 17, 202 + 17])
  })

  it('are padded as the option says, and never over their limit (RFC 9846 section 5.4)', async () => {
    const padding = (length: number): number => (256 - (length % 256)) % 256
    const meeting = await meet({ ...tls13, limits: { padding } }, tls13)
    await meeting.client.send(new Uint8Array(10))
    await meeting.client.send(new Uint8Array(16384))
    const output = meeting.client.takeOutput()
    expect(sizesOf(output)).toEqual([256 + 17, 16384 + 17])
    for (const out of output) meeting.server.receive(out)
    await meeting.settle()
    expect(dataOf(meeting.serverEvents)).toHaveLength(16394)
  })

  it("of a caller's buffer may be changed as soon as send() returned", async () => {
    const meeting = await meet(tls13, tls13)
    const buffer = Uint8Array.of(1, 2, 3)
    await meeting.client.send(buffer)
    buffer.fill(9)
    await meeting.settle()
    expect([...dataOf(meeting.serverEvents)]).toEqual([1, 2, 3])
  })
})

describe('callbacks', () => {
  it.each<readonly [string, ServerOptions]>([
    ['an identity function that answers later', { identity: () => Promise.resolve(ecdsa) }],
    ['several identities, chosen by what the client can check', { identity: [rsa, ed25519, ecdsa] }],
    [
      'onClientHello that answers later with options',
      { identity: () => undefined, onClientHello: () => Promise.resolve({ identity: ed25519 }) },
    ],
    ['chooseAlpn that answers later', { hello: { chooseAlpn: (offered) => Promise.resolve(offered[0]) } }],
  ])('%s', async (_, server) => {
    const { clientEvents } = await meet({ ...tls13, alpn: ['h2'] }, { ...tls13, ...server })
    expect(infoOf(clientEvents).version).toBe('TLS 1.3')
  })

  it.each<readonly [string, ServerOptions]>([
    [
      'identity',
      {
        identity: () => {
          throw new Error('the vault is sealed')
        },
      },
    ],
    ['identity, later', { identity: () => Promise.reject(new Error('the vault is sealed')) }],
    [
      'onClientHello',
      {
        onClientHello: () => {
          throw new Error('the vault is sealed')
        },
      },
    ],
    [
      'chooseAlpn',
      {
        hello: {
          chooseAlpn: () => {
            throw new Error('the vault is sealed')
          },
        },
      },
    ],
  ])('%s that throws gives a TlsError with its cause', async (_, server) => {
    const { serverEvents } = await meet({ ...tls13, alpn: ['h2'] }, { ...tls13, ...server })
    const error = errorOf(serverEvents)
    expect(error).toMatchObject({ code: 'internal_error', alert: 'internal_error' })
    expect(error.message).toBe('the vault is sealed')
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('a closed engine takes no notice of an answer that comes late', async () => {
    let answer: (identity: typeof ecdsa) => void = () => {}
    const server = serverOf({
      ...tls13,
      identity: () =>
        new Promise<typeof ecdsa>((resolve) => {
          answer = resolve
        }),
    })
    for (const out of clientOf(tls13).takeOutput()) server.receive(out)
    expect(server.pending).toBeInstanceOf(Promise)
    server.abort()
    server.takeOutput()
    answer(ecdsa)
    await server.pending
    await new Promise((resolve) => setImmediate(resolve))
    expect(server.takeOutput()).toEqual([])
    expect(server.handshakeDone).toBe(false)
  })

  it('a failed engine that still waits does not make its caller spin', async () => {
    const server = serverOf({ ...tls13, identity: () => new Promise(() => {}) })
    for (const out of clientOf(tls13).takeOutput()) server.receive(out)
    const before = server.pending
    server.abort()
    await before // the failure is progress: there is an event to take
    expect(errorOf(server.takeEvents()).code).toBe('aborted')
    const turn = new Promise((resolve) => setImmediate(() => resolve('nothing new')))
    expect(await Promise.race([server.pending ?? turn, turn])).toBe('nothing new')
  })

  it('bytes that come while an answer is waited for are kept', async () => {
    const client = clientOf(tls13)
    const server = serverOf({ ...tls13, identity: () => new Promise((resolve) => setImmediate(() => resolve(ecdsa))) })
    const [hello = new Uint8Array(0)] = client.takeOutput()
    for (const byte of hello) server.receive(Uint8Array.of(byte))
    const { clientEvents } = await connectEngines(client, server)
    expect(infoOf(clientEvents).version).toBe('TLS 1.3')
  })
})
