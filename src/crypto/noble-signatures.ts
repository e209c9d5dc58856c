// Signatures of @noble/curves and @noble/post-quantum (FIPS 186-5, RFC 8032, RFC 9881), RSA verification of rsa.ts:
// each type of keys apart, so that a bundle carries what it uses. Parts of crypto/noble.ts; webcrypto.ts falls back to
// them, and the node provider to all of them.

import { ed25519 } from '@noble/curves/ed25519.js'
import { ed448 } from '@noble/curves/ed448.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { TlsError } from '../errors.ts'
import { publicKeyFromRaw } from './keys.ts'
import { nobleCosts } from './noble-costs.ts'
import { nobleHashes } from './noble-hashes.ts'
import { mlDsaKey, verifyMlDsa } from './noble-ml-dsa.ts'
import { hashIn, keyPartsOf } from './parts.ts'
import type { KeyPart } from './parts.ts'
import type { KeyType, PrivateKey, PublicKey, Signer } from './provider.ts'
import { verifyRsa } from './rsa.ts'
import { algorithmsFor, schemeFor } from './signatures.ts'
import type { Scheme } from './signatures.ts'
import { subtleRsaSigner } from './subtle-rsa.ts'

/** Strict DER, any s below the order (TLS has no low-s rule), and the digest comes from us. */
const ecdsaOptions = { format: 'der', lowS: false, prehash: false } as const

const ecdsa = (type: KeyType, curve: typeof p256): KeyPart => ({
  types: [type],
  cost: nobleCosts(type),
  verify: ({ scheme, key, message, signature }, hashes) =>
    'hash' in scheme &&
    holds(() => curve.verify(signature, hashIn(hashes, scheme.hash).digest(message), key.raw, ecdsaOptions)),
  signer: (key, hashes) =>
    signerOf(key, () => ({
      publicKey: curve.getPublicKey(key.raw, false),
      sign: (scheme, message) => {
        const digest = 'hash' in scheme ? hashIn(hashes, scheme.hash).digest(message) : message
        return curve.sign(digest, key.raw, ecdsaOptions)
      },
    })),
})

const eddsa = (type: KeyType, curve: typeof ed25519): KeyPart => ({
  types: [type],
  cost: nobleCosts(type),
  verify: ({ key, message, signature }) => holds(() => curve.verify(signature, message, key.raw, { zip215: false })),
  signer: (key) =>
    signerOf(key, () => ({
      publicKey: curve.getPublicKey(key.raw),
      sign: (_, message) => curve.sign(message, key.raw),
    })),
})

export const nobleP256Keys: KeyPart = ecdsa('p256', p256)
export const nobleP384Keys: KeyPart = ecdsa('p384', p384)
export const nobleP521Keys: KeyPart = ecdsa('p521', p521)
export const nobleEd25519Keys: KeyPart = eddsa('ed25519', ed25519)
export const nobleEd448Keys: KeyPart = eddsa('ed448', ed448)

export const nobleMlDsaKeys: KeyPart = {
  types: ['mldsa44', 'mldsa65', 'mldsa87'],
  cost: nobleCosts('mldsa44', 'mldsa65', 'mldsa87'),
  verify: ({ key, message, signature }) => verifyMlDsa(key.type, key.raw, message, signature),
  signer: (key) =>
    signerOf(key, () => {
      const pair = mlDsaKey(key.type, key.raw)
      if (!pair) throw new RangeError(`${key.raw.length} bytes`)
      return { publicKey: pair.publicKey, sign: (_, message) => pair.sign(message) }
    }),
}

/** Signing is WebCrypto's. RSA is BigInt with short exponents. */
export const nobleRsaKeys: KeyPart = {
  types: ['rsa', 'rsa-pss'],
  cost: nobleCosts('rsa', 'rsa-pss'),
  verify: ({ scheme, key, message, signature }, hashes) => {
    if (!('hash' in scheme) || scheme.family === 'ecdsa') return false
    const { family, hash } = scheme
    return holds(() => verifyRsa(family, hashIn(hashes, hash), key, message, signature))
  },
  signer: subtleRsaSigner,
}

/** Whatever noble throws says that a key or a signature is malformed. */
const holds = (check: () => boolean): boolean => {
  try {
    return check()
  } catch (error) {
    if (error instanceof TlsError) throw error
    return false
  }
}

interface KeyPair {
  readonly publicKey: Uint8Array
  sign(scheme: Scheme, message: Uint8Array): Uint8Array
}

const signerOf = ({ type }: PrivateKey, make: () => KeyPair): Signer => {
  const pair = pairOf(type, make)
  const publicKey = publicKeyFromRaw(type, pair.publicKey)
  return {
    publicKey,
    algorithms: algorithmsFor(publicKey),
    sign: (algorithm, message) => pair.sign(schemeFor(publicKey, algorithm), message),
  }
}

const pairOf = (type: KeyType, make: () => KeyPair): KeyPair => {
  try {
    return make()
  } catch (cause) {
    throw new TlsError('bad_key', `this private key of type ${type} is not valid`, { cause })
  }
}

const everyKey = keyPartsOf([
  {
    keys: [nobleP256Keys, nobleP384Keys, nobleP521Keys, nobleEd25519Keys, nobleEd448Keys, nobleMlDsaKeys, nobleRsaKeys],
  },
])

/** Of any type, for the node provider. */
export const nobleVerify = (
  scheme: Scheme,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): ReturnType<KeyPart['verify']> =>
  everyKey.get(key.type)?.verify({ scheme, key, message, signature }, nobleHashes) ?? false

/** Of any type, for the node provider. Throws `bad_key` for a key that is not valid. */
export const nobleSigner = (key: PrivateKey): ReturnType<KeyPart['signer']> => {
  const part = everyKey.get(key.type)
  if (!part) throw new TlsError('unsupported', `@noble has no keys of type ${key.type}`)
  return part.signer(key, nobleHashes)
}
