// The handshake of a server, the ClientHello that it answers, and what a server can do beside the least: each
// capability by its interface, so that a server without it does not carry it. features.ts names what implements them.

import type { ActiveSuite, ServerConfig } from '../../config.ts'
import type { ConnectionInfo, EarlyDataRefusal } from '../../info.ts'
import type { HpkeReceiver } from '../../keys/hpke.ts'
import type { EarlyStage } from '../../keys/schedule13.ts'
import type { ClientHelloInfo, Identity } from '../../options.ts'
import type { SessionState } from '../../session/state.ts'
import type { EchOuter } from '../../wire/ech.ts'
import type { ClientHelloExtensions } from '../../wire/extensions.ts'
import type { CertificateRequest13, Message, Messages12, Messages13, ServerHello } from '../../wire/messages.ts'
import type { ByCertificate, ByPolicy, KnownPeer, VerifiedPsk } from '../auth/authentication.ts'
import type { Connection13 } from '../connection/connection13.ts'
import type { SessionFacts } from '../connection/session-facts.ts'
import type { Handshake } from '../context.ts'
import type { Flow } from '../flow.ts'
import type { UsablePsk } from '../key-exchange/external-psk.ts'
import type { SharedParts } from '../parts.ts'

export type ServerHandshake = Handshake<ServerConfig, Messages13, ServerHandshakeParts>
export type ServerHandshake12 = Handshake<ServerConfig, Messages12, ServerHandshakeParts>
export type ClientHelloMessage = Message<Messages13, 'ClientHello'>

/** What a ClientHello came to. */
export type EchOutcome =
  | { readonly kind: 'accepted'; readonly context: HpkeReceiver; readonly outer: EchOuter }
  /** We stand behind a server that decrypted it (section 7.2). */
  | { readonly kind: 'backend' }
  /** Nothing of ours: GREASE, or a key that we do not have. */
  | { readonly kind: 'rejected' }

/** A ClientHello with its extensions read. */
export interface ReceivedHello {
  readonly message: ClientHelloMessage
  readonly extensions: ClientHelloExtensions
  readonly info: ClientHelloInfo
  /** What Encrypted Client Hello came to; undefined where the client sent none. */
  readonly ech?: EchOutcome | undefined
  /** Undefined in a server that was made without. */
  readonly echPart?: EchPart | undefined
}

/**
 * Encrypted Client Hello on a server (RFC 9849 section 7). ech-server.ts makes it; the rest of the server knows ECH by
 * this interface only, so that a server without ECH does not carry it.
 */
export interface EchPart {
  /** The hello that counts. `first` is what the first one came to, when this is the second. */
  open(config: ServerConfig, received: ClientHelloMessage, first?: ReceivedHello): Flow<OpenedHello>
  /** The ServerHello, with the confirmation in its random where one is expected (section 7.2). */
  confirmHello(hs: ServerHandshake, hello: ReceivedHello, suite: ActiveSuite, fields: ServerHello): ServerHello
  /** The HelloRetryRequest, with the extension where one is expected (section 7.2.1). */
  confirmRetry(hello: ReceivedHello, suite: ActiveSuite, fields: ServerHello): ServerHello
}

export interface OpenedHello {
  readonly message: ClientHelloMessage
  readonly ech: EchOutcome | undefined
}

export interface ServerHandshakeParts extends SharedParts {
  readonly sessions?: SessionsPart
  readonly externalPsks?: ExternalPsksPart
  /** The first offered key that is ours, fits, and whose binder is right; there with both of the above. */
  readonly selectPsk?: (
    hs: ServerHandshake,
    hello: ReceivedHello,
    suite: ActiveSuite,
    fingerprint: string,
  ) => Flow<ChosenPsk | undefined>
  readonly clientAuth?: ClientAuthPart
}

/** The pre-shared key that a handshake stands on. */
export interface ChosenPsk {
  readonly index: number
  /** The client has the key. */
  readonly proof: VerifiedPsk
  /** What the key schedule makes of the key. */
  readonly stage: EarlyStage
  readonly binder: Uint8Array
  /** Undefined for an external PSK. */
  readonly session: SessionState | undefined
  /** No certificate was ever shown: an external PSK, or a session that began with one. */
  readonly withoutCertificate: boolean
  /** What sessions of this connection are made under. */
  readonly fingerprint: string
  /** The age that the client claims and the age that we know differ by this, in milliseconds. */
  readonly ageSkew: number
}

/** Tickets (RFC 9846 section 4.7.1), and early data, which stands on them. */
export interface SessionsPart {
  /** What sessions of this config are made under. */
  fingerprint(config: ServerConfig, identity: Identity | undefined): string
  /** The session of a ticket, if it is ours and may go on here. */
  find(
    hs: ServerHandshake,
    hello: ReceivedHello,
    suite: ActiveSuite,
    ticket: Uint8Array,
    fingerprint: string,
  ): Flow<SessionState | undefined>
  /** Whether those who decide about sessions have no objection; asked once the binder is right. */
  canResume(hs: ServerHandshake, session: SessionState): Flow<boolean>
  /** Of a session that was found: it began with an external key. */
  isBoundToPsk(fingerprint: string): boolean
  /** Tickets that this connection gets. */
  count(config: ServerConfig, hello: ReceivedHello, resumed: boolean): number
  send(hs: ServerHandshake, connection: Connection13, facts: TicketFacts): Flow<void>
  facts(config: ServerConfig, peer: KnownPeer, info: ConnectionInfo): SessionFacts
  /** Undefined: early data is accepted. */
  whyNoEarlyData(hs: ServerHandshake, terms: EarlyTerms): Flow<EarlyDataRefusal | undefined>
}

/** What a server's tickets say of the connection they come from. */
export interface TicketFacts {
  readonly session: SessionFacts
  readonly info: ConnectionInfo
  readonly fingerprint: string
  readonly count: number
  /** What the session that was resumed carried. */
  readonly sessionData: Uint8Array
}

/** What was agreed on, for early data. */
export interface EarlyTerms {
  readonly retried: boolean
  readonly suite: ActiveSuite
  readonly psk: ChosenPsk | undefined
  readonly alpn: string | undefined
}

/** The application's key for an identity, and what ties sessions to it. */
export type ExternalPsksPart = (
  hs: ServerHandshake,
  hello: ReceivedHello,
  identity: Uint8Array,
  suite: ActiveSuite,
) => Flow<(UsablePsk & { readonly keyBinding: string }) | undefined>

type CertificateMessage = Message<Messages13, 'Certificate'>

/** Clients' certificates (RFC 9846 section 4.4.2 and 4.7.2). */
export interface ClientAuthPart {
  /** The CertificateRequest of a config; the context is empty during the handshake. */
  request(config: ServerConfig, context: Uint8Array): CertificateRequest13
  /** A client's Certificate and CertificateVerify, judged; or what the policy says of a client without one. */
  read(hs: ServerHandshake, message: CertificateMessage): Flow<ByCertificate | ByPolicy>
  /** Requests after the handshake. */
  later(hs: ServerHandshake, peer: RequestedPeer): LaterRequests
}

export interface RequestedPeer {
  /** The client sent post_handshake_auth. */
  readonly offered: boolean
  /** The handshake stands on an external pre-shared key. */
  readonly external: boolean
}

export interface LaterRequests {
  /**
   * Sends a CertificateRequest. Throws `wrong_state` if the client did not offer it, or no clientAuth is configured.
   */
  request(): Flow<void>
  /** The client's Certificate came; reads what follows it and says who the client is. */
  answer(connection: Connection13, message: CertificateMessage): Flow<void>
}
