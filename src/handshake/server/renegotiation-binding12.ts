// What ties a TLS 1.2 handshake to the one before it in the connection, as the server judges it in the ClientHello (RFC
// 5746 section 3.6 and 3.7, RFC 7627, RFC 7366, RFC 7301).

import { TlsError } from '../../errors.ts'
import { concat, equalBytes } from '../../wire/bytes.ts'
import { EMPTY_RENEGOTIATION_INFO_SCSV } from '../../wire/registry.ts'
import type { ReceivedHello } from './received-hello.ts'
import type { ServerNegotiated12 } from './server-renegotiation12.ts'

export interface Binding12 {
  /** What the ServerHello says; undefined for a client without RFC 5746. */
  readonly renegotiationInfo: Uint8Array | undefined
  /** A handshake before this one had encrypt-then-MAC. */
  readonly keepsEncryptThenMac: boolean
}

/** Section 3.6: an empty extension, or the SCSV in its place. */
export const firstBinding = ({ message, extensions }: ReceivedHello): Binding12 => {
  const { renegotiation_info: given } = extensions
  if (given && given.length > 0) {
    throw new TlsError(
      'bad_renegotiation_info',
      'ClientHello: renegotiation_info of another connection in a first handshake (RFC 5746 section 3.6)',
    )
  }
  const empty = given ?? (message.cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV) ? new Uint8Array(0) : undefined)
  return { renegotiationInfo: empty, keepsEncryptThenMac: false }
}

/** Section 3.7: the client's Finished comes back, and both go out; what was agreed on before stays. */
export const bindingOf = (
  { message, extensions, info }: ReceivedHello,
  { connection, info: before }: ServerNegotiated12,
): Binding12 => {
  const { clientVerifyData, serverVerifyData, parameters } = connection
  const { renegotiation_info: given } = extensions
  if (message.cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV) || !given || !equalBytes(given, clientVerifyData)) {
    throw new TlsError(
      'bad_renegotiation_info',
      'ClientHello: renegotiation_info is not of this connection (RFC 5746 section 3.7)',
    )
  }
  if (!extensions.extended_master_secret) {
    throw new TlsError('illegal_parameter', 'ClientHello: renegotiation gives up the extended master secret (RFC 7627)')
  }
  if (info.serverName !== before.serverName) {
    throw new TlsError('illegal_parameter', 'ClientHello: renegotiation asks for another server name')
  }
  const { application_layer_protocol_negotiation: alpn } = extensions
  if (alpn && before.alpn !== undefined && !alpn.includes(before.alpn)) {
    throw new TlsError('no_common_protocol', `ClientHello: renegotiation offers all protocols but ${before.alpn}`)
  }
  return {
    renegotiationInfo: concat(clientVerifyData, serverVerifyData),
    keepsEncryptThenMac: parameters.keepsEncryptThenMac,
  }
}
