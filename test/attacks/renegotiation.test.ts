import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { clientConfig, serverConfig } from '../../src/config.ts'
import { Engine } from '../../src/engine/engine.ts'
import { clientHandshake } from '../../src/handshake/client/client.ts'
import { everyFeature } from '../../src/handshake/client/every-feature.ts'
import type { Established, HandshakeIo } from '../../src/handshake/context.ts'
import type { Flow } from '../../src/handshake/flow.ts'
import { extendedMasterSecret, masterSecret } from '../../src/keys/prf12.ts'
import { everyFeature as everyServerFeature } from '../../src/handshake/server/every-feature.ts'
import { serverHandshake } from '../../src/handshake/server/server.ts'
import type { ClientHelloOptions } from '../../src/options.ts'
import type { TestClientOptions } from '../fixtures/engines.ts'
import { concat } from '../../src/wire/bytes.ts'
import type { VerifyRequest } from '../../src/x509/verifier.ts'
import { clientOf, connectEngines, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import { anyCertificate, ecdsa, rsa } from '../fixtures/identities.ts'
import { misbehaving, records, renegotiatingServer, through } from './wire.ts'
import type { SecondHandshake } from './wire.ts'

const tls12 = { versions: { max: 'TLS 1.2' } } as const
const passOn = (wire: Uint8Array) => [wire]

/**
 * A server that asks for a renegotiation, and whether the client answered with a warning (it is an alert record,
 * sealed).
 */
const asked = (options: TestClientOptions, second: SecondHandshake = {}) => {
  const server = renegotiatingServer(ecdsa, second)
  let warned = false
  const events = through(clientOf({ ...tls12, ...options }), server, (wire, direction) => {
    warned ||= direction === 'to server' && wire[0] === 21
    return [wire]
  })
  return { client: events.client, warned, renegotiated: server.renegotiated }
}

describe('renegotiation at the client', () => {
  it('is allowed by option, bound to the connection before (RFC 5746 section 3.5)', () => {
    const client = clientOf({ ...tls12, tls12: { renegotiation: 'once' } })
    const server = renegotiatingServer(ecdsa)
    const events = through(client, server, passOn)
    infoOf(events.client)
    expect(eventsOf(events.client, 'error')).toEqual([])
    expect(server.renegotiated).toBe(1)
  })

  it('keeps the protocol of the first handshake: ALPN is not offered again (RFC 7301 section 3.1)', () => {
    const offered: number[] = []
    const asks: (string | undefined)[] = []
    const client = clientOf({
      ...tls12,
      alpn: ['h2', 'http/1.1'],
      tls12: { renegotiation: 'once' },
      verifyConnection: ({ alpn }) => void asks.push(alpn),
      trace: ({ type, direction, content }) => {
        if (type !== 22 || direction !== 'sent' || content[0] !== 1) return
        offered.push(Buffer.from(content).indexOf('http/1.1'))
      },
    })
    const events = through(client, renegotiatingServer({ ...ecdsa, alpn: ['h2'] }), passOn)
    expect(eventsOf(events.client, 'error')).toEqual([])
    expect(offered.map((at) => at > 0)).toEqual([true, false])
    expect(asks).toEqual(['h2', 'h2'])
  })

  it('refuses a server that chooses a protocol in it', () => {
    const client = clientOf({ ...tls12, alpn: ['h2', 'http/1.1'], tls12: { renegotiation: 'once' } })
    const server = renegotiatingServer(
      { ...ecdsa, alpn: ['h2'] },
      { extensions: [{ type: 16, data: Uint8Array.of(0, 3, 2, 0x68, 0x32) }] },
    )
    expect(errorOf(through(client, server, passOn).client)).toMatchObject({ code: 'unsupported_extension' })
  })

  it('holds application data and close_notify back until it is done', () => {
    const client = clientOf({ ...tls12, tls12: { renegotiation: 'once' } })
    const server = renegotiatingServer(ecdsa)
    let sent = false
    const seen: string[] = []
    const events = through(client, server, (wire, direction) => {
      const inside = direction === 'to client' && wire[0] === 22 && seen.includes('to server 20')
      if (inside && !sent && server.handshakeDone && seen.at(-1) === 'to server 22') {
        sent = true // the renegotiation has begun: the client's second ClientHello went by
        void client.send(Uint8Array.of(1, 2, 3))
        void client.closeWrite()
        expect(concat(...client.takeOutput())).toHaveLength(0)
      }
      seen.push(`${direction} ${wire[0]}`)
      return [wire]
    })
    expect(sent).toBe(true)
    expect(server.renegotiated).toBe(1)
    expect(eventsOf(events.server, 'data').map(({ data }) => data)).toEqual([Uint8Array.of(1, 2, 3)])
    expect(eventsOf(events.server, 'end')).toHaveLength(1)
    expect(eventsOf(events.server, 'error')).toEqual([])
  })

  it('does not judge the same certificate twice', () => {
    let judged = 0
    const verifier = {
      ...anyCertificate,
      verify: (request: VerifyRequest) => (judged++, anyCertificate.verify(request)),
    }
    const server = renegotiatingServer(ecdsa)
    const events = through(clientOf({ ...tls12, tls12: { renegotiation: 'once' }, verifier }), server, passOn)
    expect(eventsOf(events.client, 'error')).toEqual([])
    expect([server.renegotiated, judged]).toEqual([1, 1])
  })

  it('is answered with no_renegotiation by default, and the connection goes on', () => {
    const client = clientOf(tls12)
    const server = renegotiatingServer(ecdsa)
    const events = through(client, server, passOn)
    expect(eventsOf(events.client, 'error')).toEqual([])
    expect(server.renegotiated).toBe(0)
    void client.send(Uint8Array.of(1))
    expect(eventsOf(through(client, server, passOn).server, 'data')).toHaveLength(1)
  })

  it('HelloRequests without end are an attack', () => {
    const config = serverConfig({ ...tls12, ...ecdsa, provider: nodeProvider })
    const server = new Engine({
      config,
      role: 'server',
      handshake: function* (io: HandshakeIo): Flow<Established> {
        const established = yield* serverHandshake(config, io, { defaults: {}, feature: everyServerFeature })
        for (let i = 0; i < 40; i++) io.sendHandshake(Uint8Array.of(0, 0, 0, 0))
        return established
      },
    })
    const events = through(clientOf(tls12), server, passOn)
    expect(errorOf(events.client)).toMatchObject({ code: 'too_many_messages', alert: 'unexpected_message' })
  })
})

describe('renegotiation injection (CVE-2009-3555)', () => {
  it('a first ServerHello with the renegotiation_info of another connection is refused', async () => {
    const seam = {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) =>
        type === 'ServerHello' && 'extensions' in fields
          ? { ...fields, extensions: [{ type: 0xff01, data: concat(Uint8Array.of(12), new Uint8Array(12)) }] }
          : fields,
    }
    const { clientEvents } = await meet(tls12, { ...tls12, seam })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'bad_renegotiation_info', alert: 'handshake_failure' })
  })

  it('a first ClientHello with the renegotiation_info of another connection is refused', async () => {
    const shapeHello: ClientHelloOptions['shape'] = (hello) => ({
      ...hello,
      extensions: hello.extensions?.map((each) =>
        each.type === 0xff01 ? { ...each, data: Uint8Array.of(2, 1, 2) } : each,
      ),
    })
    const { serverEvents } = await meet({ ...tls12, hello: { shape: shapeHello } }, tls12)
    expect(errorOf(serverEvents)).toMatchObject({ code: 'bad_renegotiation_info', alert: 'handshake_failure' })
  })

  it("a victim's ClientHello spliced into the attacker's connection is not taken up", () => {
    const victim = clientOf(tls12)
    const [hello] = records(concat(...victim.takeOutput()))
    const config = clientConfig({
      serverName: 'server.test',
      ...tls12,
      provider: nodeProvider,
      verifier: anyCertificate,
    })
    const attacker = new Engine({
      config,
      role: 'client',
      handshake: function* (io: HandshakeIo): Flow<Established> {
        const established = yield* clientHandshake(config, io, everyFeature.handshake)
        io.sendHandshake(hello?.subarray(5) ?? new Uint8Array(0))
        return established
      },
    })
    const server = serverOf(tls12)
    const passed: string[] = []
    const events = through(attacker, server, (wire, direction) => {
      passed.push(`${direction} ${wire[0]}`)
      return [wire]
    })
    infoOf(events.server)
    expect(eventsOf(events.server, 'error')).toEqual([])
    expect(passed.at(-1)).toBe('to client 21') // a warning, and no ServerHello
  })

  it('a server without renegotiation_info is refused, but for the legacy option (RFC 9325 section 3.5)', async () => {
    const seam = {
      outgoing: ({ type, fields }: { readonly type: string; readonly fields: object }) =>
        type === 'ServerHello' ? { ...fields, extensions: undefined } : fields,
    }
    const { clientEvents } = await meet(tls12, { ...tls12, tickets: false, seam })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'secure_renegotiation_required', alert: 'handshake_failure' })
    const legacy = await meet(
      {
        ...tls12,
        tls12: { legacy: true },
        hello: { shape: (hello) => ({ ...hello, extensions: hello.extensions?.filter(({ type }) => type !== 23) }) },
      },
      {
        ...tls12,
        tickets: false,
        seam,
      },
    )
    expect(infoOf(legacy.clientEvents).version).toBe('TLS 1.2')
    const protector = { seal: (state: Uint8Array) => state, open: (ticket: Uint8Array) => ticket }
    const before = await meet(tls12, { ...tls12, tickets: { protector } })
    const session = eventsOf(before.clientEvents, 'session').at(-1)?.session ?? new Uint8Array(0)
    const again = { ...tls12, session }
    expect(infoOf((await meet(again, { ...tls12, tickets: { protector } })).clientEvents).resumed).toBe(true)
    const bare = misbehaving({
      ServerHello: (fields: { readonly extensions?: readonly { readonly type: number }[] }) => ({
        ...fields,
        extensions: fields.extensions?.filter(({ type }) => type !== 0xff01),
      }),
    })
    const resumed = await meet(again, { ...tls12, tickets: { protector }, seam: bare })
    expect(errorOf(resumed.clientEvents)).toMatchObject({ code: 'secure_renegotiation_required' })
  })

  it(
    'a connection that began without renegotiation_info is not renegotiated: a warning says so (RFC 5746 section ' +
      '4.2)',
    () => {
      const { client, warned, renegotiated } = asked(
        { tls12: { legacy: true, renegotiation: 'freely' } },
        { first: () => undefined },
      )
      infoOf(client)
      expect([eventsOf(client, 'error'), warned, renegotiated]).toEqual([[], true, 0])
    },
  )

  it.each<[string, (right: Uint8Array) => Uint8Array | undefined, string]>([
    ['no renegotiation_info', () => undefined, 'secure_renegotiation_required'],
    ['an empty one', () => new Uint8Array(0), 'bad_renegotiation_info'],
    ["the client's half", (right) => right.subarray(0, 12), 'bad_renegotiation_info'],
    ["another connection's", (right) => right.map((byte) => byte ^ 1), 'bad_renegotiation_info'],
    ["another client's half", (right) => right.map((byte, i) => (i < 12 ? byte ^ 1 : byte)), 'bad_renegotiation_info'],
    ["another server's half", (right) => right.map((byte, i) => (i < 12 ? byte : byte ^ 1)), 'bad_renegotiation_info'],
  ])('a renegotiation with %s is refused', (_, renegotiationInfo, code) => {
    for (const legacy of [false, true]) {
      const events = through(
        clientOf({ ...tls12, tls12: { renegotiation: 'freely', legacy } }),
        renegotiatingServer(ecdsa, { renegotiationInfo }),
        passOn,
      )
      expect(errorOf(events.client)).toMatchObject({ code, alert: 'handshake_failure' })
    }
  })
})

describe('triple handshake (RFC 7627 section 1)', () => {
  it("the server's certificate must not change in a renegotiation", () => {
    const events = through(
      clientOf({ ...tls12, tls12: { renegotiation: 'freely' } }),
      renegotiatingServer(ecdsa, { options: rsa }),
      passOn,
    )
    expect(errorOf(events.client)).toMatchObject({ code: 'bad_certificate' })
    expect(errorOf(events.client).message).toMatch(/changed its certificate/)
  })

  it('two connections with the same premaster secret and randoms have different extended master secrets', () => {
    const { sha256 } = nodeProvider.hashes
    if (!sha256) throw new Error('no SHA-256')
    const [premaster, random] = [new Uint8Array(48).fill(1), new Uint8Array(32).fill(2)]
    const [withOne, withOther] = [Uint8Array.of(1), Uint8Array.of(2)].map((messages) =>
      extendedMasterSecret(sha256, premaster, sha256.digest(messages)),
    )
    expect(withOne?.secret).not.toEqual(withOther?.secret)
    expect(masterSecret(sha256, premaster, random, random).secret).toHaveLength(48) // sees no certificate: the flaw
  })

  it('without extended master secret there is no renegotiation', () => {
    const shapeHello: ClientHelloOptions['shape'] = (hello) => ({
      ...hello,
      extensions: hello.extensions?.filter(({ type }) => type !== 23),
    })
    const { client, warned, renegotiated } = asked({ tls12: { renegotiation: 'freely' }, hello: { shape: shapeHello } })
    infoOf(client)
    expect([eventsOf(client, 'error'), warned, renegotiated]).toEqual([[], true, 0])
  })

  it('a session is not resumed where extended master secret was not used', async () => {
    const shapeHello: ClientHelloOptions['shape'] = (hello) => ({
      ...hello,
      extensions: hello.extensions?.filter(({ type }) => type !== 23),
    })
    const { clientEvents } = await connectEngines(clientOf({ ...tls12, hello: { shape: shapeHello } }), serverOf(tls12))
    expect(eventsOf(clientEvents, 'session')).toEqual([])
  })
})
