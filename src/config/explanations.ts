// What people are told beyond the fact: which option may be meant, what an alert usually means, and what the peer spoke
// if it was not TLS. A feature of clients; servers have it always.

import { checkOptions } from '../options/check.ts'
import type { Explanations } from './types.ts'

/** What came instead of TLS, by its first bytes. */
const describeBytes = (bytes: Uint8Array): string | undefined => {
  const start = bytes.subarray(0, 60)
  const line = String.fromCharCode(...start).split(/[\r\n]/)[0] ?? ''
  if (start[0] !== undefined && start[0] >= 0x80 && (start[2] ?? 1) === 1) {
    return 'the peer sent an SSL 2.0 hello: SSL 2.0 is forbidden (RFC 6176)'
  }
  if (!/^[\x20-\x7e\t]+$/.test(line)) return undefined
  const known = /^(HTTP\/1\.[01])/.exec(line)?.[1] ?? JSON.stringify(line.slice(0, 40))
  const why = /^(GET|HEAD|POST|PUT) /.test(line)
    ? 'it has to use https'
    : 'this is no TLS port, or wants STARTTLS first'
  return `the peer sent plain text, starting with ${known}: ${why}`
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

const alertHint = (name: string, established: boolean): string | undefined =>
  (established ? laterHints[name] : undefined) ?? hints[name]

export const explanations: Explanations = { checkOptions, alertHint, describeBytes }
