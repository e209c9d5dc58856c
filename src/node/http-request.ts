// A peer that speaks something else: OpenSSL tells requests of HTTP from other rubbish.

import type { TlsError } from '../errors.ts'
import { sslError } from './ssl-errors.ts'

/** `otherwise`, unless the error is about a record that reads as a request. */
export const httpRequestOr = (error: TlsError, otherwise: Error): Error =>
  error.code === 'not_tls' && /HTTP/.test(error.message) ? sslError(156, 'http request', { cause: error }) : otherwise
