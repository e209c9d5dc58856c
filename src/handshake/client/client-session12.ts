// Sessions of a TLS 1.2 client: which may be offered, and what is kept of a finished handshake, by ticket (RFC 5077)
// or by ID (RFC 5246 section 7.4.1.3).

import type { ClientConfig } from '../../config.ts'
import { MAX_SESSION_LIFETIME } from '../../session/lifetime.ts'
import type { SessionState } from '../../session/state.ts'
import { TLS12 } from '../../wire/registry.ts'
import type { NewSessionTicket12 } from '../../wire/messages.ts'
import type { Answer12 } from './check-server-hello12.ts'
import type { Connection12 } from '../connection/connection12.ts'
import type { SessionFacts } from '../connection/session-facts.ts'
import type { ClientHandshake12, SessionsPart } from './client-handshake.ts'

/** Seconds that a session is kept where the server says nothing. */
const USUAL_LIFETIME = 7200

/**
 * The session if it is one of TLS 1.2 that may be offered: with the extended master secret only, but by option (RFC
 * 7627 section 5.3).
 */
export const resumable12 = (config: ClientConfig, session: SessionState | undefined): SessionState | undefined => {
  if (session?.version !== TLS12 || config.minVersion > TLS12) return undefined
  return session.extendedMasterSecret || config.resumption.withoutExtendedMasterSecret ? session : undefined
}

export const saveSession12 = (
  hs: ClientHandshake12,
  connection: Connection12,
  { sessionId, parameters }: Answer12,
  message: NewSessionTicket12 | undefined,
  factsOf: (sessions: SessionsPart) => SessionFacts,
): void => {
  const { config } = hs
  const { sessions } = hs.parts
  if (!sessions) return
  const ticket = message?.ticket ?? new Uint8Array(0)
  if (ticket.length === 0 && sessionId.length === 0) return
  if (!parameters.extendedMasterSecret && !config.resumption.withoutExtendedMasterSecret) return
  sessions.save(hs, factsOf(sessions), {
    version: TLS12,
    cipherSuite: parameters.suite.id,
    secret: connection.master.secret,
    ticket,
    sessionId: ticket.length > 0 ? new Uint8Array(0) : sessionId,
    extendedMasterSecret: parameters.extendedMasterSecret,
    lifetime: Math.min(message?.lifetimeHint || USUAL_LIFETIME, MAX_SESSION_LIFETIME),
  })
}
