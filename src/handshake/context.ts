// What every handshake works with: the config, the transcript, and the engine's side of it (HandshakeIo). Reading and
// writing messages goes through here, so that each one is hashed once and the test seam sees each outgoing one.

import type { CommonConfig } from '../config.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { Opener, Sealer } from '../record/protection.ts'
import type { TlsError } from '../errors.ts'
import { encodeMessage } from '../wire/messages.ts'
import type { Message, MessageName, MessageTable } from '../wire/messages.ts'
import { handshakeTypes } from '../wire/registry.ts'
import type { ChannelBindingType } from './connection/channel-binding.ts'
import type { ConnectionInfo } from '../info.ts'
import type { ServerOptions } from '../options.ts'
import type { TrafficKeys } from '../traffic-secrets.ts'
import { readChangeCipherSpec, readMessage } from './flow.ts'
import type { Flow } from './flow.ts'
import type { SharedParts } from './parts.ts'
import { Transcript } from './transcript.ts'

/** What the handshake may do to the connection. The engine implements it. */
export interface HandshakeIo {
  /** The same, but for these. */
  with(changes: Partial<HandshakeIo>): HandshakeIo
  /** Queues one handshake message; messages of one flight share records. */
  sendHandshake(raw: Uint8Array): void
  sendChangeCipherSpec(): void
  /** New keys for reading. Throws `unexpected_message` if part of a message is waiting (RFC 9846 section 5.1). */
  installRead(opener: Opener): void
  installWrite(sealer: Sealer): void
  /** TLS 1.3 from here on: stray ChangeCipherSpec records are dropped, record limits tighten. */
  setVersion(version: number): void
  /** Most bytes of content in a record that the peer takes. */
  setMaxFragment(bytes: number): void
  /** Most bytes of content, padding included, that we take in a record: where record_size_limit was negotiated. */
  setMaxContent(bytes: number): void
  /** This end asked for so many post-handshake messages: the guard against floods lets them pass. */
  expectMessages(count: number): void
  /**
   * Runs if the connection fails: a session that it stands on, or has made, is not good any more (RFC 5246 section
   * 7.2.2).
   */
  forgetOnFailure(forget: () => MaybePromise<void>): void
  /** Early data was sent or accepted: keying material for it. */
  setEarlyExporter(exporter: (length: number, label: string, context: Uint8Array) => Uint8Array): void
  /** Application data that comes now: refused (at first), given out as early data, or given out. */
  acceptData(mode: 'refuse' | 'early' | 'accept', earlyLimit?: number): void
  /** Records that are early data which we did not accept are dropped, up to this many bytes (RFC 9846 section 4.3.10).
   * `undecryptable`: those that our keys do not open; `all`: any application data (after HelloRetryRequest). */
  skipEarlyData(mode: 'undecryptable' | 'all' | 'none', limit?: number): void
  /** The application may send now (0.5-RTT or False Start), or no more until the handshake is done. */
  allowSend(allowed: boolean): void
  /** Client: `first` is sent as early data at once, and the application may send more, up to `limit` bytes of both. */
  startEarlyData(first: Uint8Array | undefined, limit: number): void
  /**
   * The server took the early data, or did not: then it is given back. What is sent now waits for the handshake's end.
   */
  endEarlyData(accepted: boolean): void
  /** Application data waits while a handshake runs inside the connection, and goes out after it. */
  holdData(held: boolean): void
  /**
   * Writes after all that was asked to be written before, and before all that is asked later; not after close_notify.
   */
  inOrder(job: () => Flow<void>): void
  /** Runs a flow that waits for promises only, without holding up this one. */
  beside(flow: Flow<void>): void
  /** A warning alert that ends nothing (no_renegotiation, RFC 5246 section 7.2.2). */
  sendWarning(alert: 'no_renegotiation'): void
  /** This end asked for a renegotiation, and waits: the warning no_renegotiation ends it all with this error. */
  awaitRenegotiation(refusal: TlsError | undefined): void
  /** Hands the flow, which waits for messages, one as if it had come. */
  resume(message: Uint8Array): void
  /** A Finished message went by; its verify_data (RFC 9846 section 4.5.3, RFC 5246 section 7.4.9). */
  sawFinished(whose: 'own' | 'peer', verifyData: Uint8Array): void
  emit(event: HandshakeEvent): void
}

export type HandshakeEvent =
  | { readonly type: 'session'; readonly session: Uint8Array }
  | { readonly type: 'falseStart'; readonly info: ConnectionInfo }
  | { readonly type: 'earlyDataEnd' }
  | (Pick<ConnectionInfo, 'peerCertificates' | 'verifiedChain'> & { readonly type: 'clientCertificate' })
  | { readonly type: 'keyUpdate'; readonly direction: 'read' | 'write' }
  | { readonly type: 'renegotiated'; readonly info: ConnectionInfo }

/** What a finished handshake hands to the engine. Connection13 and establish12 make it, of the proofs. */
export interface Established {
  readonly info: ConnectionInfo
  /** Messages after the handshake: runs for as long as the connection. */
  readonly postHandshake: Flow<void>
  exportKeyingMaterial(length: number, label: string, context: Uint8Array | undefined): Uint8Array
  channelBinding(type: ChannelBindingType): Uint8Array
  /** The keys in use. */
  trafficKeys(): TrafficKeys
  /** KeyUpdate; not in TLS 1.2. */
  updateKeys?(requestPeer: boolean): Flow<void>
  /** Server of TLS 1.3: asks for the client's certificate now (RFC 9846 section 4.7.2). */
  readonly requestCertificate?: (() => Flow<void>) | undefined
  /** TLS 1.2: begins another handshake, or asks for one. Throws `wrong_state` where it cannot be bound to this one. */
  readonly renegotiate?: (changes: RenegotiationChanges | undefined) => void
}

/** What a server asks for in a renegotiation, and in those that follow. */
export interface RenegotiationChanges {
  readonly clientAuth?: ServerOptions['clientAuth'] | undefined
}

/**
 * One handshake: what both sides and both versions work with. `M` are the messages of its version, `P` what its side
 * can do.
 */
export class Handshake<C extends CommonConfig, M, P extends SharedParts = SharedParts> {
  readonly config: C
  readonly io: HandshakeIo
  readonly parts: P
  readonly transcript: Transcript
  /** For key log lines (RFC 9850). */
  clientRandom: Uint8Array = none
  readonly #table: MessageTable<M>
  readonly #ignored: readonly MessageName[]

  /** `ignored`: messages that may come at any time, and mean nothing. */
  constructor(
    config: C,
    io: HandshakeIo,
    parts: P,
    table: MessageTable<M>,
    ignored: readonly MessageName[] = [],
    transcript: Transcript = new Transcript(),
  ) {
    this.config = config
    this.io = io
    this.parts = parts
    this.transcript = transcript
    this.#table = table
    this.#ignored = ignored
  }

  /** The same handshake under a config that the ClientHello decided. */
  withConfig(config: C): Handshake<C, M, P> {
    return this.#copy(new Handshake(config, this.io, this.parts, this.#table, this.#ignored, this.transcript))
  }

  /** The same handshake, with the messages of the version that was chosen. */
  withMessages<N>(table: MessageTable<N>, ignored: readonly MessageName[] = []): Handshake<C, N, P> {
    return this.#copy(new Handshake(this.config, this.io, this.parts, table, ignored, this.transcript))
  }

  /** The handshake is over; `forked`: later ones in the connection go on from its hash (section 4.7.2). */
  end(forked: boolean): void {
    this.clientRandom = none
    if (forked) this.transcript.forgetMessages()
    else this.transcript.forget()
  }

  /** The same connection, with messages from here on hashed apart (section 4.7.2). */
  fork(io: HandshakeIo = this.io): Handshake<C, M, P> {
    return this.#copy(new Handshake(this.config, io, this.parts, this.#table, this.#ignored, this.transcript.fork()))
  }

  #copy<N>(copy: Handshake<C, N, P>): Handshake<C, N, P> {
    copy.clientRandom = this.clientRandom
    return copy
  }

  /** Waits for one of these messages, which then is in the transcript. */
  *read<K extends keyof M & MessageName>(...types: readonly K[]): Flow<Message<M, K>> {
    const message = yield* this.receive(...types)
    this.transcript.add(message.raw)
    if (message.raw[0] === handshakeTypes.finished) this.io.sawFinished('peer', message.raw.slice(HEADER_LENGTH))
    return message
  }

  /** Waits for one of these messages, and leaves the transcript as it is. */
  receive<K extends keyof M & MessageName>(...types: readonly K[]): Flow<Message<M, K>> {
    return readMessage(this.#table, types, this.#ignored)
  }

  /** Waits for the peer's ChangeCipherSpec (TLS 1.2). */
  receiveChangeCipherSpec(): Flow<void> {
    return readChangeCipherSpec(this.#ignored)
  }

  /** Sends a message, which then is in the transcript unless `hashed` is false; the bytes that went out. */
  send<K extends keyof M & MessageName>(type: K, fields: M[K] & object, hashed = true): readonly Uint8Array[] {
    const messages = this.encoded(type, fields)
    if (hashed) this.#hash(messages)
    this.#release(messages)
    return messages
  }

  /**
   * The last message before a change of our keys: it is in the transcript, and goes out when the answer is called,
   * which is when the new keys are there. Otherwise an alert that comes in between would be under keys that the peer
   * has left.
   */
  hold<K extends keyof M & MessageName>(type: K, fields: M[K] & object): () => void {
    const messages = this.encoded(type, fields)
    this.#hash(messages)
    return () => this.#release(messages)
  }

  #hash(messages: readonly Uint8Array[]): void {
    for (const raw of messages) this.transcript.add(raw)
  }

  #release(messages: readonly Uint8Array[]): void {
    for (const raw of messages) {
      if (raw[0] === handshakeTypes.finished) this.io.sawFinished('own', raw.slice(HEADER_LENGTH))
      this.io.sendHandshake(raw)
    }
  }

  /** The bytes of a message; the test seam may have changed, removed or added some. */
  encoded<K extends keyof M & MessageName>(type: K, fields: M[K] & object): readonly Uint8Array[] {
    const instead = this.config.seam?.outgoing?.({ type, fields })
    if (instead === undefined) return [encodeMessage(this.#table, type, fields)]
    return Array.isArray(instead) ? instead : [encodeMessage(this.#table, type, instead as M[K])]
  }

  keyLog(label: string, secret: Uint8Array): void {
    this.config.keyLog?.(label, this.clientRandom, secret)
  }
}

const none = new Uint8Array(0)

/** Of a handshake message: its type and length. */
const HEADER_LENGTH = 4

/** For what needs no messages. */
export type AnyHandshake = Pick<Handshake<CommonConfig, never>, 'config' | 'io' | 'parts' | 'transcript' | 'keyLog'>
