// Values that stand twice in a list. Of supported_groups and key_share RFC 9846 (4.3.7, 4.3.8) forbids it, and a server
// of TLS 1.3 refuses it; of the other lists no text says anything, so that the first one counts. We send none of them.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import type { ClientOptions, ServerOptions } from '../../../src/options.ts'
import { concat } from '../../../src/wire/bytes.ts'
import type { ClientHello } from '../../../src/wire/messages.ts'
import { clientHelloExtensions, decodeExtensions } from '../../../src/wire/extensions.ts'
import { extensionTypes } from '../../../src/wire/registry.ts'
import { clientOf, errorOf, infoOf, meet, serverOf } from '../../fixtures/engines.ts'

const lengthBytes = (value: number, size: 1 | 2): Uint8Array =>
  size === 1 ? Uint8Array.of(value) : Uint8Array.of(value >> 8, value & 255)

/** The list of this extension, said twice over, behind its length of `size` bytes. */
const twice = (type: number, size: 1 | 2) => ({
  shape: (hello: ClientHello): ClientHello => ({
    ...hello,
    extensions: hello.extensions?.map((extension) => {
      if (extension.type !== type) return extension
      const items = extension.data.subarray(size)
      return { type, data: concat(lengthBytes(2 * items.length, size), items, items) }
    }),
  }),
})
const codec = { id: 1, name: 'zlib', compress: (data: Uint8Array) => data, decompress: (data: Uint8Array) => data }

describe.each(['TLS 1.3', 'TLS 1.2'] as const)('a server of %s', (version) => {
  const only = { versions: { min: version, max: version } } as const

  it('supported_groups with a group twice is illegal_parameter in TLS 1.3 (section 4.3.7)', async () => {
    const { serverEvents } = await meet({ ...only, hello: twice(extensionTypes.supported_groups, 2) }, only)
    if (version === 'TLS 1.2') expect(infoOf(serverEvents).group).toBeDefined()
    else
      expect(errorOf(serverEvents)).toMatchObject({
        alert: 'illegal_parameter',
        message: expect.stringMatching(/4\.3\.7/),
      })
  })

  it.each([
    ['signature_algorithms', extensionTypes.signature_algorithms, 2],
    ['signature_algorithms_cert', extensionTypes.signature_algorithms_cert, 2],
    ['application_layer_protocol_negotiation', extensionTypes.application_layer_protocol_negotiation, 2],
    ['supported_versions', extensionTypes.supported_versions, 1],
    ['psk_key_exchange_modes', extensionTypes.psk_key_exchange_modes, 1],
    ['ec_point_formats', extensionTypes.ec_point_formats, 1],
  ] as const)('%s with everything twice means the same', async (_, type, size) => {
    const client = {
      ...only,
      alpn: ['b', 'a'],
      certificates: { signatureSchemes: ['ecdsa_secp256r1_sha256'] as const, compression: [codec] },
    }
    const { clientEvents, serverEvents } = await meet(
      { ...client, hello: twice(type, size) },
      { ...only, alpn: ['a', 'b'] },
    )
    expect(infoOf(clientEvents).alpn).toBe('a')
    expect(infoOf(serverEvents).alpn).toBe('a')
  })

  it('cipher suites twice mean the same', async () => {
    const shape = (hello: ClientHello): ClientHello => ({
      ...hello,
      cipherSuites: [...hello.cipherSuites, ...hello.cipherSuites],
    })
    infoOf((await meet({ ...only, hello: { shape } }, only)).clientEvents)
  })
})

it('compress_certificate with an algorithm twice is illegal_parameter, as in other stacks', () => {
  const decode = () =>
    decodeExtensions(
      clientHelloExtensions,
      [{ type: extensionTypes.compress_certificate, data: Uint8Array.of(4, 0, 1, 0, 1) }],
      'ClientHello',
    )
  expect(decode).toThrow(expect.objectContaining({ code: 'illegal_parameter' }))
})

it('key_share with a share twice is illegal_parameter (section 4.3.8)', async () => {
  const { serverEvents } = await meet({ hello: twice(extensionTypes.key_share, 2) })
  expect(errorOf(serverEvents)).toMatchObject({ alert: 'illegal_parameter', message: expect.stringMatching(/4\.3\.8/) })
})

describe('options', () => {
  const scheme = 'ed25519' as const
  const common: readonly [string, Partial<ClientOptions> & ServerOptions][] = [
    ['groups', { groups: ['X25519', 'P-256', 'X25519'] }],
    ['signatureSchemes', { signatureSchemes: [scheme, scheme] }],
    ['cipherSuites', { cipherSuites: ['TLS_AES_128_GCM_SHA256', ['TLS_AES_128_GCM_SHA256']] }],
    ['alpn', { alpn: ['h2', 'http/1.1', 'h2'] }],
    ['psk.modes', { psk: { modes: ['psk_ke', 'psk_ke'] } }],
    ['certificates.signatureSchemes', { certificates: { signatureSchemes: [scheme, scheme] } }],
    ['certificates.delegatedCredentials', { certificates: { delegatedCredentials: [scheme, scheme] } }],
    ['certificateCompression', { certificates: { compression: [codec, codec] } }],
  ]
  const refusal = (name: string) =>
    expect.objectContaining({ code: 'bad_option', message: expect.stringContaining(`${name}: `) })

  it.each(common)('%s', (name, options) => {
    expect(() => clientOf(options)).toThrow(refusal(name))
    expect(() => serverOf(options)).toThrow(refusal(name))
  })
  it('hello.keyShares', () => {
    expect(() => clientOf({ hello: { keyShares: ['X25519', 'X25519'] } })).toThrow(refusal('hello.keyShares'))
  })
  it('the default lists have none', () => {
    const { suites, groups } = nodeProvider
    for (const ids of [suites, groups].map((list) => list.map(({ id }) => id))) {
      expect(new Set(ids).size).toBe(ids.length)
    }
  })
})
