// Servers that misbehave towards a puretls client: each rule of RFC 9846 that makes a client refuse, broken once. Tests
// are named after the section.

import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parsePrivateKey } from '../../../src/crypto/keys.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { Signer } from '../../../src/crypto/provider.ts'
import type { AlertName, TlsErrorCode } from '../../../src/errors.ts'
import type { Seam } from '../../../src/config.ts'
import type { TestClientOptions, TestServerOptions } from '../../fixtures/engines.ts'
import { rotatingTicketKeys } from '../../../src/session/index.ts'
import { concat } from '../../../src/wire/bytes.ts'
import type { RawExtension } from '../../../src/wire/extensions.ts'
import { HELLO_RETRY_REQUEST_RANDOM } from '../../../src/wire/messages.ts'
import { extensionTypes } from '../../../src/wire/registry.ts'
import { clientOf, connectEngines, eventsOf, infoOf, meet, serverOf } from '../../fixtures/engines.ts'
import { ecdsa, ed25519, rsa } from '../../fixtures/identities.ts'
import {
  expectRefusal,
  misbehaving,
  plainRecord,
  raw,
  refusedBy,
  tls13,
  withExtension,
  withoutExtension,
} from '../misbehaving.ts'

const none = new Uint8Array(0)
const UNKNOWN = 0x4242
const ffdhe2048 = 0x0100

interface Case {
  readonly name: string
  readonly violation: Seam
  readonly code: TlsErrorCode
  readonly alert: AlertName
  readonly client?: TestClientOptions
  readonly server?: TestServerOptions
  /** Where another rule ends in the same alert. */
  readonly message?: RegExp
}

/** Makes a case whose alert has the code's name. */
const violation = (
  name: string,
  seam: Parameters<typeof misbehaving>[0],
  code: TlsErrorCode & AlertName,
  more: Partial<Case> = {},
): Case => ({
  name,
  violation: misbehaving(seam),
  code,
  alert: code,
  ...more,
})
const decrypt = (name: string, seam: Parameters<typeof misbehaving>[0], code: TlsErrorCode): Case => ({
  name,
  violation: misbehaving(seam),
  code,
  alert: 'decrypt_error',
})

const check = async ({ violation: seam, code, alert, client = {}, server = {}, message }: Case): Promise<void> => {
  await refusedBy('client', client, { ...server, seam }, code, alert, message)
}

const signerOf = (key: string): Signer => {
  const signer = nodeProvider.signer(parsePrivateKey(key))
  if (signer instanceof Promise) throw new Error('a synchronous provider is needed')
  return signer
}

/** Without publicKey, so that the mismatch is not seen when the config is made. */
const externalSigner = (key: string, change: (content: Uint8Array) => Uint8Array = (content) => content): Signer => {
  const signer = signerOf(key)
  return { algorithms: signer.algorithms, sign: (algorithm, content) => signer.sign(algorithm, change(content)) }
}

const retry: { readonly client: TestClientOptions; readonly server: TestServerOptions } = {
  client: { groups: ['X25519', 'P-256', 'P-384'], hello: { keyShares: ['X25519'] } },
  server: { groups: ['P-256'] },
}
const keyShare = (group: number, share: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(group >> 8, group & 0xff, share.length >> 8, share.length & 0xff), share)

describe('ServerHello (RFC 9846 section 4.2.3)', () => {
  it.each<Case>([
    violation(
      'another session ID than ours',
      { ServerHello: (f) => ({ ...f, sessionId: new Uint8Array(32).fill(7) }) },
      'illegal_parameter',
    ),
    violation(
      'a suite that was not offered',
      { ServerHello: (f) => ({ ...f, cipherSuite: 0x1305 }) },
      'illegal_parameter',
      { message: /was not offered/ },
    ),
    violation('a suite of TLS 1.2', { ServerHello: (f) => ({ ...f, cipherSuite: 0xc02b }) }, 'illegal_parameter', {
      client: { versions: { min: 'TLS 1.2' } },
    }),
    violation('compression', { ServerHello: (f) => ({ ...f, compressionMethod: 1 }) }, 'illegal_parameter'),
    violation('legacy_version 0x0304', { ServerHello: (f) => ({ ...f, legacyVersion: 0x0304 }) }, 'protocol_version'),
    violation('legacy_version 0x0302', { ServerHello: (f) => ({ ...f, legacyVersion: 0x0302 }) }, 'protocol_version'),
    violation('no extensions, and so TLS 1.2', { ServerHello: (f) => ({ ...f, extensions: [] }) }, 'protocol_version'),
    violation(
      'an unknown extension',
      { ServerHello: (f) => ({ ...f, extensions: withExtension(f.extensions, UNKNOWN) }) },
      'unsupported_extension',
    ),
    violation(
      'an offered extension that belongs elsewhere',
      {
        ServerHello: (f) => ({
          ...f,
          extensions: withExtension(f.extensions, extensionTypes.signature_algorithms, Uint8Array.of(0, 2, 4, 3)),
        }),
      },
      'illegal_parameter',
    ),
    violation(
      'an extension twice',
      {
        ServerHello: (f) => ({ ...f, extensions: [...(f.extensions ?? []), ...(f.extensions ?? [])] }),
      },
      'decode_error',
    ),
    violation(
      'bytes after its end',
      {
        ServerHello: (f) => [
          concat(
            Uint8Array.of(2, 0, 0, raw('ServerHello', f).length - 3),
            raw('ServerHello', f).subarray(4),
            Uint8Array.of(0),
          ),
        ],
      },
      'decode_error',
    ),
  ])('$name', check)
})

describe('downgrade protection (RFC 9846 section 4.2.3)', () => {
  it.each([
    ['TLS 1.2', 1],
    ['TLS 1.1 and older', 0],
  ])('the sentinel for %s', async (_, last) => {
    const random = concat(new Uint8Array(24), Uint8Array.of(0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, last))
    const seam = misbehaving({ ServerHello: (f) => ({ ...f, random, cipherSuite: 0xc02b, extensions: [] }) })
    await refusedBy('client', { versions: { min: 'TLS 1.2' } }, { seam }, 'downgrade_detected', 'illegal_parameter')
  })
})

describe('supported_versions (RFC 9846 section 4.3.1)', () => {
  const version = (id: number): Parameters<typeof misbehaving>[0] => ({
    ServerHello: (f) => ({
      ...f,
      extensions: withExtension(f.extensions, extensionTypes.supported_versions, Uint8Array.of(id >> 8, id & 0xff)),
    }),
  })
  it.each<Case>([
    violation('TLS 1.2 by the extension', version(0x0303), 'illegal_parameter', {
      client: { versions: { min: 'TLS 1.2' } },
      message: /supported_versions names TLS 1.2/,
    }),
    violation('TLS 1.0 by the extension', version(0x0301), 'illegal_parameter'),
    violation('a version of the future', version(0x0305), 'illegal_parameter'),
    violation('a draft', version(0x7f1c), 'illegal_parameter'),
  ])('$name', check)
})

describe('key_share (RFC 9846 section 4.3.8)', () => {
  const share = (data: Uint8Array): Parameters<typeof misbehaving>[0] => ({
    ServerHello: (f) => ({ ...f, extensions: withExtension(f.extensions, extensionTypes.key_share, data) }),
  })
  const groups = { groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'] } }
  /** The right share under the number of the other group. */
  const asP256 = (extension: RawExtension): RawExtension =>
    extension.type === extensionTypes.key_share
      ? { ...extension, data: concat(Uint8Array.of(0, 0x17), extension.data.subarray(2)) }
      : extension
  it.each<Case>([
    violation(
      'none',
      { ServerHello: (f) => ({ ...f, extensions: withoutExtension(f.extensions, extensionTypes.key_share) }) },
      'missing_extension',
    ),
    violation('a group not offered', share(keyShare(ffdhe2048, new Uint8Array(256).fill(2))), 'illegal_parameter'),
    violation(
      'a group offered without a share',
      { ServerHello: (f) => ({ ...f, extensions: f.extensions?.map(asP256) }) },
      'illegal_parameter',
      { client: groups },
    ),
    violation('an X25519 share of 31 bytes', share(keyShare(0x001d, new Uint8Array(31).fill(9))), 'illegal_parameter', {
      client: groups,
    }),
    violation(
      'an X25519 share of small order (section 7.4.2)',
      share(keyShare(0x001d, new Uint8Array(32))),
      'illegal_parameter',
      { client: groups },
    ),
    violation(
      'a P-256 point off the curve (section 4.3.8.2)',
      share(keyShare(0x0017, concat(Uint8Array.of(4), new Uint8Array(64).fill(3)))),
      'illegal_parameter',
      {
        client: { groups: ['P-256'] },
      },
    ),
    violation(
      'a compressed P-256 point (section 4.3.8.2)',
      share(keyShare(0x0017, concat(Uint8Array.of(2), new Uint8Array(64).fill(3)))),
      'illegal_parameter',
      {
        client: { groups: ['P-256'] },
      },
    ),
    violation(
      'a hybrid share of a wrong length',
      share(keyShare(0x11ec, new Uint8Array(1119).fill(1))),
      'illegal_parameter',
    ),
    violation('an empty share', share(keyShare(0x001d, none)), 'decode_error'),
    violation(
      'a share with a byte too many',
      share(concat(keyShare(0x001d, new Uint8Array(32).fill(9)), Uint8Array.of(0))),
      'decode_error',
    ),
  ])('$name', check)
})

describe('pre_shared_key (RFC 9846 section 4.3.11)', () => {
  it.each<Case>([
    violation(
      'chosen where none was offered',
      {
        ServerHello: (f) => ({
          ...f,
          extensions: withExtension(f.extensions, extensionTypes.pre_shared_key, Uint8Array.of(0, 0)),
        }),
      },
      'unsupported_extension',
    ),
  ])('$name', check)

  it('an index beyond the list', async () => {
    const server: TestServerOptions = {
      ...tls13,
      tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
    }
    const [session] = eventsOf((await meet(tls13, server)).clientEvents, 'session')
    const seam = misbehaving({
      ServerHello: (f) => ({
        ...f,
        extensions: withExtension(f.extensions, extensionTypes.pre_shared_key, Uint8Array.of(0, 1)),
      }),
    })
    await refusedBy(
      'client',
      { session: session?.session ?? none },
      { ...server, seam },
      'illegal_parameter',
      'illegal_parameter',
    )
  })

  it('psk_ke where the client offered psk_dhe_ke alone (section 4.3.9)', async () => {
    const server: TestServerOptions = {
      ...tls13,
      tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
    }
    const [session] = eventsOf((await meet(tls13, server)).clientEvents, 'session')
    const seam = misbehaving({
      ServerHello: (f) => ({ ...f, extensions: withoutExtension(f.extensions, extensionTypes.key_share) }),
    })
    await refusedBy(
      'client',
      { session: session?.session ?? none },
      { ...server, seam },
      'illegal_parameter',
      'illegal_parameter',
      /no key_share/,
    )
  })
})

describe('HelloRetryRequest (RFC 9846 section 4.2.4)', () => {
  const second = (change: (fields: { readonly cipherSuite: number }) => object): Parameters<typeof misbehaving>[0] => ({
    ServerHello: (f, nth) => (nth === 1 ? { ...f, ...change(f) } : f),
  })
  const request = (data: Uint8Array | undefined): Parameters<typeof misbehaving>[0] => ({
    ServerHello: (f, nth) =>
      nth === 1
        ? f
        : {
            ...f,
            extensions: data
              ? withExtension(f.extensions, extensionTypes.key_share, data)
              : withoutExtension(f.extensions, extensionTypes.key_share),
          },
  })
  it.each<readonly [string, object, TlsErrorCode & AlertName, RegExp]>([
    ['legacy_version', { legacyVersion: 0x0302 }, 'protocol_version', /legacy_version/],
    ['legacy_session_id_echo', { sessionId: none }, 'illegal_parameter', /session ID/],
    ['cipher_suite', { cipherSuite: 0x1305 }, 'illegal_parameter', /was not offered/],
    ['legacy_compression_method', { compressionMethod: 1 }, 'illegal_parameter', /compression/],
  ])('its own %s is checked as that of a ServerHello', async (_, change, code, message) => {
    const seam = misbehaving({ ServerHello: (f, nth) => (nth === 0 ? { ...f, ...change } : f) })
    await refusedBy('client', retry.client, { ...retry.server, seam }, code, code, message)
  })

  it.each<Case>([
    violation(
      'a second one',
      second(() => ({ random: HELLO_RETRY_REQUEST_RANDOM })),
      'unexpected_message',
      retry,
    ),
    violation(
      'another suite after it',
      second(({ cipherSuite }) => ({ cipherSuite: cipherSuite === 0x1301 ? 0x1302 : 0x1301 })),
      'illegal_parameter',
      retry,
    ),
    violation(
      'another session ID after it',
      second(() => ({ sessionId: none })),
      'illegal_parameter',
      retry,
    ),
    violation(
      'a suite that was not offered',
      { ServerHello: (f) => ({ ...f, cipherSuite: 0x1305 }) },
      'illegal_parameter',
      retry,
    ),
    violation('a group that is not ours (section 4.3.8)', request(Uint8Array.of(0x01, 0x00)), 'illegal_parameter', {
      ...retry,
      message: /was not offered/,
    }),
    violation(
      'a group that had a share already (section 4.3.8)',
      request(Uint8Array.of(0x00, 0x1d)),
      'illegal_parameter',
      retry,
    ),
    violation('nothing to change', request(undefined), 'illegal_parameter', retry),
    violation(
      'an extension that was not offered',
      {
        ServerHello: (f, nth) => (nth === 0 ? { ...f, extensions: withExtension(f.extensions, UNKNOWN) } : f),
      },
      'unsupported_extension',
      retry,
    ),
    violation(
      'an empty cookie (section 4.3.2)',
      {
        ServerHello: (f, nth) =>
          nth === 0 ? { ...f, extensions: withExtension(f.extensions, extensionTypes.cookie, Uint8Array.of(0, 0)) } : f,
      },
      'decode_error',
      retry,
    ),
    violation(
      'a share for another group than it asked for (section 4.3.8)',
      {
        ServerHello: (f, nth) =>
          nth === 1
            ? {
                ...f,
                extensions: withExtension(
                  f.extensions,
                  extensionTypes.key_share,
                  keyShare(0x001d, new Uint8Array(32).fill(9)),
                ),
              }
            : f,
      },
      'illegal_parameter',
      { ...retry, message: /after a HelloRetryRequest for another group/ },
    ),
    ...[0x0302, 0x0303, 0x0305, 0x0404, 0x0504].map((id) =>
      violation(
        `version 0x${id.toString(16).padStart(4, '0')} after it`,
        {
          ServerHello: (f, nth) =>
            nth === 1
              ? {
                  ...f,
                  extensions: withExtension(
                    f.extensions,
                    extensionTypes.supported_versions,
                    Uint8Array.of(id >> 8, id & 0xff),
                  ),
                }
              : f,
        },
        'illegal_parameter',
        retry,
      ),
    ),
  ])('$name', check)

  it('an honest one is followed', async () => {
    const { clientEvents } = await meet({ ...tls13, ...retry.client }, { ...tls13, ...retry.server })
    expect(infoOf(clientEvents)).toMatchObject({ helloRetryRequest: true, group: 'P-256' })
  })
})

describe('EncryptedExtensions (RFC 9846 section 4.4.1)', () => {
  const add = (type: number, data: Uint8Array = none): Parameters<typeof misbehaving>[0] => ({
    EncryptedExtensions: (f) => ({ extensions: withExtension(f.extensions, type, data) }),
  })
  const alpn = (...names: readonly string[]): Uint8Array => {
    const list = concat(...names.map((name) => Uint8Array.of(name.length, ...new TextEncoder().encode(name))))
    return Uint8Array.of(0, list.length, ...list)
  }
  it.each<Case>([
    violation('left out', { EncryptedExtensions: () => [] }, 'unexpected_message'),
    violation(
      'twice',
      { EncryptedExtensions: (f) => [raw('EncryptedExtensions', f), raw('EncryptedExtensions', f)] },
      'unexpected_message',
    ),
    violation('an unknown extension', add(UNKNOWN), 'unsupported_extension'),
    violation(
      'an extension that belongs into ServerHello',
      add(extensionTypes.key_share, keyShare(0x1d, new Uint8Array(32))),
      'illegal_parameter',
    ),
    violation(
      'an extension that belongs into Certificate',
      add(extensionTypes.status_request, Uint8Array.of(1, 0, 0, 1, 0)),
      'illegal_parameter',
    ),
    violation(
      'early_data that was not offered (section 4.3.10)',
      add(extensionTypes.early_data),
      'unsupported_extension',
    ),
    violation('ALPN that was not offered (RFC 7301 section 3.1)', add(16, alpn('h2')), 'unsupported_extension'),
    violation('a protocol that was not offered (RFC 7301 section 3.1)', add(16, alpn('h2')), 'illegal_parameter', {
      client: { alpn: ['http/1.1'] },
    }),
    violation('two protocols (RFC 7301 section 3.1)', add(16, alpn('h2', 'http/1.1')), 'decode_error', {
      client: { alpn: ['h2', 'http/1.1'] },
    }),
    violation(
      'a server_name with content (RFC 6066 section 3)',
      add(extensionTypes.server_name, Uint8Array.of(0)),
      'decode_error',
    ),
    violation(
      'a record_size_limit of 63 (RFC 8449 section 4)',
      add(extensionTypes.record_size_limit, Uint8Array.of(0, 63)),
      'illegal_parameter',
      {
        client: { limits: { recordSizeLimit: 1000 } },
      },
    ),
  ])('$name', check)
})

describe('CertificateRequest (RFC 9846 section 4.4.2)', () => {
  const asking: TestServerOptions = { clientAuth: { mode: 'request-unverified' } }
  it.each<Case>([
    violation(
      'a context in the handshake',
      { CertificateRequest: (f) => ({ ...f, context: Uint8Array.of(1) }) },
      'illegal_parameter',
      { server: asking },
    ),
    violation(
      'no signature_algorithms',
      {
        CertificateRequest: (f) => ({
          ...f,
          extensions: [{ type: UNKNOWN, data: none }, ...withoutExtension(f.extensions, 13)],
        }),
      },
      'missing_extension',
      { server: asking },
    ),
    violation('no extensions at all', { CertificateRequest: (f) => ({ ...f, extensions: [] }) }, 'decode_error', {
      server: asking,
    }),
    violation(
      'twice',
      { CertificateRequest: (f) => [raw('CertificateRequest', f), raw('CertificateRequest', f)] },
      'unexpected_message',
      { server: asking },
    ),
    violation(
      'after Certificate',
      {
        CertificateRequest: () => [],
        Certificate: (f) => [
          raw('Certificate', f),
          raw('CertificateRequest', { context: none, extensions: [{ type: 13, data: Uint8Array.of(0, 2, 4, 3) }] }),
        ],
      },
      'unexpected_message',
      { server: asking },
    ),
  ])('$name', check)

  it('unknown extensions are ignored', async () => {
    const seam = misbehaving({
      CertificateRequest: (f) => ({ ...f, extensions: withExtension(f.extensions, UNKNOWN) }),
    })
    const { clientEvents } = await meet(tls13, { ...tls13, ...asking, seam })
    expect(infoOf(clientEvents).version).toBe('TLS 1.3')
  })
})

describe('Certificate (RFC 9846 section 4.5.1)', () => {
  it.each<Case>([
    violation('left out', { Certificate: () => [] }, 'unexpected_message'),
    violation(
      'left out with CertificateVerify',
      { Certificate: () => [], CertificateVerify: () => [] },
      'unexpected_message',
    ),
    violation('twice', { Certificate: (f) => [raw('Certificate', f), raw('Certificate', f)] }, 'unexpected_message'),
    violation('an empty list (section 4.5.1.3)', { Certificate: (f) => ({ ...f, entries: [] }) }, 'decode_error', {
      message: /the server sent an empty list/,
    }),
    violation('a context', { Certificate: (f) => ({ ...f, context: Uint8Array.of(1) }) }, 'illegal_parameter'),
    violation(
      'an entry without bytes',
      { Certificate: (f) => ({ ...f, entries: [{ data: none, extensions: [] }] }) },
      'decode_error',
    ),
    violation(
      'no DER',
      { Certificate: (f) => ({ ...f, entries: [{ data: Uint8Array.of(0x30, 0x80), extensions: [] }] }) },
      'bad_certificate',
    ),
    violation(
      'an extension that was not offered',
      {
        Certificate: (f) => ({
          ...f,
          entries: f.entries.map((entry) => ({ ...entry, extensions: [{ type: UNKNOWN, data: none }] })),
        }),
      },
      'unsupported_extension',
    ),
    violation(
      'an extension that belongs elsewhere',
      {
        Certificate: (f) => ({
          ...f,
          entries: f.entries.map((entry) => ({
            ...entry,
            extensions: [{ type: 16, data: Uint8Array.of(0, 3, 2, 104, 50) }],
          })),
        }),
      },
      'illegal_parameter',
      { client: { alpn: ['h2'] } },
    ),
    violation(
      'a status of an unknown type (section 4.5.1.1)',
      {
        Certificate: (f) => ({
          ...f,
          entries: f.entries.map((entry) => ({
            ...entry,
            extensions: [{ type: 5, data: Uint8Array.of(2, 0, 0, 1, 0) }],
          })),
        }),
      },
      'decode_error',
    ),
  ])('$name', check)
})

describe('CertificateVerify (RFC 9846 section 4.5.2)', () => {
  const scheme = (id: number): Parameters<typeof misbehaving>[0] => ({
    CertificateVerify: (f) => ({ ...f, scheme: id }),
  })
  /** Offers what only TLS 1.2 takes as well. */
  const both = { client: { versions: {}, tls12: { legacy: true } } }
  const sha1 = scheme(0x0203)
  it.each<Case>([
    violation('left out', { CertificateVerify: () => [] }, 'unexpected_message'),
    violation(
      'twice',
      { CertificateVerify: (f) => [raw('CertificateVerify', f), raw('CertificateVerify', f)] },
      'unexpected_message',
    ),
    violation(
      'before Certificate',
      {
        Certificate: (f) => [
          raw('CertificateVerify', { scheme: 0x0403, signature: new Uint8Array(70) }),
          raw('Certificate', f),
        ],
      },
      'unexpected_message',
    ),
    violation('a scheme that is not for TLS 1.3', scheme(0x0401), 'illegal_parameter', both),
    violation('a SHA-1 scheme', sha1, 'illegal_parameter', both),
    violation('an unknown scheme', scheme(0xfe0f), 'illegal_parameter'),
    violation('a scheme of another kind of key', scheme(0x0804), 'illegal_parameter'),
    violation('a scheme of another curve', scheme(0x0503), 'illegal_parameter'),
    decrypt(
      'a signature with a bit changed',
      {
        CertificateVerify: (f) => ({ ...f, signature: f.signature.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) }),
      },
      'bad_signature',
    ),
    decrypt('an empty signature', { CertificateVerify: (f) => ({ ...f, signature: none }) }, 'bad_signature'),
    decrypt(
      'a signature with a byte after it',
      { CertificateVerify: (f) => ({ ...f, signature: concat(f.signature, Uint8Array.of(0)) }) },
      'bad_signature',
    ),
  ])('$name', check)

  it('a scheme that was not offered', async () => {
    const client: TestClientOptions = { signatureSchemes: ['ed25519', 'rsa_pss_rsae_sha256'] }
    const seam = misbehaving({ CertificateVerify: (f) => ({ ...f, scheme: 0x0805 }) })
    await refusedBy(
      'client',
      client,
      { identity: rsa, seam },
      'illegal_parameter',
      'illegal_parameter',
      /was not offered/,
    )
  })

  it.each([
    ['ECDSA', ecdsa, () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['RSA', rsa, () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['Ed25519', ed25519, () => generateKeyPairSync('ed25519')],
  ])('%s by another key', async (_, { cert }, generate) => {
    const key = externalSigner(String(generate().privateKey.export({ format: 'pem', type: 'pkcs8' })))
    await refusedBy('client', {}, { identity: { cert, key } }, 'bad_signature', 'decrypt_error')
  })

  it.each([
    ['ECDSA', ecdsa],
    ['RSA', rsa],
    ['Ed25519', ed25519],
  ])('%s over another transcript', async (_, { cert, key }) => {
    const changed = externalSigner(key, (content) =>
      content.map((byte, i) => (i === content.length - 1 ? byte ^ 1 : byte)),
    )
    await refusedBy('client', {}, { identity: { cert, key: changed } }, 'bad_signature', 'decrypt_error')
  })

  it.each([
    ['ECDSA', ecdsa],
    ['RSA', rsa],
    ['Ed25519', ed25519],
  ])('%s with the context string of a client', async (_, { cert, key }) => {
    const asClient = (content: Uint8Array): Uint8Array =>
      concat(
        content.subarray(0, 64),
        new TextEncoder().encode('TLS 1.3, client CertificateVerify'),
        content.subarray(97),
      )
    await refusedBy(
      'client',
      {},
      { identity: { cert, key: externalSigner(key, asClient) } },
      'bad_signature',
      'decrypt_error',
    )
  })
})

describe('Finished (RFC 9846 section 4.5.3)', () => {
  it.each<Case>(
    [
      violation(
        'early: before Certificate',
        { Certificate: (f) => [raw('Finished', { verifyData: new Uint8Array(32) }), raw('Certificate', f)] },
        'unexpected_message',
      ),
      violation('left out', { Finished: () => [raw('KeyUpdate', { requestUpdate: false })] }, 'unexpected_message'),
      violation(
        'repeated in one flight (section 5.1)',
        { Finished: (f) => [raw('Finished', f), raw('Finished', f)] },
        'unexpected_message',
      ),
      violation('too short', { Finished: (f) => ({ verifyData: f.verifyData.subarray(1) }) }, 'decode_error'),
      violation(
        'too long',
        { Finished: (f) => ({ verifyData: concat(f.verifyData, Uint8Array.of(0)) }) },
        'decode_error',
      ),
      violation('empty', { Finished: () => ({ verifyData: none }) }, 'decode_error'),
      decrypt('wrong', { Finished: (f) => ({ verifyData: f.verifyData.map((byte) => byte ^ 0x80) }) }, 'bad_finished'),
      decrypt(
        'over another transcript',
        { Finished: () => ({ verifyData: new Uint8Array(32).fill(1) }) },
        'bad_finished',
      ),
    ].map((one) => ({ ...one, client: { cipherSuites: ['TLS_AES_128_GCM_SHA256'] } })),
  )('$name', check)

  it('repeated under the application keys', async () => {
    const seam = misbehaving({ NewSessionTicket: () => [raw('Finished', { verifyData: new Uint8Array(32) })] })
    const server: TestServerOptions = { seam, tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) } }
    await refusedBy('client', {}, server, 'unexpected_message', 'unexpected_message')
  })
})

describe('key changes (RFC 9846 section 5.1)', () => {
  it.each<Case>([
    violation(
      'EncryptedExtensions in the clear, behind ServerHello',
      {
        ServerHello: (f) => [raw('ServerHello', f), raw('EncryptedExtensions', { extensions: [] })],
      },
      'unexpected_message',
    ),
    violation(
      'the start of a message behind ServerHello',
      { ServerHello: (f) => [raw('ServerHello', f), Uint8Array.of(8, 0)] },
      'unexpected_message',
    ),
    violation(
      'the start of a message behind Finished',
      { Finished: (f) => [raw('Finished', f), Uint8Array.of(4)] },
      'unexpected_message',
    ),
    violation(
      'a ticket behind Finished, under the handshake keys',
      {
        Finished: (f) => [
          raw('Finished', f),
          raw('NewSessionTicket', { lifetime: 1, ageAdd: 1, nonce: none, ticket: Uint8Array.of(1), extensions: [] }),
        ],
      },
      'unexpected_message',
    ),
  ])('$name', check)
})

describe('NewSessionTicket (RFC 9846 section 4.7.1)', () => {
  const tickets: TestServerOptions = { tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) } }
  it.each<Case>([
    violation(
      'a lifetime over seven days',
      { NewSessionTicket: (f) => ({ ...f, lifetime: 604801 }) },
      'illegal_parameter',
      {
        server: tickets,
      },
    ),
    violation('an empty ticket', { NewSessionTicket: (f) => ({ ...f, ticket: none }) }, 'decode_error', {
      server: tickets,
    }),
    violation(
      'an extension twice',
      {
        NewSessionTicket: (f) => ({
          ...f,
          extensions: [
            { type: UNKNOWN, data: none },
            { type: UNKNOWN, data: none },
          ],
        }),
      },
      'decode_error',
      { server: tickets },
    ),
    violation(
      'an early_data of three bytes',
      { NewSessionTicket: (f) => ({ ...f, extensions: [{ type: 42, data: new Uint8Array(3) }] }) },
      'decode_error',
      { server: tickets },
    ),
  ])('$name', check)

  it('unknown extensions are ignored, and a lifetime of 0 makes no session', async () => {
    const unknown = misbehaving({ NewSessionTicket: (f) => ({ ...f, extensions: [{ type: UNKNOWN, data: none }] }) })
    const kept = await meet(tls13, { ...tls13, ...tickets, seam: unknown })
    expect(eventsOf(kept.clientEvents, 'session')).toHaveLength(2)
    const dead = await meet(tls13, {
      ...tls13,
      ...tickets,
      seam: misbehaving({ NewSessionTicket: (f) => ({ ...f, lifetime: 0 }) }),
    })
    expect(eventsOf(dead.clientEvents, 'session')).toHaveLength(0)
    expect(infoOf(dead.clientEvents).version).toBe('TLS 1.3')
  })

  it.each<readonly [string, Uint8Array]>([
    ['a ClientHello', Uint8Array.of(1, 0, 0, 0)],
    ['a ServerHello', Uint8Array.of(2, 0, 0, 0)],
    ['a HelloRequest of TLS 1.2', Uint8Array.of(0, 0, 0, 0)],
    [
      'a CertificateRequest without post_handshake_auth (section 4.7.2)',
      raw('CertificateRequest', {
        context: Uint8Array.of(1),
        extensions: [{ type: 13, data: Uint8Array.of(0, 2, 4, 3) }],
      }),
    ],
    ['a message of an unknown type', Uint8Array.of(99, 0, 0, 0)],
    ['a message_hash (section 4.1)', Uint8Array.of(254, 0, 0, 0)],
  ])('after the handshake: %s', async (_, message) => {
    const seam = misbehaving({ NewSessionTicket: () => [message] })
    await refusedBy('client', {}, { ...tickets, seam }, 'unexpected_message', 'unexpected_message')
  })
})

describe('KeyUpdate (RFC 9846 section 4.7.3)', () => {
  const updating = async (seam: Seam, code: TlsErrorCode, alert: AlertName): Promise<void> => {
    const meeting = await meet(tls13, { ...tls13, seam })
    infoOf(meeting.clientEvents)
    await meeting.server.updateKeys(false)
    await meeting.settle()
    expectRefusal('client', meeting, code, alert)
  }

  it('a value other than 0 and 1', () =>
    updating(
      misbehaving({ KeyUpdate: () => [Uint8Array.of(24, 0, 0, 1, 2)] }),
      'illegal_parameter',
      'illegal_parameter',
    ))
  it('an empty one', () =>
    updating(misbehaving({ KeyUpdate: () => [Uint8Array.of(24, 0, 0, 0)] }), 'decode_error', 'decode_error'))
  it('another message behind it in the same record (section 5.1)', () =>
    updating(
      misbehaving({ KeyUpdate: (f) => [raw('KeyUpdate', f), raw('KeyUpdate', f)] }),
      'unexpected_message',
      'unexpected_message',
    ))
  it('keys that did not change', async () => {
    const meeting = await meet(tls13, { ...tls13, seam: misbehaving({ KeyUpdate: () => [] }) })
    await meeting.server.updateKeys(false)
    await meeting.server.send(Uint8Array.of(1))
    await meeting.settle()
    expectRefusal('client', meeting, 'bad_record_mac', 'bad_record_mac')
  })

  it('during the handshake', () =>
    refusedBy(
      'client',
      {},
      {
        seam: misbehaving({
          EncryptedExtensions: (f) => [raw('KeyUpdate', { requestUpdate: false }), raw('EncryptedExtensions', f)],
        }),
      },
      'unexpected_message',
      'unexpected_message',
    ))

  it('more than a flood of them (section 4.7.3)', async () => {
    const meeting = await meet(tls13, tls13)
    for (let i = 0; i < 40; i++) await meeting.server.updateKeys(false)
    await meeting.settle()
    expectRefusal('client', meeting, 'too_many_messages', 'unexpected_message')
  })
})

describe('what a server may send first (RFC 9846 section 4)', () => {
  it.each<readonly [string, Uint8Array, TlsErrorCode]>([
    ['a ClientHello', plainRecord(22, Uint8Array.of(1, 0, 0, 0)), 'unexpected_message'],
    ['EncryptedExtensions', plainRecord(22, raw('EncryptedExtensions', { extensions: [] })), 'unexpected_message'],
    ['a Finished', plainRecord(22, raw('Finished', { verifyData: new Uint8Array(32) })), 'unexpected_message'],
    ['application data', plainRecord(23, Uint8Array.of(1)), 'unexpected_message'],
    ['an empty handshake record (section 5.1)', plainRecord(22, none), 'unexpected_message'],
    ['a heartbeat', plainRecord(24, Uint8Array.of(1)), 'unexpected_message'],
  ])('%s', async (_, record, code) => {
    const client = clientOf(tls13)
    client.takeOutput()
    client.receive(record)
    const [failure] = eventsOf(client.takeEvents(), 'error')
    expect(failure?.error).toMatchObject({ code, alert: 'unexpected_message' })
    expect(client.takeOutput()).toEqual([Uint8Array.of(21, 3, 3, 0, 2, 2, 10)])
  })
})

describe('unknown and GREASE values of a server are refused where they answer (RFC 8701 section 3.1)', () => {
  const grease = 0x2a2a
  it.each<Case>([
    violation('suite', { ServerHello: (f) => ({ ...f, cipherSuite: grease }) }, 'illegal_parameter'),
    violation(
      'extension in ServerHello',
      { ServerHello: (f) => ({ ...f, extensions: withExtension(f.extensions, grease) }) },
      'unsupported_extension',
    ),
    violation(
      'extension in EncryptedExtensions',
      { EncryptedExtensions: (f) => ({ extensions: withExtension(f.extensions, grease) }) },
      'unsupported_extension',
    ),
    violation('signature scheme', { CertificateVerify: (f) => ({ ...f, scheme: grease }) }, 'illegal_parameter'),
  ])('$name', check)
  it('an honest meeting of the same options succeeds', async () => {
    const { clientEvents } = await connectEngines(clientOf(tls13), serverOf(tls13))
    expect(infoOf(clientEvents).version).toBe('TLS 1.3')
  })
})
