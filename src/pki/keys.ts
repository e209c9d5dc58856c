// Key pairs of the issuing side, made and used by WebCrypto (globalThis.crypto), so that they work in any runtime.
// Called by ca.ts, csr.ts and crl.ts.

import { parsePrivateKey, parsePublicKey } from '../crypto/keys.ts'
import type { KeyType } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { derInteger, derNull, derOid, derSequence } from '../wire/der.ts'

export type KeyKind =
  | 'ecdsa-p256'
  | 'ecdsa-p384'
  | 'ecdsa-p521'
  | 'rsa-2048'
  | 'rsa-3072'
  | 'rsa-4096'
  | 'ed25519'
  | 'ml-dsa-44'
  | 'ml-dsa-65'
  | 'ml-dsa-87'

export interface KeyPair {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  /** PKCS#8, DER. */
  readonly pkcs8: Uint8Array
  readonly signing: Signing
}

/** How WebCrypto signs with a key, and what certificates call it. */
export interface Signing {
  readonly algorithm: AlgorithmIdentifier & { readonly name: string; readonly hash?: string }
  /** AlgorithmIdentifier, DER. */
  readonly identifier: Uint8Array
  /** WebCrypto gives r and s side by side, X.509 wants them in a SEQUENCE. */
  readonly ecdsa: boolean
}

/** Throws TlsError `unsupported` if this runtime's WebCrypto lacks the algorithm. */
export const generateKeyPair = async (kind: KeyKind): Promise<KeyPair> => {
  const parameters = generation[kind]
  if (parameters === undefined) throw new TlsError('bad_option', `key: "${String(kind)}" is none of ${Object.keys(generation).join(', ')}`)
  const pair = await supported(kind, () => crypto.subtle.generateKey(parameters, true, ['sign', 'verify']))
  if (!('privateKey' in pair)) throw new TlsError('unsupported', `WebCrypto made no key pair for ${kind}`)
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey))
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))
  return { privateKey: pair.privateKey, publicKey: pair.publicKey, spki, pkcs8, signing: signingOf(spki) }
}

/** A private key (PEM or DER) and the public key of its certificate. Throws `bad_key`, or `key_mismatch`. */
export const importKeyPair = async (privateKey: string | Uint8Array, spki: Uint8Array): Promise<KeyPair> => {
  const { pkcs8 } = parsePrivateKey(privateKey)
  const signing = signingOf(spki)
  const { type } = parsePublicKey(spki)
  const pair = await supported(type, async () => ({
    privateKey: await crypto.subtle.importKey('pkcs8', plain(pkcs8), importing(type), true, ['sign']),
    publicKey: await crypto.subtle.importKey('spki', plain(spki), importing(type), true, ['verify']),
  }), 'bad_key')
  const probe = new TextEncoder().encode('puretls: do these keys belong together?')
  const signature = await crypto.subtle.sign(signing.algorithm, pair.privateKey, probe)
  if (!(await crypto.subtle.verify(signing.algorithm, pair.publicKey, signature, probe))) {
    throw new TlsError('key_mismatch', 'the private key does not belong to the certificate')
  }
  return { ...pair, spki, pkcs8, signing }
}

/** The signature as X.509 has it, without the BIT STRING. */
export const signWith = async ({ privateKey, signing }: KeyPair, message: Uint8Array): Promise<Uint8Array> => {
  const signature = new Uint8Array(await crypto.subtle.sign(signing.algorithm, privateKey, plain(message)))
  if (!signing.ecdsa) return signature
  const half = signature.length / 2
  return derSequence(derInteger(signature.subarray(0, half)), derInteger(signature.subarray(half)))
}

/** Key identifier: the first 20 bytes of SHA-256 of the key's bits (RFC 7093 section 2, method 1). */
export const keyIdentifier = async (spki: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', plain(parsePublicKey(spki).raw))).slice(0, 20)

/** WebCrypto takes only bytes over an ArrayBuffer of their own kind. */
export const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)

const rsa = (modulusLength: number): RsaHashedKeyGenParams => ({
  name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent: Uint8Array.of(1, 0, 1),
})
const ec = (namedCurve: string): EcKeyGenParams => ({ name: 'ECDSA', namedCurve })

const generation: Readonly<Record<KeyKind, Algorithm>> = {
  'ecdsa-p256': ec('P-256'),
  'ecdsa-p384': ec('P-384'),
  'ecdsa-p521': ec('P-521'),
  'rsa-2048': rsa(2048),
  'rsa-3072': rsa(3072),
  'rsa-4096': rsa(4096),
  ed25519: { name: 'Ed25519' },
  'ml-dsa-44': { name: 'ML-DSA-44' },
  'ml-dsa-65': { name: 'ML-DSA-65' },
  'ml-dsa-87': { name: 'ML-DSA-87' },
}

interface SigningRow {
  readonly webcrypto: { readonly name: string; readonly hash?: string; readonly namedCurve?: string }
  readonly oid: string
}

const rows: Readonly<Partial<Record<KeyType, SigningRow>>> = {
  rsa: { webcrypto: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, oid: '1.2.840.113549.1.1.11' },
  p256: { webcrypto: { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' }, oid: '1.2.840.10045.4.3.2' },
  p384: { webcrypto: { name: 'ECDSA', hash: 'SHA-384', namedCurve: 'P-384' }, oid: '1.2.840.10045.4.3.3' },
  p521: { webcrypto: { name: 'ECDSA', hash: 'SHA-512', namedCurve: 'P-521' }, oid: '1.2.840.10045.4.3.4' },
  ed25519: { webcrypto: { name: 'Ed25519' }, oid: '1.3.101.112' },
  mldsa44: { webcrypto: { name: 'ML-DSA-44' }, oid: '2.16.840.1.101.3.4.3.17' },
  mldsa65: { webcrypto: { name: 'ML-DSA-65' }, oid: '2.16.840.1.101.3.4.3.18' },
  mldsa87: { webcrypto: { name: 'ML-DSA-87' }, oid: '2.16.840.1.101.3.4.3.19' },
}

const rowOf = (type: KeyType): SigningRow => {
  const row = rows[type]
  if (row === undefined) throw new TlsError('unsupported', `keys of type ${type} can't sign certificates here; use RSA, ECDSA, Ed25519 or ML-DSA`)
  return row
}

const signingOf = (spki: Uint8Array): Signing => {
  const { webcrypto, oid } = rowOf(parsePublicKey(spki).type)
  const { name, hash } = webcrypto
  return {
    algorithm: hash === undefined ? { name } : { name, hash },
    identifier: name.startsWith('RSA') ? derSequence(derOid(oid), derNull()) : derSequence(derOid(oid)),
    ecdsa: name === 'ECDSA',
  }
}

const importing = (type: KeyType): RsaHashedImportParams & EcKeyImportParams => {
  const { name, hash = '', namedCurve = '' } = rowOf(type).webcrypto
  return { name, hash, namedCurve }
}

const supported = async <T>(what: string, call: () => Promise<T>, code: 'unsupported' | 'bad_key' = 'unsupported'): Promise<T> => {
  try {
    return await call()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TlsError(code, `this runtime's WebCrypto can't use a key of kind ${what}: ${why}`, { cause })
  }
}
