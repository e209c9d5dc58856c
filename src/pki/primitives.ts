// What reading encrypted keys and PKCS#12 files takes from the runtime: web-primitives.ts has it with promises,
// node/pfx.ts at once.

import type { HashAlgorithm, MaybePromise } from '../crypto/provider.ts'

/** WebCrypto's names. */
export type PbeHashName = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'

export interface PbeHash extends Pick<HashAlgorithm, 'outputLength' | 'blockLength' | 'digest' | 'hmac'> {
  /** Puts the hash of `digest` in its place, `times` times. */
  chain(digest: Uint8Array, times: number): void
}

export interface Pbkdf2 {
  readonly hash: PbeHashName
  readonly salt: Uint8Array
  readonly iterations: number
  /** Bytes. */
  readonly length: number
  readonly password: Uint8Array
}

export interface Scrypt {
  readonly salt: Uint8Array
  readonly password: Uint8Array
  readonly N: number
  readonly r: number
  readonly p: number
  /** Bytes. */
  readonly length: number
  /** Bytes of memory that it takes at most. */
  readonly memory: number
}

export interface Primitives {
  readonly hashes: Readonly<Record<PbeHashName, PbeHash>>
  pbkdf2(of: Pbkdf2): MaybePromise<Uint8Array>
  scrypt(of: Scrypt): MaybePromise<Uint8Array>
  /** AES-CBC with the padding of PKCS#7; throws, or rejects, if that is not right. */
  decryptCbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): MaybePromise<Uint8Array>
  /** What takes long in JavaScript stops at these places. */
  pause(): MaybePromise<void>
}
