// Signatures of node:crypto (RFC 8017, FIPS 186-5, RFC 8032, RFC 9881). Part of crypto/node.ts.

import * as crypto from 'node:crypto'
import { TlsError } from '../errors.ts'
import { parsePublicKey, publicKeyFromRaw } from './keys.ts'
import { mlDsaKey, verifyMlDsa } from './noble-pq.ts'
import { buffer, plain } from './node-ciphers.ts'
import type { PrivateKey, PublicKey, SignatureVerifier, Signer } from './provider.ts'
import { algorithmsFor, hashLengths, schemeFor, verifiersFrom } from './signatures.ts'
import type { Scheme } from './signatures.ts'

const { RSA_NO_PADDING, RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = crypto.constants

export const nodeVerifiers: readonly SignatureVerifier[] = verifiersFrom((scheme, key, message, signature) => {
  const object = publicKeyObject(key)
  if (!object) return scheme.family === 'mldsa' && verifyMlDsa(key.type, key.raw, message, signature)
  try {
    return crypto.verify(hashOf(scheme), message, withPadding(scheme, object), signature)
  } catch {
    return false
  }
})

const hashOf = (scheme: Scheme): string | null => ('hash' in scheme ? scheme.hash : null)

/** RSA needs its padding said; the rest is in the key. */
const withPadding = (scheme: Scheme, key: crypto.KeyObject): crypto.KeyObject | PaddedKey => {
  if (scheme.family === 'pkcs1') return { key, padding: RSA_PKCS1_PADDING }
  if (scheme.family === 'pss') return { key, padding: RSA_PKCS1_PSS_PADDING, saltLength: hashLengths[scheme.hash] }
  return key
}

interface PaddedKey {
  readonly key: crypto.KeyObject
  readonly padding: number
  readonly saltLength?: number
}

const objects = new WeakMap<PublicKey, crypto.KeyObject | 'refused'>()

/** Undefined for a key that this Node cannot load. */
const publicKeyObject = (key: PublicKey): crypto.KeyObject | undefined => {
  const known = objects.get(key) ?? loadPublicKey(key)
  objects.set(key, known)
  return known === 'refused' ? undefined : known
}

const loadPublicKey = ({ spki }: PublicKey): crypto.KeyObject | 'refused' => {
  try {
    return crypto.createPublicKey({ key: buffer(spki), format: 'der', type: 'spki' })
  } catch {
    return 'refused'
  }
}

/** For static RSA key exchange (RFC 5246 section 7.4.7.1). */
export const nodeRsaEncryptRaw = (key: PublicKey, padded: Uint8Array): Uint8Array => {
  const object = publicKeyObject(key)
  if (!object) throw new TlsError('unsupported_certificate', 'node:crypto refuses the RSA key of the certificate')
  return plain(crypto.publicEncrypt({ key: object, padding: RSA_NO_PADDING }, padded))
}

export const nodeSigner = (key: PrivateKey): Signer => {
  const object = loadPrivateKey(key)
  if (!object) return mlDsaSigner(key)
  const publicKey = parsePublicKey(plain(crypto.createPublicKey(object).export({ format: 'der', type: 'spki' })))
  const signer: Signer = {
    publicKey,
    algorithms: algorithmsFor(publicKey),
    sign: (algorithm, message) => {
      const scheme = schemeFor(publicKey, algorithm)
      return plain(crypto.sign(hashOf(scheme), message, withPadding(scheme, object)))
    },
  }
  return key.type === 'rsa' ? { ...signer, rsaDecryptRaw: (ciphertext) => decryptRaw(object, ciphertext) } : signer
}

const loadPrivateKey = (key: PrivateKey): crypto.KeyObject | undefined => {
  try {
    return crypto.createPrivateKey({ key: buffer(key.pkcs8), format: 'der', type: 'pkcs8' })
  } catch (cause) {
    if (key.type.startsWith('mldsa')) return undefined
    throw new TlsError('bad_key', `node:crypto refuses this private key of type ${key.type}`, { cause })
  }
}

/** ML-DSA where Node does not have it. */
const mlDsaSigner = (key: PrivateKey): Signer => {
  const pair = mlDsaKey(key.type, key.raw)
  if (!pair) throw new TlsError('bad_key', `a private key of type ${key.type} with ${key.raw.length} bytes is malformed`)
  const publicKey = publicKeyFromRaw(key.type, pair.publicKey)
  return {
    publicKey,
    algorithms: algorithmsFor(publicKey),
    sign: (algorithm, message) => {
      schemeFor(publicKey, algorithm)
      return pair.sign(message)
    },
  }
}

/** OpenSSL blinds this operation. A ciphertext that is no number below the modulus is refused, which gives nothing away. */
const decryptRaw = (key: crypto.KeyObject, ciphertext: Uint8Array): Uint8Array => {
  try {
    return plain(crypto.privateDecrypt({ key, padding: RSA_NO_PADDING }, ciphertext))
  } catch (cause) {
    throw new TlsError('illegal_parameter', 'an RSA ciphertext that does not fit the modulus', { cause })
  }
}
