// What came instead of TLS, or at the wrong time, in the words of OpenSSL, which depend on how far the handshake is.

import type { TlsError } from '../errors.ts'
import { isOpenSslAtLeast } from './openssl.ts'
import { nodeErrorOf, sslError } from './ssl-errors.ts'

export interface Phase {
  readonly isServer: boolean
  /** Server: a ClientHello has come. */
  readonly heardHello: boolean
  readonly isEstablished: boolean
}

/** The error that a program of node:tls expects. */
export const wireErrorOf = (error: TlsError, { isServer, heardHello, isEstablished }: Phase): Error => {
  const { code, message, received } = error
  const begins = code === 'not_tls' && isServer ? (/starting with "([A-Z]+) /.exec(message)?.[1] ?? '') : ''
  if (begins === 'CONNECT') return sslError(155, 'https proxy request', { cause: error })
  if (['GET', 'POST', 'HEAD', 'PUT'].includes(begins)) return sslError(156, 'http request', { cause: error })
  if (code === 'protocol_version' && message.startsWith('a record of version')) {
    return sslError(267, 'wrong version number', { cause: error })
  }
  if (received === 'no_renegotiation' && error.alert) return sslError(339, 'no renegotiation', { cause: error })
  if (received !== undefined && isServer && !heardHello) return sslError(244, 'unexpected message', { cause: error })
  if (code === 'record_overflow' && !isEstablished && isOpenSslAtLeast(3, 2)) {
    return sslError(146, 'data length too long', { cause: error })
  }
  return nodeErrorOf(error)
}
