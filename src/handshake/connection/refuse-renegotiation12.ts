// A renegotiation that is refused with the warning no_renegotiation, a few times (RFC 5246 section 7.2.2).

import { TlsError } from '../../errors.ts'
import type { HandshakeIo } from '../context.ts'

/** Refusals before asking again is an attack. */
const MAX_REFUSALS = 8

export const refuseRenegotiation = (io: HandshakeIo, times: number): void => {
  if (times > MAX_REFUSALS) throw new TlsError('too_many_messages', 'the peer asks for renegotiation over and over')
  io.sendWarning('no_renegotiation')
}
