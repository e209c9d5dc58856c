// For what need not be readable, where whoever holds it shows it or keeps it all the same.

import { TlsError } from '../errors.ts'

/** What `read` gives, or undefined where it throws a TlsError. */
export const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch (error) {
    if (error instanceof TlsError) return undefined
    throw error
  }
}
