// The message that answers a ClientHello, and which hello it answers where one was encrypted in another (RFC 9849
// section 6.1.4).

import type { Flow } from '../flow.ts'
import type { ClientHandshake, ServerHelloMessage } from './client-handshake.ts'
import type { Offer } from './hello-plan.ts'

export interface Answer {
  readonly hs: ClientHandshake
  readonly offer: Offer
  readonly serverHello: ServerHelloMessage
}

/** Waits for a ServerHello, or HelloRetryRequest, and goes on with the hello that it answers. */
export function* readAnswer(hs: ClientHandshake, offer: Offer): Flow<Answer> {
  const serverHello = yield* hs.receive('ServerHello')
  const { ech } = offer.plan
  const answered =
    ech && offer.outer && !ech.confirms(hs, offer.plan, offer.raw, serverHello)
      ? { hs: ech.outer, offer: offer.outer }
      : { hs, offer }
  answered.hs.transcript.add(serverHello.raw)
  return { ...answered, serverHello }
}
