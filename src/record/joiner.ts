// Handshake messages out of handshake records (RFC 9846 section 5.1): a message may be spread over records and a
// record may hold several.

import { TlsError } from '../errors.ts'
import { HEADER_LENGTH } from '../wire/messages.ts'
import { handshakeTypeName } from '../wire/registry.ts'

const nothing = new Uint8Array(0)

export class HandshakeJoiner {
  /** Most bytes of one message, without its header. */
  readonly maxMessage: number
  #buffer: Uint8Array = nothing
  #start = 0
  #end = 0
  /** True while #buffer is the record's own, which must not be written to. */
  #borrowed = false

  constructor(maxMessage: number) {
    this.maxMessage = maxMessage
  }

  /** True if no bytes of a message are waiting: keys may change only here. */
  get aligned(): boolean {
    return this.#start === this.#end
  }

  /** The type of the message that is waiting; -1 if there is none. */
  get type(): number {
    return this.aligned ? -1 : (this.#buffer[this.#start] ?? -1)
  }

  push(fragment: Uint8Array): void {
    const waiting = this.#end - this.#start
    if (waiting === 0) {
      this.#buffer = fragment
      this.#start = 0
      this.#end = fragment.length
      this.#borrowed = true
      return
    }
    if (this.#borrowed || this.#end + fragment.length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max((waiting + fragment.length) * 2, 2048))
      larger.set(this.#buffer.subarray(this.#start, this.#end))
      this.#buffer = larger
      this.#borrowed = false
      this.#start = 0
      this.#end = waiting
    }
    this.#buffer.set(fragment, this.#end)
    this.#end += fragment.length
  }

  /** The next whole message with its header, as a copy of its own; undefined if more bytes are needed. */
  next(): Uint8Array | undefined {
    if (this.#end - this.#start < HEADER_LENGTH) return undefined
    const length = (this.#at(1) << 16) | (this.#at(2) << 8) | this.#at(3)
    if (length > this.maxMessage) {
      throw new TlsError(
        'message_too_large',
        `a ${handshakeTypeName(this.#at(0))} message of ${length} bytes; the most is ${this.maxMessage}`,
      )
    }
    const end = this.#start + HEADER_LENGTH + length
    if (end > this.#end) return undefined
    const message = this.#buffer.slice(this.#start, end)
    this.#start = end
    if (this.aligned) this.#buffer = nothing // the record's memory may go
    return message
  }

  /** A byte of the header of the message that is waiting. */
  #at(index: number): number {
    return this.#buffer[this.#start + index] ?? 0
  }
}
