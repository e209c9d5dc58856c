// Providers out of parts: what is not among the parts is not offered, and a bundle does not carry it.

import { TlsError } from '../errors.ts'
import { groupsOf } from './groups.ts'
import type { KeyExchangeParts } from './groups.ts'
import type {
  Cipher,
  CryptoProvider,
  HashAlgorithm,
  HashName,
  KeyType,
  MaybePromise,
  PrivateKey,
  PublicKey,
  SignatureVerifier,
  Signer,
} from './provider.ts'
import { randomBytes } from './random.ts'
import { verifiersFrom } from './signatures.ts'
import type { Abilities, Scheme } from './signatures.ts'
import { suitesFor } from './suites.ts'

export type Hashes = CryptoProvider['hashes']

/** Something that a provider is made of: a curve, a cipher, a type of keys. Made here, for nobleWith() and the like. */
export interface ProviderPart {
  readonly keyExchange?: Partial<KeyExchangeParts>
  readonly ciphers?: readonly Cipher[]
  readonly hashes?: Hashes
  readonly keys?: readonly KeyPart[]
}

/** Signatures with keys of these types. `hashes` are those of the whole provider. */
export interface KeyPart {
  readonly types: readonly KeyType[]
  /** SignatureVerifier's. */
  readonly cost?: SignatureVerifier['cost']
  verify(check: SignatureCheck, hashes: Hashes): MaybePromise<boolean>
  signer(key: PrivateKey, hashes: Hashes): MaybePromise<Signer>
}

export interface SignatureCheck {
  readonly scheme: Scheme
  readonly key: PublicKey
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** Ciphers are in order of preference; of two parts for the same, the first one counts. `signed`: hashes of the
 * signatures that can be checked; by default those that there are. */
export const providerOf = (
  name: string,
  parts: readonly ProviderPart[],
  signed?: Abilities['hashes'],
): CryptoProvider => {
  const hashes: Hashes = firstOf(parts.map((part) => part.hashes))
  const keys = keyPartsOf(parts)
  const check = (scheme: Scheme, key: PublicKey, message: Uint8Array, signature: Uint8Array): MaybePromise<boolean> =>
    keys.get(key.type)?.verify({ scheme, key, message, signature }, hashes) ?? false
  const cost = firstOf([...keys.values()].map((part) => part.cost))
  return {
    name,
    suites: suitesFor(ciphersOf(parts)),
    groups: groupsOf(firstOf(parts.map(({ keyExchange }) => keyExchange))),
    verifiers: verifiersFrom(check, { types: [...keys.keys()], hashes: signed ?? hashes }).map((verifier) => ({
      ...verifier,
      cost,
    })),
    hashes,
    random: randomBytes,
    signer: (key) => {
      const part = keys.get(key.type)
      if (part) return part.signer(key, hashes)
      throw new TlsError('unsupported', `the provider ${name} was made without keys of type ${key.type}`)
    },
  }
}

export const keyPartsOf = (parts: readonly ProviderPart[]): ReadonlyMap<KeyType, KeyPart> =>
  new Map(
    parts.toReversed().flatMap((part) => (part.keys ?? []).flatMap((key) => key.types.map((type) => [type, key]))),
  )

export const ciphersOf = (parts: readonly ProviderPart[]): readonly Cipher[] =>
  parts.flatMap(({ ciphers = [] }) => ciphers)

/** The hash of a scheme. Throws `unsupported` for one that the provider was made without. */
export const hashIn = (hashes: Hashes, name: HashName): HashAlgorithm => {
  const hash = hashes[name]
  if (!hash) throw new TlsError('unsupported', `this provider was made without ${name}`)
  return hash
}

export const firstOf = <T extends object>(list: readonly (T | undefined)[]): Partial<T> =>
  Object.assign({}, ...list.toReversed())
