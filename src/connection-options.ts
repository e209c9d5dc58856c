// Options of connect() and accept(), taken apart: those of the connection, and those of the engine.

import type { ConnectionOptions } from './connection.ts'
import { asTlsError } from './errors.ts'
import { requireObject } from './options/check.ts'
import type { CheckOptions } from './options/check.ts'
import { connectionNames } from './options/names.ts'
import type { Names } from './checked-options.ts'
import type { SharedPumpOptions } from './stream/options.ts'
import type { ByteStream } from './stream/types.ts'

const names: Names<ConnectionOptions> = connectionNames

/** Throws `bad_option` for what accept() does not know. */
export const checkConnectionOptions = (options: SharedPumpOptions, check: CheckOptions): void => check(options, names)

/** What concerns the connection, and what concerns the engine, which checks its part. Throws `bad_option` for what
 * is no object. */
export const splitOptions = <T extends object>(
  options: T & ConnectionOptions,
  check: CheckOptions,
): { readonly connection: ConnectionOptions; readonly rest: T } => {
  requireObject(options)
  const entries = Object.entries(options).map((entry) => ({ entry, ours: Object.hasOwn(names, entry[0]) }))
  const part = (ours: boolean) =>
    Object.fromEntries(entries.filter((one) => one.ours === ours).map(({ entry }) => entry))
  const connection = part(true)
  checkConnectionOptions(connection, check)
  return { connection, rest: part(false) as T }
}

/** What `prepare` makes of the options for a stream that was taken over: if that throws, the stream is closed. */
export const preparedFor = <T>(transport: ByteStream, prepare: () => T): T => {
  try {
    return prepare()
  } catch (thrown) {
    transport.abort(thrown)
    throw asTlsError(thrown)
  }
}
