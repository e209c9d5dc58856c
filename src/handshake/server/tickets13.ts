// The tickets of a TLS 1.3 server: how many, what is in them, and NewSessionTicket (RFC 9846 section 4.7.1, RFC 9149).

import type { ServerConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import type { SessionFacts as TicketFor } from '../../options.ts'
import { encodeSession, newSession } from '../../session/state.ts'
import { decode, encode, u16, u32 } from '../../wire/codec.ts'
import { encodeExtensions, newSessionTicketExtensions } from '../../wire/extensions.ts'
import { TLS13 } from '../../wire/registry.ts'
import type { Connection13 } from '../connection/connection13.ts'
import { sessionLifetime } from '../connection/session-facts.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { greaseExtension } from '../grease.ts'
import type { ReceivedHello, ServerHandshake, TicketFacts } from './received-hello.ts'

/** What the application wants in the tickets of this connection. */
const ticketData = (config: ServerConfig, facts: TicketFor, inherited: Uint8Array): Uint8Array => {
  const data = config.tickets?.applicationData?.(facts) ?? inherited
  if (data.length > MAX_APPLICATION_DATA) {
    throw new TlsError(
      'bad_option',
      `tickets.applicationData: ${data.length} bytes; the most is ${MAX_APPLICATION_DATA}`,
    )
  }
  return data
}

const MAX_APPLICATION_DATA = 16384

/** A client that does not say how many it wants gets no more than any client takes for no flood. */
const MAX_UNASKED = 16

/** Tickets that this connection gets: what the client asked for, at most what the config says (RFC 9149 section 3). */
export const ticketCount = (config: ServerConfig, { extensions }: ReceivedHello, resumed: boolean): number => {
  if (!config.tickets || !extensions.psk_key_exchange_modes?.some((mode) => config.pskModes.includes(mode))) return 0
  const { ticket_request: asked } = extensions
  const most = resumed ? config.tickets.resumedCount : config.tickets.count
  if (!asked) return Math.min(most, MAX_UNASKED)
  return Math.min(most, resumed ? asked.resumptionCount : asked.newSessionCount)
}

/** NewSessionTicket, as many as the config says (section 4.7.1). A protector that fails costs the ticket, no more. */
export function* sendTickets(hs: ServerHandshake, connection: Connection13, facts: TicketFacts): Flow<void> {
  const { config } = hs
  const { tickets } = config
  if (!tickets) return
  const applicationData = ticketData(config, facts.info, facts.sessionData)
  const lifetime = sessionLifetime(config, facts.session, tickets.lifetime)
  if (lifetime === 0 || facts.count === 0) return
  const masks = config.provider.random(4 * facts.count)
  for (let number = 0; number < facts.count; number++) {
    const nonce = encode(u16, number)
    const ageAdd = decode(u32, masks.subarray(4 * number, 4 * number + 4), 'ticket_age_add')
    const now = config.clock()
    const session = newSession(facts.session, {
      version: TLS13,
      cipherSuite: connection.suite.id,
      secret: connection.ticketPsk(nonce),
      ageAdd,
      lifetime,
      createdAt: now,
      maxEarlyData: config.maxEarlyData,
      fingerprint: facts.fingerprint,
      applicationData,
    })
    const state = encodeSession(session)
    let ticket: Uint8Array | undefined
    try {
      ticket = yield* use(tickets.protector.seal(state, now))
    } catch {
      return
    }
    if (!ticket || ticket.length > 0xffff) return
    const early = config.maxEarlyData > 0 ? config.maxEarlyData : undefined
    const known = encodeExtensions(newSessionTicketExtensions, { early_data: early })
    const extensions = [...known, ...greaseExtension(config)]
    hs.send('NewSessionTicket', { lifetime, ageAdd, nonce, ticket, extensions }, false)
  }
}
