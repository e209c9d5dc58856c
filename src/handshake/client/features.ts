// What a client may be built with or without. Each feature has its part in making configs and its part in handshakes;
// what is not named anywhere does not get into a bundle.
// Nothing is computed here, so that bundlers can leave out each of them.

import { explanations as explained } from '../../config/explanations.ts'
import { delegatedSchemes } from '../../config/delegated-schemes.ts'
import { onlyWithPsk } from '../../config/only-with-psk.ts'
import { checkCodecs } from '../../compression/codec.ts'
import { echClientConfig } from '../../ech.ts'
import { clientIdentities } from '../../identities.ts'
import { loadIdentity } from '../../identity.ts'
import { pskConfigs } from '../../psk.ts'
import { decodeSession } from '../../session/state.ts'
import { compressionPart } from '../auth/certificate-compression.ts'
import { delegationPart } from '../auth/delegated.ts'
import { sessionFacts } from '../connection/session-facts.ts'
import type { ClientFeature } from './client.ts'
import { certificatesPart } from './client-certificate13.ts'
import { bindHello, externalOffers, takeSession, ticketOffer } from './client-psk.ts'
import { resumable12 } from './client-session12.ts'
import { clientHandshake12 } from './client12.ts'
import { earlyDataPart } from './early-data.ts'
import { echExtension, echRetryConfigs, startEch } from './ech-client.ts'
import { shapingPart } from './hello-shaping.ts'
import { saveSession } from './save-session.ts'

/** TLS 1.2 beside 1.3: servers that have no 1.3, renegotiation by option. */
export const tls12: ClientFeature = {
  config: { tls12: true },
  handshake: { tls12: { handshake: clientHandshake12, resumable: resumable12 } },
}

/** Encrypted Client Hello (RFC 9849): option `hello.ech`. */
export const ech: ClientFeature = {
  config: { ech: echClientConfig },
  handshake: { ech: { start: startEch, extension: echExtension }, retryConfigs: echRetryConfigs },
}

/** Resumption by tickets and sessions, and early data: options `session`, `sessions`, `tickets`, `resumption`,
 * `earlyData`, and the event `session`. Without it, tickets are ignored. */
export const sessions: ClientFeature = {
  config: { sessions: decodeSession },
  handshake: {
    sessions: { take: takeSession, offers: ticketOffer, facts: sessionFacts, save: saveSession, early: earlyDataPart },
    bind: bindHello,
  },
}

/** External pre-shared keys: options `psk.keys` and `psk.required`. */
export const externalPsks: ClientFeature = {
  config: { externalPsks: { read: pskConfigs, only: onlyWithPsk } },
  handshake: { externalPsks: externalOffers, bind: bindHello },
}

/** Certificates of a client that come loaded: options `identity` and `hello.postHandshakeAuth`. Without it, servers
 * that ask are told that there is none. */
export const clientCertificates: ClientFeature = {
  config: { identities: clientIdentities },
  handshake: { certificates: certificatesPart },
}

/** `clientCertificates`, and certificate and key as options (`cert` and `key`). */
export const identityOptions: ClientFeature = {
  config: { identities: clientIdentities, loadIdentity },
  handshake: { certificates: certificatesPart },
}

/** Certificate compression (RFC 8879): option `certificates.compression`. */
export const certificateCompression: ClientFeature = {
  config: { compression: checkCodecs },
  handshake: { compression: compressionPart },
}

/** Delegated credentials (RFC 9345): option `certificates.delegatedCredentials`, and identities that have one. */
export const delegatedCredentials: ClientFeature = {
  config: { delegation: delegatedSchemes },
  handshake: { delegation: delegationPart },
}

/** ClientHellos that look otherwise: options `hello.grease`, `hello.permuteExtensions` and `hello.shape`. */
export const helloShaping: ClientFeature = { config: { shaping: true }, handshake: { shaping: shapingPart } }

/** Errors that say more: which option may be meant by an unknown one, what an alert of the server usually means, and
 * what it spoke if that was not TLS. `connect` and `connectWith` have it, and `connectOver` where it is passed. */
export const explanations: ClientFeature = { config: { explain: explained }, handshake: {} }
