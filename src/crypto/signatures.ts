// The signature algorithms as one table: key types, padding and hash of each (RFC 9846 section 4.3.3, RFC 8017, RFC
// 8032, RFC 9881), and what every provider checks before its own verification.

import { TlsError } from '../errors.ts'
import type { HashName, KeyType, MaybePromise, PublicKey, SignatureAlgorithm, SignatureVerifier } from './provider.ts'

export interface HashedScheme {
  readonly algorithm: SignatureAlgorithm
  readonly keyTypes: readonly KeyType[]
  readonly family: 'pkcs1' | 'pss' | 'ecdsa'
  readonly hash: HashName
}

/** The message goes in whole: the hash is a part of the algorithm. */
export interface BareScheme {
  readonly algorithm: SignatureAlgorithm
  readonly keyTypes: readonly KeyType[]
  readonly family: 'eddsa' | 'mldsa'
}

export type Scheme = HashedScheme | BareScheme

const ec: readonly KeyType[] = ['p256', 'p384', 'p521']
const row = (algorithm: SignatureAlgorithm, family: 'pkcs1' | 'pss' | 'ecdsa', hash: HashName): Scheme => ({
  algorithm,
  family,
  hash,
  keyTypes: family === 'ecdsa' ? ec : family === 'pss' ? ['rsa', 'rsa-pss'] : ['rsa'],
})
const bare = (algorithm: SignatureAlgorithm & KeyType, family: 'eddsa' | 'mldsa'): Scheme => ({
  algorithm,
  family,
  keyTypes: [algorithm],
})

/**
 * In order of preference, for any one key. MD5 is not here: nothing in TLS 1.2 or 1.3 may be signed with it any more
 * (RFC 9155).
 */
export const schemes: readonly Scheme[] = [
  row('ecdsa_sha256', 'ecdsa', 'sha256'),
  row('ecdsa_sha384', 'ecdsa', 'sha384'),
  row('ecdsa_sha512', 'ecdsa', 'sha512'),
  bare('ed25519', 'eddsa'),
  bare('ed448', 'eddsa'),
  row('rsa_pss_sha256', 'pss', 'sha256'),
  row('rsa_pss_sha384', 'pss', 'sha384'),
  row('rsa_pss_sha512', 'pss', 'sha512'),
  bare('mldsa44', 'mldsa'),
  bare('mldsa65', 'mldsa'),
  bare('mldsa87', 'mldsa'),
  row('rsa_pkcs1_sha256', 'pkcs1', 'sha256'),
  row('rsa_pkcs1_sha384', 'pkcs1', 'sha384'),
  row('rsa_pkcs1_sha512', 'pkcs1', 'sha512'),
  row('rsa_pkcs1_sha1', 'pkcs1', 'sha1'),
  row('ecdsa_sha1', 'ecdsa', 'sha1'),
]

export const hashLengths: Readonly<Record<HashName, number>> = { md5: 16, sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

/** What a provider has of keys and hashes; undefined for all of them. */
export interface Abilities {
  readonly types: readonly KeyType[]
  readonly hashes: Readonly<Partial<Record<HashName, unknown>>>
}

/** Verifiers around a provider's own check, which gets keys of the right kind only. */
export const verifiersFrom = (
  check: (scheme: Scheme, key: PublicKey, message: Uint8Array, signature: Uint8Array) => MaybePromise<boolean>,
  { types, hashes }: Partial<Abilities> = {},
): readonly SignatureVerifier[] =>
  schemes.flatMap((scheme) => {
    const keyTypes = scheme.keyTypes.filter((type) => types?.includes(type) !== false)
    if (keyTypes.length === 0 || ('hash' in scheme && hashes && !hashes[scheme.hash])) return []
    return {
      algorithm: scheme.algorithm,
      keyTypes,
      verify: (key, message, signature) =>
        keyTypes.includes(key.type) &&
        fits(scheme, key) &&
        isSane(key, signature) &&
        check(scheme, key, message, signature),
    }
  })

/**
 * RSA only: what OpenSSL is lenient about, above all the length of PSS signatures. With exponent 1 anyone could sign.
 */
const isSane = ({ rsa }: PublicKey, signature: Uint8Array): boolean => {
  if (!rsa) return true
  const last = rsa.exponent.at(-1) ?? 0
  const exponentFits = last % 2 === 1 && (last > 1 || rsa.exponent.length > 1)
  return exponentFits && (rsa.modulus.at(-1) ?? 0) % 2 === 1 && signature.length === rsa.modulus.length
}

/** What a key can sign with, in order of preference. */
export const algorithmsFor = (key: Pick<PublicKey, 'type' | 'bits' | 'pss'>): readonly SignatureAlgorithm[] => {
  const own = ownAlgorithm[key.type]
  const all = schemes.filter((scheme) => fits(scheme, key)).map(({ algorithm }) => algorithm)
  return own === undefined ? all : [own, ...all.filter((algorithm) => algorithm !== own)]
}

/** The scheme that a signer was asked for, if its key can do it; throws `unsupported` otherwise. */
export const schemeFor = (key: Pick<PublicKey, 'type' | 'bits' | 'pss'>, algorithm: SignatureAlgorithm): Scheme => {
  const scheme = schemes.find((each) => each.algorithm === algorithm && fits(each, key))
  if (!scheme)
    throw new TlsError('unsupported', `a key of type ${key.type} and ${key.bits} bits cannot sign with ${algorithm}`)
  return scheme
}

/** TLS 1.3 ties the curve to the hash. */
const ownAlgorithm: Partial<Record<KeyType, SignatureAlgorithm>> = { p384: 'ecdsa_sha384', p521: 'ecdsa_sha512' }

const fits = (scheme: Scheme, key: Pick<PublicKey, 'type' | 'bits' | 'pss'>): boolean => {
  if (!scheme.keyTypes.includes(key.type)) return false
  if (scheme.family !== 'pss') return true
  const salt = hashLengths[scheme.hash]
  const room = Math.ceil((key.bits - 1) / 8) - 2 * salt - 2
  return room >= 0 && (!key.pss || (key.pss.hash === scheme.hash && key.pss.saltLength <= salt))
}
