// After a TLS 1.3 handshake: KeyUpdate, NewSessionTicket and post-handshake authentication (RFC 9846 section 4.7).
// One flow a connection, for as long as it lives.

import { TlsError } from '../../errors.ts'
import { blankSession, encodeSession } from '../../session/state.ts'
import { decodeExtensions, encodeExtensions, newSessionTicketExtensions } from '../../wire/extensions.ts'
import type { NewSessionTicket13 } from '../../wire/messages.ts'
import { TLS13 } from '../../wire/registry.ts'
import { askedTypes, certificateOf } from '../auth/certificate-compression.ts'
import type { ClientHandshake } from '../client/client-hello.ts'
import type { ServerConfig } from '../../config.ts'
import { keepSession } from '../client/save-session.ts'
import type { SessionFacts } from '../client/save-session.ts'
import type { Connection13 } from './connection13.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { greaseExtension } from '../grease.ts'
import { answerCertificateRequest } from './post-auth13.ts'
import type { CertificateRequests } from './post-auth13.ts'
import type { SessionFacts as TicketFor } from '../../options.ts'
import type { ReceivedHello } from '../server/negotiate.ts'
import type { ServerHandshake } from '../server/server-hello.ts'

/** Seconds: seven days (section 4.7.1). */
const MAX_TICKET_LIFETIME = 604800

export function* clientAfterwards(hs: ClientHandshake, connection: Connection13, facts: SessionFacts): Flow<void> {
  for (;;) {
    const message = yield* hs.receive('NewSessionTicket', 'KeyUpdate', 'CertificateRequest')
    if (message.type === 'KeyUpdate') yield* keyUpdate(connection, message.requestUpdate)
    else if (message.type === 'CertificateRequest') yield* answerCertificateRequest(hs, connection, message)
    else yield* newSessionTicket(hs, connection, facts, message)
  }
}

export function* serverAfterwards(hs: ServerHandshake, connection: Connection13, requests: CertificateRequests): Flow<void> {
  const { config } = hs
  const types = ['KeyUpdate', ...askedTypes(config)] as const
  for (;;) {
    const message = yield* hs.receive(...types)
    if (message.type === 'KeyUpdate') yield* keyUpdate(connection, message.requestUpdate)
    else yield* requests.answer(connection, yield* certificateOf(config, message))
  }
}

function* keyUpdate(connection: Connection13, requested: boolean): Flow<void> {
  yield* connection.updateRead()
  if (requested) yield* connection.answerKeyUpdate()
}

function* newSessionTicket(
  hs: ClientHandshake, connection: Connection13, facts: SessionFacts, message: NewSessionTicket13,
): Flow<void> {
  const { early_data: maxEarlyData = 0 } = decodeExtensions(newSessionTicketExtensions, message.extensions, 'NewSessionTicket')
  if (message.lifetime > MAX_TICKET_LIFETIME) {
    throw new TlsError('illegal_parameter', `NewSessionTicket: a lifetime of ${message.lifetime} s; the most is 604800 (section 4.7.1)`)
  }
  if (message.lifetime === 0 || !hs.config.tickets) return // to be discarded at once
  yield* keepSession(hs, facts, {
    version: TLS13,
    cipherSuite: connection.suite.id,
    secret: connection.ticketPsk(message.nonce),
    ticket: message.ticket,
    ageAdd: message.ageAdd,
    lifetime: message.lifetime,
    maxEarlyData,
  })
}

/** What a server's ticket says of the connection it comes from. */
export interface TicketFacts {
  readonly alpn: string | undefined
  readonly serverName: string | undefined
  readonly peerCertificates: readonly Uint8Array[]
  readonly signatureScheme: string
  readonly authenticatedAt: number
  readonly fingerprint: string
  readonly count: number
  /** What the session that was resumed carried. */
  readonly sessionData: Uint8Array
}

/** What the application wants in the tickets of this connection. */
export const ticketData = (config: ServerConfig, facts: TicketFor, inherited: Uint8Array): Uint8Array => {
  const data = config.tickets?.applicationData?.(facts) ?? inherited
  if (data.length > MAX_APPLICATION_DATA) {
    throw new TlsError('bad_option', `tickets.applicationData: ${data.length} bytes; the most is ${MAX_APPLICATION_DATA}`)
  }
  return data
}

const MAX_APPLICATION_DATA = 16384

/** Tickets that this connection gets: what the client asked for, at most what the config says (RFC 9149 section 3). */
export const ticketCount = (config: ServerConfig, { extensions }: ReceivedHello, resumed: boolean): number => {
  if (!config.tickets || !extensions.psk_key_exchange_modes?.some((mode) => config.pskModes.includes(mode))) return 0
  const { ticket_request: asked } = extensions
  if (!asked) return config.tickets.count
  return Math.min(config.tickets.count, resumed ? asked.resumptionCount : asked.newSessionCount)
}

/** NewSessionTicket, as many as the config says (section 4.7.1). A protector that fails costs the ticket, no more. */
export function* sendTickets(hs: ServerHandshake, connection: Connection13, facts: TicketFacts): Flow<void> {
  const { config } = hs
  const { tickets } = config
  if (!tickets) return
  const applicationData = ticketData(config, facts, facts.sessionData)
  for (let number = 0; number < facts.count; number++) {
    const nonce = Uint8Array.of(number >> 8, number & 0xff)
    const [a = 0, b = 0, c = 0, d = 0] = config.provider.random(4)
    const ageAdd = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
    const now = config.clock()
    const state = encodeSession({
      ...blankSession,
      version: TLS13,
      cipherSuite: connection.suite.id,
      secret: connection.ticketPsk(nonce),
      ageAdd,
      lifetime: tickets.lifetime,
      createdAt: now,
      authenticatedAt: facts.authenticatedAt,
      maxEarlyData: config.maxEarlyData,
      alpn: facts.alpn ?? '',
      serverName: facts.serverName ?? '',
      fingerprint: facts.fingerprint,
      peerCertificates: facts.peerCertificates,
      signatureScheme: facts.signatureScheme,
      applicationData,
    })
    let ticket: Uint8Array | undefined
    try {
      ticket = yield* use(tickets.protector.seal(state, now))
    } catch {
      return
    }
    if (!ticket || ticket.length > 0xffff) return
    const early = config.maxEarlyData > 0 && { early_data: config.maxEarlyData }
    const extensions = [...encodeExtensions(newSessionTicketExtensions, { ...early }), ...greaseExtension(config)]
    hs.send('NewSessionTicket', { lifetime: tickets.lifetime, ageAdd, nonce, ticket, extensions }, false)
  }
}
