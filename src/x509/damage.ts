// What can't be read of a signed statement about certificates, a CRL or an OCSP response: it costs the part that it is
// in, and what the rest says against a certificate still counts.

import { TlsError } from '../errors.ts'
import type { DerReader } from '../wire/der.ts'

export class Damage {
  /** Why the first part that can't be read can't be; undefined if all can. */
  sentence: string | undefined

  /** What `read` gives, or undefined where it throws a TlsError. With the `reader` that fails, only the first failure
   * is put into words: there can be very many. */
  attempt<T>(read: () => T, reader?: DerReader): T | undefined {
    if (this.sentence !== undefined && reader !== undefined) return reader.attempt(read)
    try {
      return read()
    } catch (error) {
      if (!(error instanceof TlsError)) throw error
      this.sentence ??= error.message
      return undefined
    }
  }

  /** For parts of which there can be many: `fail` is called for the first alone. */
  note(fail: () => never): void {
    if (this.sentence === undefined) this.attempt(fail)
  }
}
