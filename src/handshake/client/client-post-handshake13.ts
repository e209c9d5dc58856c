// What a client of TLS 1.3 does for as long as its connection lives: KeyUpdate, NewSessionTicket, and the certificate
// that a server asks for after the handshake (RFC 9846 section 4.7).

import { TlsError } from '../../errors.ts'
import { MAX_SESSION_LIFETIME } from '../../session/lifetime.ts'
import { decodeExtensions, newSessionTicketExtensions } from '../../wire/extensions.ts'
import type { NewSessionTicket13 } from '../../wire/messages.ts'
import { TLS13 } from '../../wire/registry.ts'
import type { Connection13 } from '../connection/connection13.ts'
import type { Flow } from '../flow.ts'
import type { SessionFacts } from '../connection/session-facts.ts'
import type { CertificateRequest13, ClientHandshake } from './client-handshake.ts'

export function* clientPostHandshake13(
  hs: ClientHandshake,
  connection: Connection13,
  initial: SessionFacts | undefined,
): Flow<void> {
  const state: Known = { facts: initial, answering: 0 }
  for (;;) {
    const message = yield* hs.receive('NewSessionTicket', 'KeyUpdate', 'CertificateRequest')
    if (message.type === 'KeyUpdate') yield* connection.readKeyUpdate(message.requestUpdate)
    else if (message.type === 'CertificateRequest') hs.io.beside(answer(hs, connection, state, message))
    else readTicket(hs, connection, state.facts, message)
  }
}

interface Known {
  /** For the sessions of the tickets to come. */
  facts: SessionFacts | undefined
  /** Requests for our certificate whose answer is being made. */
  answering: number
}

/** More at a time is no server that wants to know who we are: each costs a signature. */
const MAX_ANSWERING = 32

function* answer(
  hs: ClientHandshake,
  connection: Connection13,
  state: Known,
  request: CertificateRequest13,
): Flow<void> {
  if (++state.answering > MAX_ANSWERING)
    throw new TlsError('too_many_messages', 'the peer asks for certificates over and over')
  const own = yield* answerCertificateRequest(hs, connection, request)
  state.answering--
  state.facts = state.facts && { ...state.facts, ...own }
}

const readTicket = (
  hs: ClientHandshake,
  connection: Connection13,
  facts: SessionFacts | undefined,
  message: NewSessionTicket13,
): void => {
  const { early_data: maxEarlyData = 0 } = decodeExtensions(
    newSessionTicketExtensions,
    message.extensions,
    'NewSessionTicket',
  )
  if (message.lifetime > MAX_SESSION_LIFETIME) {
    const most = `the most is ${MAX_SESSION_LIFETIME} (section 4.7.1)`
    throw new TlsError('illegal_parameter', `NewSessionTicket: a lifetime of ${message.lifetime} s; ${most}`)
  }
  if (message.lifetime === 0 || !hs.config.tickets || !facts) return // to be discarded at once
  hs.parts.sessions?.save(hs, facts, {
    version: TLS13,
    cipherSuite: connection.suite.id,
    secret: connection.ticketPsk(message.nonce),
    ticket: message.ticket,
    ageAdd: message.ageAdd,
    lifetime: message.lifetime,
    maxEarlyData,
  })
}

function* answerCertificateRequest(
  hs: ClientHandshake,
  connection: Connection13,
  request: CertificateRequest13,
): Flow<Pick<SessionFacts, 'ownIdentity' | 'asked'>> {
  const { certificates } = hs.parts
  if (!hs.config.postHandshakeAuth || !certificates) {
    throw new TlsError(
      'unexpected_message',
      'CertificateRequest after the handshake, which was not offered (section 4.7.2)',
    )
  }
  if (request.context.length === 0) {
    throw new TlsError(
      'illegal_parameter',
      'CertificateRequest: a context is expected after the handshake (section 4.4.2)',
    )
  }
  const { chosen, asked } = yield* certificates.sendLater(hs, connection, request)
  return { ownIdentity: chosen?.identity.digest ?? '', asked } // tickets from here on are for who we are now
}
