// The protocol that a server chose, in either version (RFC 7301 section 3.1).

import type { ClientConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'

/** `list`: what stands in the server's extension. */
export const chosenAlpn = (config: ClientConfig, list: readonly string[] | undefined): string | undefined => {
  if (!list) return undefined
  const [protocol] = list
  if (protocol === undefined || list.length !== 1) {
    throw new TlsError('decode_error', 'ALPN: the server has to choose exactly one protocol (RFC 7301 section 3.1)')
  }
  if (!config.alpn.includes(protocol)) {
    throw new TlsError('illegal_parameter', `ALPN: the server chose ${JSON.stringify(protocol)}, which was not offered`)
  }
  return protocol
}
