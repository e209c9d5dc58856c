// Sessions of a TLS 1.2 server, by ticket (RFC 5077) and by ID (RFC 5246 section 7.4.1.2): found, judged, made.

import type { ActiveSuite, ServerConfig } from '../../config.ts'
import { andThen } from '../../crypto/maybe.ts'
import { TlsError } from '../../errors.ts'
import { decodeSession, encodeSession, newSession } from '../../session/state.ts'
import type { SessionState } from '../../session/state.ts'
import { TLS12 } from '../../wire/registry.ts'
import type { Choice12, PskChoice12 } from './negotiate12.ts'
import { isAuthenticated } from '../auth/authentication.ts'
import type { Connection12 } from '../connection/connection12.ts'
import { isFresh, mayResume } from '../connection/may-resume.ts'
import { sessionLifetime } from '../connection/session-facts.ts'
import type { SessionFacts } from '../connection/session-facts.ts'
import { attempt, use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { canResume } from './psk-lookup.ts'
import type { ReceivedHello, ServerHandshake12 } from './received-hello.ts'

export interface FoundSession {
  readonly state: SessionState
  readonly suite: ActiveSuite
}

/** The session that this hello offers, if it is ours and may go on here; undefined for a full handshake. */
export function* findSession12(
  hs: ServerHandshake12,
  hello: ReceivedHello,
  choice: Choice12 | PskChoice12,
): Flow<FoundSession | undefined> {
  const { config } = hs
  const state = yield* lookUp(config, hello, choice.fingerprint)
  const suite = state && suiteOf(config, hello, state)
  if (
    !state ||
    !suite ||
    (suite.authentication === 'psk') !== (choice.identity === undefined) ||
    !fits(config, hello, state)
  )
    return undefined
  if (!(yield* canResume(config, hello, state, choice.fingerprint))) return undefined
  if (!(yield* mayResume(config, 'client', config.clientAuth?.verifier, state))) return undefined
  if (choice.extended !== state.extendedMasterSecret) {
    if (choice.extended) return undefined // section 5.3: a full handshake, which gets the client out of the old session
    throw new TlsError(
      'extended_master_secret_required',
      'the client offers a session with extended master secret, and no extended_master_secret (RFC 7627 section 5.3)',
    )
  }
  if (!hello.extensions.session_ticket?.length)
    hs.io.forgetOnFailure(() => config.sessions?.delete?.(hello.message.sessionId))
  return { state, suite }
}

/** A ticket takes precedence over an ID (RFC 5077 section 3.4). Whatever goes wrong here costs a full handshake and no
 * more. */
function* lookUp(config: ServerConfig, hello: ReceivedHello, fingerprint: string): Flow<SessionState | undefined> {
  const ticket = hello.extensions.session_ticket
  const { sessionId } = hello.message
  const { tickets, sessions } = config
  const byTicket = ticket !== undefined && ticket.length > 0
  if (!byTicket && sessionId.length === 0) return undefined
  const request = { fingerprint, serverName: hello.info.serverName ?? '' }
  const bytes = yield* attempt(() =>
    byTicket ? tickets?.protector.open(ticket, config.clock(), request) : sessions?.get(sessionId, request),
  )
  try {
    return bytes && decodeSession(bytes)
  } catch {
    return undefined
  }
}

/** The session's suite is on both lists still (RFC 5246 section 7.4.1.2). */
const suiteOf = (config: ServerConfig, hello: ReceivedHello, state: SessionState): ActiveSuite | undefined =>
  hello.message.cipherSuites.includes(state.cipherSuite)
    ? config.suites.find(({ id, version }) => id === state.cipherSuite && version === 'TLS 1.2')
    : undefined

/** Same server, name and policy; with extended master secret only (RFC 7627 section 5.3, RFC 6066 section 3). */
const fits = (config: ServerConfig, hello: ReceivedHello, state: SessionState): boolean =>
  state.version === TLS12 &&
  state.serverName === (hello.info.serverName ?? '') &&
  isFresh(config, state) &&
  isAuthenticated(config, state)

/** A ticket that is old enough is renewed (RFC 5077 section 3.3). */
export const mayRenew = (config: ServerConfig, hello: ReceivedHello, state: SessionState): boolean =>
  config.tickets !== undefined &&
  (hello.extensions.session_ticket?.length ?? 0) > 0 &&
  config.clock() - state.createdAt >= config.tickets.renewAfter * 1000

export interface ServerSessionFacts extends SessionFacts, Pick<SessionState, 'fingerprint'> {}

/** Undefined where there is nothing to resume later. */
const stateOf = (
  config: ServerConfig,
  { master, parameters }: Connection12,
  facts: ServerSessionFacts,
): SessionState | undefined => {
  const lifetime = sessionLifetime(config, facts, config.tickets?.lifetime ?? USUAL_LIFETIME)
  if (lifetime === 0 || (!parameters.extendedMasterSecret && !config.resumption.withoutExtendedMasterSecret))
    return undefined
  return newSession(facts, {
    version: TLS12,
    cipherSuite: parameters.suite.id,
    secret: master.secret,
    lifetime,
    createdAt: config.clock(),
    extendedMasterSecret: parameters.extendedMasterSecret,
  })
}
const USUAL_LIFETIME = 86400

/**
 * NewSessionTicket was promised, so it is sent, with an empty ticket if there is none, or the protector fails or lets
 * us wait (RFC 5077 section 3.3). */
export function* sendTicket12(hs: ServerHandshake12, connection: Connection12, facts: ServerSessionFacts): Flow<void> {
  const { config } = hs
  const state = stateOf(config, connection, facts)
  const ticket = state && (yield* attempt(() => config.tickets?.protector.seal(encodeSession(state), config.clock())))
  const none = { lifetimeHint: 0, ticket: new Uint8Array(0) }
  hs.send(
    'NewSessionTicket',
    state && ticket && ticket.length <= 0xffff ? { lifetimeHint: state.lifetime, ticket } : none,
  )
}

export function* storeSession12(
  hs: ServerHandshake12,
  connection: Connection12,
  sessionId: Uint8Array,
  facts: ServerSessionFacts,
): Flow<void> {
  const { config } = hs
  const state = stateOf(config, connection, facts)
  const { sessions } = config
  if (!state || !sessions) return
  try {
    const storing = sessions.set(sessionId, encodeSession(state), state.lifetime)
    hs.io.forgetOnFailure(() => andThen(storing, () => sessions.delete?.(sessionId)))
    yield* use(storing)
  } catch {
    // a store that fails costs the session
  }
}
