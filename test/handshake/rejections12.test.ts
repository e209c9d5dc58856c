// Each rule of TLS 1.2 that refuses something, broken by one end and refused by the other; named by its section.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { TlsErrorCode } from '../../src/errors.ts'
import type { ClientHelloOptions } from '../../src/options.ts'
import type { TestClientOptions, TestServerOptions } from '../fixtures/engines.ts'
import { memoryReplayGuard, rotatingTicketKeys } from '../../src/session/index.ts'
import { serverConfig } from '../../src/config.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { HandshakeIo } from '../../src/handshake/context.ts'
import { everyFeature as everyServerFeature } from '../../src/handshake/server/every-feature.ts'
import { serverHandshake } from '../../src/handshake/server/server.ts'
import { loadIdentity } from '../../src/identity.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { concat } from '../../src/wire/bytes.ts'
import { clientOf, errorOf, eventsOf, infoOf, meet, serverOf } from '../fixtures/engines.ts'
import { ecdsa, rsa } from '../fixtures/identities.ts'
import { misbehaving, record, renegotiatingServer, through } from '../attacks/wire.ts'

const tls12: TestClientOptions & TestServerOptions = { versions: { max: 'TLS 1.2' } }
const none = new Uint8Array(0)

interface Extension {
  readonly type: number
  readonly data: Uint8Array
}
interface Hello {
  readonly extensions: readonly Extension[]
}
const adding =
  (type: number, ...data: readonly number[]) =>
  (fields: Hello) => ({
    ...fields,
    extensions: [...fields.extensions.filter((each) => each.type !== type), { type, data: Uint8Array.from(data) }],
  })
const without = (type: number) => (fields: Hello) => ({
  ...fields,
  extensions: fields.extensions.filter((each) => each.type !== type),
})

interface Breach {
  readonly rule: string
  readonly code: TlsErrorCode
  readonly says: RegExp
  /** What the misbehaving end sends. */
  readonly change: Parameters<typeof misbehaving>[0]
  readonly client?: TestClientOptions
  readonly server?: TestServerOptions
}

const byServer: readonly Breach[] = [
  {
    rule: 'ec_point_formats without uncompressed points (RFC 8422 section 5.1.2)',
    code: 'illegal_parameter',
    says: /point/,
    change: { ServerHello: adding(11, 1, 1) },
  },
  {
    rule: 'an extension that was not offered (RFC 5246 section 7.4.1.4)',
    code: 'unsupported_extension',
    says: /not offered/,
    change: { ServerHello: adding(16, 0, 3, 2, 0x68, 0x32) },
  },
  {
    rule: 'record_size_limit beside max_fragment_length (RFC 8449 section 5)',
    code: 'illegal_parameter',
    says: /both/,
    client: { limits: { recordSizeLimit: 500 }, tls12: { maxFragmentLength: 512 } },
    change: { ServerHello: adding(1, 1) },
  },
  {
    rule: 'another max_fragment_length (RFC 6066 section 4)',
    code: 'illegal_parameter',
    says: /not asked for/,
    client: { tls12: { maxFragmentLength: 512 } },
    change: { ServerHello: adding(1, 2) },
  },
  {
    rule: 'an echo of the session ID without a session (RFC 9846 section 4.2.3)',
    code: 'illegal_parameter',
    says: /session/,
    client: { versions: { max: 'TLS 1.3' } },
    change: { ServerHello: (fields: object) => ({ ...fields, sessionId: seen.sessionId }) },
  },
  {
    rule: 'compression (RFC 9325 section 3.3)',
    code: 'illegal_parameter',
    says: /compression/,
    change: { ServerHello: (fields: object) => ({ ...fields, compressionMethod: 1 }) },
  },
  {
    rule: 'TLS 1.1 (RFC 8996)',
    code: 'protocol_version',
    says: /TLS 1.1/,
    change: { ServerHello: (fields: object) => ({ ...fields, legacyVersion: 0x0302 }) },
  },
  {
    rule: 'two protocols in ALPN (RFC 7301 section 3.1)',
    code: 'decode_error',
    says: /exactly one/,
    client: { alpn: ['h2', 'x'] },
    change: { ServerHello: adding(16, 0, 5, 2, 0x68, 0x32, 1, 0x78) },
  },
  {
    rule: 'a protocol that was not offered (RFC 7301 section 3.1)',
    code: 'illegal_parameter',
    says: /not offered/,
    client: { alpn: ['h2'] },
    change: { ServerHello: adding(16, 0, 2, 1, 0x78) },
  },
  {
    rule: 'no certificate (RFC 5246 section 7.4.2)',
    code: 'decode_error',
    says: /empty list/,
    change: { Certificate: () => ({ chain: [] }) },
  },
  {
    rule: 'a certificate of the wrong kind for the suite (RFC 5246 section 7.4.2)',
    code: 'illegal_parameter',
    says: /does not go with/,
    change: { ServerHello: (fields: object) => ({ ...fields, cipherSuite: 0xc02f }) },
  },
  {
    rule: 'CertificateStatus that was not promised (RFC 6066 section 8)',
    code: 'unexpected_message',
    says: /got CertificateStatus/,
    server: { identity: { ...ecdsa, ocspResponse: Uint8Array.of(1) } },
    change: { ServerHello: without(5) },
  },
  {
    rule: 'CertificateStatus of an unknown kind (RFC 6066 section 8)',
    code: 'decode_error',
    says: /unknown kind/,
    server: { identity: { ...ecdsa, ocspResponse: Uint8Array.of(1) } },
    change: { CertificateStatus: () => ({ statusType: 2, response: Uint8Array.of(1) }) },
  },
  {
    rule: 'an explicit curve (RFC 8422 section 5.4)',
    code: 'illegal_parameter',
    says: /named one/,
    change: {
      ServerKeyExchange: ({ body }: { readonly body: Uint8Array }) => ({
        body: concat(Uint8Array.of(1), body.subarray(1)),
      }),
    },
  },
  {
    rule: 'a signature that is not over these randoms (RFC 8422 section 5.4)',
    code: 'bad_signature',
    says: /does not verify/,
    change: { ServerHello: (fields: object) => ({ ...fields, random: new Uint8Array(32) }) },
  },
  {
    rule: 'a scheme that does not fit the certificate (RFC 5246 section 7.4.3)',
    code: 'illegal_parameter',
    says: /certificate for p256/,
    change: {
      ServerKeyExchange: ({ body }: { readonly body: Uint8Array }) => ({
        body: concat(body.subarray(0, 36), Uint8Array.of(4, 1), body.subarray(38)),
      }),
    },
  },
  {
    rule: 'bytes after the ServerKeyExchange (RFC 5246 section 7.4.3)',
    code: 'decode_error',
    says: /too many/,
    change: {
      ServerKeyExchange: ({ body }: { readonly body: Uint8Array }) => ({ body: concat(body, Uint8Array.of(0)) }),
    },
  },
  {
    rule: 'a ServerHelloDone that is not empty (RFC 5246 section 7.4.5)',
    code: 'decode_error',
    says: /too many/,
    change: { ServerHelloDone: () => [Uint8Array.of(14, 0, 0, 1, 0)] },
  },
  {
    rule: 'no ServerKeyExchange (RFC 5246 section 7.4.3)',
    code: 'unexpected_message',
    says: /expected ServerKeyExchange, got ServerHelloDone/,
    change: { ServerKeyExchange: () => [] },
  },
  {
    rule: 'a promised ticket that does not come (RFC 5077 section 3.3)',
    code: 'unexpected_message',
    says: /ChangeCipherSpec/,
    change: { NewSessionTicket: () => [] },
  },
  {
    rule: 'a wrong Finished (RFC 5246 section 7.4.9)',
    code: 'bad_finished',
    says: /different messages/,
    change: { Finished: () => ({ verifyData: new Uint8Array(12) }) },
  },
  {
    rule: 'a Finished of another length (RFC 5246 section 7.4.9)',
    code: 'decode_error',
    says: /12/,
    change: { Finished: () => ({ verifyData: new Uint8Array(36) }) },
  },
  {
    rule: 'messages of TLS 1.3',
    code: 'unexpected_message',
    says: /got/,
    change: { Certificate: () => [Uint8Array.of(8, 0, 0, 2, 0, 0)] },
  },
]

/** What a misbehaving server saw of the client. */
const seen: { sessionId: Uint8Array } = { sessionId: none }

describe('a client refuses from a server', () => {
  it.each(byServer)('$rule', async ({ code, says, change, client, server }) => {
    const protector = rotatingTicketKeys({ provider: nodeProvider })
    const { clientEvents } = await meet(
      { ...tls12, ...client },
      {
        ...tls12,
        tickets: { protector },
        ...server,
        seam: misbehaving(change),
        onClientHello: ({ raw }) => void (seen.sessionId = raw.slice(39, 39 + (raw[38] ?? 0))),
      },
    )
    const error = errorOf(clientEvents)
    expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.stringMatching(says) })
  })
})

const byClient: readonly Breach[] = [
  {
    rule: 'ec_point_formats without uncompressed points (RFC 8422 section 5.1.2)',
    code: 'illegal_parameter',
    says: /point/,
    change: { ClientHello: adding(11, 1, 1) },
  },
  {
    rule: 'an unknown max_fragment_length (RFC 6066 section 4)',
    code: 'illegal_parameter',
    says: /1 to 4/,
    change: { ClientHello: adding(1, 5) },
  },
  {
    rule: 'compression only (RFC 5246 section 7.4.1.2)',
    code: 'illegal_parameter',
    says: /null compression/,
    change: { ClientHello: (fields: object) => ({ ...fields, compressionMethods: Uint8Array.of(1) }) },
  },
  {
    rule: 'a ClientKeyExchange that is too long (RFC 8422 section 5.7)',
    code: 'decode_error',
    says: /too many/,
    change: {
      ClientKeyExchange: ({ body }: { readonly body: Uint8Array }) => ({ body: concat(body, Uint8Array.of(0)) }),
    },
  },
  {
    rule: 'no ClientKeyExchange',
    code: 'unexpected_message',
    says: /a handshake message|ChangeCipherSpec/,
    change: { ClientKeyExchange: () => [] },
  },
  {
    rule: 'no Certificate where one was asked for (RFC 5246 section 7.4.6)',
    code: 'unexpected_message',
    says: /expected Certificate, got ClientKeyExchange/,
    client: { identity: ecdsa },
    server: { clientAuth: { mode: 'request-unverified' } },
    change: { Certificate: () => [] },
  },
  {
    rule: 'a Certificate that was not asked for',
    code: 'unexpected_message',
    says: /expected ClientKeyExchange, got Certificate/,
    change: { ClientKeyExchange: () => [Uint8Array.of(11, 0, 0, 3, 0, 0, 0)] },
  },
  {
    rule: 'no CertificateVerify (RFC 5246 section 7.4.8)',
    code: 'unexpected_message',
    says: /ChangeCipherSpec/,
    client: { identity: ecdsa },
    server: { clientAuth: { mode: 'request-unverified' } },
    change: { CertificateVerify: () => [] },
  },
  {
    rule: 'a CertificateVerify over other messages (RFC 5246 section 7.4.8)',
    code: 'bad_signature',
    says: /does not verify/,
    client: { identity: ecdsa },
    server: { clientAuth: { mode: 'request-unverified' } },
    change: {
      CertificateVerify: (fields: { readonly signature: Uint8Array }) => ({
        ...fields,
        signature: fields.signature.map((byte, i) => (i === fields.signature.length - 1 ? byte ^ 1 : byte)),
      }),
    },
  },
  {
    rule: 'a wrong Finished (RFC 5246 section 7.4.9)',
    code: 'bad_finished',
    says: /different messages/,
    change: { Finished: () => ({ verifyData: new Uint8Array(12) }) },
  },
  {
    rule: 'a Finished of another length',
    code: 'decode_error',
    says: /12/,
    change: { Finished: () => ({ verifyData: none }) },
  },
]

describe('a server refuses from a client', () => {
  it.each(byClient)('$rule', async ({ code, says, change, client, server }) => {
    const { serverEvents } = await meet({ ...tls12, ...client, seam: misbehaving(change) }, { ...tls12, ...server })
    const error = errorOf(serverEvents)
    expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.stringMatching(says) })
  })

  it('a client whose groups leave out the curve of the certificate gets none (RFC 8422 section 5.3)', async () => {
    const { serverEvents } = await meet({ ...tls12, groups: ['X25519'] }, tls12)
    expect(errorOf(serverEvents).code).toBe('no_common_signature_scheme')
    infoOf((await meet({ ...tls12, groups: ['X25519'] }, { ...tls12, ...rsa })).clientEvents)
  })
})

describe('other rules', () => {
  it("a server's certificate on a curve that was not offered (RFC 8422 section 5.3)", async () => {
    const seam = misbehaving({ ClientHello: without(10) }) // so the server is free to choose
    const server = await meet({ ...tls12, groups: ['X25519'], seam }, tls12)
    expect(errorOf(server.clientEvents)).toMatchObject({
      code: 'illegal_parameter',
      message: expect.stringMatching(/curve p256/),
    })
  })

  it('without supported_groups a client can do any curve, and all have P-256 (RFC 8422 section 4)', async () => {
    const seam = misbehaving({ ClientHello: without(10) })
    const groupWith = async (groups: readonly string[]): Promise<unknown> =>
      infoOf((await meet({ ...tls12, seam }, { ...tls12, groups: groups as ['X25519'] })).serverEvents).group
    expect(await groupWith(['X25519', 'P-384', 'P-256'])).toBe('P-256')
    expect(await groupWith(['P-384', 'X25519'])).toBe('P-384')
  })

  it('early data is not for TLS 1.2 (RFC 9846 appendix E.3)', async () => {
    const protector = rotatingTicketKeys({ provider: nodeProvider })
    const options: TestServerOptions = {
      tickets: { protector },
      earlyData: { maxBytes: 1000, replayGuard: memoryReplayGuard() },
    }
    const first = await meet({}, options)
    const [session] = eventsOf(first.clientEvents, 'session')
    const second = await meet(
      { session: session?.session ?? none, earlyData: Uint8Array.of(1) },
      { tickets: { protector }, ...tls12 },
    )
    const failed = [...eventsOf(second.clientEvents, 'error'), ...eventsOf(second.serverEvents, 'error')].map(
      ({ error }) => error.code,
    )
    expect(failed).toContain('unexpected_message')
  })

  it('a record over the limit that was said (RFC 8449 section 4)', () => {
    const config = serverConfig({ ...tls12, ...ecdsa, provider: nodeProvider })
    const deaf = new Engine({
      config,
      role: 'server',
      handshake: (io: HandshakeIo) =>
        serverHandshake(config, io.with({ setMaxFragment: () => {} }), { defaults: {}, feature: everyServerFeature }),
    })
    const client = clientOf({ ...tls12, limits: { recordSizeLimit: 100 } })
    infoOf(through(client, deaf, (wire) => [wire]).client)
    void deaf.send(new Uint8Array(100))
    void deaf.send(new Uint8Array(101))
    const events = through(client, deaf, (wire) => [wire])
    expect(eventsOf(events.client, 'data')).toHaveLength(1)
    expect(errorOf(events.client)).toMatchObject({ code: 'record_overflow', alert: 'record_overflow' })
  })

  it('application data before the handshake is done', () => {
    const server = serverOf(tls12)
    const client = clientOf(tls12)
    const events = through(client, server, (wire, direction) =>
      direction === 'to server' && wire[0] === 20 ? [record(23, Uint8Array.of(1)), wire] : [wire],
    )
    expect(errorOf(events.server).code).toBe('unexpected_message')
    for (const unfinished of [clientOf(tls12), serverOf(tls12)])
      expect(() => unfinished.send(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'wrong_state' }))
  })

  it('a renegotiation that gives up encrypt-then-MAC (RFC 7366 section 3.1)', () => {
    const suites = { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] }
    let hellos = 0
    const shapeHello: ClientHelloOptions['shape'] = (hello) =>
      hellos++ === 0 ? hello : { ...hello, extensions: hello.extensions?.filter(({ type }) => type !== 22) }
    const events = through(
      clientOf({ ...tls12, ...suites, tls12: { renegotiation: 'once' }, hello: { shape: shapeHello } }),
      renegotiatingServer({ ...ecdsa, ...suites }),
      (wire) => [wire],
    )
    expect(errorOf(events.client)).toMatchObject({
      code: 'illegal_parameter',
      message: expect.stringMatching(/RFC 7366/),
    })
  })

  it('a renegotiation that gives up the extended master secret (RFC 7627)', () => {
    let hellos = 0
    const shapeHello: ClientHelloOptions['shape'] = (hello) =>
      hellos++ === 0 ? hello : { ...hello, extensions: hello.extensions?.filter(({ type }) => type !== 23) }
    const events = through(
      clientOf({ ...tls12, tls12: { renegotiation: 'once' }, hello: { shape: shapeHello } }),
      renegotiatingServer(ecdsa),
      (wire) => [wire],
    )
    expect(errorOf(events.client)).toMatchObject({
      code: 'illegal_parameter',
      message: expect.stringMatching(/RFC 7627/),
    })
  })

  it('maxFragmentLength has four values', () => {
    const wrong: object = { tls12: { maxFragmentLength: 1000 } }
    expect(() => clientOf(wrong)).toThrow(/512, 1024, 2048 or 4096/)
  })

  it.each([
    [
      'may not encipher, with static RSA',
      'TLS_RSA_WITH_AES_128_GCM_SHA256',
      Uint8Array.of(3, 2, 7, 0x80),
      /keyEncipherment/,
    ],
    [
      'may not sign, with ECDHE',
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      Uint8Array.of(3, 2, 5, 0x20),
      /digitalSignature/,
    ],
  ])('a certificate that %s (RFC 5246 section 7.4.2)', async (_, suite, usage, says) => {
    const [pem] = decodePem(rsa.cert)
    if (!pem) throw new Error('no certificate')
    const at = pem.bytes.findIndex((_byte, i) => [3, 2, 5, 0xa0].every((byte, j) => pem.bytes[i + j] === byte))
    // the signature is not looked at here
    const cert = concat(pem.bytes.subarray(0, at), usage, pem.bytes.subarray(at + 4))
    const options = { ...tls12, cipherSuites: [suite] }
    const own = await meet(options, { ...options, cert, key: rsa.key })
    // a server of ours does not even try
    expect(errorOf(own.serverEvents)).toMatchObject({ alert: 'handshake_failure' })
    const identity = {
      ...(await loadIdentity({ cert, key: rsa.key }, nodeProvider)),
      leaf: (await loadIdentity(rsa, nodeProvider)).leaf,
    }
    const { clientEvents } = await meet(options, { ...options, identity })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'certificate_usage', message: expect.stringMatching(says) })
  })

  it('a provider that fails to encrypt the premaster secret ends in internal_error', async () => {
    const provider = {
      ...nodeProvider,
      rsaEncryptRaw: () => {
        throw new Error('out of order')
      },
    }
    const suites = { cipherSuites: ['TLS_RSA_WITH_AES_128_GCM_SHA256'] }
    const { clientEvents } = await meet({ ...tls12, ...suites, provider }, { ...tls12, ...rsa, ...suites })
    expect(errorOf(clientEvents)).toMatchObject({ code: 'internal_error', message: 'out of order' })
  })
})
