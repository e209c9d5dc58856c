// What `ciphers`, `sigalgs` and `ecdhCurve` come to: the ClientHello of node:tls and ours for the same text, without
// what this library does not have.

import { Duplex } from 'node:stream'
import nodeTls from 'node:tls'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { parseClientHello } from '../../src/inspect/index.ts'
import { connect, createSecureContext } from '../../src/node/index.ts'
import { signatureSchemes } from '../../src/wire/registry.ts'

type Options = Pick<nodeTls.SecureContextOptions, 'ciphers' | 'sigalgs' | 'ecdhCurve' | 'minVersion' | 'maxVersion'>
interface Offer {
  readonly suites: readonly number[]
  readonly schemes: readonly number[]
  readonly groups: readonly number[]
}

/** The first record that a client writes. */
const helloOf = async (start: (socket: Duplex) => Duplex): Promise<Offer> => {
  const record = await new Promise<Buffer>((resolve, reject) => {
    const socket = new Duplex({ read: () => undefined, write: (chunk: Buffer, _, done) => (resolve(chunk), done()) })
    start(socket).on('error', reject)
  })
  const hello = parseClientHello(record.subarray(5))
  return { suites: hello.cipherSuites, schemes: hello.signatureSchemes, groups: hello.groups }
}

// OpenSSL has CCM_8 in its lists, and offers it at security level 0 alone: a tag of 64 bits.
const ccm8 = new Set([0xc0ae, 0xc0af, 0x1305])
const suites = new Set(nodeProvider.suites.map(({ id }) => id).filter((id) => !ccm8.has(id)))
const groups = new Set(nodeProvider.groups.map(({ id }) => id))
const schemes = new Set(signatureSchemes.map(({ id }) => id))
const known = (offer: Offer): Offer => ({
  suites: offer.suites.filter((id) => suites.has(id)),
  schemes: offer.schemes.filter((id) => schemes.has(id)),
  groups: offer.groups.filter((id) => groups.has(id)),
})

const both = async (options: Options): Promise<{ readonly native: Offer; readonly ours: Offer }> => {
  const more = { servername: 'server.test', rejectUnauthorized: false, ...options }
  const native = await helloOf((socket) => nodeTls.connect({ socket, ...more }))
  const ours = await helloOf((socket) => connect({ socket, ...more }))
  return { native: known(native), ours: known(ours) }
}

describe('ciphers: the suites of TLS 1.2, in order', () => {
  it.each([
    'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE+AESGCM',
    'ECDHE+AESGCM:ECDHE+CHACHA20',
    'EECDH+AESGCM:!aECDSA',
    'ECDHE+aRSA+AES256',
    'AESCCM',
    'AES128+SHA256',
    'AES256+SHA384:AES128+SHA',
    'AES128-GCM-SHA256:AES256-GCM-SHA384:@STRENGTH',
    'AES128:AES256:@STRENGTH',
    'AES256:AES128:+AES256',
    'AESGCM:-AES128:AES128-GCM-SHA256',
    'AESGCM:!AES128:AES128-GCM-SHA256',
    'HIGH:!PSK:!aNULL',
    'ALL:!PSK',
    'kRSA:!SHA1',
    'RSA+AESGCM',
    'TLSv1.2+ECDSA',
    'TLSv1:!PSK',
    'SSLv3:!PSK',
    'SHA384:SHA256:SHA1:!PSK',
    'ECDHE:!SHA1:!SHA256:!SHA384',
    'CHACHA20:!PSK',
    'ECDHE-ECDSA-AES128-SHA, ECDHE-RSA-AES256-SHA;AES128-SHA AES256-SHA256',
  ])('%s', async (ciphers) => {
    const { native, ours } = await both({ ciphers, maxVersion: 'TLSv1.2' })
    expect(ours.suites).toEqual(native.suites)
    expect(ours.suites.length).toBeGreaterThan(0)
  })

  it.each(['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:AES128-SHA'])(
    'and of TLS 1.3: %s',
    async (ciphers) => {
      const { native, ours } = await both({ ciphers })
      expect(ours.suites).toEqual(native.suites)
    },
  )

  it.each(['', ':', 'nothing-like-it', 'TLS_NONE', 'AESGCM:!AESGCM'])('nothing to select: %j', (ciphers) => {
    const codeOf = (make: (options: Options) => unknown): unknown => {
      try {
        return make({ ciphers }) && undefined
      } catch (error) {
        return error instanceof Error && 'code' in error ? error.code : error
      }
    }
    expect(codeOf(createSecureContext)).toBe(codeOf(nodeTls.createSecureContext))
  })
})

describe('sigalgs, in order', () => {
  it.each([
    'ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256',
    'RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA512',
    'PSS+SHA384:ed25519:ed448',
    'rsa_pkcs1_sha512:RSA+SHA512',
    '?nothing_like_it:ECDSA+SHA512',
  ])('%s', async (sigalgs) => {
    const { native, ours } = await both({ sigalgs })
    expect(ours.schemes).toEqual(native.schemes)
    expect(ours.schemes.length).toBeGreaterThan(0)
  })
  it('one that is unknown is refused', () => {
    for (const make of [createSecureContext, nodeTls.createSecureContext])
      expect(() => make({ sigalgs: 'ECDSA+SHA256:nothing_like_it' })).toThrow()
  })
})

describe('ecdhCurve, in order', () => {
  it.each(['P-256', 'prime256v1:secp384r1', 'X448:x25519:secp521r1', 'X25519MLKEM768:X25519', '?nothing:P-384'])(
    '%s',
    async (ecdhCurve) => {
      const { native, ours } = await both({ ecdhCurve })
      expect(ours.groups).toEqual(native.groups)
      expect(ours.groups.length).toBeGreaterThan(0)
    },
  )
  it('one that is unknown is refused', () => {
    for (const make of [createSecureContext, nodeTls.createSecureContext])
      expect(() => make({ ecdhCurve: 'nothing-like-it' })).toThrow()
  })
})
