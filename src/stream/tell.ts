// Calls back into the application, whose exceptions and rejections must not be lost.

import { isPromise } from '../crypto/maybe.ts'
import { asTlsError, TlsError } from '../errors.ts'

/** Calls; what is thrown, then or later, goes to `failed` as an error that names the option. */
export const tell = (option: string, call: () => unknown, failed: (error: TlsError) => void): void => {
  const threw = (thrown: unknown): void =>
    failed(new TlsError('internal_error', `${option} threw: ${asTlsError(thrown).message}`, { cause: thrown }))
  try {
    const told = call()
    if (isPromise(told)) told.catch(threw)
  } catch (thrown) {
    threw(thrown)
  }
}
