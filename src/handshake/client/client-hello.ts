// The one way of a ClientHello from its plan to the wire (RFC 9846 section 4.2.2), for the first one, the one after a
// HelloRetryRequest and the one of a renegotiation: plan, order, shape, bind (PSK), encrypt (ECH), encode. Binders are
// made before the inner hello is encrypted, because they are part of what is encrypted (RFC 9849 section 6.1).

import { clientHelloExtensions, decodeExtensions, encodeExtensions } from '../../wire/extensions.ts'
import type { ClientHelloExtensions, RawExtension } from '../../wire/extensions.ts'
import type { ClientHello } from '../../wire/messages.ts'
import { NO_COMPRESSION } from '../../wire/numbers.ts'
import { EMPTY_RENEGOTIATION_INFO_SCSV, extensionTypes, isGrease, TLS12 } from '../../wire/registry.ts'
import type { Flow } from '../flow.ts'
import type { ClientHandshake, ClientHandshakeParts, HelloVariation } from './client-handshake.ts'
import type { HelloPlan, Offer, SecondHello } from './hello-plan.ts'

/** Sends the ClientHello of a plan. */
export function* sendHello(hs: ClientHandshake, plan: HelloPlan, second?: SecondHello): Flow<Offer> {
  if (plan.ech) return yield* plan.ech.send(hs, plan, second)
  const hello = bindHello(hs, plan, shapeHello(hs.parts, plan, second?.changes, second?.first.hello))
  const [raw = new Uint8Array(0)] = hs.send('ClientHello', hello)
  return offerOf(plan, hello, raw)
}

/** The plan's extensions in the order in which they are sent; no PSKs yet. */
const orderHello = ({ config, random, sessionId, cipherSuites, extensions, variation }: HelloPlan): ClientHello => ({
  legacyVersion: Math.min(config.maxVersion, TLS12),
  random,
  sessionId,
  cipherSuites,
  compressionMethods: Uint8Array.of(NO_COMPRESSION),
  extensions: inOrder(variation, encodeExtensions(clientHelloExtensions, extensions)),
})

const inOrder = (
  variation: HelloVariation | undefined,
  extensions: readonly RawExtension[],
): readonly RawExtension[] => (variation ? variation.order(extensions) : extensions)

/** With the application's own changes. */
export const shapeHello = (
  { shaping }: ClientHandshakeParts,
  plan: HelloPlan,
  changes: ClientHelloExtensions = {},
  first?: ClientHello,
): ClientHello => {
  const { shapeHello: shape } = plan.config
  const hello = orderHello(plan)
  return shape && shaping ? shaping.shape(shape, hello, changes, first) : hello
}

export const bindHello = (
  { parts: { bind }, transcript }: ClientHandshake,
  { psks }: HelloPlan,
  hello: ClientHello,
): ClientHello => (bind && psks.length > 0 ? bind(psks, hello, transcript) : hello)

/** What a hello that went out offers. */
export const offerOf = (plan: HelloPlan, hello: ClientHello, raw: Uint8Array): Offer => {
  const list = hello.extensions ?? []
  return {
    plan,
    hello,
    raw,
    // a hello that the application shaped is judged by what it says, not by its plan
    extensions: plan.config.shapeHello
      ? {
          ...plan.extensions,
          ...decodeExtensions(clientHelloExtensions, list, 'the ClientHello that hello.shape made'),
        }
      : plan.extensions,
    // RFC 8701 section 3.1
    sent: new Set([...list.map(({ type }) => type), ...impliedBy(hello)].filter((type) => !isGrease(type))),
  }
}

/** The SCSV stands for an empty renegotiation_info (RFC 5746 section 3.3). */
const impliedBy = ({ cipherSuites }: ClientHello): readonly number[] =>
  cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV) ? [extensionTypes.renegotiation_info] : []
