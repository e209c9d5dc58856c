// What went wrong in TLS, in the words and codes of OpenSSL that programs of node:tls go by: ERR_SSL_*, with the
// library's own error and its sentence as the cause. What failed underneath keeps its own error (ECONNRESET, EPIPE).

import { alertNumbers } from '../errors.ts'
import type { TlsError, TlsErrorCode } from '../errors.ts'
import { isOpenSslAtLeast } from './openssl.ts'

/** An error of OpenSSL as node:tls shows it. */
export interface SslError extends Error {
  code: string
  library: string
  reason: string
}

/** OpenSSL 3.2 and newer name the alerts that SSL 3.0 began with otherwise. */
const sslAlert = isOpenSslAtLeast(3, 2) ? 'ssl/tls alert' : 'sslv3 alert'

/** Alert from the peer -> reason. */
const alertReasons: Readonly<Record<string, string>> = {
  unexpected_message: `${sslAlert} unexpected message`,
  bad_record_mac: `${sslAlert} bad record mac`,
  decryption_failed: 'tlsv1 alert decryption failed',
  record_overflow: 'tlsv1 alert record overflow',
  decompression_failure: `${sslAlert} decompression failure`,
  handshake_failure: `${sslAlert} handshake failure`,
  no_certificate: `${sslAlert} no certificate`,
  bad_certificate: `${sslAlert} bad certificate`,
  unsupported_certificate: `${sslAlert} unsupported certificate`,
  certificate_revoked: `${sslAlert} certificate revoked`,
  certificate_expired: `${sslAlert} certificate expired`,
  certificate_unknown: `${sslAlert} certificate unknown`,
  illegal_parameter: `${sslAlert} illegal parameter`,
  unknown_ca: 'tlsv1 alert unknown ca',
  access_denied: 'tlsv1 alert access denied',
  decode_error: 'tlsv1 alert decode error',
  decrypt_error: 'tlsv1 alert decrypt error',
  export_restriction: 'tlsv1 alert export restriction',
  protocol_version: 'tlsv1 alert protocol version',
  insufficient_security: 'tlsv1 alert insufficient security',
  internal_error: 'tlsv1 alert internal error',
  inappropriate_fallback: 'tlsv1 alert inappropriate fallback',
  user_canceled: 'tlsv1 alert user cancelled',
  no_renegotiation: 'tlsv1 alert no renegotiation',
  missing_extension: 'tlsv13 alert missing extension',
  unsupported_extension: 'tlsv1 unsupported extension',
  certificate_unobtainable: 'tlsv1 certificate unobtainable',
  unrecognized_name: 'tlsv1 unrecognized name',
  bad_certificate_status_response: 'tlsv1 bad certificate status response',
  bad_certificate_hash_value: 'tlsv1 bad certificate hash value',
  unknown_psk_identity: 'tlsv1 alert unknown psk identity',
  certificate_required: 'tlsv13 alert certificate required',
  no_application_protocol: 'tlsv1 alert no application protocol',
}

interface Reason {
  readonly number: number
  readonly text: string
}
const reason = (number: number, text: string): Reason => ({ number, text })

/** Our code -> the reason that OpenSSL gives in the same case. */
const reasons: Readonly<Partial<Record<TlsErrorCode, Reason>>> = {
  decode_error: reason(159, 'length mismatch'),
  illegal_parameter: reason(110, 'bad extension'),
  unexpected_message: reason(244, 'unexpected message'),
  unsupported_extension: reason(217, 'unsolicited extension'),
  missing_extension: reason(310, 'missing psk kex modes extension'),
  bad_record_mac: reason(281, 'decryption failed or bad record mac'),
  record_overflow: reason(198, 'packet length too long'),
  message_too_large: reason(152, 'excessive message size'),
  too_many_messages: reason(409, 'too many warn alerts'),
  bad_signature: reason(123, 'bad signature'),
  bad_finished: reason(149, 'digest check failed'),
  bad_binder: reason(253, 'binder does not verify'),
  bad_renegotiation_info: reason(337, 'renegotiation mismatch'),
  bad_compressed_certificate: reason(107, 'bad decompression'),
  downgrade_detected: reason(373, 'inappropriate fallback'),
  inappropriate_fallback: reason(373, 'inappropriate fallback'),
  not_tls: reason(267, 'wrong version number'),
  protocol_version: reason(258, 'unsupported protocol'),
  no_common_cipher_suite: reason(193, 'no shared cipher'),
  no_common_group: reason(101, 'no suitable key share'),
  no_common_signature_scheme: reason(118, 'no suitable signature algorithm'),
  no_common_protocol: reason(235, 'no application protocol'),
  no_identity: reason(118, 'no suitable signature algorithm'),
  unrecognized_name: reason(226, 'clienthello tlsext'),
  insufficient_security: reason(394, 'dh key too small'),
  extended_master_secret_required: reason(104, 'inconsistent extms'),
  secure_renegotiation_required: reason(338, 'unsafe legacy renegotiation disabled'),
  certificate_required: reason(199, 'peer did not return a certificate'),
  client_certificate_missing: reason(199, 'peer did not return a certificate'),
  unknown_psk_identity: reason(223, 'psk identity not found'),
  internal_error: reason(68, 'internal error'),
}

/** An error in OpenSSL's form: `error:0A0000C1:SSL routines::no shared cipher`. */
export const sslError = (
  number: number,
  text: string,
  details: { readonly alert?: number; readonly cause?: unknown } = {},
): SslError => {
  const packed = ((20 << 23) | number).toString(16).toUpperCase().padStart(8, '0')
  const alert = details.alert === undefined ? '' : `:SSL alert number ${details.alert}`
  const message = `error:${packed}:SSL routines::${text}${alert}`
  const error = new Error(message, details.cause === undefined ? undefined : { cause: details.cause })
  return Object.assign(error, { library: 'SSL routines', reason: text, code: codeOf(text) })
}

const codeOf = (text: string): string => `ERR_SSL_${text.toUpperCase().replaceAll(' ', '_')}`

const isError = (value: unknown): value is Error => value instanceof Error

/** The error that a program of node:tls expects. */
export const nodeErrorOf = (error: TlsError): Error => {
  const { code, cause, received } = error
  if (code === 'transport_failed' && isError(cause)) return cause
  if ((code === 'internal_error' || code === 'verifier_refused') && isError(cause) && 'code' in cause) return cause
  if (received !== undefined) {
    const number =
      received in alertNumbers ? Number(Reflect.get(alertNumbers, received)) : Number(received.replace('unknown_', ''))
    return sslError(1000 + number, alertReasons[received] ?? `unknown alert type`, { alert: number, cause: error })
  }
  if (code === 'no_common_signature_scheme' && error.message.startsWith('no shared')) {
    return sslError(376, 'no shared signature algorithms', { cause: error })
  }
  // What the options of this end leave nothing of.
  const left = /^no (version|suite) is left/.exec(error.message)?.[1]
  if (left === 'version') return sslError(191, 'no protocols available', { cause: error })
  if (left === 'suite') return sslError(181, 'no ciphers available', { cause: error })
  const known = reasons[code]
  if (known) return sslError(known.number, known.text, { cause: error })
  return sslError(68, code.replaceAll('_', ' '), { cause: error })
}
