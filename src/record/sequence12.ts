// What all TLS 1.2 record protection has in common: the sequence number and the pseudo-header that authenticates it
// (RFC 5246 section 6.2.3).

import type { Cipher, HashAlgorithm, MaybePromise } from '../crypto/provider.ts'
import { TLS12 } from '../wire/registry.ts'

/** How a suite protects records. */
export interface Protection12 {
  readonly cipher: Cipher
  /** CBC suites only. */
  readonly mac: HashAlgorithm | undefined
  /** CBC suites only: RFC 7366. */
  readonly encryptThenMac: boolean
  /** IVs of CBC records. */
  random(length: number): Uint8Array
}

/** Seals one record's content into `out`; keeps its own sequence number. */
export interface RecordSealer {
  /** As of Sealer. */
  readonly immediate: boolean
  sealedLength(length: number): number
  seal(type: number, content: Uint8Array, out: Uint8Array): MaybePromise<void>
}

/** Opens one record's fragment: undefined if it is not authentic. */
export interface RecordOpener {
  open(type: number, fragment: Uint8Array): MaybePromise<Uint8Array | undefined>
}

/** seq_num + type + version + length: the additional data of an AEAD, and what a MAC begins with (section 6.2.3). */
export const pseudoHeader = (sequence: number, type: number, length: number): Uint8Array => {
  const header = new Uint8Array(13)
  for (let i = 7, rest = sequence; i >= 0; i--, rest = Math.floor(rest / 256)) header[i] = rest & 0xff
  header[8] = type
  header[9] = TLS12 >> 8
  header[10] = TLS12 & 0xff
  header[11] = length >> 8
  header[12] = length & 0xff
  return header
}
