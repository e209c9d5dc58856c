// Signatures of @noble/curves and @noble/post-quantum (FIPS 186-5, RFC 8032, RFC 9881), RSA verification of rsa.ts.
// Part of crypto/noble.ts; webcrypto.ts falls back to it.

import { ed25519 } from '@noble/curves/ed25519.js'
import { ed448 } from '@noble/curves/ed448.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { TlsError } from '../errors.ts'
import { publicKeyFromRaw } from './keys.ts'
import { nobleHashes } from './noble-ciphers.ts'
import { mlDsaKey, verifyMlDsa } from './noble-pq.ts'
import type { KeyType, PrivateKey, PublicKey, SignatureVerifier, Signer } from './provider.ts'
import { verifyRsa } from './rsa.ts'
import { algorithmsFor, schemeFor, verifiersFrom } from './signatures.ts'
import type { Scheme } from './signatures.ts'
import { subtleRsaSigner } from './subtle-rsa.ts'

export const nobleVerify = (scheme: Scheme, key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean => {
  try {
    if (!('hash' in scheme)) {
      if (scheme.family === 'mldsa') return verifyMlDsa(key.type, key.raw, message, signature)
      return edwards[key.type]?.verify(signature, message, key.raw, { zip215: false }) ?? false
    }
    const hash = nobleHashes[scheme.hash]
    if (scheme.family !== 'ecdsa') return verifyRsa(scheme.family, hash, key, message, signature)
    return weierstrass[key.type]?.verify(signature, hash.digest(message), key.raw, ecdsaOptions) ?? false
  } catch {
    return false
  }
}

/** As measured on x64 with Node 24. RSA is BigInt with short exponents. */
const cost: SignatureVerifier['cost'] = {
  rsa: 2,
  'rsa-pss': 2,
  p256: 10,
  p384: 70,
  p521: 150,
  ed25519: 6,
  ed448: 60,
  mldsa44: 5,
  mldsa65: 7,
  mldsa87: 11,
}

export const nobleVerifiers: readonly SignatureVerifier[] = verifiersFrom(nobleVerify).map((verifier) => ({
  ...verifier,
  cost,
}))

const edwards: Partial<Record<KeyType, typeof ed25519>> = { ed25519, ed448 }
const weierstrass: Partial<Record<KeyType, typeof p256>> = { p256, p384, p521 }
/** Strict DER, any s below the order (TLS has no low-s rule), and the digest comes from us. */
const ecdsaOptions = { format: 'der', lowS: false, prehash: false } as const

export const nobleSigner = (key: PrivateKey): Signer => {
  if (key.type === 'rsa' || key.type === 'rsa-pss') return subtleRsaSigner(key)
  const pair = keyPair(key)
  const publicKey = publicKeyFromRaw(key.type, pair.publicKey)
  return {
    publicKey,
    algorithms: algorithmsFor(publicKey),
    sign: (algorithm, message) => pair.sign(schemeFor(publicKey, algorithm), message),
  }
}

interface KeyPair {
  readonly publicKey: Uint8Array
  sign(scheme: Scheme, message: Uint8Array): Uint8Array
}

const keyPair = (key: PrivateKey): KeyPair => {
  try {
    return edwardsPair(key) ?? weierstrassPair(key) ?? mlDsaPair(key)
  } catch (cause) {
    throw new TlsError('bad_key', `this private key of type ${key.type} is not valid`, { cause })
  }
}

const edwardsPair = ({ type, raw }: PrivateKey): KeyPair | undefined => {
  const curve = edwards[type]
  return curve && { publicKey: curve.getPublicKey(raw), sign: (_, message) => curve.sign(message, raw) }
}

const weierstrassPair = ({ type, raw }: PrivateKey): KeyPair | undefined => {
  const curve = weierstrass[type]
  if (!curve) return undefined
  return {
    publicKey: curve.getPublicKey(raw, false),
    sign: (scheme, message) => {
      const digest = 'hash' in scheme ? nobleHashes[scheme.hash].digest(message) : message
      return curve.sign(digest, raw, ecdsaOptions)
    },
  }
}

const mlDsaPair = ({ type, raw }: PrivateKey): KeyPair => {
  const pair = mlDsaKey(type, raw)
  if (!pair) throw new RangeError(`${raw.length} bytes`)
  return { publicKey: pair.publicKey, sign: (_, message) => pair.sign(message) }
}
