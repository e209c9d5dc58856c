// ML-KEM (FIPS 203) and ML-DSA (FIPS 204, RFC 9881) of @noble/post-quantum. The noble and webcrypto providers use it,
// and the node provider where Node has neither.

import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import type { Kem, KemKey } from './groups.ts'
import type { KeyType } from './provider.ts'

const kem = (ml: typeof ml_kem768, encapsulationKeyLength: number, ciphertextLength: number): Kem => {
  const key = (seed?: Uint8Array): KemKey => {
    const { publicKey, secretKey } = ml.keygen(seed)
    return { encapsulationKey: publicKey, decapsulate: (ciphertext) => ml.decapsulate(ciphertext, secretKey) }
  }
  return {
    encapsulationKeyLength,
    ciphertextLength,
    generate: () => key(),
    fromSeed: key,
    encapsulate: (encapsulationKey) => {
      const { cipherText, sharedSecret } = ml.encapsulate(encapsulationKey)
      return { ciphertext: cipherText, secret: sharedSecret }
    },
  }
}

export const nobleMlKem512: Kem = kem(ml_kem512, 800, 768)
export const nobleMlKem768: Kem = kem(ml_kem768, 1184, 1088)
export const nobleMlKem1024: Kem = kem(ml_kem1024, 1568, 1568)

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
