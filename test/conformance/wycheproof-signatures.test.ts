// RSA, ECDSA, Ed25519 and ML-DSA signatures of Wycheproof, through parsePublicKey and the verifiers of each provider;
// RSA decryption, through the signers that offer it.

import { expect } from 'vitest'
import { parsePrivateKey, parsePublicKey } from '../../src/crypto/keys.ts'
import type { PublicKey, SignatureAlgorithm } from '../../src/crypto/provider.ts'
import { TlsError } from '../../src/errors.ts'
import { named, wycheproof } from './wycheproof.ts'
import type { Fields, Subject } from './wycheproof.ts'

/** A key that parsePublicKey refuses verifies nothing. */
const verify = async (
  { provider }: Subject,
  algorithm: SignatureAlgorithm,
  spki: Uint8Array,
  vector: Fields,
): Promise<boolean> => {
  const verifier = provider.verifiers.find((each) => each.algorithm === algorithm)
  if (!verifier) throw new RangeError(`${provider.name} has no ${algorithm}`)
  const key = parsed(spki)
  return key !== undefined && verifier.verify(key, vector.bytes('msg'), vector.bytes('sig'))
}

let last: { readonly spki: string; readonly key: PublicKey | undefined } | undefined

const parsed = (spki: Uint8Array): PublicKey | undefined => {
  const text = spki.join()
  if (last?.spki === text) return last.key
  try {
    last = { spki: text, key: parsePublicKey(spki) }
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    last = { spki: text, key: undefined }
  }
  return last.key
}

/** Runs a file in which "valid" must verify and anything else must not. */
const signatures = (name: string, algorithm: SignatureAlgorithm): void =>
  wycheproof(name, 0, async (subject, group, vector) => {
    const valid = await verify(subject, algorithm, group.bytes('publicKeyDer'), vector)
    expect(valid, named(vector)).toBe(vector.result === 'valid')
    return undefined
  })

// The one "acceptable" vector in each of these has DigestInfo without NULL. RFC 8017 appendix A.2.4 has the parameters
// be NULL, section 8.2.2 compares encodings: it is refused.
signatures('rsa_signature_2048_sha256', 'rsa_pkcs1_sha256')
signatures('rsa_signature_3072_sha384', 'rsa_pkcs1_sha384')
signatures('rsa_signature_4096_sha512', 'rsa_pkcs1_sha512')

signatures('rsa_pss_2048_sha256_mgf1_32', 'rsa_pss_sha256')
signatures('rsa_pss_3072_sha256_mgf1_32', 'rsa_pss_sha256')
signatures('rsa_pss_4096_sha384_mgf1_48', 'rsa_pss_sha384')
signatures('rsa_pss_4096_sha512_mgf1_64', 'rsa_pss_sha512')

// Valid signatures with every mix of hash, mask hash and salt length. RFC 9846 section 4.3.3 fixes the last two by the
// first: three of the 150 are TLS's own and must verify, and under no scheme of TLS may any other.
wycheproof('rsa_pss_misc', 0, async (subject, group, vector) => {
  for (const [algorithm, sha, length] of pssSchemes) {
    const same = group.text('sha') === sha && group.text('mgfSha') === sha && group.number('sLen') === length
    const valid = await verify(subject, algorithm, group.bytes('publicKeyDer'), vector)
    expect(valid, `${algorithm}, ${named(vector)}`).toBe(same)
  }
  return undefined
})

const pssSchemes = [
  ['rsa_pss_sha256', 'SHA-256', 32],
  ['rsa_pss_sha384', 'SHA-384', 48],
  ['rsa_pss_sha512', 'SHA-512', 64],
] as const

signatures('ecdsa_secp256r1_sha256', 'ecdsa_sha256')
signatures('ecdsa_secp256r1_sha512', 'ecdsa_sha512')
signatures('ecdsa_secp384r1_sha384', 'ecdsa_sha384')
signatures('ecdsa_secp384r1_sha512', 'ecdsa_sha512')
signatures('ecdsa_secp521r1_sha512', 'ecdsa_sha512')
signatures('ed25519', 'ed25519')

// The context of TLS and of certificates is empty (RFC 9881 section 3): no signature with another one may verify.
const mlDsa = (name: string, algorithm: SignatureAlgorithm): void =>
  wycheproof(name, 0, async (subject, group, vector) => {
    const emptyContext = !vector.has('ctx') || vector.text('ctx') === ''
    const valid = await verify(subject, algorithm, group.bytes('publicKeyDer'), vector)
    expect(valid, named(vector)).toBe(vector.result === 'valid' && emptyContext)
    return undefined
  })

mlDsa('mldsa_44_verify', 'mldsa44')
mlDsa('mldsa_65_verify', 'mldsa65')
mlDsa('mldsa_87_verify', 'mldsa87')

// rsaDecryptRaw removes no padding: what comes out must be the padded message, or not look like one at all.
wycheproof(
  'rsa_pkcs1_2048',
  0,
  async ({ provider }, group, vector) => {
    const signer = await provider.signer(parsePrivateKey(group.bytes('privateKeyPkcs8')))
    const message = await decrypt(signer.rsaDecryptRaw?.bind(signer), vector.bytes('ct'))
    expect(message, named(vector)).toEqual(vector.result === 'valid' ? vector.bytes('msg') : undefined)
    return undefined
  },
  ({ provider }) => provider.name === 'node',
)

/** RSAES-PKCS1-v1_5 (RFC 8017 section 7.2.2), with no care for time. */
const decrypt = async (
  raw: ((ciphertext: Uint8Array) => Uint8Array | Promise<Uint8Array>) | undefined,
  ciphertext: Uint8Array,
): Promise<Uint8Array | undefined> => {
  if (!raw) throw new TypeError('no rsaDecryptRaw')
  try {
    const padded = await raw(ciphertext)
    const end = padded.indexOf(0, 2)
    return padded.length === 256 && padded[0] === 0 && padded[1] === 2 && end >= 10 ? padded.slice(end + 1) : undefined
  } catch (error) {
    if (error instanceof TlsError && error.code === 'illegal_parameter') return undefined
    throw error
  }
}
