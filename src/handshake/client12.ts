// The client of TLS 1.2 from ServerHello on (RFC 5246 section 7.3). Called by client.ts.

import { TlsError } from '../errors.ts'
import type { SessionState } from '../session/state.ts'
import type { ClientHandshake, Offer, ServerHelloMessage } from './client-hello.ts'
import type { Established } from './context.ts'
import type { Flow } from './flow.ts'

// eslint-disable-next-line require-yield
export function* clientHandshake12(
  _hs: ClientHandshake, _offer: Offer, _serverHello: ServerHelloMessage, _session: SessionState | undefined,
): Flow<Established> {
  throw new TlsError('protocol_version', 'TLS 1.2 is not here yet')
}
