// Record protection of TLS 1.3 (RFC 9846 section 5.2 to 5.5): one AEAD call per record, no promise with a synchronous
// provider.

import type { AeadCipher, AeadKey, MaybePromise } from '../crypto/provider.ts'
import { andThen as then, isPromise } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import { trafficKeys } from '../keys/schedule13.ts'
import type { TrafficSecret } from '../keys/schedule13.ts'
import { contentTypes, TLS12 } from '../wire/registry.ts'
import { MAX_EXPANSION_13, MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from './limits.ts'
import { writeHeader } from './protection.ts'
import type { RawRecord } from './framing.ts'
import type { OpenedRecord, Opener, Sealer } from './protection.ts'

const LEGACY_RECORD_VERSION = TLS12

/**
 * Pads records (section 5.4): how many zero bytes to add to `length` bytes of content. It is cut to what fits the
 * record.
 */
export type Padding = (length: number) => number

export interface SealOptions {
  readonly padding?: Padding | undefined
}

/** Records that one key may protect: AES-GCM 2^24.5 (section 5.5), AES-CCM far less, ChaCha20 no practical limit. */
const recordLimit = (cipher: AeadCipher): number =>
  cipher.name === 'chacha20-poly1305' ? 2 ** 48 : cipher.name.includes('gcm') ? 23_726_566 : 2 ** 23

export const sealer13 = (
  cipher: AeadCipher,
  secret: TrafficSecret,
  { padding }: SealOptions = {},
): MaybePromise<Sealer> => {
  const { key, iv } = trafficKeys(secret, cipher.keyLength)
  return then(cipher.importKey(key), (aead) => {
    key.fill(0)
    return new Sealer13(cipher, aead, iv, padding)
  })
}

export const opener13 = (cipher: AeadCipher, secret: TrafficSecret): MaybePromise<Opener> => {
  const { key, iv } = trafficKeys(secret, cipher.keyLength)
  return then(cipher.importKey(key), (aead) => {
    key.fill(0)
    return new Opener13(aead, iv)
  })
}

/** A class, as the opener: an idle connection keeps four of them. */
class Sealer13 implements Sealer {
  readonly #tagLength: number
  readonly limit: number
  readonly #aead: AeadKey
  readonly #nonces: Nonces
  readonly #padding: Padding | undefined
  /** Where the header is read by a key that has done with it when seal() returns: a view of each record costs more. */
  readonly #header: Uint8Array | undefined
  #count = 0

  constructor(cipher: AeadCipher, aead: AeadKey, iv: Uint8Array, padding: Padding | undefined) {
    this.#tagLength = cipher.tagLength
    this.limit = recordLimit(cipher)
    this.#aead = aead
    this.#padding = padding
    const immediate = aead.immediate === true
    const memory = new Uint8Array(iv.length + RECORD_HEADER_LENGTH)
    memory.set(iv)
    this.#nonces = new Nonces(memory.subarray(0, iv.length), immediate)
    this.#header = immediate ? memory.subarray(iv.length) : undefined
  }

  get encrypted(): true {
    return true
  }

  get immediate(): boolean {
    return this.#nonces.reused
  }

  get count(): number {
    return this.#count
  }

  sealedLength(length: number, maxContent: number = MAX_PLAINTEXT): number {
    return RECORD_HEADER_LENGTH + this.#padded(length, maxContent) + 1 + this.#tagLength
  }

  seal(type: number, content: Uint8Array, out: Uint8Array): MaybePromise<void> {
    const nonce = this.#nonces.of(this.#count++)
    const innerEnd = out.length - this.#tagLength
    const contentEnd = RECORD_HEADER_LENGTH + content.length
    writeHeader(out, contentTypes.application_data, LEGACY_RECORD_VERSION, out.length - RECORD_HEADER_LENGTH)
    out.set(content, RECORD_HEADER_LENGTH)
    out[contentEnd] = type
    if (this.#padding) out.fill(0, contentEnd + 1, innerEnd)
    return this.#aead.seal(
      nonce,
      this.#headerOf(out),
      out.subarray(RECORD_HEADER_LENGTH, innerEnd),
      out.subarray(RECORD_HEADER_LENGTH),
    )
  }

  /** Type, version and length of a record: its additional data (section 5.2). */
  #headerOf(record: Uint8Array): Uint8Array {
    const header = this.#header
    if (!header) return record.subarray(0, RECORD_HEADER_LENGTH)
    for (let i = 0; i < RECORD_HEADER_LENGTH; i++) header[i] = record[i] ?? 0
    return header
  }

  #padded(length: number, maxContent: number): number {
    const more = this.#padding?.(length)
    return more ? Math.max(length, Math.min(length + (Math.trunc(more) || 0), maxContent)) : length
  }
}

class Opener13 implements Opener {
  readonly #aead: AeadKey
  readonly #nonces: Nonces
  #sequence = 0

  constructor(aead: AeadKey, iv: Uint8Array) {
    this.#aead = aead
    this.#nonces = new Nonces(iv.slice(), aead.immediate === true)
  }

  get encrypted(): true {
    return true
  }

  get immediate(): boolean {
    return this.#nonces.reused
  }

  open({ type, header, fragment }: RawRecord, maxContent: number = MAX_PLAINTEXT): MaybePromise<OpenedRecord> {
    if (type !== contentTypes.application_data) {
      throw new TlsError('unexpected_message', `expected an encrypted record, got one of type ${type} in the clear`)
    }
    if (fragment.length > MAX_PLAINTEXT + MAX_EXPANSION_13) {
      throw new TlsError(
        'record_overflow',
        `an encrypted record of ${fragment.length} bytes; at most 16640 are allowed`,
      )
    }
    // Counted at once, since the next one may be opened before this one is.
    const inner = this.#aead.open(this.#nonces.of(this.#sequence++), header, fragment)
    return isPromise(inner) ? inner.then((bytes) => this.#opened(bytes, maxContent)) : this.#opened(inner, maxContent)
  }

  #opened(inner: Uint8Array | undefined, maxContent: number): OpenedRecord {
    if (!inner) {
      this.#sequence-- // skipped early data does not count (section 4.3.10)
      throw new TlsError('bad_record_mac', 'a record failed authentication: it was changed, or sealed with another key')
    }
    return innerPlaintext(inner, maxContent)
  }
}

/** Strips padding and finds the content type (section 5.4). */
const innerPlaintext = (inner: Uint8Array, maxContent: number): OpenedRecord => {
  if (inner.length > maxContent + 1) {
    throw new TlsError(
      'record_overflow',
      `a record with ${inner.length} bytes inside; at most ${maxContent + 1} are allowed`,
    )
  }
  let end = inner.length - 1
  while (end >= 0 && inner[end] === 0) end--
  if (end < 0) throw new TlsError('unexpected_message', 'a record that holds nothing but padding')
  return { type: inner[end] ?? 0, content: inner.subarray(0, end) }
}

/**
 * The nonces of section 5.3: the sequence number, big-endian, over the end of the IV. A new array each time for a
 * provider that answers later, because it may also read later.
 */
class Nonces {
  /** The same array each time. */
  readonly reused: boolean
  /** The IV with #sequence over it. */
  readonly #bytes: Uint8Array
  #sequence = 0

  /** `bytes` holds the IV, and is nobody else's. */
  constructor(bytes: Uint8Array, reused: boolean) {
    this.#bytes = bytes
    this.reused = reused
  }

  of(sequence: number): Uint8Array {
    const nonce = this.reused ? this.#bytes : this.#bytes.slice()
    for (let i = 11, now = sequence, before = this.#sequence; i >= 4 && now + before > 0; i--) {
      nonce[i] = (nonce[i] ?? 0) ^ (now & 0xff) ^ (before & 0xff)
      now = Math.floor(now / 256)
      before = Math.floor(before / 256)
    }
    if (this.reused) this.#sequence = sequence
    return nonce
  }
}
