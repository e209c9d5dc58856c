// ML-DSA (FIPS 204, RFC 9881) of @noble/post-quantum, for the providers' signatures (noble-signatures.ts).

import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'
import type { KeyType } from './provider.ts'

const mlDsa: Partial<Record<KeyType, typeof ml_dsa65>> = { mldsa44: ml_dsa44, mldsa65: ml_dsa65, mldsa87: ml_dsa87 }

/** With the empty context of RFC 9881 section 3; false for malformed keys and signatures. */
export const verifyMlDsa = (type: KeyType, key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  const dsa = mlDsa[type]
  if (!dsa || key.length !== dsa.lengths.publicKey || signature.length !== dsa.lengths.signature) return false
  try {
    return dsa.verify(signature, message, key)
  } catch {
    return false
  }
}

export interface MlDsaKey {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** `raw` is the seed (32 bytes) or the expanded key. Undefined for anything else. */
export const mlDsaKey = (type: KeyType, raw: Uint8Array): MlDsaKey | undefined => {
  const dsa = mlDsa[type]
  if (!dsa || (raw.length !== 32 && raw.length !== dsa.lengths.secretKey)) return undefined
  const secretKey = raw.length === 32 ? dsa.keygen(raw).secretKey : raw.slice()
  return { publicKey: dsa.getPublicKey(secretKey), sign: (message) => dsa.sign(message, secretKey) }
}
