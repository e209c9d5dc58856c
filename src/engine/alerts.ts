// What a received alert means for the connection (RFC 9846 section 6, RFC 5246 section 7.2).

import { alertName, alertNumbers, TlsError } from '../errors.ts'
import { TLS13 } from '../wire/registry.ts'

export type ReceivedAlert =
  | { readonly kind: 'close_notify' }
  /** The connection goes on: user_canceled, or any warning in TLS 1.2. */
  | { readonly kind: 'warning' }
  | { readonly kind: 'fatal'; readonly error: TlsError }

/**
 * `hintFor` tells people what a fatal one may mean. In TLS 1.3 every alert but close_notify and user_canceled ends the
 * connection, whatever its level says.
 */
export const readAlert = (
  content: Uint8Array,
  version: number | undefined,
  hintFor?: (name: string) => string | undefined,
): ReceivedAlert => {
  const [level = 0, description = 0] = content
  if (content.length !== 2) throw new TlsError('decode_error', 'an alert of another length than two bytes (section 6)')
  if (description === alertNumbers.close_notify) return { kind: 'close_notify' }
  if (level !== 1 && level !== 2) throw new TlsError('illegal_parameter', `an alert of level ${level}`)
  if (level === 1 && (version !== TLS13 || description === alertNumbers.user_canceled)) return { kind: 'warning' }
  const name = alertName(description)
  const hint = hintFor?.(name)
  const message = `the peer ended the connection with the alert ${name}${hint === undefined ? '' : `: ${hint}`}`
  return { kind: 'fatal', error: new TlsError('alert_received', message, { received: name }) }
}
