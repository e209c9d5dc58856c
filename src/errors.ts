// TlsError and the one table from error code to alert and fault. Everything in this library that rejects something
// throws a TlsError; nothing but the engine sends alerts, and it looks them up here (RFC 9846 section 6.2, RFC 5246
// section 7.2).

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
export const alertName = (number: number): AlertName | `unknown_${number}` =>
  alertNames.get(number) ?? `unknown_${number}`

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

/** What went wrong; stable, for programs. Each says what happened, and what to do about it. */
export type TlsErrorCode =
  /** A message or extension of the peer cannot be read: a wrong length, or bytes left over.
   * @remedy The peer is broken, or something on the way changes bytes; look at a trace. */
  | 'decode_error'
  /** The peer sent a value that the protocol forbids at this place.
   * @remedy The peer is broken; report it to its maintainers. */
  | 'illegal_parameter'
  /** A message or record came that may not come now.
   * @remedy The peer is broken, or both ends are not in the same protocol step; look at a trace. */
  | 'unexpected_message'
  /** The peer answered with an extension that was not asked for.
   * @remedy The peer is broken; report it to its maintainers. */
  | 'unsupported_extension'
  /** The peer left out an extension that the rest of its message needs.
   * @remedy The peer is broken; report it to its maintainers. */
  | 'missing_extension'
  /** A record could not be decrypted: it was changed on the way, or the peer has other keys.
   * @remedy Check what is between the two ends; with an external PSK, check that both have the same key. */
  | 'bad_record_mac'
  /** A record is longer than allowed. @remedy The peer is broken, or ignores `limits.recordSizeLimit`. */
  | 'record_overflow'
  /** A handshake message is longer than `limits.maxHandshakeMessage`.
   * @remedy Raise the limit, if the peer really has chains of that size. */
  | 'message_too_large'
  /** The peer sent more messages than do any work (empty records, KeyUpdate, warnings).
   * @remedy The connection was ended against a flood; nothing to do. */
  | 'too_many_messages'
  /** The peer's signature over the handshake is not by the key of its certificate.
   * @remedy An attack, or a peer with the wrong key: check its configuration. */
  | 'bad_signature'
  /** The peer's Finished does not match the handshake. @remedy An attack, or a broken peer. */
  | 'bad_finished'
  /** The client's proof that it has the PSK is wrong. @remedy Check that both ends have the same key. */
  | 'bad_binder'
  /** The peer's binding to the earlier handshake is wrong (RFC 5746). @remedy An attack, or a broken peer. */
  | 'bad_renegotiation_info'
  /** A compressed certificate does not decompress to what it says (RFC 8879).
   * @remedy The peer is broken; leave out `certificates.compression`. */
  | 'bad_compressed_certificate'
  /** The server can do a higher version than it chose, so somebody changed the offer.
   * @remedy An attack, or a broken middlebox; do not try again at a lower version. */
  | 'downgrade_detected'
  /** The client says that it fell back to a lower version, and the server can do better (RFC 7507).
   * @remedy Connect again with all versions. */
  | 'inappropriate_fallback'
  /** The inner ClientHello cannot be decrypted or is not well-formed (RFC 9849). @remedy The client is broken. */
  | 'bad_ech'
  /** The peer does not speak TLS. @remedy Check the port, and whether STARTTLS comes first. */
  | 'not_tls'
  /** No version in common. @remedy Widen `versions` on one side. */
  | 'protocol_version'
  /** No cipher suite in common. @remedy Compare `cipherSuites` of both ends; old peers may need `tls12.legacy`. */
  | 'no_common_cipher_suite'
  /** No group for the key exchange in common. @remedy Compare `groups` of both ends. */
  | 'no_common_group'
  /** No signature scheme that the one end has a key for and the other accepts.
   * @remedy Compare `signatureSchemes` with the kinds of the keys. */
  | 'no_common_signature_scheme'
  /** No application protocol in common (ALPN). @remedy Compare `alpn` of both ends. */
  | 'no_common_protocol'
  /** The server has no certificate for this client. @remedy Give `cert` and `key`, or `identity`. */
  | 'no_identity'
  /** The server has nothing under the name that the client asked for. @remedy Check `serverName`. */
  | 'unrecognized_name'
  /** The peer's parameters are weaker than required. @remedy Ask the peer's operator for stronger ones. */
  | 'insufficient_security'
  /** The peer has no extended master secret (RFC 7627), and `tls12.requireExtendedMasterSecret` is set.
   * @remedy Update the peer, or drop the option. */
  | 'extended_master_secret_required'
  /** The server has no secure renegotiation (RFC 5746).
   * @remedy Update the server; `tls12.legacy` accepts it all the same. */
  | 'secure_renegotiation_required'
  /** TLS 1.3: the client gave no certificate, and one is required. @remedy Give the client `cert` and `key`. */
  | 'certificate_required'
  /** TLS 1.2: the client gave no certificate, and one is required. @remedy Give the client `cert` and `key`. */
  | 'client_certificate_missing'
  /** The server does not know the PSK that the client named. @remedy Check `psk.keys` and `psk.lookup`. */
  | 'unknown_psk_identity'
  /** The server did not accept Encrypted Client Hello.
   * @remedy Connect again with `error.echRetryConfigs`, if there are any. */
  | 'ech_required'
  /** `onClientHello` rejected the client. @remedy Nothing: it is what the application decided. */
  | 'rejected_by_server'
  /** A certificate is malformed, wrongly signed, or against a rule of RFC 5280.
   * @remedy Let the peer's operator replace it. */
  | 'bad_certificate'
  /** A certificate uses a key, algorithm or critical extension that is not accepted.
   * @remedy Let the peer's operator replace it. */
  | 'unsupported_certificate'
  /** A certificate is past its end. @remedy Renew it; check the clock. */
  | 'certificate_expired'
  /** A certificate is not valid yet. @remedy Check the clock. */
  | 'certificate_not_yet_valid'
  /** A certificate was revoked. @remedy Replace certificate and key. */
  | 'certificate_revoked'
  /** A certificate is not acceptable for another reason. @remedy Read the sentence: it says which. */
  | 'certificate_unknown'
  /** The certificate is not for `serverName`.
   * @remedy Connect by a name in the certificate, or have one issued for this name. */
  | 'certificate_name_mismatch'
  /** The certificate's key usage does not allow this. @remedy Have one issued for servers (or clients). */
  | 'certificate_usage'
  /** No path to an authority that is trusted. @remedy Give `ca`, or let the peer send its intermediates. */
  | 'unknown_ca'
  /** The stapled OCSP response is malformed, stale or not for this certificate.
   * @remedy Let the server's operator renew it. */
  | 'bad_certificate_status'
  /** It could not be found out whether a certificate is revoked. @remedy Check that CRL or OCSP can be reached. */
  | 'revocation_unknown'
  /** An option is unknown, out of range or contradicts another one.
   * @remedy The sentence names the option, and what it has to be. */
  | 'bad_option'
  /** A private key cannot be read. @remedy Give PKCS#8, SEC1 or PKCS#1 as PEM or DER; decrypt it first. */
  | 'bad_key'
  /** The private key does not belong to the certificate.
   * @remedy Give the key that the certificate was issued for, and the leaf first. */
  | 'key_mismatch'
  /** This runtime or provider cannot do what was asked for.
   * @remedy Choose another provider, or what the sentence says. */
  | 'unsupported'
  /** A method was called when it cannot be: after the end, or before the handshake.
   * @remedy Change the order of calls. */
  | 'wrong_state'
  /** A key of TLS 1.2 has sealed as many records as it may. @remedy Close the connection, and open a new one. */
  | 'key_limit_reached'
  /** This end gave the connection up: abort(), or a signal. @remedy Nothing: it is what the application decided. */
  | 'aborted'
  /** A verifier or verifyConnection of the application refused the peer. @remedy See the cause. */
  | 'verifier_refused'
  /** The transport ended without a close_notify: data may be missing.
   * @remedy Do not trust that what came is complete. */
  | 'truncated'
  /** The connection is closed already. @remedy Open a new one. */
  | 'closed'
  /** The peer took too long. @remedy Raise `handshakeTimeout` or `timeoutMs`, or look at the network. */
  | 'timeout'
  /** The stream under the connection failed. @remedy See the cause. */
  | 'transport_failed'
  /** The peer ended the connection with an alert, which `received` names.
   * @remedy Look at the peer's log: it knows why. */
  | 'alert_received'
  /** A bug here, or in a callback or provider. @remedy See the cause; report it, if it is ours. */
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
  /** The alert that goes (or went) to the peer, or undefined where none is sent. */
  readonly alert: AlertName | undefined
  /** The alert that came from the peer, if that is what ended the connection. */
  readonly received: AlertName | `unknown_${number}` | undefined

  /** With `ech_required`: what to give as `ech.configList` in a new connection (RFC 9849 section 6.1.6); undefined if
   * the server says that it has no ECH. */
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

/**
 * An error that ends a connection as connections end. One is made for each, and mostly nobody sees it: it has no stack
 * trace, which is most of what an error costs.
 */
export const quietError = (...given: ConstructorParameters<typeof TlsError>): TlsError =>
  quietly(() => new TlsError(...given))

/** Errors that are made or thrown within `make` have no stack trace. */
export const quietly = <T>(make: () => T): T => {
  const { stackTraceLimit } = Error
  if (typeof stackTraceLimit !== 'number') return make()
  Reflect.set(Error, 'stackTraceLimit', 0) // does nothing where Error is frozen
  try {
    return make()
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
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

/**
 * Text of a peer or a certificate, fit for a message or a log: control characters, line separators, marks that turn the
 * direction of writing and lone surrogates as \u{...}. */
export const escapeUnprintable = (text: string): string => (ASCII.test(text) ? text : escapeEach(text))

const ASCII = /^[\x20-\x7e]*$/

const escapeEach = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)

/** Whatever a message quotes, there is an end to it. */
const printable = (message: string): string => {
  const cut =
    message.length > MAX_MESSAGE
      ? `${message.slice(0, MAX_MESSAGE)}... (${message.length - MAX_MESSAGE} characters more)`
      : message
  return escapeUnprintable(cut)
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
