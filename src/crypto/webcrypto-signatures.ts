// Signatures of WebCrypto: RSA, ECDSA and Ed25519. Runtimes differ in what they have (Deno ties curves to hashes, some
// have no Ed25519 or P-521), so whatever WebCrypto refuses to do is done by noble. Part of crypto/webcrypto.ts.

import { derBits, derSequence } from '../wire/der.ts'
import { toDer, toFixedLength } from './ecdsa-der.ts'
import { keyAlgorithm, keyFacts } from './key-algorithm.ts'
import { nobleSigner, nobleVerify } from './noble-signatures.ts'
import type { KeyType, PrivateKey, PublicKey, SignatureVerifier, Signer } from './provider.ts'
import { schemeFor, verifiersFrom } from './signatures.ts'
import type { Scheme } from './signatures.ts'
import { rsaParameters, subtleRsaSigner } from './subtle-rsa.ts'
import { owned, subtleHashes, theSubtle } from './subtle.ts'
import { base64url } from './webcrypto-groups.ts'

type Importing = EcKeyImportParams | RsaHashedImportParams | Algorithm
type Using = EcdsaParams | RsaPssParams | Algorithm

const curveNames: Partial<Record<KeyType, string>> = { p256: 'P-256', p384: 'P-384', p521: 'P-521' }

/** Undefined for what WebCrypto has no name for, and for ECDSA with SHA-1, to which Deno always says false. */
const parameters = (
  scheme: Scheme,
  type: KeyType,
): { readonly importing: Importing; readonly using: Using } | undefined => {
  if (!('hash' in scheme))
    return type === 'ed25519' ? { importing: { name: 'Ed25519' }, using: { name: 'Ed25519' } } : undefined
  if (scheme.family !== 'ecdsa') return rsaParameters(scheme)
  if (scheme.hash === 'sha1') return undefined
  const importing = { name: 'ECDSA', namedCurve: curveNames[type] ?? '' }
  return { importing, using: { name: 'ECDSA', hash: subtleHashes[scheme.hash] ?? '' } }
}

export const webcryptoVerifiers: readonly SignatureVerifier[] = verifiersFrom((scheme, key, message, signature) => {
  const subtle = theSubtle()
  const names = parameters(scheme, key.type)
  if (!subtle || !names) return nobleVerify(scheme, key, message, signature)
  const fixed = scheme.family === 'ecdsa' ? toFixedLength(signature, scalarLength(key.type)) : signature
  if (!fixed) return false
  return publicCryptoKey(subtle, key, names.importing)
    .then((cryptoKey) => subtle.verify(names.using, cryptoKey, owned(fixed), owned(message)))
    .catch(() => nobleVerify(scheme, key, message, signature))
})

const scalarLength = (type: KeyType): number => Math.ceil(keyFacts[type].bits / 8)

const imported = new WeakMap<PublicKey, Map<string, Promise<CryptoKey>>>()

const publicCryptoKey = (subtle: SubtleCrypto, key: PublicKey, importing: Importing): Promise<CryptoKey> => {
  const keys = imported.get(key) ?? new Map<string, Promise<CryptoKey>>()
  imported.set(key, keys)
  const id = JSON.stringify(importing)
  const known = keys.get(id) ?? importPublic(subtle, key, importing)
  keys.set(id, known)
  return known
}

/** RSA goes in as plain rsaEncryption, for WebCrypto takes no id-RSASSA-PSS. */
const importPublic = (subtle: SubtleCrypto, { raw, rsa }: PublicKey, importing: Importing): Promise<CryptoKey> =>
  rsa
    ? subtle.importKey('spki', owned(derSequence(keyAlgorithm('rsa'), derBits(raw))), importing, false, ['verify'])
    : subtle.importKey('raw', owned(raw), importing, false, ['verify'])

export const webcryptoSigner = (key: PrivateKey): Signer => {
  if (key.type === 'rsa' || key.type === 'rsa-pss') return subtleRsaSigner(key)
  const noble = nobleSigner(key)
  const subtle = theSubtle()
  const { publicKey } = noble
  if (!subtle || !publicKey || (curveNames[key.type] === undefined && key.type !== 'ed25519')) return noble
  let cryptoKey: Promise<CryptoKey> | undefined
  return {
    publicKey,
    algorithms: noble.algorithms,
    sign: async (algorithm, message) => {
      const scheme = schemeFor(publicKey, algorithm)
      const names = parameters(scheme, key.type)
      if (!names) return noble.sign(algorithm, message)
      cryptoKey ??= subtle.importKey('jwk', privateJwk(key, publicKey), names.importing, false, ['sign'])
      try {
        const signature = new Uint8Array(await subtle.sign(names.using, await cryptoKey, owned(message)))
        return scheme.family === 'ecdsa' ? toDer(signature) : signature
      } catch {
        return noble.sign(algorithm, message)
      }
    },
  }
}

/** JWK has the public key in it, which some runtimes want and PKCS#8 need not have. */
const privateJwk = (key: PrivateKey, { raw }: PublicKey): JsonWebKey => {
  const crv = curveNames[key.type]
  const d = base64url(key.raw)
  if (crv === undefined) return { kty: 'OKP', crv: 'Ed25519', x: base64url(raw), d }
  const half = (raw.length + 1) / 2
  return { kty: 'EC', crv, x: base64url(raw.subarray(1, half)), y: base64url(raw.subarray(half)), d }
}
