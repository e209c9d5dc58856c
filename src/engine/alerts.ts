// What a received alert means for the connection (RFC 9846 section 6, RFC 5246 section 7.2), with a hint for people.

import { alertName, alertNumbers, TlsError } from '../errors.ts'
import { TLS13 } from '../wire/registry.ts'

export type ReceivedAlert =
  | { readonly kind: 'close_notify' }
  /** The connection goes on: user_canceled, or any warning in TLS 1.2. */
  | { readonly kind: 'warning' }
  | { readonly kind: 'fatal'; readonly error: TlsError }

/** In TLS 1.3 every alert but close_notify and user_canceled ends the connection, whatever its level says. */
export const readAlert = (content: Uint8Array, version: number | undefined, established: boolean): ReceivedAlert => {
  const [level = 0, description = 0] = content
  if (content.length !== 2) throw new TlsError('decode_error', 'an alert of another length than two bytes (section 6)')
  if (description === alertNumbers.close_notify) return { kind: 'close_notify' }
  if (level !== 1 && level !== 2) throw new TlsError('illegal_parameter', `an alert of level ${level}`)
  if (level === 1 && (version !== TLS13 || description === alertNumbers.user_canceled)) return { kind: 'warning' }
  const name = alertName(description)
  const hint = (established ? laterHints[name] : undefined) ?? hints[name]
  const message = `the peer ended the connection with the alert ${name}${hint === undefined ? '' : `: ${hint}`}`
  return { kind: 'fatal', error: new TlsError('alert_received', message, { received: name }) }
}

/** What an alert usually means. */
const hints: Readonly<Record<string, string>> = {
  handshake_failure:
    'no suite, group or signature scheme in common, no certificate where it expects one, or it refuses this ' +
    'connection for a reason of its own (see its log)',
  protocol_version: 'it does not speak the version offered',
  insufficient_security: 'it wants stronger suites, groups or keys than were offered',
  unknown_ca: 'it does not trust the authority of our certificate, or misses an intermediate one',
  bad_certificate: 'our certificate is malformed, or for another name',
  unsupported_certificate: 'it does not take our kind of certificate: check the key type and the extended key usage',
  certificate_unknown: 'it did not accept our certificate: see its log',
  certificate_revoked: 'our certificate was revoked',
  certificate_required: 'it requires a client certificate: give one as cert and key, or as identity',
  certificate_expired: 'our certificate has expired, or the clocks differ',
  access_denied: 'it knows who we are, and does not let us in',
  decrypt_error: 'a signature, a Finished or a PSK binder did not verify: a wrong key, or something in between',
  unknown_psk_identity: 'it does not know the identity of our pre-shared key',
  no_application_protocol: 'it speaks none of the application protocols offered (ALPN)',
  unrecognized_name: 'it has no certificate for the server name asked for',
}

/** The same once the handshake is done, where it means something else. */
const laterHints: Readonly<Record<string, string>> = {
  handshake_failure: 'it refuses what was asked for after the handshake, such as a renegotiation',
  no_renegotiation: 'it refuses to renegotiate',
}
