// Records off the wire (RFC 9846 section 5.1): cuts a byte stream into TLSPlaintext / TLSCiphertext structures, in
// linear time for any fragmentation, and says what the peer spoke if it was not TLS.

import { TlsError } from '../errors.ts'
import { contentTypes } from '../wire/registry.ts'

export const RECORD_HEADER_LENGTH = 5
/** Most bytes of plaintext in a record. */
export const MAX_PLAINTEXT = 16384
/** The most that record_size_limit may say: content and the byte of its type (RFC 8449 section 4). */
export const MAX_RECORD_SIZE_LIMIT: number = MAX_PLAINTEXT + 1
/** Most bytes that protection may add: TLS 1.3 256, TLS 1.2 2048 (RFC 5246 section 6.2.3). */
export const MAX_EXPANSION_13 = 256
export const MAX_EXPANSION_12 = 2048

export interface RawRecord {
  readonly type: number
  /** The five header bytes: additional data of the AEAD in TLS 1.3. */
  readonly header: Uint8Array
  readonly fragment: Uint8Array
}

/** Where incoming bytes wait to become records. Holds at most what was pushed and not yet taken. */
export class RecordFramer {
  /** Most bytes of fragment that are accepted; the engine lowers it once the version is known. */
  maxFragment: number = MAX_PLAINTEXT + MAX_EXPANSION_12
  #buffer: Uint8Array = new Uint8Array(0)
  #start = 0
  #end = 0
  /** True while #buffer is the caller's own chunk, which must not be written to. */
  #borrowed = false
  #first = true

  /** Bytes waiting. */
  get buffered(): number {
    return this.#end - this.#start
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    if (this.buffered === 0) {
      this.#buffer = bytes
      this.#start = 0
      this.#end = bytes.length
      this.#borrowed = true
      return
    }
    const needed = this.buffered + bytes.length
    if (this.#borrowed || this.#end + bytes.length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed * 2, 1024))
      larger.set(this.#buffer.subarray(this.#start, this.#end))
      this.#end = this.buffered
      this.#start = 0
      this.#buffer = larger
      this.#borrowed = false
    }
    this.#buffer.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** The next whole record, or undefined. Throws `not_tls` or `record_overflow`. */
  next(): RawRecord | undefined {
    if (this.buffered < 1) return undefined
    const head = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + RECORD_HEADER_LENGTH))
    this.#checkHeader(head)
    if (head.length < RECORD_HEADER_LENGTH) return undefined
    const [type = 0, , , high = 0, low = 0] = head
    const length = high * 256 + low
    if (length > this.maxFragment) {
      throw new TlsError('record_overflow', `a record of ${length} bytes; the most here is ${this.maxFragment}`)
    }
    if (this.buffered < RECORD_HEADER_LENGTH + length) return undefined
    const start = this.#start + RECORD_HEADER_LENGTH
    this.#start = start + length
    this.#first = false
    return { type, header: head, fragment: this.#buffer.subarray(start, this.#start) }
  }

  #checkHeader(head: Uint8Array): void {
    const [type = 0, major] = head
    const known = type >= contentTypes.change_cipher_spec && type <= contentTypes.heartbeat
    if (known && (major === undefined || major === 3)) return
    if (this.#first) throw notTls(this.#buffer.subarray(this.#start, this.#end))
    if (!known) throw new TlsError('unexpected_message', `a record of unknown content type ${type}`)
    throw new TlsError('protocol_version', `a record of version ${major}.${head[2] ?? '?'}; TLS records have 3.x`)
  }
}

/** Names what came instead of TLS, from its first bytes. */
const notTls = (bytes: Uint8Array): TlsError => {
  const start = bytes.subarray(0, 60)
  const line = String.fromCharCode(...start).split(/[\r\n]/)[0] ?? ''
  if (start[0] !== undefined && start[0] >= 0x80 && (start[2] ?? 1) === 1) {
    return new TlsError(
      'not_tls',
      'the peer sent an SSL 2.0 hello, which is not supported: SSL 2.0 is forbidden (RFC 6176)',
    )
  }
  if (/^[\x20-\x7e\t]+$/.test(line)) {
    const known = /^(HTTP\/1\.[01])/.exec(line)?.[1]
    return new TlsError(
      'not_tls',
      `the peer answered in plain text, starting with ${known ?? JSON.stringify(line.slice(0, 40))}: ` +
        'this is not a TLS port, or TLS has to be asked for first (STARTTLS)',
    )
  }
  return new TlsError(
    'not_tls',
    `the peer does not speak TLS: its first byte is 0x${(bytes[0] ?? 0).toString(16).padStart(2, '0')}`,
  )
}
