// The handshake of a client, the message that answers its hello, and what a client can do beside the least: each
// capability by its interface, so that a client without it does not carry it. features.ts names what implements them.

import type { ActiveSuite, ClientConfig } from '../../config.ts'
import type { EarlyStage } from '../../keys/schedule13.ts'
import type { ConnectionInfo, EarlyDataRefusal } from '../../info.ts'
import type { OwnFields, SessionState } from '../../session/state.ts'
import type { ClientHelloExtensions, RawExtension } from '../../wire/extensions.ts'
import type { ClientHello, Message, Messages12, Messages13 } from '../../wire/messages.ts'
import type { KnownPeer } from '../auth/authentication.ts'
import type { ClientIdentity } from '../auth/identities.ts'
import type { Connection13 } from '../connection/connection13.ts'
import type { OwnPart, SessionFacts } from '../connection/session-facts.ts'
import type { Handshake } from '../context.ts'
import type { Flow } from '../flow.ts'
import type { SharedParts } from '../parts.ts'
import type { Transcript } from '../transcript.ts'

export type ClientHandshake = Handshake<ClientConfig, Messages13, ClientHandshakeParts>
export type ClientHandshake12 = Handshake<ClientConfig, Messages12, ClientHandshakeParts>
export type ServerHelloMessage = Message<Messages13, 'ServerHello'>
export type CertificateRequest13 = Message<Messages13, 'CertificateRequest'>

/** A HelloRequest while a handshake runs is ignored (RFC 5246 section 7.4.1.1). */
export const ignoredByClients12 = ['HelloRequest'] as const

export interface ClientHandshakeParts extends SharedParts {
  readonly sessions?: SessionsPart
  /** The offers of external keys, after that of a session. */
  readonly externalPsks?: (config: ClientConfig) => readonly PskOffer[]
  /** Appends pre_shared_key; there with `sessions` and with `externalPsks`. */
  readonly bind?: (psks: readonly PskOffer[], hello: ClientHello, transcript: Transcript) => ClientHello
  readonly certificates?: CertificatesPart
  readonly shaping?: ShapingPart
  /** Keys for another try, in EncryptedExtensions: what of them counts. */
  readonly retryConfigs?: (sent: SentEch, configs: Uint8Array) => Uint8Array | undefined
}

/** Of a plan: which of the two hellos of ECH it is for, if there are two. */
export interface SentEch {
  readonly ech?: object | undefined
  readonly outer?: object | undefined
}

/** A pre-shared key as a ClientHello offers it (RFC 9846 section 4.3.11). */
export interface PskOffer {
  readonly identity: Uint8Array
  /** What the key schedule makes of the key. */
  readonly stage: EarlyStage
  readonly suite: ActiveSuite
  readonly binder: 'res' | 'ext' | 'imp'
  readonly obfuscatedTicketAge: number
  /** The session behind it; undefined for an external PSK. */
  readonly session: SessionState | undefined
  /** Bytes of early data that it allows; 0 for none. */
  readonly earlyData: number
}

/** Resumption (RFC 9846 section 2.2), and early data, which stands on it. */
export interface SessionsPart {
  /** The session that may be offered, if there is one: the one given, or one from the cache. */
  take(hs: Pick<ClientHandshake, 'config' | 'io'>, given: SessionState | undefined): Flow<SessionState | undefined>
  /** Its ticket of TLS 1.3. */
  offers(config: ClientConfig, session: SessionState | undefined): readonly PskOffer[]
  /** What the tickets of a connection stand for. */
  facts(config: ClientConfig, peer: KnownPeer, info: ConnectionInfo, own?: OwnPart): SessionFacts
  /** Keeps what a server gave. */
  save(hs: Pick<ClientHandshake, 'config' | 'io'>, facts: SessionFacts, own: SavedPart): void
  readonly early: EarlyDataPart
}

/** What is different from one version to the other in a session that is kept. */
export type SavedPart = Omit<OwnFields, 'createdAt' | 'fingerprint'>

/** What became of the keys that were offered, for early data. */
export interface EarlyTerms {
  /** The first that was offered. */
  readonly first: PskOffer | undefined
  /** The one that the server chose. */
  readonly psk: PskOffer | undefined
  readonly suite: ActiveSuite
  readonly alpn: string | undefined
  readonly retried: boolean
}

export interface EarlyDataPart {
  /** Installs the early write keys; the engine sends config.earlyData under them, and more while it may. */
  start(hs: ClientHandshake, psk: PskOffer | undefined): Flow<void>
  /** Throws `illegal_parameter` where the server may not take it (section 4.3.10). */
  checkAccepted(terms: EarlyTerms): void
  whyRejected(terms: EarlyTerms): EarlyDataRefusal
  /** Undefined where there was none to send. */
  whyNoneSent(config: ClientConfig, first: PskOffer | undefined): EarlyDataRefusal | undefined
}

/** The client's own certificates, for a server that asks (RFC 9846 section 4.4.2). */
export interface CertificatesPart {
  send(hs: ClientHandshake, request: CertificateRequest13): Flow<ClientIdentity>
  /** After the handshake (section 4.7.2). */
  sendLater(hs: ClientHandshake, connection: Connection13, request: CertificateRequest13): Flow<ClientIdentity>
}

/** A ClientHello that looks otherwise: reserved values (RFC 8701), another order, the application's own changes. */
export interface ShapingPart {
  /** What varies at random; the same in both hellos of a connection, as RFC 9846 section 4.2.2 demands. */
  vary(config: ClientConfig): HelloVariation
  /** The hello as the application changes it; `first` and `changes` where it is a second one. */
  shape(shape: Shape, hello: ClientHello, changes: ClientHelloExtensions, first: ClientHello | undefined): ClientHello
}

type Shape = NonNullable<ClientConfig['shapeHello']>

export interface HelloVariation {
  suites(suites: readonly number[]): readonly number[]
  values(extensions: ClientHelloExtensions): ClientHelloExtensions
  order(extensions: readonly RawExtension[]): readonly RawExtension[]
}
