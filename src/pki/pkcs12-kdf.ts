// Key derivation of PKCS#12 (RFC 7292 appendix B): keys and initialisation vectors of its old ciphers, and keys of its MAC. The
// hashes are those of @noble/hashes. Called by pkcs12-mac.ts and pkcs12-pbe.ts.

import type { sha1 } from '@noble/hashes/legacy.js'
import type { sha256 } from '@noble/hashes/sha2.js'
import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'

export type Hash = typeof sha1 | typeof sha256

/** Iterations beyond this would be a hang, not a protection. */
const maxIterations = 5_000_000

/** Appendix B.3. */
const ids = { key: 1, iv: 2, mac: 3 } as const

/** Appendix B.2: `length` bytes. `password` is in a form of `passwordForms`. Throws TlsError `bad_key` for absurd iterations. */
export const derivePkcs12 = (
  hash: Hash, purpose: keyof typeof ids, password: Uint8Array, salt: Uint8Array, iterations: number, length: number,
): Uint8Array => {
  if (iterations < 1 || iterations > maxIterations) throw new TlsError('bad_key', `a PKCS#12 file with ${iterations} iterations; at most ${maxIterations} are taken`)
  const size = hash.blockLen
  const diversifier = new Uint8Array(size).fill(ids[purpose])
  const input = concat(repeated(salt, size), repeated(password, size))
  let derived: Uint8Array = new Uint8Array()
  for (;;) {
    let block = hash(concat(diversifier, input))
    for (let i = 1; i < iterations; i++) block = hash(block)
    derived = concat(derived, block)
    if (derived.length >= length) return derived.subarray(0, length)
    const addend = Uint8Array.from({ length: size }, (_, i) => block[i % block.length] ?? 0)
    for (let at = 0; at < input.length; at += size) addWithOne(input.subarray(at, at + size), addend)
  }
}

/** Appendix B.1: UTF-16, big-endian, with a final zero. An empty password is written in two ways, with it and without. */
export const passwordForms = (password: string): readonly Uint8Array[] => {
  const bytes = new Uint8Array(2 * password.length + 2)
  for (let i = 0; i < password.length; i++) new DataView(bytes.buffer).setUint16(2 * i, password.charCodeAt(i))
  return password === '' ? [bytes, new Uint8Array()] : [bytes]
}

/** As often as fills whole blocks; nothing stays nothing. */
const repeated = (bytes: Uint8Array, size: number): Uint8Array =>
  Uint8Array.from({ length: size * Math.ceil(bytes.length / size) }, (_, i) => bytes[i % bytes.length] ?? 0)

/** block + addend + 1, modulo the block's size, in place. */
const addWithOne = (block: Uint8Array, addend: Uint8Array): void => {
  let carry = 1
  for (let i = block.length - 1; i >= 0; i--) {
    carry += (block[i] ?? 0) + (addend[i] ?? 0)
    block[i] = carry
    carry >>= 8
  }
}
