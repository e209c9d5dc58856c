// For what need not be readable, where whoever holds it shows it or keeps it all the same.

import { quietly, TlsError } from '../errors.ts'

/** What `read` gives, or undefined where it throws a TlsError: there can be very many of them, and nobody sees one. */
export const attempt = <T>(read: () => T): T | undefined => {
  try {
    return quietly(read)
  } catch (error) {
    if (error instanceof TlsError) return undefined
    throw error
  }
}
