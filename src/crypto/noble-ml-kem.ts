// ML-KEM (FIPS 203) of @noble/post-quantum, for the noble and webcrypto providers, and the node provider where Node has
// none.

import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import type { Kem, KemKey } from './groups.ts'

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
