// Keeps what a server gave for resumption: as an event for the caller, and in the cache if there is one (RFC 9846
// section 4.7.1, RFC 5077 section 3.3).

import type { ConnectionInfo } from '../../info.ts'
import { blankSession, encodeSession } from '../../session/state.ts'
import type { SessionState } from '../../session/state.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { sessionKey } from '../connection/session-key.ts'
import type { ClientHandshake } from './client-handshake.ts'

/** What the sessions of a connection say about it. */
export type SessionFacts = Pick<ConnectionInfo, 'alpn' | 'peerCertificates' | 'ocspResponse' | 'scts' | 'signatureScheme'> & {
  readonly authenticatedAt: number
}

/** What is different from one version to the other. */
type OwnPart = Pick<SessionState, 'version' | 'cipherSuite' | 'secret' | 'lifetime'> & Partial<SessionState>

export function* saveSession({ config, io }: Pick<ClientHandshake, 'config' | 'io'>, facts: SessionFacts, own: OwnPart): Flow<void> {
  const session: SessionState = {
    ...blankSession,
    createdAt: config.clock(),
    authenticatedAt: facts.authenticatedAt,
    alpn: facts.alpn ?? '',
    serverName: config.serverName ?? '',
    fingerprint: sessionKey(config),
    peerCertificates: facts.peerCertificates,
    ocspResponse: facts.ocspResponse ?? new Uint8Array(0),
    scts: facts.scts,
    signatureScheme: facts.signatureScheme ?? '',
    ...own,
  }
  io.emit({ type: 'session', session: encodeSession(session) })
  if (!config.sessions) return
  try {
    yield* use(config.sessions.put(session.fingerprint, session))
  } catch {
    // a cache that fails costs a full handshake next time, no more
  }
}
