// Public keys into KeyObjects as PEM text. Part of crypto/node.ts. Node loads text fastest: whether an object is a key
// it finds out by exceptions, four of them, that cost more than base64. An X25519 key takes 9 us as text, 25 as raw
// bytes.

import * as crypto from 'node:crypto'
import { derBits, derSequence } from '../wire/der.ts'

/** SubjectPublicKeyInfo (DER) as PEM. */
export const publicKeyPem = (spki: Uint8Array): string => {
  const base64 = Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength).toString('base64')
  let pem = '-----BEGIN PUBLIC KEY-----\n'
  for (let i = 0; i < base64.length; i += 64) pem += `${base64.slice(i, i + 64)}\n`
  return `${pem}-----END PUBLIC KEY-----\n`
}

/**
 * Loads public keys of one algorithm (AlgorithmIdentifier, DER) and length in bytes. The load throws what Node throws,
 * and a RangeError for another length.
 */
export const publicKeyLoader = (algorithm: Uint8Array, length: number): ((raw: Uint8Array) => crypto.KeyObject) => {
  const blank = derSequence(algorithm, derBits(new Uint8Array(length)))
  const start = blank.length - length
  return (raw) => {
    if (raw.length !== length) throw new RangeError(`a public key of ${raw.length} bytes; it has ${length}`)
    const spki = blank.slice()
    spki.set(raw, start)
    return crypto.createPublicKey(publicKeyPem(spki))
  }
}
