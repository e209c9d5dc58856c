// Public keys out of SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), strict DER: RSA (RFC 3279, 4055), EC (RFC
// 5480), Ed25519 and Ed448 (RFC 8410), ML-DSA (RFC 9881).

import { TlsError } from '../errors.ts'
import { equalBytes } from '../wire/bytes.ts'
import { DerReader, derBits, derInteger, derSequence } from '../wire/der.ts'
import { keyAlgorithm, keyFacts, readKeyAlgorithm } from './key-algorithm.ts'
import type { KeyType, PrivateKey, PublicKey } from './provider.ts'

export { parsePrivateKey } from './private-keys.ts'

/**
 * Throws `bad_certificate` for what is malformed, `unsupported_certificate` for an algorithm or curve we don't know.
 */
export const parsePublicKey = (spki: Uint8Array): PublicKey => {
  const info = new DerReader(spki, 'bad_certificate', 'public key').lastSequence('SubjectPublicKeyInfo')
  const { type, pss } = readKeyAlgorithm(info.sequence('algorithm'))
  const raw = info.bitString('subjectPublicKey')
  info.end()
  if (type === 'rsa' || type === 'rsa-pss') {
    const rsa = readRsa(raw)
    return { type, bits: bitLength(rsa.modulus), spki, raw, rsa, ...(pss && { pss }) }
  }
  checkRaw(type, raw)
  return { type, bits: keyFacts[type].bits, spki, raw }
}

/** The same key, whatever the encoding of its parameters: an rsa-pss key is the RSA key it is made of. */
export const samePublicKey = (a: PublicKey, b: PublicKey): boolean => {
  if (a.rsa && b.rsa) return equalBytes(a.rsa.modulus, b.rsa.modulus) && equalBytes(a.rsa.exponent, b.rsa.exponent)
  return a.type === b.type && equalBytes(a.raw, b.raw)
}

/** Wraps the bare key of any type but RSA. */
export const publicKeyFromRaw = (type: KeyType, raw: Uint8Array): PublicKey =>
  parsePublicKey(derSequence(keyAlgorithm(type), derBits(raw)))

/** The public half that an RSA private key carries, with the private key's own AlgorithmIdentifier. */
export const rsaPublicKeyOf = (key: PrivateKey): PublicKey => {
  if (!key.rsa) throw new TlsError('bad_key', `a private key of type ${key.type} is no RSA key`)
  const info = new DerReader(key.pkcs8, 'bad_key', 'private key').sequence('OneAsymmetricKey')
  info.integer('version')
  const algorithm = info.element('privateKeyAlgorithm')
  const raw = derSequence(derInteger(key.rsa.modulus), derInteger(key.rsa.exponent))
  return parsePublicKey(derSequence(algorithm, derBits(raw)))
}

/** RSAPublicKey (RFC 8017 appendix A.1.1). */
const readRsa = (raw: Uint8Array): { readonly modulus: Uint8Array; readonly exponent: Uint8Array } => {
  const key = new DerReader(raw, 'bad_certificate', 'RSA public key').lastSequence('RSAPublicKey')
  const modulus = key.unsigned('modulus')
  const exponent = key.unsigned('publicExponent')
  key.end()
  if (modulus[0] === 0 || exponent[0] === 0) key.fail('modulus or exponent is zero')
  return { modulus, exponent }
}

const checkRaw = (type: KeyType, raw: Uint8Array): void => {
  const { length, curve } = keyFacts[type]
  const [form = -1] = raw
  if (curve !== undefined && (form === 2 || form === 3)) {
    throw new TlsError(
      'unsupported_certificate',
      'an EC key as a compressed point; only uncompressed points are supported',
    )
  }
  if (raw.length !== length || (curve !== undefined && form !== 4)) {
    throw new TlsError(
      'bad_certificate',
      `malformed public key: ${type} has ${length} bytes, this one ${raw.length}, of which the first is ${form}`,
    )
  }
}

/** Bits of a big-endian number without leading zero bytes. */
export const bitLength = (bytes: Uint8Array): number =>
  bytes.length === 0 ? 0 : 8 * bytes.length - Math.clz32(bytes[0] ?? 0) + 24
