// Signatures of node:crypto (RFC 8017, FIPS 186-5, RFC 8032, RFC 9881). Part of crypto/node.ts. What a runtime refuses
// to do noble does: ML-DSA before Node 24.6, Ed448 in Bun, hashes that do not go with the curve in Deno.

import * as crypto from 'node:crypto'
import { TlsError } from '../errors.ts'
import { parsePublicKey } from './keys.ts'
import { andThen } from './maybe.ts'
import { buffer, nodeSha2, plain } from './node-ciphers.ts'
import { lateSigner, lateVerify } from './noble-late-keys.ts'
import { publicKeyPem } from './node-pem.ts'
import type { MaybePromise, PrivateKey, PublicKey, SignatureVerifier, Signer } from './provider.ts'
import { algorithmsFor, hashLengths, schemeFor, verifiersFrom } from './signatures.ts'
import type { HashedScheme, Scheme } from './signatures.ts'
import { inWorkerd } from './runtime.ts'

type Check = Parameters<typeof verifiersFrom>[0]

/** Undefined for a key or a signature that this runtime refuses to look at. */
const verifyHere = (...[scheme, key, message, signature]: Parameters<Check>): boolean | undefined => {
  const input = publicKeyInput(key)
  if (!input || isBeyondDeno(scheme, key)) return undefined
  try {
    if (isPssInWorkerd(scheme)) {
      const padded = withPadding(scheme, publicKeyPem(key.spki))
      return crypto.createVerify(scheme.hash).update(message).verify(padded, signature)
    }
    // Two calls, for each is an overload of its own to the compiler.
    const padded = typeof input === 'string' ? withPadding(scheme, input) : withPadding(scheme, input)
    return crypto.verify(hashOf(scheme), message, padded, signature)
  } catch {
    return undefined
  }
}

const verifyNow: Check = (scheme, key, message, signature) =>
  verifyHere(scheme, key, message, signature) ?? lateVerify(scheme, key, message, signature)

export const nodeVerifiers: readonly SignatureVerifier[] = verifiersFrom(verifyNow)

/** SHA-2 with what every Node has; what the runtime refuses to look at does not hold. */
export const nodeSlimVerifiers: readonly SignatureVerifier[] = verifiersFrom(
  (...given) => verifyHere(...given) ?? false,
  {
    types: ['rsa', 'rsa-pss', 'p256', 'p384', 'p521', 'ed25519'],
    hashes: nodeSha2,
  },
)

/** Signatures of RSA keys are checked by libuv's threads, all others at once. */
export const nodeThreadVerifiers: readonly SignatureVerifier[] = verifiersFrom((scheme, key, message, signature) => {
  const object = key.rsa && !isPssInWorkerd(scheme) && publicKeyObject(key)
  if (!object) return verifyNow(scheme, key, message, signature)
  return new Promise((resolve) => {
    crypto.verify(hashOf(scheme), message, withPadding(scheme, object), signature, (error, good) =>
      resolve(error ? lateVerify(scheme, key, message, signature) : good),
    )
  })
})

/**
 * Deno says false to ECDSA with another hash than the curve's own; certificates of P-384 keys with SHA-256 are common.
 */
const isBeyondDeno = (scheme: Scheme, { bits }: PublicKey): boolean =>
  'Deno' in globalThis && scheme.family === 'ecdsa' && 8 * hashLengths[scheme.hash] !== Math.min(bits, 512)

/**
 * In workerd a KeyObject beside `padding` is refused, and with a key in PEM sign() and verify() do PKCS#1 v1.5 where
 * PSS is asked for, but createSign() and createVerify() do PSS.
 */
const isPssInWorkerd = (scheme: Scheme): scheme is HashedScheme => inWorkerd && scheme.family === 'pss'

const hashOf = (scheme: Scheme): string | null => ('hash' in scheme ? scheme.hash : null)

/** RSA needs PSS said; PKCS#1 v1.5 is what node:crypto does with a plain RSA key, and saying so costs 10 us. */
const withPadding = <K extends crypto.KeyObject | string>(scheme: Scheme, key: K): K | PaddedKey<K> => {
  if (scheme.family === 'pss')
    return { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: hashLengths[scheme.hash] }
  return key
}

interface PaddedKey<K> {
  readonly key: K
  readonly padding: number
  readonly saltLength?: number
}

const objects = new WeakMap<PublicKey, crypto.KeyObject | 'met' | 'refused'>()

/**
 * Most keys verify one signature and are text for that, which costs less than to make a KeyObject and to collect it;
 * one that is met again becomes one. Undefined for a key that this Node cannot load. */
const publicKeyInput = (key: PublicKey): crypto.KeyObject | string | undefined => {
  if (objects.has(key)) return publicKeyObject(key)
  objects.set(key, 'met')
  return publicKeyPem(key.spki)
}

const publicKeyObject = (key: PublicKey): crypto.KeyObject | undefined => {
  const known = objects.get(key)
  const object = known === undefined || known === 'met' ? loadPublicKey(key) : known
  objects.set(key, object)
  return object === 'refused' ? undefined : object
}

const loadPublicKey = (key: PublicKey): crypto.KeyObject | 'refused' => {
  try {
    return crypto.createPublicKey(publicKeyPem(key.spki))
  } catch {
    return 'refused'
  }
}

/** For static RSA key exchange (RFC 5246 section 7.4.7.1). */
export const nodeRsaEncryptRaw = (key: PublicKey, padded: Uint8Array): Uint8Array => {
  try {
    const options = { key: publicKeyPem(key.spki), padding: crypto.constants.RSA_NO_PADDING }
    return plain(crypto.publicEncrypt(options, padded))
  } catch (cause) {
    throw new TlsError('unsupported_certificate', 'node:crypto refuses the RSA key of the certificate', { cause })
  }
}

export const nodeSigner = (key: PrivateKey): MaybePromise<Signer> => signerFor(key, false)

/** Signs with an RSA key in libuv's threads, with any other at once. */
export const nodeThreadSigner = (key: PrivateKey): MaybePromise<Signer> => signerFor(key, true)

const signerFor = (key: PrivateKey, inThreads: boolean): MaybePromise<Signer> => {
  const object = loadPrivateKey(key)
  if (!object) return lateSigner(key)
  const publicKey = publicHalf(key, object)
  const text = inWorkerd ? String(object.export({ format: 'pem', type: 'pkcs8' })) : ''
  const signer: Signer = {
    publicKey,
    algorithms: algorithmsFor(publicKey),
    sign: (algorithm, message) => {
      const scheme = schemeFor(publicKey, algorithm)
      if (key.rsa && inThreads && !isPssInWorkerd(scheme)) return signInThread(scheme, object, message)
      try {
        if (isPssInWorkerd(scheme))
          return plain(crypto.createSign(scheme.hash).update(message).sign(withPadding(scheme, text)))
        return plain(crypto.sign(hashOf(scheme), message, withPadding(scheme, object)))
      } catch (cause) {
        if (key.rsa) throw cannotSign(cause)
        return andThen(lateSigner(key), (signer) => signer.sign(algorithm, message))
      }
    },
  }
  return key.type === 'rsa'
    ? { ...signer, rsaDecryptRaw: (ciphertext) => decryptRaw(text || object, ciphertext) }
    : signer
}

const signInThread = (scheme: Scheme, key: crypto.KeyObject, message: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    crypto.sign(hashOf(scheme), message, withPadding(scheme, key), (error, signature) =>
      error ? reject(cannotSign(error)) : resolve(plain(signature)),
    )
  })

const cannotSign = (cause: unknown): TlsError =>
  new TlsError('bad_key', 'node:crypto cannot sign with this RSA private key', { cause })

/** OpenSSL loads some private keys that have no public key, such as an EC scalar of zero. */
const publicHalf = ({ type }: PrivateKey, object: crypto.KeyObject): PublicKey => {
  try {
    return parsePublicKey(plain(crypto.createPublicKey(object).export({ format: 'der', type: 'spki' })))
  } catch (cause) {
    throw new TlsError('bad_key', `this private key of type ${type} is not valid`, { cause })
  }
}

const loadPrivateKey = (key: PrivateKey): crypto.KeyObject | undefined => {
  try {
    return crypto.createPrivateKey({ key: buffer(key.pkcs8), format: 'der', type: 'pkcs8' })
  } catch (cause) {
    if (key.type !== 'rsa') return undefined
    throw new TlsError('bad_key', `node:crypto refuses this private key of type ${key.type}`, { cause })
  }
}

/**
 * OpenSSL blinds this operation. A ciphertext that is no number below the modulus is refused, which gives nothing away.
 */
const decryptRaw = (key: crypto.KeyObject | string, ciphertext: Uint8Array): Uint8Array => {
  try {
    return plain(crypto.privateDecrypt({ key, padding: crypto.constants.RSA_NO_PADDING }, ciphertext))
  } catch (cause) {
    throw new TlsError('illegal_parameter', 'an RSA ciphertext that does not fit the modulus', { cause })
  }
}
