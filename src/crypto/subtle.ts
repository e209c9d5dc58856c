// Access to WebCrypto where the runtime has it, and the small differences between its types and ours.

import type { HashName } from './provider.ts'

/** Undefined outside secure contexts of browsers, and in runtimes without WebCrypto. */
export const theSubtle = (): SubtleCrypto | undefined => globalThis.crypto?.subtle

/** WebCrypto's names; it has no MD5. */
export const subtleHashes: Readonly<Partial<Record<HashName, string>>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
}

/** WebCrypto takes no views of shared memory, and its types say so: such bytes are copied, others go as they are. */
export const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => (isOwned(bytes) ? bytes : new Uint8Array(bytes))

const isOwned = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> => bytes.buffer instanceof ArrayBuffer
