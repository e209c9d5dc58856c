// What a signature check takes, so that a search can be held to a budget whatever keys a peer's certificates have.

import type { CryptoProvider, KeyType, PublicKey } from '../crypto/provider.ts'
import type { Certificate } from './certificate.ts'
import { signatureAlgorithmOf } from './signature.ts'

/** What one check of the certificate's signature with the key takes, in units of 0.2 ms (an ECDSA check with P-256 by
 * native code is one). */
export const signatureCost = (
  { verifiers }: CryptoProvider,
  key: PublicKey,
  { signatureAlgorithm }: Certificate,
): number => {
  const algorithm = signatureAlgorithmOf(signatureAlgorithm)
  const verifier = verifiers.find((each) => each.algorithm === algorithm)
  return Math.max(1, Math.round((verifier?.cost?.[key.type] ?? native[key.type] ?? 1) * sizeOf(key)))
}

/** As measured with the OpenSSL of Node 24 on x64; what is not here is 1. */
const native: Partial<Record<KeyType, number>> = { p384: 6, p521: 12, ed448: 2, mldsa44: 2, mldsa65: 2, mldsa87: 3 }

/** RSA: multiplications of the length of the modulus, as many as the exponent asks for; 1 for 4096 bits and 65537. */
const sizeOf = ({ bits, rsa }: PublicKey): number =>
  rsa === undefined ? 1 : (bits / 4096) ** 2 * (productsOf(rsa.exponent) / 19)

/** A square for each bit, and a product for each that is set; long exponents, which nobody has, count as all ones. */
const productsOf = (exponent: Uint8Array): number => {
  if (exponent.length > 8) return exponent.length * 16
  let products = 0
  for (const byte of exponent) {
    products += products === 0 ? 32 - Math.clz32(byte) : 8
    for (let left = byte; left > 0; left &= left - 1) products++
  }
  return products
}
