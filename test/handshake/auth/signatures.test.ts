// Which scheme an identity signs with, whether a key is for a scheme, and what counts as a good signature (RFC 9846
// sections 4.3.3 and 4.5.2, RFC 8017, RFC 4055).

import { describe, expect, it } from 'vitest'
import { generateKeyPairSync } from 'node:crypto'
import { parsePublicKey } from '../../../src/crypto/keys.ts'
import type { PublicKey, SignatureVerifier } from '../../../src/crypto/provider.ts'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { fitsKey, isSigned, longEnough, maySign, schemeFor } from '../../../src/handshake/auth/signatures.ts'
import { loadIdentity } from '../../../src/identity.ts'
import { signatureSchemes } from '../../../src/wire/registry.ts'
import type { SignatureScheme } from '../../../src/wire/registry.ts'
import { clientConfigOf } from '../../fixtures/engines.ts'
import { ecdsa, rsa } from '../../fixtures/identities.ts'

const scheme = (name: string): SignatureScheme => {
  const found = signatureSchemes.find((one) => one.name === name)
  if (!found) throw new Error(name)
  return found
}
const key = (type: string, pss?: string): PublicKey =>
  ({ type, ...(pss !== undefined && { pss: { hash: pss } }) }) as unknown as PublicKey

describe('isSigned', () => {
  const ask = (verifiers: readonly SignatureVerifier[]) =>
    isSigned(
      clientConfigOf({ provider: { ...nodeProvider, verifiers } }),
      scheme('ecdsa_secp256r1_sha256'),
      key('p256'),
      new Uint8Array(1),
      new Uint8Array(1),
    ).next()
  const answering = (answer: unknown): SignatureVerifier => ({
    algorithm: 'ecdsa_sha256',
    keyTypes: ['p256'],
    verify: () => answer as boolean,
  })

  it('is true only for true, whatever a provider answers', () => {
    expect([true, 1, 'yes', {}, undefined, false].map((answer) => ask([answering(answer)]).value)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ])
  })

  it('without a verifier for the scheme is internal_error, never true', () => {
    const others = nodeProvider.verifiers.filter(({ algorithm }) => algorithm !== 'ecdsa_sha256')
    expect(() => ask(others)).toThrow(expect.objectContaining({ code: 'internal_error' }))
  })
})

describe('fitsKey (RFC 4055 section 1.2)', () => {
  it('takes keys of the type of the scheme', () => {
    expect(fitsKey(scheme('ecdsa_secp256r1_sha256'), key('p256'))).toBe(true)
    expect(fitsKey(scheme('ecdsa_secp256r1_sha256'), key('p384'))).toBe(false)
    expect(fitsKey(scheme('rsa_pss_rsae_sha256'), key('rsa-pss'))).toBe(false)
  })

  it('tells keys of rsaEncryption and RSASSA-PSS apart by their OID (RFC 9846 section 4.3.3)', () => {
    const spki = { type: 'spki', format: 'der' } as const
    const size = { modulusLength: 2048 }
    const keys = [generateKeyPairSync('rsa', size), generateKeyPairSync('rsa-pss', size)]
    const [usual, forPss] = keys.map(({ publicKey }) => parsePublicKey(new Uint8Array(publicKey.export(spki))))
    const names = ['rsa_pss_rsae_sha256', 'rsa_pss_pss_sha256']
    const taken = (one: PublicKey | undefined) => one && names.map((name) => fitsKey(scheme(name), one))
    expect(taken(usual)).toEqual([true, false])
    expect(taken(forPss)).toEqual([false, true])
  })

  it('takes a key for RSA-PSS with one hash with that hash alone', () => {
    const names = ['rsa_pss_pss_sha256', 'rsa_pss_pss_sha384', 'rsa_pss_pss_sha512']
    const taken = (one: PublicKey): readonly boolean[] => names.map((name) => fitsKey(scheme(name), one))
    expect(taken(key('rsa-pss', 'sha384'))).toEqual([false, true, false])
    expect(taken(key('rsa-pss'))).toEqual([true, true, true])
  })
})

describe('longEnough (RFC 8017 section 9.1.1)', () => {
  it.each([
    ['rsa_pss_rsae_sha256', 528],
    ['rsa_pss_rsae_sha384', 784],
    ['rsa_pss_pss_sha512', 1040],
  ])('%s needs a key of %i bits', (name, bits) => {
    expect(longEnough(scheme(name), bits)).toBe(true)
    expect(longEnough(scheme(name), bits - 1)).toBe(false)
  })

  it('other schemes have no such bound', () => {
    expect(longEnough(scheme('rsa_pkcs1_sha512'), 512)).toBe(true)
    expect(longEnough(scheme('ed25519'), 253)).toBe(true)
  })
})

describe('schemeFor', async () => {
  const [p256, rsa2048] = [await loadIdentity(ecdsa, nodeProvider), await loadIdentity(rsa, nodeProvider)]
  const ids = (...names: readonly string[]): readonly number[] => names.map((name) => scheme(name).id)

  it("is the first of the peer's that the identity can do, and skips what it does not know", () => {
    const offered = [0x0a0a, ...ids('ed25519', 'rsa_pss_rsae_sha512', 'rsa_pss_rsae_sha256')]
    expect(schemeFor(rsa2048, offered, true)?.name).toBe('rsa_pss_rsae_sha512')
    expect(schemeFor(p256, offered, true)).toBeUndefined()
  })

  it('in TLS 1.3 is never PKCS#1 v1.5 or SHA-1 (section 4.3.3)', () => {
    const offered = ids('rsa_pkcs1_sha256', 'rsa_pkcs1_sha1')
    expect(schemeFor(rsa2048, offered, true)).toBeUndefined()
    expect(schemeFor(rsa2048, offered, false)?.name).toBe('rsa_pkcs1_sha256')
  })

  it('is what the signer can do', () => {
    const signer = { ...rsa2048.signer, algorithms: ['rsa_pss_sha256'] as const }
    expect(schemeFor({ ...rsa2048, signer }, ids('rsa_pss_rsae_sha512', 'rsa_pss_rsae_sha256'), true)?.name).toBe(
      'rsa_pss_rsae_sha256',
    )
  })

  it('is none for a key that is too short for it, or whose certificate may not sign (section 4.5.1.2)', () => {
    const offered = ids('rsa_pss_rsae_sha512')
    expect(schemeFor({ ...rsa2048, keyBits: 1039 }, offered, true)).toBeUndefined()
    const usages = [undefined, ['digitalSignature'], ['keyEncipherment']].map((keyUsage) => {
      const leaf: unknown = Object.create(rsa2048.leaf, { keyUsage: { value: keyUsage } })
      return { ...rsa2048, leaf: leaf as typeof rsa2048.leaf }
    })
    expect(usages.map(maySign)).toEqual([true, true, false])
    expect(usages.map((one) => schemeFor(one, offered, true)?.name)).toEqual([
      'rsa_pss_rsae_sha512',
      'rsa_pss_rsae_sha512',
      undefined,
    ])
  })
})
