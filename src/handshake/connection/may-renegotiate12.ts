// Whether a connection of TLS 1.2 may be renegotiated, and the answer no_renegotiation, a few times (RFC 5746, RFC 5246
// section 7.2.2).

import type { CommonConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import type { Authentication } from '../auth/authentication.ts'
import type { HandshakeIo } from '../context.ts'
import { ask } from '../flow.ts'
import type { Flow } from '../flow.ts'
import type { Current12 } from './connection12.ts'

type Current = Current12<Authentication>

/**
 * What a renegotiation is bound to: the Finished before it (refused without, RFC 5746 section 4.2), the server's
 * certificate, and a master secret that no other connection has (RFC 7627 section 5.4). */
const canBind = ({ negotiated: { connection } }: Current): boolean =>
  connection.parameters.secureRenegotiation &&
  connection.parameters.extendedMasterSecret &&
  connection.serverCertificate !== undefined

/** What this end asks for itself. Throws `wrong_state`. */
export const checkCanBind = (current: Current): void => {
  if (canBind(current)) return
  throw new TlsError(
    'wrong_state',
    'this connection cannot be renegotiated: it takes a certificate of the server, and RFC 5746 and the extended ' +
      'master secret (RFC 7627) at both ends',
  )
}

/** `done`: how often the peer was allowed to. */
export function* mayRenegotiate(config: CommonConfig, current: Current, done: number): Flow<boolean> {
  const { renegotiation: allowed } = config
  if (!canBind(current)) return false
  if (typeof allowed !== 'function') return allowed === 'freely' || (allowed === 'once' && done === 0)
  return yield* ask(() => allowed(done))
}

/** Refusals before asking again is an attack. */
const MAX_REFUSALS = 8

export const refuseRenegotiation = (io: HandshakeIo, times: number): void => {
  if (times > MAX_REFUSALS) throw new TlsError('too_many_messages', 'the peer asks for renegotiation over and over')
  io.sendWarning('no_renegotiation')
}

/** RFC 5246 section 7.2.2 leaves it to this end whether to go on without; whoever asked had a reason to. */
export const refusalOfPeer = (): TlsError =>
  new TlsError('alert_received', 'the peer refuses to renegotiate, which this end asked for', {
    received: 'no_renegotiation',
    alert: 'handshake_failure',
  })

/** Messages of one handshake, which are no flood where this end wants it: those of a server, with HelloRequest. */
export const MESSAGES_OF_HANDSHAKE = 8
