// The KEMs, KDFs and AEADs of HPKE (RFC 9180 section 7), as far as a provider has them, and the receiver's key pair:
// what is asked before there is anything to seal or open with hpke.ts.

import { isPromise } from '../crypto/maybe.ts'
import type {
  AeadCipher,
  CipherName,
  CryptoProvider,
  HashAlgorithm,
  HashName,
  KeyExchange,
  KeyExchangeGroup,
  MaybePromise,
} from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { groupIds, hpkeAeads, hpkeKdfs, hpkeKems } from '../wire/numbers.ts'

/** Numbers of KEM, KDF and AEAD (RFC 9180 section 7). */
export interface HpkeSuite {
  readonly kem: number
  readonly kdf: number
  readonly aead: number
}

interface KemFacts {
  readonly group: number
  readonly hash: HashName
}

/** DHKEM(P-256, HKDF-SHA256) and DHKEM(X25519, HKDF-SHA256), by the number of the group that computes them. */
const kems: ReadonlyMap<number, KemFacts> = new Map([
  [hpkeKems.X25519_SHA256, { group: groupIds.X25519, hash: 'sha256' }],
  [hpkeKems.P256_SHA256, { group: groupIds['P-256'], hash: 'sha256' }],
])
const kdfs: ReadonlyMap<number, HashName> = new Map([
  [hpkeKdfs.sha256, 'sha256'],
  [hpkeKdfs.sha384, 'sha384'],
  [hpkeKdfs.sha512, 'sha512'],
])
const aeads: ReadonlyMap<number, CipherName> = new Map([
  [hpkeAeads['aes-128-gcm'], 'aes-128-gcm'],
  [hpkeAeads['aes-256-gcm'], 'aes-256-gcm'],
  [hpkeAeads['chacha20-poly1305'], 'chacha20-poly1305'],
])

export interface HpkeParts {
  readonly group: KeyExchangeGroup
  readonly kemHash: HashAlgorithm
  readonly hash: HashAlgorithm
  readonly aead: AeadCipher
}

/** What computes a suite with this provider; undefined if it can't. */
const partsOf = (provider: CryptoProvider, { kem, kdf, aead }: HpkeSuite): HpkeParts | undefined => {
  const facts = kems.get(kem)
  const group = provider.groups.find(({ id }) => id === facts?.group)
  const kemHash = facts && provider.hashes[facts.hash]
  const hashName = kdfs.get(kdf)
  const hash = hashName && provider.hashes[hashName]
  const cipherName = aeads.get(aead)
  const cipher = provider.suites
    .map((suite) => suite.cipher)
    .find(({ kind, name }) => kind === 'aead' && name === cipherName)
  return group && kemHash && hash && cipher?.kind === 'aead' ? { group, kemHash, hash, aead: cipher } : undefined
}

export const canHpke = (provider: CryptoProvider, suite: HpkeSuite): boolean => partsOf(provider, suite) !== undefined

export const hpkeParts = (provider: CryptoProvider, suite: HpkeSuite): HpkeParts => {
  const parts = partsOf(provider, suite)
  if (!parts)
    throw new TlsError(
      'unsupported',
      `the ${provider.name} provider can't do HPKE with KEM ${suite.kem}, KDF ${suite.kdf}, AEAD ${suite.aead}`,
    )
  return parts
}

/**
 * The receiver's key pair from its private key, 32 bytes. Throws `bad_key`, or `unsupported` where the provider can't.
 */
export const hpkeKeyPair = (
  provider: CryptoProvider,
  kem: number,
  privateKey: Uint8Array,
): MaybePromise<KeyExchange> => {
  const facts = kems.get(kem)
  const group = provider.groups.find(({ id }) => id === facts?.group)
  if (!group?.restore)
    throw new TlsError('unsupported', `the ${provider.name} provider can't receive with HPKE KEM ${kem}`)
  try {
    const pair = group.restore(privateKey)
    return isPromise(pair) ? pair.catch(refuseKey) : pair
  } catch (cause) {
    return refuseKey(cause)
  }
}

const refuseKey = (cause: unknown): never => {
  const reason = cause instanceof TlsError ? `: ${cause.message}` : ''
  throw new TlsError('bad_key', `an HPKE private key that is not valid${reason}`, { cause })
}
