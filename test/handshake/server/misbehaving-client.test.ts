// Clients that misbehave towards a puretls server: each rule of RFC 9846 that makes a server refuse, broken once. Tests
// are named after the section.

import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parsePrivateKey } from '../../../src/crypto/keys.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { Signer } from '../../../src/crypto/provider.ts'
import type { AlertName, TlsErrorCode } from '../../../src/errors.ts'
import type { TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'
import { rotatingTicketKeys } from '../../../src/session/index.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { list, u16 } from '../../../src/wire/codec.ts'
import type { ClientHello } from '../../../src/wire/messages.ts'
import { extensionTypes } from '../../../src/wire/registry.ts'
import { eventsOf, infoOf, meet, serverOf } from '../../fixtures/engines.ts'
import { anyCertificate, ecdsa, ed25519, rsa } from '../../fixtures/identities.ts'
import {
  encoded,
  expectRefusal,
  misbehaving,
  plainRecord,
  raw,
  refusalOf,
  refusedBy,
  tls13,
  withExtension,
  withoutExtension,
} from '../misbehaving.ts'

const none = new Uint8Array(0)
const UNKNOWN = 0x4242
const ids = (...values: readonly number[]): Uint8Array => encoded(list(2, u16), values)
const share = (group: number, bytes: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(group >> 8, group & 0xff, bytes.length >> 8, bytes.length & 0xff), bytes)
const shares = (...all: readonly Uint8Array[]): Uint8Array => {
  const body = concat(...all)
  return concat(Uint8Array.of(body.length >> 8, body.length & 0xff), body)
}

type Shape = (hello: ClientHello) => ClientHello
const extend =
  (type: number, data?: Uint8Array): Shape =>
  (hello) => ({ ...hello, extensions: withExtension(hello.extensions, type, data) })
const without =
  (type: number): Shape =>
  (hello) => ({ ...hello, extensions: withoutExtension(hello.extensions, type) })

/** The server's verdict on a first ClientHello alone: what the client makes of it does not matter. */
const helloRefused = async (
  shape: Shape,
  code: TlsErrorCode,
  alert: AlertName,
  server: TestServerOptions = {},
  message = /./,
): Promise<void> => {
  let client: Uint8Array = none
  const source = await meet({ ...tls13, groups: ['X25519', 'P-256'] }, { ...tls13 })
  infoOf(source.clientEvents) // the same hello, unchanged, is taken
  const seam = misbehaving({
    ClientHello: (fields) => {
      client = raw('ClientHello', shape(fields))
      return fields
    },
  })
  await meet({ ...tls13, groups: ['X25519', 'P-256'], seam }, tls13)
  const error = refusalOf(serverOf({ ...tls13, ...server }), plainRecord(22, client, 0x0301))
  expect({ code: error.code, alert: error.alert }, error.message).toEqual({ code, alert })
  expect(error.message).toMatch(message)
}

describe('ClientHello (RFC 9846 section 4.2.2)', () => {
  it.each<readonly [string, Shape, TlsErrorCode & AlertName]>([
    ['compression beside null', (h) => ({ ...h, compressionMethods: Uint8Array.of(0, 1) }), 'illegal_parameter'],
    ['no null compression', (h) => ({ ...h, compressionMethods: Uint8Array.of(1) }), 'illegal_parameter'],
    ['no compression methods', (h) => ({ ...h, compressionMethods: none }), 'decode_error'],
    ['no cipher suites', (h) => ({ ...h, cipherSuites: [] }), 'decode_error'],
    ['no extensions, and so TLS 1.2', (h) => ({ ...h, extensions: undefined }), 'protocol_version'],
    [
      'an extension twice (section 4.3)',
      (h) => ({ ...h, extensions: [...(h.extensions ?? []), ...(h.extensions ?? [])] }),
      'decode_error',
    ],
    ['no supported_versions (section 4.3.1)', without(extensionTypes.supported_versions), 'protocol_version'],
    [
      'only versions of the future',
      extend(extensionTypes.supported_versions, Uint8Array.of(2, 3, 5)),
      'protocol_version',
    ],
    [
      'only GREASE versions (RFC 8701 section 3)',
      extend(extensionTypes.supported_versions, Uint8Array.of(2, 0x0a, 0x0a)),
      'protocol_version',
    ],
    ['an empty supported_versions', extend(extensionTypes.supported_versions, Uint8Array.of(0)), 'decode_error'],
    ['half a version', extend(extensionTypes.supported_versions, Uint8Array.of(3, 3, 4, 3)), 'decode_error'],
    ['legacy_version 0x0301 (section 4.2.2)', (h) => ({ ...h, legacyVersion: 0x0301 }), 'protocol_version'],
    ['legacy_version 0x0300 (section 4.2.2)', (h) => ({ ...h, legacyVersion: 0x0300 }), 'protocol_version'],
    ['legacy_version 0x0304 (section 4.2.2)', (h) => ({ ...h, legacyVersion: 0x0304 }), 'protocol_version'],
    ['no supported_groups (section 9.2)', without(extensionTypes.supported_groups), 'missing_extension'],
    ['no key_share (section 9.2)', without(extensionTypes.key_share), 'missing_extension'],
    [
      'an empty supported_groups (section 4.3.7)',
      extend(extensionTypes.supported_groups, Uint8Array.of(0, 0)),
      'decode_error',
    ],
    [
      'an empty signature_algorithms (section 4.3.3)',
      extend(extensionTypes.signature_algorithms, Uint8Array.of(0, 0)),
      'decode_error',
    ],
    [
      'a server name with a zero byte (RFC 6066 section 3)',
      extend(0, Uint8Array.of(0, 6, 0, 0, 3, 97, 0, 98)),
      'illegal_parameter',
    ],
    [
      'two server names of one type (RFC 6066 section 3)',
      extend(0, Uint8Array.of(0, 8, 0, 0, 1, 97, 0, 0, 1, 98)),
      'illegal_parameter',
    ],
    ['an empty protocol name (RFC 7301 section 3.1)', extend(16, Uint8Array.of(0, 1, 0)), 'decode_error'],
    ['a record_size_limit of 63 (RFC 8449 section 4)', extend(28, Uint8Array.of(0, 63)), 'illegal_parameter'],
    ["bytes behind an extension's value", extend(extensionTypes.post_handshake_auth, Uint8Array.of(0)), 'decode_error'],
    ['an empty cookie (section 4.3.2)', extend(extensionTypes.cookie, Uint8Array.of(0, 0)), 'decode_error'],
  ])('%s', (_, shape, code) => helloRefused(shape, code, code))

  it('no supported_groups and no key_share (section 9.2)', () =>
    helloRefused(
      (h) => without(extensionTypes.key_share)(without(extensionTypes.supported_groups)(h)),
      'missing_extension',
      'missing_extension',
      {},
      /supported_groups and key_share are expected, both/,
    ))

  it('no signature_algorithms (section 9.2)', () =>
    helloRefused(
      without(extensionTypes.signature_algorithms),
      'missing_extension',
      'missing_extension',
      {},
      /signature_algorithms or a PSK/,
    ))

  it.each<readonly [string, Shape, TlsErrorCode]>([
    ['no suite in common', (h) => ({ ...h, cipherSuites: [0x1305, 0x0a0a] }), 'no_common_cipher_suite'],
    ['only suites of TLS 1.2', (h) => ({ ...h, cipherSuites: [0xc02b] }), 'no_common_cipher_suite'],
    [
      'no group in common (section 4.2.1)',
      (h) =>
        extend(extensionTypes.supported_groups, ids(0x0100, 0x0a0a))(extend(extensionTypes.key_share, shares())(h)),
      'no_common_group',
    ],
    [
      'no signature scheme in common (section 4.2.1)',
      extend(extensionTypes.signature_algorithms, ids(0x0804, 0x0a0a)),
      'no_common_signature_scheme',
    ],
    [
      'schemes of TLS 1.2 alone (section 4.3.3)',
      extend(extensionTypes.signature_algorithms, ids(0x0401, 0x0203)),
      'no_common_signature_scheme',
    ],
  ])('%s', (_, shape, code) => helloRefused(shape, code, 'handshake_failure'))

  it('no protocol in common (RFC 7301 section 3.2)', () =>
    helloRefused(extend(16, Uint8Array.of(0, 3, 2, 104, 51)), 'no_common_protocol', 'no_application_protocol', {
      alpn: ['h2'],
    }))

  it.each<readonly [string, Shape]>([
    ['suites', (h) => ({ ...h, cipherSuites: [0x1a1a, 0x4242, ...h.cipherSuites] })],
    [
      'extensions',
      (h) => ({
        ...h,
        extensions: [{ type: 0x2a2a, data: Uint8Array.of(0) }, ...withExtension(h.extensions, UNKNOWN)],
      }),
    ],
    ['versions', (h) => extend(extensionTypes.supported_versions, Uint8Array.of(8, 0x3a, 0x3a, 3, 5, 3, 4, 3, 3))(h)],
  ])('unknown and GREASE %s are ignored (RFC 8701 section 3.1)', async (_, shapeHello) => {
    for (const preferServerOrder of [true, false]) {
      const server = { ...tls13, hello: { preferServerOrder } }
      const { serverEvents } = await meet({ ...tls13, hello: { shape: shapeHello } }, server)
      expect(infoOf(serverEvents).version).toBe('TLS 1.3')
    }
  })
})

describe('key_share (RFC 9846 section 4.3.8)', () => {
  it.each<readonly [string, Uint8Array, TlsErrorCode & AlertName]>([
    [
      'a group that is not listed',
      shares(share(0x0018, concat(Uint8Array.of(4), new Uint8Array(96)))),
      'illegal_parameter',
    ],
    [
      'a group twice',
      shares(share(0x001d, new Uint8Array(32).fill(9)), share(0x001d, new Uint8Array(32).fill(8))),
      'illegal_parameter',
    ],
    ['an X25519 share of 33 bytes', shares(share(0x001d, new Uint8Array(33).fill(9))), 'illegal_parameter'],
    ['an X25519 share of small order (section 7.4.2)', shares(share(0x001d, new Uint8Array(32))), 'illegal_parameter'],
    [
      'a P-256 point off the curve (section 4.3.8.2)',
      shares(share(0x0017, concat(Uint8Array.of(4), new Uint8Array(64).fill(5)))),
      'illegal_parameter',
    ],
    [
      'a compressed P-256 point (section 4.3.8.2)',
      shares(share(0x0017, concat(Uint8Array.of(2), new Uint8Array(32).fill(5)))),
      'illegal_parameter',
    ],
    ['the point at infinity (section 4.3.8.2)', shares(share(0x0017, Uint8Array.of(0))), 'illegal_parameter'],
    ['an empty share', shares(share(0x001d, none)), 'decode_error'],
    ['half an entry', Uint8Array.of(0, 3, 0, 0x1d, 0), 'decode_error'],
  ])('%s', (_, data, code) => helloRefused(extend(extensionTypes.key_share, data), code, code))

  it('a P-256 share of the right length that is no uncompressed point (section 4.3.8.2)', () =>
    helloRefused(
      extend(extensionTypes.key_share, shares(share(0x0017, concat(Uint8Array.of(6), new Uint8Array(64).fill(5))))),
      'illegal_parameter',
      'illegal_parameter',
      {},
      /not an uncompressed point/,
    ))
})

describe('after HelloRetryRequest (RFC 9846 section 4.2.2)', () => {
  const client: TestClientOptions = { groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'] } }
  const second = (change: Shape): TestClientOptions => ({
    ...client,
    seam: misbehaving({ ClientHello: (fields, nth) => (nth === 1 ? change(fields) : fields) }),
  })
  it.each<readonly [string, Shape, TlsErrorCode & AlertName]>([
    ['another random', (h) => ({ ...h, random: new Uint8Array(32).fill(1) }), 'illegal_parameter'],
    ['another session ID', (h) => ({ ...h, sessionId: none }), 'illegal_parameter'],
    ['other suites', (h) => ({ ...h, cipherSuites: h.cipherSuites.slice(1) }), 'illegal_parameter'],
    ['an extension less', without(extensionTypes.status_request), 'illegal_parameter'],
    ['an extension more', extend(UNKNOWN), 'illegal_parameter'],
    ['another server name', extend(0, Uint8Array.of(0, 4, 0, 0, 1, 97)), 'illegal_parameter'],
    ['early_data', extend(extensionTypes.early_data), 'illegal_parameter'],
    ['a cookie that was not given', extend(extensionTypes.cookie, Uint8Array.of(0, 1, 7)), 'illegal_parameter'],
    [
      'no share for the group (section 4.3.8)',
      extend(extensionTypes.key_share, shares(share(0x001d, new Uint8Array(32).fill(9)))),
      'illegal_parameter',
    ],
    ['no share at all (section 4.3.8)', extend(extensionTypes.key_share, shares()), 'illegal_parameter'],
    [
      'more shares than one (section 4.3.8)',
      (h) => {
        const asked = h.extensions?.find(({ type }) => type === extensionTypes.key_share)?.data.subarray(2) ?? none
        return extend(extensionTypes.key_share, shares(asked, share(0x001d, new Uint8Array(32).fill(9))))(h)
      },
      'illegal_parameter',
    ],
  ])('%s', async (_, change, code) => {
    await refusedBy('server', second(change), { groups: ['P-256'] }, code, code)
  })

  it.each<readonly [string, Shape]>([
    ['another cookie', extend(extensionTypes.cookie, Uint8Array.of(0, 1, 7))],
    ['no cookie', without(extensionTypes.cookie)],
  ])('%s (section 4.3.2)', async (_, change) => {
    await refusedBy(
      'server',
      second(change),
      { groups: ['P-256'], hello: { cookie: true } },
      'illegal_parameter',
      'illegal_parameter',
    )
  })

  it('a third ClientHello', async () => {
    const seam = misbehaving({
      ClientHello: (f, nth) => (nth === 1 ? [raw('ClientHello', f), raw('ClientHello', f)] : f),
    })
    await refusedBy('server', { ...client, seam }, { groups: ['P-256'] }, 'unexpected_message', 'unexpected_message')
  })
})

describe('pre_shared_key (RFC 9846 section 4.3.11)', () => {
  const ticketing = (): TestServerOptions => ({
    ...tls13,
    tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
  })
  const resuming = async (change: Shape, code: TlsErrorCode, alert: AlertName): Promise<void> => {
    const server = ticketing()
    const [session] = eventsOf((await meet(tls13, server)).clientEvents, 'session')
    await refusedBy(
      'server',
      { session: session?.session ?? none, seam: misbehaving({ ClientHello: change }) },
      server,
      code,
      alert,
    )
  }
  it('not the last extension', () =>
    resuming(
      (h) => ({ ...h, extensions: [...(h.extensions ?? []), { type: UNKNOWN, data: none }] }),
      'illegal_parameter',
      'illegal_parameter',
    ))
  it('without psk_key_exchange_modes (section 4.3.9)', () =>
    resuming(without(extensionTypes.psk_key_exchange_modes), 'missing_extension', 'missing_extension'))
  it('a wrong binder (section 4.3.11.2)', () =>
    resuming(
      (h) => ({
        ...h,
        extensions: (h.extensions ?? []).map(({ type, data }) =>
          type === extensionTypes.pre_shared_key
            ? { type, data: data.map((byte, i) => (i === data.length - 1 ? byte ^ 1 : byte)) }
            : { type, data },
        ),
      }),
      'bad_binder',
      'decrypt_error',
    ))
  it('a hello that changed under its binder (section 4.3.11.2)', () =>
    resuming((h) => ({ ...h, random: new Uint8Array(32).fill(3) }), 'bad_binder', 'decrypt_error'))
  it('fewer binders than identities', () =>
    resuming(
      (h) => ({
        ...h,
        extensions: (h.extensions ?? []).map(({ type, data }) => {
          if (type !== extensionTypes.pre_shared_key) return { type, data }
          const [high = 0, low = 0] = data
          const one = data.subarray(2, 2 + high * 256 + low)
          const identities = concat(one, one)
          return {
            type,
            data: concat(
              Uint8Array.of(identities.length >> 8, identities.length & 0xff),
              identities,
              data.subarray(2 + one.length),
            ),
          }
        }),
      }),
      'illegal_parameter',
      'illegal_parameter',
    ))
  it('a binder of 31 bytes', () =>
    resuming(
      (h) => ({
        ...h,
        extensions: (h.extensions ?? []).map(({ type, data }) =>
          type === extensionTypes.pre_shared_key
            ? {
                type,
                data: concat(
                  data.subarray(0, 2 + (data[0] ?? 0) * 256 + (data[1] ?? 0)),
                  Uint8Array.of(0, 32, 31),
                  new Uint8Array(31),
                ),
              }
            : { type, data },
        ),
      }),
      'decode_error',
      'decode_error',
    ))
})

describe('client authentication (RFC 9846 section 4.5)', () => {
  const requiring: TestServerOptions = { clientAuth: { mode: 'require', verifier: anyCertificate } }
  const externalSigner = (key: string, change: (content: Uint8Array) => Uint8Array = (content) => content): Signer => {
    const signer = nodeProvider.signer(parsePrivateKey(key))
    if (signer instanceof Promise) throw new Error('a synchronous provider is needed')
    return { algorithms: signer.algorithms, sign: (algorithm, content) => signer.sign(algorithm, change(content)) }
  }
  it.each<readonly [string, Parameters<typeof misbehaving>[0], TlsErrorCode, AlertName]>([
    [
      'Certificate left out',
      { Certificate: () => [], CertificateVerify: () => [] },
      'unexpected_message',
      'unexpected_message',
    ],
    [
      'Certificate left out before CertificateVerify',
      { Certificate: () => [] },
      'unexpected_message',
      'unexpected_message',
    ],
    ['CertificateVerify left out', { CertificateVerify: () => [] }, 'unexpected_message', 'unexpected_message'],
    [
      'CertificateVerify twice',
      { CertificateVerify: (f) => [raw('CertificateVerify', f), raw('CertificateVerify', f)] },
      'unexpected_message',
      'unexpected_message',
    ],
    [
      'an empty list where one is required',
      { Certificate: (f) => ({ ...f, entries: [] }), CertificateVerify: () => [] },
      'certificate_required',
      'certificate_required',
    ],
    [
      'a context in the handshake',
      { Certificate: (f) => ({ ...f, context: Uint8Array.of(1) }) },
      'illegal_parameter',
      'illegal_parameter',
    ],
    [
      'an extension that was not asked for',
      {
        Certificate: (f) => ({
          ...f,
          entries: f.entries.map((entry) => ({
            ...entry,
            extensions: [{ type: 5, data: Uint8Array.of(1, 0, 0, 1, 0) }],
          })),
        }),
      },
      'unsupported_extension',
      'unsupported_extension',
    ],
    [
      'no DER',
      { Certificate: (f) => ({ ...f, entries: [{ data: Uint8Array.of(1), extensions: [] }] }) },
      'bad_certificate',
      'bad_certificate',
    ],
    [
      'a scheme that is not for TLS 1.3',
      { CertificateVerify: (f) => ({ ...f, scheme: 0x0401 }) },
      'illegal_parameter',
      'illegal_parameter',
    ],
    [
      'a scheme of another kind of key',
      { CertificateVerify: (f) => ({ ...f, scheme: 0x0807 }) },
      'illegal_parameter',
      'illegal_parameter',
    ],
    [
      'a wrong signature',
      { CertificateVerify: (f) => ({ ...f, signature: f.signature.map((b, i) => (i === 20 ? b ^ 1 : b)) }) },
      'bad_signature',
      'decrypt_error',
    ],
  ])('%s', async (_, changes, code, alert) => {
    await refusedBy('server', { ...ecdsa, seam: misbehaving(changes) }, requiring, code, alert)
  })

  it.each([
    ['ECDSA', ecdsa, () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['RSA', rsa, () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['Ed25519', ed25519, () => generateKeyPairSync('ed25519')],
  ])('%s by another key (section 4.5.2)', async (_, { cert }, generate) => {
    const key = externalSigner(String(generate().privateKey.export({ format: 'pem', type: 'pkcs8' })))
    await refusedBy('server', { cert, key }, requiring, 'bad_signature', 'decrypt_error')
  })

  it.each([
    ['ECDSA', ecdsa],
    ['RSA', rsa],
    ['Ed25519', ed25519],
  ])('%s with the context string of a server (section 4.5.2)', async (_, { cert, key }) => {
    const asServer = (content: Uint8Array): Uint8Array =>
      concat(
        content.subarray(0, 64),
        new TextEncoder().encode('TLS 1.3, server CertificateVerify'),
        content.subarray(97),
      )
    await refusedBy('server', { cert, key: externalSigner(key, asServer) }, requiring, 'bad_signature', 'decrypt_error')
  })

  it('a certificate that was not asked for', async () => {
    const seam = misbehaving({
      Finished: (f) => [raw('Certificate', { context: none, entries: [] }), raw('Finished', f)],
    })
    await refusedBy('server', { seam }, {}, 'unexpected_message', 'unexpected_message')
  })

  it('none at all, where one is only requested, is let in', async () => {
    const { serverEvents } = await meet(tls13, { ...tls13, clientAuth: { mode: 'request', verifier: anyCertificate } })
    expect(infoOf(serverEvents).peerCertificates).toEqual([])
  })
})

describe('Finished (RFC 9846 section 4.5.3)', () => {
  const small: TestClientOptions = { cipherSuites: ['TLS_AES_128_GCM_SHA256'] }
  it.each<readonly [string, Parameters<typeof misbehaving>[0], TlsErrorCode, AlertName]>([
    ['wrong', { Finished: (f) => ({ verifyData: f.verifyData.map((b) => b ^ 1) }) }, 'bad_finished', 'decrypt_error'],
    [
      "over the server's own Finished base",
      { Finished: () => ({ verifyData: new Uint8Array(32) }) },
      'bad_finished',
      'decrypt_error',
    ],
    ['too short', { Finished: (f) => ({ verifyData: f.verifyData.subarray(1) }) }, 'decode_error', 'decode_error'],
    ['empty', { Finished: () => ({ verifyData: none }) }, 'decode_error', 'decode_error'],
    [
      'repeated in one flight (section 5.1)',
      { Finished: (f) => [raw('Finished', f), raw('Finished', f)] },
      'unexpected_message',
      'unexpected_message',
    ],
    [
      'a message behind it under the handshake keys (section 5.1)',
      { Finished: (f) => [raw('Finished', f), Uint8Array.of(24, 0, 0, 1)] },
      'unexpected_message',
      'unexpected_message',
    ],
    [
      'left out, with KeyUpdate in its place',
      { Finished: () => [raw('KeyUpdate', { requestUpdate: false })] },
      'unexpected_message',
      'unexpected_message',
    ],
    [
      'EndOfEarlyData without early data (section 4.6)',
      { Finished: (f) => [raw('EndOfEarlyData', {}), raw('Finished', f)] },
      'unexpected_message',
      'unexpected_message',
    ],
  ])('%s', async (_, changes, code, alert) => {
    await refusedBy('server', { ...small, seam: misbehaving(changes) }, {}, code, alert)
  })
})

describe('after the handshake (RFC 9846 section 4.7)', () => {
  it.each<readonly [string, Uint8Array]>([
    ['a second ClientHello, which is no renegotiation in TLS 1.3', Uint8Array.of(1, 0, 0, 0)],
    ['a Finished', raw('Finished', { verifyData: new Uint8Array(32) })],
    [
      'a NewSessionTicket of a client',
      raw('NewSessionTicket', { lifetime: 1, ageAdd: 1, nonce: none, ticket: Uint8Array.of(1), extensions: [] }),
    ],
    ['an EndOfEarlyData', raw('EndOfEarlyData', {})],
    ['a message of an unknown type', Uint8Array.of(77, 0, 0, 0)],
  ])('%s', async (_, message) => {
    const meeting = await meet({ ...tls13, seam: misbehaving({ KeyUpdate: () => [message] }) }, tls13)
    infoOf(meeting.serverEvents)
    await meeting.client.updateKeys(false)
    await meeting.settle()
    expectRefusal('server', meeting, 'unexpected_message', 'unexpected_message')
  })

  it('a Certificate that answers no request (section 4.7.2)', async () => {
    const message = raw('Certificate', { context: Uint8Array.of(1), entries: [] })
    const meeting = await meet({ ...tls13, seam: misbehaving({ KeyUpdate: () => [message] }) }, tls13)
    await meeting.client.updateKeys(false)
    await meeting.settle()
    expectRefusal('server', meeting, 'illegal_parameter', 'illegal_parameter')
  })

  it('a second answer to a request that was answered (section 4.7.2)', async () => {
    let context: Uint8Array = none
    const seam = misbehaving({
      Certificate: (fields) => {
        context = fields.context
        return fields
      },
      Finished: (fields, nth) =>
        nth === 1 ? [raw('Finished', fields), raw('Certificate', { context, entries: [] })] : fields,
    })
    const meeting = await meet(
      { ...tls13, ...ecdsa, hello: { postHandshakeAuth: true }, seam },
      { ...tls13, clientAuth: { mode: 'request-unverified' } },
    )
    await meeting.server.requestClientCertificate()
    await meeting.settle()
    expect(context).toHaveLength(16)
    expect(
      eventsOf(meeting.serverEvents, 'clientCertificate').map(({ peerCertificates }) => peerCertificates.length),
    ).toEqual([1])
    expectRefusal('server', meeting, 'illegal_parameter', 'illegal_parameter', /no request that waits/)
  })

  it('a KeyUpdate with a value of 2 (section 4.7.3)', async () => {
    const meeting = await meet(
      { ...tls13, seam: misbehaving({ KeyUpdate: () => [Uint8Array.of(24, 0, 0, 1, 2)] }) },
      tls13,
    )
    await meeting.client.updateKeys(false)
    await meeting.settle()
    expectRefusal('server', meeting, 'illegal_parameter', 'illegal_parameter')
  })
})
