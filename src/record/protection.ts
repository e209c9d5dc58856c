// What protects the records of one direction under one key: the interfaces, and the null protection before any keys
// (RFC 9846 section 5.1).

import type { MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { contentTypes } from '../wire/registry.ts'
import type { RawRecord } from './framing.ts'
import { MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from './limits.ts'

export interface OpenedRecord {
  readonly type: number
  readonly content: Uint8Array
}

export interface Opener {
  readonly encrypted: boolean
  /** open() answers at once, and nothing refers to a record's bytes when it has, the content that it gave neither. */
  readonly immediate: boolean
  /** `maxContent`: bytes of content, TLS 1.3 padding included, that are accepted (RFC 8449). Throws `bad_record_mac`,
   * `record_overflow`, `unexpected_message`. */
  open(record: RawRecord, maxContent?: number): MaybePromise<OpenedRecord>
}

export interface Sealer {
  readonly encrypted: boolean
  /**
   * Bytes of the whole record that `length` bytes of content become. Padding is added up to `maxContent` bytes of both.
   */
  sealedLength(length: number, maxContent?: number): number
  /** Writes one whole record into `out`, which has sealedLength() bytes. The content was copied when this returns. */
  seal(type: number, content: Uint8Array, out: Uint8Array): MaybePromise<void>
  /** seal() answers at once, writes every byte of `out`, and nothing refers to `out` when it has returned. */
  readonly immediate: boolean
  /** Records sealed so far under this key. */
  readonly count: number
  /** Records that may be sealed under this key (RFC 9846 section 5.5); the engine updates keys before. */
  readonly limit: number
}

/** Writes type, version and length. */
export const writeHeader = (out: Uint8Array, type: number, version: number, length: number): void => {
  out[0] = type
  out[1] = version >> 8
  out[2] = version & 0xff
  out[3] = length >> 8
  out[4] = length & 0xff
}

/** Before any keys: TLSPlaintext as it is. */
export const plaintextOpener: Opener = {
  encrypted: false,
  immediate: false,
  open: ({ type, fragment }) => {
    if (fragment.length > MAX_PLAINTEXT) {
      throw new TlsError(
        'record_overflow',
        `a plaintext record of ${fragment.length} bytes; the most is ${MAX_PLAINTEXT}`,
      )
    }
    if (type === contentTypes.application_data) {
      throw new TlsError(
        'unexpected_message',
        'application data came before the handshake was done, without encryption',
      )
    }
    return { type, content: fragment }
  },
}

/** `version` is the legacy_record_version: 0x0301 for a first ClientHello, 0x0303 for everything else. */
export const plaintextSealer = (version: number): Sealer => ({
  encrypted: false,
  immediate: true,
  count: 0,
  limit: Number.MAX_SAFE_INTEGER,
  sealedLength: (length) => RECORD_HEADER_LENGTH + length,
  seal: (type, content, out) => {
    writeHeader(out, type, version, content.length)
    out.set(content, RECORD_HEADER_LENGTH)
  },
})
