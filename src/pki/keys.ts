// Keys of the issuing side: fresh ones by WebCrypto (globalThis.crypto), which every runtime has, and any that people
// have already, in files, in WebCrypto, in node:crypto or behind a Signer (HSM, KMS).

import { cryptoKeySigner, isCryptoKey, isKeyObject, isSigner, readPrivateKey, signerFor } from '../crypto/key-input.ts'
import type { KeyInput, KeyObjectLike } from '../crypto/key-input.ts'
import { keyAlgorithm } from '../crypto/key-algorithm.ts'
import { parsePublicKey, samePublicKey } from '../crypto/keys.ts'
import type { KeyType, PrivateKey, PublicKey, SignatureAlgorithm, Signer } from '../crypto/provider.ts'
import { webcryptoKeys } from '../crypto/webcrypto-keys.ts'
import { TlsError } from '../errors.ts'
import {
  constructedTag,
  contextTag,
  derBits,
  derElement,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
} from '../wire/der.ts'
import { decodePem, pemTextOf } from '../wire/pem.ts'
import type { PemOrDer } from '../wire/pem.ts'
import { pssAlgorithmOf } from '../x509/signature.ts'

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

/**
 * A kind of key to make, or a private key that is given back beside the certificate: PEM, DER, a KeyObject or a parsed
 * key.
 */
export type OwnKey = KeyKind | (string & {}) | Uint8Array | KeyObjectLike | PrivateKey
/** A key that stays where it is, and signs there (HSM, KMS, WebCrypto). */
export type ExternalKey = Signer | CryptoKey

/** A public key: PEM or DER (SubjectPublicKeyInfo, or PKCS#1 in PEM), a CryptoKey, a KeyObject, or a parsed one. */
export type PublicKeyInput = PemOrDer | CryptoKey | KeyObjectLike | PublicKey

export interface KeyPair {
  readonly signer: Signer
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  /** PKCS#8, DER; undefined for a key that stays where it is. */
  readonly pkcs8: Uint8Array | undefined
  readonly signing: Signing
}

/** How certificates, requests, CRLs and OCSP responses are signed with a key. */
export interface Signing {
  readonly algorithm: SignatureAlgorithm
  /** AlgorithmIdentifier, DER. */
  readonly identifier: Uint8Array
}

export type OwnKeyPair = KeyPair & { readonly pkcs8: Uint8Array }

/** Throws TlsError `unsupported` if this runtime can't make such a key, `bad_option` for a kind that there is not. */
export const generateKeyPair = async (kind: KeyKind): Promise<OwnKeyPair> => {
  const parameters = Object.hasOwn(generation, kind) ? generation[kind] : undefined
  if (parameters === undefined)
    throw new TlsError('bad_option', `key: not a key, and none of the kinds ${Object.keys(generation).join(', ')}`)
  try {
    const pair = await crypto.subtle.generateKey(parameters, true, ['sign', 'verify'])
    if (!('privateKey' in pair)) throw new TypeError('WebCrypto made no key pair')
    const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey))
    const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))
    return { ...pairOf({ ...cryptoKeySigner(pair.privateKey), publicKey: parsePublicKey(spki) }, spki, pkcs8), pkcs8 }
  } catch (cause) {
    const seeded = seededTypes[kind]
    if (seeded !== undefined) return fromSeed(seeded)
    throw new TlsError('unsupported', `this runtime's WebCrypto can't make a key of kind ${kind}`, { cause })
  }
}

/** The key itself, without WebCrypto: 32 random bytes (RFC 8032 section 5.1.5, RFC 9881 section 6). */
const fromSeed = async (type: KeyType): Promise<OwnKeyPair> => {
  const seed = crypto.getRandomValues(new Uint8Array(32))
  const content = type === 'ed25519' ? derOctets(seed) : derElement(contextTag(0), seed)
  const pkcs8 = derSequence(derInteger(0), keyAlgorithm(type), derOctets(content))
  return { ...(await importKeyPair(pkcs8)), pkcs8 }
}

/**
 * A key that is there already. `spki` is the public key that it should belong to; needed where the key does not show
 * its own. Throws `bad_key`, `bad_option`, or `key_mismatch`.
 */
export const importKeyPair = async (key: KeyInput, spki?: Uint8Array): Promise<KeyPair> => {
  const expected = spki && parsePublicKey(spki)
  const parsed =
    typeof key === 'object' && key !== null && !(key instanceof Uint8Array) && isSigner(key)
      ? undefined
      : await readPrivateKey(key)
  const pkcs8 = parsed && !isCryptoKey(parsed) ? parsed.pkcs8 : undefined
  const signer = await signerFor(parsed ?? key, webcryptoKeys, expected)
  const publicKey = signer.publicKey ?? expected
  if (publicKey === undefined)
    throw new TlsError('bad_option', 'key: it does not show its public key; give that as `publicKey`')
  if (expected !== undefined && !samePublicKey(publicKey, expected)) {
    throw new TlsError(
      'key_mismatch',
      'the private key does not belong to the certificate, or to the public key beside it',
    )
  }
  return pairOf(signer, spki ?? publicKey.spki, pkcs8)
}

/**
 * A fresh key of a kind, or one that is given. No text that is neither comes into an error: it may be a damaged key.
 */
export const keyPairOf = (key: OwnKey | ExternalKey = 'ecdsa-p256', publicKey?: Uint8Array): Promise<KeyPair> =>
  isKind(key) ? generateKeyPair(key) : importKeyPair(key, publicKey)

/** Text without a PEM block is no key, so it should be a kind. */
const isKind = (key: OwnKey | ExternalKey): key is KeyKind => typeof key === 'string' && !key.includes('-----')

/** SubjectPublicKeyInfo, DER. Throws `bad_option` for what is no public key. */
export const spkiOf = async (input: PublicKeyInput): Promise<Uint8Array> => {
  const spki = await readSpki(input)
  try {
    parsePublicKey(spki)
  } catch (cause) {
    throw new TlsError('bad_option', `publicKey: ${cause instanceof Error ? cause.message : 'it can not be read'}`, {
      cause,
    })
  }
  return spki
}

const readSpki = async (input: PublicKeyInput): Promise<Uint8Array> => {
  if (typeof input === 'string' || input instanceof Uint8Array) return spkiFromFile(input)
  if (typeof input === 'object' && input !== null) {
    if ('spki' in input) return input.spki
    if ((isCryptoKey(input) || isKeyObject(input)) && input.type !== 'public') {
      throw new TlsError('bad_option', `publicKey: a key of type ${String(input.type)}, where the public key is needed`)
    }
    if (isCryptoKey(input)) return new Uint8Array(await crypto.subtle.exportKey('spki', input))
    if (isKeyObject(input)) return new Uint8Array(input.export({ format: 'der', type: 'spki' }))
  }
  throw new TlsError('bad_option', 'publicKey: expected PEM, DER, a CryptoKey, a KeyObject or a parsed key')
}

const spkiFromFile = (input: PemOrDer): Uint8Array => {
  const text = pemTextOf(input)
  if (text === undefined && typeof input !== 'string') return input
  for (const { label, bytes } of decodePem(text ?? '')) {
    if (label === 'PUBLIC KEY') return bytes
    if (label === 'RSA PUBLIC KEY') return derSequence(keyAlgorithm('rsa'), derBits(bytes))
  }
  throw new TlsError('bad_option', 'publicKey: there is no public key in it (a PEM block PUBLIC KEY)')
}

/** The signature as X.509 has it, without the BIT STRING. */
export const signWith = async ({ signer, signing }: KeyPair, message: Uint8Array): Promise<Uint8Array> =>
  signer.sign(signing.algorithm, message)

/** Key identifier: the first 20 bytes of SHA-256 of the key's bits (RFC 7093 section 2, method 1). */
export const keyIdentifier = async (spki: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', plain(parsePublicKey(spki).raw))).slice(0, 20)

/** WebCrypto takes only bytes over an ArrayBuffer of their own kind. */
export const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)

/** PKCS#8, DER, of a key that is given; throws `bad_option` for a kind to make. */
export const ownKeyBytes = async (key: OwnKey | CryptoKey): Promise<Uint8Array> => {
  const parsed = await readPrivateKey(key)
  if (isCryptoKey(parsed))
    throw new TlsError('bad_option', 'key: a CryptoKey that can not be exported can not be written either')
  return parsed.pkcs8
}

/** The public half of a key (PEM, DER or parsed). */
export const publicKeyOf = async (key: Uint8Array): Promise<PublicKey | undefined> =>
  (await signerFor(key, webcryptoKeys)).publicKey

const rsa = (modulusLength: number): RsaHashedKeyGenParams => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength,
  publicExponent: Uint8Array.of(1, 0, 1),
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

const seededTypes: Readonly<Partial<Record<KeyKind, KeyType>>> = {
  ed25519: 'ed25519',
  'ml-dsa-44': 'mldsa44',
  'ml-dsa-65': 'mldsa65',
  'ml-dsa-87': 'mldsa87',
}

const withNull = (oid: string): Uint8Array => derSequence(derOid(oid), derNull())
const bare = (oid: string): Uint8Array => derSequence(derOid(oid))

/** RSASSA-PSS-params: MGF1 of the same hash, and a salt as long as it (RFC 4055 section 3.1). */
const pss = (hashOid: string, saltLength: number): Uint8Array => {
  const mask = derSequence(derOid('1.2.840.113549.1.1.8'), withNull(hashOid))
  const fields = [withNull(hashOid), mask, derInteger(saltLength)].map((field, n) =>
    derElement(constructedTag(n), field),
  )
  return derSequence(derOid('1.2.840.113549.1.1.10'), derSequence(...fields))
}

/**
 * In order of preference for a key that can do several: PKCS #1 v1.5, which everyone verifies, before PSS (RFC 8017),
 * an EC key's own hash first (as its signer lists them). */
const identifiers: ReadonlyMap<SignatureAlgorithm, Uint8Array> = new Map([
  ['rsa_pkcs1_sha256', withNull('1.2.840.113549.1.1.11')],
  ['rsa_pkcs1_sha384', withNull('1.2.840.113549.1.1.12')],
  ['rsa_pkcs1_sha512', withNull('1.2.840.113549.1.1.13')],
  ['rsa_pss_sha256', pss('2.16.840.1.101.3.4.2.1', 32)],
  ['rsa_pss_sha384', pss('2.16.840.1.101.3.4.2.2', 48)],
  ['rsa_pss_sha512', pss('2.16.840.1.101.3.4.2.3', 64)],
  ['ecdsa_sha256', bare('1.2.840.10045.4.3.2')],
  ['ecdsa_sha384', bare('1.2.840.10045.4.3.3')],
  ['ecdsa_sha512', bare('1.2.840.10045.4.3.4')],
  ['ed25519', bare('1.3.101.112')],
  ['ed448', bare('1.3.101.113')],
  ['mldsa44', bare('2.16.840.1.101.3.4.3.17')],
  ['mldsa65', bare('2.16.840.1.101.3.4.3.18')],
  ['mldsa87', bare('2.16.840.1.101.3.4.3.19')],
])

const pairOf = (signer: Signer, spki: Uint8Array, pkcs8: Uint8Array | undefined): KeyPair => {
  const able = signer.algorithms.filter((algorithm) => identifiers.has(algorithm))
  const algorithm = able.find((each) => each.startsWith('rsa_pkcs1')) ?? able[0]
  const identifier = algorithm && identifiers.get(algorithm)
  if (algorithm === undefined || identifier === undefined) {
    throw new TlsError(
      'unsupported',
      `a key that signs with ${signer.algorithms.join(', ') || 'nothing'} can't sign certificates`,
    )
  }
  checkSalt(parsePublicKey(spki), algorithm)
  return { signer, spki, pkcs8, signing: { algorithm, identifier } }
}

/** What a key's parameters say is what its signatures have: no verifier of RFC 9846 section 4.3.3 takes others. */
const checkSalt = ({ pss: parameters }: PublicKey, algorithm: SignatureAlgorithm): void => {
  if (parameters && pssAlgorithmOf(parameters) !== algorithm) {
    const made = Number(/\d+$/.exec(algorithm)?.[0]) / 8
    const salts = `a salt of ${parameters.saltLength} bytes, and signatures are made with ${made}`
    throw new TlsError('bad_key', `the RSASSA-PSS key says that its signatures have ${salts} (RFC 9846 section 4.3.3)`)
  }
}
