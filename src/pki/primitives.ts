// What reading encrypted keys and PKCS#12 files takes from the runtime: here with promises, by WebCrypto and
// @noble/hashes, so that long derivations do not hold up the event loop; node/pfx.ts has the same at once.

import type { MaybePromise } from '../crypto/provider.ts'
import { plain } from './keys.ts'

export interface Pbkdf2 {
  /** `SHA-1`, `SHA-256`, `SHA-384` or `SHA-512`. */
  readonly hash: string
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

/** Those of WebCrypto answer later, always. */
export interface WebPrimitives extends Primitives {
  pbkdf2(of: Pbkdf2): Promise<Uint8Array>
  scrypt(of: Scrypt): Promise<Uint8Array>
  decryptCbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Promise<Uint8Array>
  pause(): Promise<void>
}

export interface Primitives {
  pbkdf2(of: Pbkdf2): MaybePromise<Uint8Array>
  scrypt(of: Scrypt): MaybePromise<Uint8Array>
  /** AES-CBC with the padding of PKCS#7; throws, or rejects, if that is not right. */
  decryptCbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): MaybePromise<Uint8Array>
  /** What takes long in JavaScript stops at these places. */
  pause(): MaybePromise<void>
}

export const webPrimitives: WebPrimitives = {
  pbkdf2: async ({ hash, salt, iterations, length, password }: Pbkdf2): Promise<Uint8Array> => {
    const base = await crypto.subtle.importKey('raw', plain(password), 'PBKDF2', false, ['deriveBits'])
    return new Uint8Array(
      await crypto.subtle.deriveBits({ name: 'PBKDF2', hash, salt: plain(salt), iterations }, base, length * 8),
    )
  },
  scrypt: async ({ password, salt, N, r, p, length, memory }: Scrypt): Promise<Uint8Array> => {
    const { scryptAsync } = await import('@noble/hashes/scrypt.js') // few files ask for it
    return scryptAsync(password, salt, { N, r, p, dkLen: length, maxmem: memory })
  },
  decryptCbc: async (raw: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Promise<Uint8Array> => {
    const key = await crypto.subtle.importKey('raw', plain(raw), 'AES-CBC', false, ['decrypt'])
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv: plain(iv) }, key, plain(ciphertext)))
  },
  pause: (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0)),
}
