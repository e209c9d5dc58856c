// The server of TLS 1.2 from ClientHello on (RFC 5246 section 7.3). Called by server.ts.

import { TlsError } from '../errors.ts'
import type { Established } from './context.ts'
import type { Flow } from './flow.ts'
import type { ReceivedHello } from './negotiate.ts'
import type { ServerHandshake } from './server-hello.ts'

// eslint-disable-next-line require-yield
export function* serverHandshake12(_hs: ServerHandshake, _hello: ReceivedHello): Flow<Established> {
  throw new TlsError('protocol_version', 'TLS 1.2 is not here yet')
}
