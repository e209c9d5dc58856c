// Renegotiation in TLS 1.2 as node:tls has it: renegotiate() at both ends, and the limits of a server against clients
// that ask for it over and over. Unlike there, a client beyond a limit loses the connection.

import { constants } from 'node:crypto'

import { asTlsError } from '../errors.ts'
import type { RenegotiationChanges } from '../handshake/context.ts'
import type { Context } from './context.ts'
import { codedError } from './node-errors.ts'
import { settings } from './settings.ts'
import type { SocketFacts } from './socket-facts.ts'
import { sslError } from './ssl-errors.ts'

/** OpenSSL's switch for neither asking nor answering. */
export const isRenegotiationOff = ({ options }: Context): boolean => (options & constants.SSL_OP_NO_RENEGOTIATION) !== 0

/** Undefined once it was begun; the error for the callback otherwise. Throws nothing. */
export const beginRenegotiation = (
  socket: SocketFacts,
  changes: RenegotiationChanges | undefined,
): Error | undefined => {
  const { context, isServer, renegotiationDisabled } = socket._puretls
  if (socket.getProtocol() === 'TLSv1.3') return sslError(266, 'wrong ssl version')
  if (isRenegotiationOff(context)) return sslError(339, 'no renegotiation')
  if (isServer && renegotiationDisabled) {
    endLater(socket, disabled())
    return undefined
  }
  try {
    socket._handle?.renegotiate(changes)
    return undefined
  } catch (error) {
    return sslError(339, 'no renegotiation', { cause: asTlsError(error) })
  }
}

/**
 * A client asks: answered once the application has heard what came before. The answer that never comes holds the
 * connection until it is ended.
 */
export const onClientAsks = async (socket: SocketFacts): Promise<boolean> => {
  await new Promise((resolve) => setImmediate(resolve))
  const { _handle: handle, _puretls: state } = socket
  if (!handle) return false
  const now = performance.now()
  const isLater = now - handle.lastHandshakeTime >= settings.CLIENT_RENEG_WINDOW * 1000
  handle.lastHandshakeTime = now
  handle.handshakes = isLater ? 1 : handle.handshakes + 1
  const isAttack = handle.handshakes > settings.CLIENT_RENEG_LIMIT
  if (!isAttack && !state.renegotiationDisabled) return true
  endLater(socket, isAttack ? attack() : disabled())
  return new Promise<never>(() => {})
}

/** The application hears of it first, and may end the connection itself. */
const endLater = (socket: SocketFacts, error: Error): void =>
  process.nextTick(() => {
    try {
      socket._emitTLSError(error)
    } finally {
      if (!socket.destroyed) socket.destroy()
    }
  })

const attack = (): Error => codedError(Error, 'ERR_TLS_SESSION_ATTACK', 'TLS session renegotiation attack detected')

const disabled = (): Error =>
  codedError(Error, 'ERR_TLS_RENEGOTIATION_DISABLED', 'TLS session renegotiation disabled for this socket')
