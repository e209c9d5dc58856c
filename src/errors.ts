// TlsError and the one table from error code to alert and fault. Everything in this library that rejects something throws
// a TlsError; nothing but the engine sends alerts, and it looks them up here (RFC 9846 section 6.2, RFC 5246 section 7.2).

/** Alert names and numbers (RFC 9846 section 6, RFC 5246 section 7.2, RFC 9849 section 11.2). */
export const alertNumbers = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  decryption_failed: 21,
  record_overflow: 22,
  decompression_failure: 30,
  handshake_failure: 40,
  no_certificate: 41,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  export_restriction: 60,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  certificate_unobtainable: 111,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  bad_certificate_hash_value: 114,
  unknown_psk_identity: 115,
  certificate_required: 116,
  general_error: 117,
  no_application_protocol: 120,
  ech_required: 121,
} as const

export type AlertName = keyof typeof alertNumbers

/** The name of an alert number, or `unknown_N`. */
export const alertName = (number: number): AlertName | `unknown_${number}` => alertNames.get(number) ?? `unknown_${number}`

/** Who has to act: the peer broke the protocol, the two ends have nothing in common, its certificate is not
 * acceptable, the caller misused the API, or the transport failed under us. */
export type Fault = 'peer-misbehaved' | 'peer-incompatible' | 'certificate' | 'caller' | 'transport' | 'internal'

interface Row {
  readonly alert: AlertName | undefined
  readonly fault: Fault
}

const peer = (alert: AlertName): Row => ({ alert, fault: 'peer-misbehaved' })
const incompatible = (alert: AlertName): Row => ({ alert, fault: 'peer-incompatible' })
const certificate = (alert: AlertName): Row => ({ alert, fault: 'certificate' })
const caller = (alert?: AlertName): Row => ({ alert, fault: 'caller' })
const transport = (alert?: AlertName): Row => ({ alert, fault: 'transport' })

/** What went wrong; stable, for programs. The table below says the alert and the fault of each. */
export type TlsErrorCode =
  | 'decode_error'
  | 'illegal_parameter'
  | 'unexpected_message'
  | 'unsupported_extension'
  | 'missing_extension'
  | 'bad_record_mac'
  | 'record_overflow'
  | 'message_too_large'
  | 'too_many_messages'
  | 'bad_signature'
  | 'bad_finished'
  | 'bad_binder'
  | 'bad_renegotiation_info'
  | 'bad_compressed_certificate'
  | 'downgrade_detected'
  | 'inappropriate_fallback'
  | 'bad_ech'
  | 'not_tls'
  | 'protocol_version'
  | 'no_common_cipher_suite'
  | 'no_common_group'
  | 'no_common_signature_scheme'
  | 'no_common_protocol'
  | 'no_identity'
  | 'unrecognized_name'
  | 'insufficient_security'
  | 'extended_master_secret_required'
  | 'secure_renegotiation_required'
  | 'certificate_required'
  | 'client_certificate_missing'
  | 'unknown_psk_identity'
  | 'ech_required'
  | 'rejected_by_server'
  | 'bad_certificate'
  | 'unsupported_certificate'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'certificate_revoked'
  | 'certificate_unknown'
  | 'certificate_name_mismatch'
  | 'certificate_usage'
  | 'unknown_ca'
  | 'bad_certificate_status'
  | 'revocation_unknown'
  | 'bad_option'
  | 'bad_key'
  | 'key_mismatch'
  | 'unsupported'
  | 'wrong_state'
  | 'key_limit_reached'
  | 'aborted'
  | 'verifier_refused'
  | 'truncated'
  | 'closed'
  | 'timeout'
  | 'transport_failed'
  | 'alert_received'
  | 'internal_error'

/** The one table: stable error code -> the alert that the peer is sent, and whose fault it is. */
const table: Readonly<Record<TlsErrorCode, Row>> = {
  // the peer broke the protocol
  decode_error: peer('decode_error'),
  illegal_parameter: peer('illegal_parameter'),
  unexpected_message: peer('unexpected_message'),
  unsupported_extension: peer('unsupported_extension'),
  missing_extension: peer('missing_extension'),
  bad_record_mac: peer('bad_record_mac'),
  record_overflow: peer('record_overflow'),
  message_too_large: peer('illegal_parameter'),
  too_many_messages: peer('unexpected_message'),
  bad_signature: peer('decrypt_error'),
  bad_finished: peer('decrypt_error'),
  bad_binder: peer('decrypt_error'),
  bad_renegotiation_info: peer('handshake_failure'),
  bad_compressed_certificate: peer('bad_certificate'),
  downgrade_detected: peer('illegal_parameter'),
  inappropriate_fallback: peer('inappropriate_fallback'),
  bad_ech: peer('decrypt_error'),
  not_tls: peer('protocol_version'),
  // nothing in common
  protocol_version: incompatible('protocol_version'),
  no_common_cipher_suite: incompatible('handshake_failure'),
  no_common_group: incompatible('handshake_failure'),
  no_common_signature_scheme: incompatible('handshake_failure'),
  no_common_protocol: incompatible('no_application_protocol'),
  no_identity: incompatible('handshake_failure'),
  unrecognized_name: incompatible('unrecognized_name'),
  insufficient_security: incompatible('insufficient_security'),
  extended_master_secret_required: incompatible('handshake_failure'),
  secure_renegotiation_required: incompatible('handshake_failure'),
  certificate_required: incompatible('certificate_required'),
  client_certificate_missing: incompatible('handshake_failure'),
  unknown_psk_identity: incompatible('unknown_psk_identity'),
  ech_required: incompatible('ech_required'),
  rejected_by_server: incompatible('handshake_failure'),
  // the peer's certificate
  bad_certificate: certificate('bad_certificate'),
  unsupported_certificate: certificate('unsupported_certificate'),
  certificate_expired: certificate('certificate_expired'),
  certificate_not_yet_valid: certificate('certificate_expired'),
  certificate_revoked: certificate('certificate_revoked'),
  certificate_unknown: certificate('certificate_unknown'),
  certificate_name_mismatch: certificate('bad_certificate'),
  certificate_usage: certificate('unsupported_certificate'),
  unknown_ca: certificate('unknown_ca'),
  bad_certificate_status: certificate('bad_certificate_status_response'),
  revocation_unknown: certificate('certificate_unknown'),
  // the caller
  bad_option: caller(),
  bad_key: caller(),
  key_mismatch: caller(),
  unsupported: caller(),
  wrong_state: caller(),
  key_limit_reached: caller(),
  aborted: caller('user_canceled'),
  verifier_refused: certificate('certificate_unknown'),
  // the transport, or the peer's own word
  truncated: transport(),
  closed: transport(),
  timeout: transport('user_canceled'),
  transport_failed: transport(),
  alert_received: { alert: undefined, fault: 'peer-incompatible' },
  internal_error: { alert: 'internal_error', fault: 'internal' },
}


export interface TlsErrorDetails {
  readonly cause?: unknown
  /** Overrides the table where a section asks for another alert in this one place. */
  readonly alert?: AlertName
  /** The alert that the peer sent (code `alert_received`). */
  readonly received?: AlertName | `unknown_${number}`
  /** Code `ech_required`: ECHConfigList that the server wants used instead. */
  readonly echRetryConfigs?: Uint8Array
}

/** The only error this library throws. `code` is stable; `message` says what happened and what to do. */
export class TlsError extends Error {
  override readonly name = 'TlsError'
  readonly code: TlsErrorCode
  readonly fault: Fault
  /** The alert that goes (or went) to the peer, or undefined where none is due. */
  readonly alert: AlertName | undefined
  /** The alert that came from the peer, if that is what ended the connection. */
  readonly received: AlertName | `unknown_${number}` | undefined

  /** With `ech_required`: what to give as `ech.configList` in a new connection (RFC 9849 section 6.1.6); undefined if the server says that
   * it has no ECH. */
  readonly echRetryConfigs: Uint8Array | undefined

  constructor(code: TlsErrorCode, message: string, details: TlsErrorDetails = {}) {
    super(printable(message), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.fault = table[code].fault
    this.alert = details.alert ?? table[code].alert
    this.received = details.received
    this.echRetryConfigs = details.echRetryConfigs
  }

  /** Code, sentence and a short cause. */
  override toString(): string {
    return `TlsError [${this.code}]: ${this.message}${causeOf(this)}`
  }

  /** For logs: what a program goes by, and the sentence; no bytes of a certificate. */
  toJSON(): Pick<TlsError, 'name' | 'code' | 'message' | 'fault' | 'alert' | 'received'> {
    const { name, code, message, fault, alert, received } = this
    return { name, code, message, fault, alert, received }
  }
}

/** console.log() in Node, Bun and Deno: as toString(), and where it was made. */
Object.defineProperty(TlsError.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: TlsError): string {
    const frames = this.stack?.split('\n').filter((line) => /^ {4}at /.test(line)) ?? []
    return [this.toString(), ...frames].join('\n')
  },
})

/** At most so many characters of a cause are printed. */
const MAX_CAUSE = 200

const causeOf = ({ message, cause }: TlsError): string => {
  if (cause === undefined) return ''
  const text = cause instanceof Error ? cause.message || cause.name : typeof cause === 'string' ? cause : ''
  const line = text.replace(/[^\x20-\x7e]+/g, ' ').trim()
  if (line === '' || message.includes(line)) return ''
  return ` (cause: ${line.length > MAX_CAUSE ? `${line.slice(0, MAX_CAUSE)}...` : line})`
}

/** Characters of a message at the most. */
const MAX_MESSAGE = 600

/** What a peer or a certificate said may stand in a message: no control character of it reaches a log or a terminal, no change of
 * direction makes it read as something else, and there is an end to it. */
const printable = (message: string): string => {
  const cut = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}... (${message.length - MAX_MESSAGE} characters more)` : message
  return cut.replace(/[\p{Cc}\p{Cf}\u2028\u2029\p{Cs}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}

/** Every error code this library can give, for exhaustive handling and for docs. */
export const tlsErrorCodes: readonly TlsErrorCode[] = Object.keys(table) as TlsErrorCode[]

/** Turns whatever a callback or a provider threw into a TlsError, keeping it as the cause. */
export const asTlsError = (thrown: unknown, code: TlsErrorCode = 'internal_error'): TlsError =>
  thrown instanceof TlsError
    ? thrown
    : new TlsError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })

const alertNames: ReadonlyMap<number, AlertName> = new Map(
  Object.entries(alertNumbers).map(([name, number]) => [number, name as AlertName]),
)
