// Application data that comes: whether it may, whether it is early, and what becomes of early data that was not
// accepted (RFC 9846 section 4.3.10). The engine asks it for each record; the handshake sets it.

import { TlsError } from '../errors.ts'

export type DataMode = 'refuse' | 'early' | 'accept'
export type SkipMode = 'undecryptable' | 'all' | 'none'

/** Bytes of a sealed record that carry nothing: tag and content type. */
const OVERHEAD = 17

export class DataGate {
  #mode: DataMode = 'refuse'
  #earlyLeft = 0
  #skip: { readonly mode: SkipMode; left: number } = { mode: 'none', left: 0 }

  /** `earlyLimit`: bytes of early data that the ticket allows. */
  accept(mode: DataMode, earlyLimit = 0): void {
    this.#mode = mode
    this.#earlyLeft = earlyLimit
  }

  /** Drops early data that was not accepted, up to `limit` bytes. */
  skip(mode: SkipMode, limit = 0): void {
    this.#skip = { mode, left: limit }
  }

  get skips(): SkipMode {
    return this.#skip.mode
  }

  /** A record opened: what did not open before was early data, and there is no more of it. */
  opened(): void {
    if (this.#skip.mode === 'undecryptable') this.skip('none')
  }

  /** A record of early data was dropped. Throws `unexpected_message` when it is more than any ticket allowed. */
  dropped(fragmentLength: number): void {
    // what it carried at least, and an empty one counts as well
    this.#skip.left -= Math.max(1, fragmentLength - OVERHEAD)
    if (this.#skip.left < 0)
      throw new TlsError('unexpected_message', 'more early data than any ticket allowed (section 4.3.10)')
  }

  /**
   * What `length` bytes of application data are to the application. Throws `unexpected_message` where none, or less,
   * may come.
   */
  pass(length: number): 'data' | 'earlyData' {
    if (this.#mode === 'refuse')
      throw new TlsError('unexpected_message', 'application data came before the handshake was done')
    if (this.#mode === 'accept') return 'data'
    this.#earlyLeft -= length
    if (this.#earlyLeft < 0)
      throw new TlsError('unexpected_message', 'more early data than the ticket allows (section 4.7.1)')
    return 'earlyData'
  }
}
