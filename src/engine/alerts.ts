// What a received alert means for the connection (RFC 9846 section 6, RFC 5246 section 7.2), with a hint for people.
// Called by engine.ts.

import { alertName, alertNumbers, TlsError } from '../errors.ts'
import { TLS13 } from '../wire/registry.ts'

export type ReceivedAlert =
  | { readonly kind: 'close_notify' }
  /** The connection goes on: user_canceled, or any warning in TLS 1.2. */
  | { readonly kind: 'warning' }
  | { readonly kind: 'fatal'; readonly error: TlsError }

/** In TLS 1.3 every alert but close_notify and user_canceled ends the connection, whatever its level says. */
export const readAlert = (content: Uint8Array, version: number | undefined): ReceivedAlert => {
  const [level = 0, description = 0] = content
  if (content.length !== 2) throw new TlsError('decode_error', 'an alert of another length than two bytes (section 6)')
  if (description === alertNumbers.close_notify) return { kind: 'close_notify' }
  if (level !== 1 && level !== 2) throw new TlsError('illegal_parameter', `an alert of level ${level}`)
  if (level === 1 && (version !== TLS13 || description === alertNumbers.user_canceled)) return { kind: 'warning' }
  const name = alertName(description)
  const message = `the peer ended the connection with the alert ${name}${hints[name] ?? ''}`
  return { kind: 'fatal', error: new TlsError('alert_received', message, { received: name }) }
}

/** What an alert usually means. */
const hints: Readonly<Record<string, string>> = {
  handshake_failure: ': the two ends have no suite, group or signature scheme in common, or a certificate was expected',
  protocol_version: ': it does not speak the version offered',
  unknown_ca: ': it does not trust the authority that signed our certificate',
  bad_certificate: ': it did not accept our certificate',
  certificate_required: ': it requires a client certificate and got none',
  certificate_expired: ': our certificate has expired, or the clocks differ',
  no_application_protocol: ': it speaks none of the application protocols offered (ALPN)',
  unrecognized_name: ': it has no certificate for the server name asked for',
}
