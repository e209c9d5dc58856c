// Records off the wire (RFC 9846 section 5.1): cuts a byte stream into TLSPlaintext / TLSCiphertext structures, in
// linear time for any fragmentation.

import { TlsError } from '../errors.ts'
import { unfilled } from '../wire/bytes.ts'
import { contentTypes } from '../wire/registry.ts'
import { MAX_EXPANSION_12, MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from './limits.ts'

export interface RawRecord {
  readonly type: number
  /** The five header bytes: additional data of the AEAD in TLS 1.3. */
  readonly header: Uint8Array
  readonly fragment: Uint8Array
  /** The framer's own memory that both are in, if the record came in parts. */
  readonly assembled?: Uint8Array
}

const nothing = new Uint8Array(0)
/** Bytes of the room for a record that has begun, at least. */
const MIN_ROOM = 1024

/**
 * Where incoming bytes wait to become records. Records that came whole are views of what was pushed; of one that did
 * not, the bytes so far are copied, once, into memory of its own. Holds at most what was pushed and not yet taken, and
 * nothing when all was taken.
 */
export class RecordFramer {
  /** Most bytes of fragment that are accepted; the engine lowers it once the version is known. */
  maxFragment: number = MAX_PLAINTEXT + MAX_EXPANSION_12
  /** Tells from the first bytes what came instead of TLS. */
  describe: ((bytes: Uint8Array) => string | undefined) | undefined
  /** A record that has begun, from its header on; the bytes of #waiting come after it. */
  #begun: Uint8Array = nothing
  #begunLength = 0
  /** Of the record that has begun, header and all; 0 as long as its header is not whole. */
  #recordLength = 0
  /** What was pushed and not looked at. */
  #waiting: Uint8Array = nothing
  #start = 0
  #end = 0
  /** True while #waiting is the caller's own chunk, which must not be written to. */
  #borrowed = false
  #first = true

  /** Bytes that were pushed are still referred to. */
  get borrows(): boolean {
    return this.#borrowed
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const waiting = this.#end - this.#start
    if (waiting === 0) return this.#wait(bytes, bytes.length, true)
    if (this.#borrowed || this.#end + bytes.length > this.#waiting.length) {
      const larger = new Uint8Array(Math.max((waiting + bytes.length) * 2, 1024))
      larger.set(this.#waiting.subarray(this.#start, this.#end))
      this.#wait(larger, waiting, false)
    }
    this.#waiting.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** The next whole record, or undefined. Throws `not_tls` or `record_overflow`. */
  next(): RawRecord | undefined {
    if (this.#begunLength > 0) return this.#rest()
    const waiting = this.#end - this.#start
    if (waiting === 0) return undefined
    const { length, whole } = this.#lengthOf(this.#waiting, this.#start, waiting)
    if (!whole) return this.#begin(length)
    const start = this.#start
    this.#start += length
    const record = recordAt(this.#waiting, start, length)
    if (this.#start === this.#end) this.#wait(nothing, 0, false)
    this.#first = false
    return record
  }

  #wait(bytes: Uint8Array, end: number, borrowed: boolean): void {
    this.#waiting = bytes
    this.#start = 0
    this.#end = end
    this.#borrowed = borrowed
  }

  /** Bytes of the record that begins at `start`, as far as its header tells, and whether all of them are there. */
  #lengthOf(bytes: Uint8Array, start: number, available: number): { readonly length: number; readonly whole: boolean } {
    this.#checkHeader(bytes, start, available)
    if (available < RECORD_HEADER_LENGTH) return { length: RECORD_HEADER_LENGTH, whole: false }
    const fragment = (bytes[start + 3] ?? 0) * 256 + (bytes[start + 4] ?? 0)
    if (fragment > this.maxFragment) {
      throw new TlsError('record_overflow', `a record of ${fragment} bytes; the most here is ${this.maxFragment}`)
    }
    const length = RECORD_HEADER_LENGTH + fragment
    return { length, whole: available >= length }
  }

  /** What is left of #waiting is the beginning of a record. */
  #begin(length: number): undefined {
    this.#take(this.#end - this.#start, length)
  }

  /** Goes on with the record that has begun. */
  #rest(): RawRecord | undefined {
    for (;;) {
      const length = this.#recordLength || this.#lengthOf(this.#begun, 0, this.#begunLength).length
      if (this.#begunLength >= RECORD_HEADER_LENGTH) this.#recordLength = length
      if (this.#begunLength === this.#recordLength) {
        const record = { ...recordAt(this.#begun, 0, length), assembled: this.#begun }
        this.#begun = nothing
        this.#begunLength = 0
        this.#recordLength = 0
        this.#first = false
        return record
      }
      const more = Math.min(length - this.#begunLength, this.#end - this.#start)
      if (more === 0) return undefined
      this.#take(more, length)
    }
  }

  /** Moves bytes to the record that has begun. Room grows with what has come, not with what the header claims. */
  #take(more: number, length: number): void {
    const size = this.#begunLength + more
    if (size > this.#begun.length) {
      const larger = unfilled(Math.min(Math.max(length, MIN_ROOM), Math.max(size * 4, MIN_ROOM)))
      larger.set(this.#begun.subarray(0, this.#begunLength))
      this.#begun = larger
    }
    const all = this.#start === 0 && more === this.#waiting.length
    this.#begun.set(all ? this.#waiting : this.#waiting.subarray(this.#start, this.#start + more), this.#begunLength)
    this.#begunLength = size
    this.#start += more
    if (this.#start === this.#end) this.#wait(nothing, 0, false)
  }

  /**
   * Of the header that begins at `start`, so much as is `available`; no view of it, which each record would cost. The
   * version tells whether this is TLS, in the first record, and nothing else (section 5.1). */
  #checkHeader(bytes: Uint8Array, start: number, available: number): void {
    const type = bytes[start] ?? 0
    const known = type >= contentTypes.change_cipher_spec && type <= contentTypes.heartbeat
    if (known && (!this.#first || available < 2 || bytes[start + 1] === 3)) return
    if (this.#first)
      throw notTls(
        this.#begunLength > 0
          ? this.#begun.subarray(0, this.#begunLength)
          : this.#waiting.subarray(this.#start, this.#end),
        this.describe,
      )
    throw new TlsError('unexpected_message', `a record of unknown content type ${type}`)
  }
}

const recordAt = (bytes: Uint8Array, start: number, length: number): RawRecord => {
  const fragment = start + RECORD_HEADER_LENGTH
  return {
    type: bytes[start] ?? 0,
    header: bytes.subarray(start, fragment),
    fragment: bytes.subarray(fragment, start + length),
  }
}

const notTls = (bytes: Uint8Array, describe: RecordFramer['describe']): TlsError => {
  const first = `the peer does not speak TLS: its first byte is 0x${(bytes[0] ?? 0).toString(16).padStart(2, '0')}`
  return new TlsError('not_tls', describe?.(bytes) ?? first)
}
