// What a client of TLS 1.3 does for as long as its connection lives: KeyUpdate, NewSessionTicket, and the certificate
// that a server asks for after the handshake (RFC 9846 section 4.7).

import { TlsError } from '../../errors.ts'
import { finishedVerifyData } from '../../keys/schedule13.ts'
import { MAX_SESSION_LIFETIME } from '../../session/state.ts'
import { decodeExtensions, newSessionTicketExtensions } from '../../wire/extensions.ts'
import type { NewSessionTicket13 } from '../../wire/messages.ts'
import { TLS13 } from '../../wire/registry.ts'
import type { Connection13 } from '../connection/connection13.ts'
import type { Flow } from '../flow.ts'
import { sendClientCertificate } from './client-certificate13.ts'
import { saveSession } from './save-session.ts'
import type { SessionFacts } from '../connection/session-facts.ts'
import type { CertificateRequest13 } from './server-authentication13.ts'
import type { ClientHandshake } from './client-handshake.ts'

export function* clientPostHandshake13(
  hs: ClientHandshake,
  connection: Connection13,
  initial: SessionFacts,
): Flow<void> {
  let facts = initial
  function* answer(request: CertificateRequest13): Flow<void> {
    facts = { ...facts, ...(yield* answerCertificateRequest(hs, connection, request)) }
  }
  for (;;) {
    const message = yield* hs.receive('NewSessionTicket', 'KeyUpdate', 'CertificateRequest')
    if (message.type === 'KeyUpdate') yield* connection.readKeyUpdate(message.requestUpdate)
    else if (message.type === 'CertificateRequest') hs.io.beside(answer(message))
    else readTicket(hs, connection, facts, message)
  }
}

const readTicket = (
  hs: ClientHandshake,
  connection: Connection13,
  facts: SessionFacts,
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
  if (message.lifetime === 0 || !hs.config.tickets) return // to be discarded at once
  saveSession(hs, facts, {
    version: TLS13,
    cipherSuite: connection.suite.id,
    secret: connection.ticketPsk(message.nonce),
    ticket: message.ticket,
    ageAdd: message.ageAdd,
    lifetime: message.lifetime,
    maxEarlyData,
  })
}

/**
 * Certificate, CertificateVerify if we have a certificate, Finished; hashed apart from the connection. A signer may
 * take its time, so the messages are collected first and sent in one go, with nothing between them (section 4.7.2). */
function* answerCertificateRequest(
  hs: ClientHandshake,
  connection: Connection13,
  request: CertificateRequest13,
): Flow<Pick<SessionFacts, 'ownIdentity' | 'asked'>> {
  if (!hs.config.postHandshakeAuth) {
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
  const flight: Uint8Array[] = []
  const apart = hs.fork({ ...hs.io, sendHandshake: (raw) => flight.push(raw) })
  apart.transcript.add(request.raw)
  const { chosen, asked } = yield* sendClientCertificate(apart, request)
  hs.io.inOrder(function* () {
    const { write } = connection.finishedBase // of the key that is in use now
    apart.send('Finished', { verifyData: finishedVerifyData(write, apart.transcript.hash()) })
    for (const raw of flight) hs.io.sendHandshake(raw)
  })
  return { ownIdentity: chosen?.identity.digest ?? '', asked } // tickets from here on are for who we are now
}
