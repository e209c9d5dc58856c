// Counts what a peer may not send without end, because it costs us and brings the connection nowhere.

import { TlsError } from '../errors.ts'
import { contentTypes } from '../wire/registry.ts'

/** Records that carry nothing, one after the other. */
const MAX_EMPTY_RECORDS = 32
/** Records that carry nothing beyond as many as carry something: a record costs the same with data and without. */
const MAX_EMPTY_SURPLUS = 512
/** Handshake messages after the handshake without application data between them: KeyUpdate above all. */
const MAX_MESSAGES = 32
/** Warning alerts without application data between them. */
const MAX_WARNINGS = 4
/** Compatibility ChangeCipherSpec records of TLS 1.3. */
const MAX_CHANGE_CIPHER_SPECS = 32

export class FloodGuard {
  #empty = 0
  #emptySurplus = 0
  #messages = 0
  /** Messages that we asked for and that have not come. */
  #expected = 0
  #warnings = 0
  #changeCipherSpecs = 0

  /**
   * Throws `unexpected_message` for an empty record that is not allowed (RFC 9846 section 5.1), `too_many_messages` for
   * too many. */
  record(type: number, length: number): void {
    if (length > 0) {
      if (type === contentTypes.alert) return
      this.#empty = 0
      if (this.#emptySurplus > 0) this.#emptySurplus--
      return
    }
    if (type !== contentTypes.application_data) {
      throw new TlsError('unexpected_message', 'an empty record that is not application data (RFC 9846 section 5.1)')
    }
    if (++this.#empty > MAX_EMPTY_RECORDS || ++this.#emptySurplus > MAX_EMPTY_SURPLUS)
      throw new TlsError('too_many_messages', 'too many empty records')
  }

  /** This end asked for `count` messages: they are no flood. */
  expect(count: number): void {
    this.#expected += count
  }

  /** A handshake message after the handshake. */
  message(): void {
    if (this.#expected > 0) {
      this.#expected--
      return
    }
    if (++this.#messages > MAX_MESSAGES) {
      throw new TlsError('too_many_messages', 'too many handshake messages without application data')
    }
  }

  warning(): void {
    if (++this.#warnings > MAX_WARNINGS) throw new TlsError('too_many_messages', 'too many warning alerts')
  }

  changeCipherSpec(): void {
    if (++this.#changeCipherSpecs > MAX_CHANGE_CIPHER_SPECS) {
      throw new TlsError('too_many_messages', 'too many ChangeCipherSpec records')
    }
  }

  /** True if one came before the version was known. */
  get sawChangeCipherSpec(): boolean {
    return this.#changeCipherSpecs > 0
  }

  /** The peer brought something: counting starts over. */
  progress(): void {
    this.#messages = 0
    this.#warnings = 0
  }
}
