// ECDSA signatures between DER (ECDSA-Sig-Value, RFC 3279 section 2.2.3), which TLS carries, and the r||s of
// WebCrypto. Strict both ways.

import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { DerReader, derInteger, derSequence } from '../wire/der.ts'

/** r and s with `length` bytes each; undefined unless the signature is the one DER encoding of two numbers that fit. */
export const toFixedLength = (signature: Uint8Array, length: number): Uint8Array | undefined => {
  try {
    const value = new DerReader(signature, 'bad_signature', 'ECDSA signature').lastSequence('ECDSA-Sig-Value')
    const parts = [value.unsigned('r'), value.unsigned('s')]
    value.end()
    return parts.some((part) => part.length > length) ? undefined : concat(...parts.map((part) => padded(part, length)))
  } catch (error) {
    if (error instanceof TlsError) return undefined
    throw error
  }
}

export const toDer = (signature: Uint8Array): Uint8Array =>
  derSequence(
    derInteger(signature.subarray(0, signature.length / 2)),
    derInteger(signature.subarray(signature.length / 2)),
  )

const padded = (number: Uint8Array, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  bytes.set(number, length - number.length)
  return bytes
}
