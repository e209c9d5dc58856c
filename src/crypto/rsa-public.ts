// The public-key operation of RSA (RFC 8017 section 5.2.2, RSAVP1), in BigInt. Public keys only: nothing here handles a
// secret.

import { fromHex, toHex } from '../wire/bytes.ts'
import { bitLength } from './keys.ts'
import type { PublicKey } from './provider.ts'

/** Bounds on work: OpenSSL has the same one for the modulus; no key in use has an exponent beyond 32 bits. */
const maxModulusBits = 16384
const maxExponent = 2n ** 32n

/** The encoded message behind a signature, as long as the modulus; undefined for an invalid key or signature. */
export const openSignature = ({ rsa }: PublicKey, signature: Uint8Array): Uint8Array | undefined => {
  if (!rsa) return undefined
  const { modulus, exponent } = rsa
  const [n, e, s] = [toNumber(modulus), toNumber(exponent), toNumber(signature)]
  if (bitLength(modulus) > maxModulusBits || n % 2n === 0n || e < 3n || e % 2n === 0n || e > maxExponent)
    return undefined
  if (signature.length !== modulus.length || s >= n) return undefined
  return toBytes(power(s, e, n), modulus.length)
}

const toNumber = (bytes: Uint8Array): bigint => (bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`))

const toBytes = (value: bigint, length: number): Uint8Array => fromHex(value.toString(16).padStart(2 * length, '0'))

const power = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let result = 1n
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus
    if (bit === '1') result = (result * base) % modulus
  }
  return result
}
