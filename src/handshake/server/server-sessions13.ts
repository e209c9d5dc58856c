// The sessions of a TLS 1.3 server: which tickets go on, and whether early data may come with them (RFC 9846 section
// 4.3.10, 4.3.11 and 8).

import type { ActiveSuite, ServerConfig } from '../../config.ts'
import type { EarlyDataRefusal } from '../../info.ts'
import type { ResumptionRequest } from '../../session/interfaces.ts'
import { decodeSession } from '../../session/state.ts'
import type { SessionState } from '../../session/state.ts'
import { TLS13 } from '../../wire/registry.ts'
import { isAuthenticated } from '../auth/authentication.ts'
import { isFresh, mayResume } from '../connection/may-resume.ts'
import { sessionFacts } from '../connection/session-facts.ts'
import { serverFingerprint } from '../connection/session-key.ts'
import { attempt } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { canResume, isBoundToPsk } from './psk-lookup.ts'
import type { EarlyTerms, ReceivedHello, ServerHandshake, SessionsPart } from './received-hello.ts'
import { sendTickets, ticketCount } from './tickets13.ts'

function* findSession(
  { config }: ServerHandshake,
  hello: ReceivedHello,
  suite: ActiveSuite,
  ticket: Uint8Array,
  fingerprint: string,
): Flow<SessionState | undefined> {
  const session = yield* openTicket(config, ticket, { fingerprint, serverName: hello.info.serverName ?? '' })
  if (!session || !fits(config, session, suite, hello)) return undefined
  return (yield* canResume(config, hello, session, fingerprint)) ? session : undefined
}

function* isAllowed({ config }: ServerHandshake, session: SessionState): Flow<boolean> {
  return yield* mayResume(config, 'client', config.clientAuth?.verifier, session)
}

function* openTicket(
  config: ServerConfig,
  ticket: Uint8Array,
  request: ResumptionRequest,
): Flow<SessionState | undefined> {
  const state = yield* attempt(() => config.tickets?.protector.open(ticket, config.clock(), request))
  try {
    return state && decodeSession(state)
  } catch {
    return undefined // a ticket that can't be opened, for whatever reason, costs a full handshake and no more
  }
}

const fits = (config: ServerConfig, session: SessionState, suite: ActiveSuite, hello: ReceivedHello): boolean => {
  const sessionSuite = config.suites.find(({ id }) => id === session.cipherSuite)
  return (
    session.version === TLS13 &&
    sessionSuite?.hash.name === suite.hash.name &&
    session.serverName === (hello.info.serverName ?? '') &&
    isFresh(config, session) &&
    isAuthenticated(config, session)
  )
}

/**
 * Undefined: it is accepted. Early data is taken only with the first PSK, the same suite and protocol, a fresh ticket,
 * and if it was not seen before.
 */
function* whyNoEarlyData(
  hs: ServerHandshake,
  { retried, suite, psk, alpn }: EarlyTerms,
): Flow<EarlyDataRefusal | undefined> {
  const { config } = hs
  if (config.maxEarlyData === 0 || !config.replayGuard) return 'disabled'
  const { session } = psk ?? {}
  if (!psk || psk.index !== 0 || !session) return 'not_resumed'
  if (session.maxEarlyData === 0) return 'session_forbids'
  if (session.cipherSuite !== suite.id) return 'cipher_suite'
  if (session.alpn !== (alpn ?? '')) return 'alpn'
  if (retried) return 'hello_retry_request'
  if (Math.abs(psk.ageSkew) > config.earlyDataWindow * 1000) return 'ticket_age' // section 8.3
  // a replay is fresh for twice the window at most; after that its age is off, whether it is remembered or not
  const isFirst = yield* attempt(() => config.replayGuard?.firstSeen(psk.binder, 2 * config.earlyDataWindow + 1))
  return isFirst === true ? undefined : 'replay' // a guard that fails accepts nothing (section 8)
}

export const sessionsPart: SessionsPart = {
  fingerprint: serverFingerprint,
  find: findSession,
  canResume: isAllowed,
  isBoundToPsk,
  count: ticketCount,
  send: sendTickets,
  facts: sessionFacts,
  whyNoEarlyData,
}
