// Key derivation of PKCS#12 (RFC 7292 appendix B): keys and initialisation vectors of its old ciphers, and keys of its
// MAC.

import { use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import { concat } from '../wire/bytes.ts'
import type { DerivationBudget } from './derivation.ts'
import type { PbeHash, Primitives } from './primitives.ts'

/** Hashes between two pauses: a few milliseconds. */
const HASHES_PER_TURN = 4096

/** Appendix B.3. */
const ids = { key: 1, iv: 2, mac: 3 } as const

/** What a derivation starts from; `password` is in a form of `passwordForms`. */
export interface Pkcs12Derivation {
  readonly hash: PbeHash
  readonly password: Uint8Array
  readonly salt: Uint8Array
  readonly iterations: number
}

/** What a derivation is charged to, and stops with. */
export interface DerivingBy {
  /** For the whole file. */
  readonly budget: DerivationBudget
  readonly primitives: Primitives
}

/** Appendix B.2: `length` bytes. Throws TlsError `bad_key` for more iterations than the budget has. */
export function* derivePkcs12(
  { hash, password, salt, iterations }: Pkcs12Derivation,
  purpose: keyof typeof ids,
  length: number,
  { budget, primitives }: DerivingBy,
): Steps<Uint8Array> {
  const size = hash.blockLength
  const diversifier = new Uint8Array(size).fill(ids[purpose])
  const input = concat(repeated(salt, size), repeated(password, size))
  let derived: Uint8Array = new Uint8Array()
  for (;;) {
    budget.charge('pkcs12Iterations', iterations)
    const block = hash.digest(diversifier, input)
    for (let left = iterations - 1; left > 0; left -= HASHES_PER_TURN) {
      hash.chain(block, Math.min(left, HASHES_PER_TURN))
      yield* use(primitives.pause())
    }
    derived = concat(derived, block)
    if (derived.length >= length) return derived.subarray(0, length)
    const addend = Uint8Array.from({ length: size }, (_, i) => block[i % block.length] ?? 0)
    for (let at = 0; at < input.length; at += size) addWithOne(input.subarray(at, at + size), addend)
  }
}

/**
 * Appendix B.1: UTF-16, big-endian, with a final zero. An empty password is written in two ways, with it and without.
 */
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
