// TLS without IO: bytes in, bytes and events out. No sockets, no timers, no globals. stream/pump.ts drives it over a
// transport, and anybody may who has bytes and no stream (puretls/engine).

import type { MaybePromise } from '../crypto/provider.ts'
import type { TlsError } from '../errors.ts'
import type { ChannelBindingType } from '../handshake/connection/channel-binding.ts'
import type { RenegotiationChanges } from '../handshake/context.ts'
import type { ConnectionInfo } from '../info.ts'
import type { TrafficSecrets } from '../traffic-secrets.ts'

export type { ChannelBindingType } from '../handshake/connection/channel-binding.ts'
export type { RenegotiationChanges } from '../handshake/context.ts'
export type { ConnectionInfo } from '../info.ts'
export type { DirectionSecrets, TrafficSecrets } from '../traffic-secrets.ts'

export interface TlsEngine {
  /** Bytes from the transport. Never throws for the peer's bytes: a failure becomes an `error` event, and the alert is
   * in takeOutput(). True if nothing refers to the bytes any more: their memory may be used again. */
  receive(bytes: Uint8Array): boolean
  /** The transport ended. Without a close_notify before, this gives an `error` event with code `truncated`. */
  receiveEnd(): void
  /** Application data; before the handshake is done it throws `wrong_state` (unless early data / 0.5-RTT is on).
   * Returns when sealed, or a promise of that: while keys change, or a handshake has the writing side, data waits for
   * its turn. Early data beyond what the ticket allows waits for the end of the handshake. The bytes are consumed
   * (copied or sealed) before it returns. */
  send(data: Uint8Array): MaybePromise<void>
  /** All bytes to write to the transport so far, in order; an empty list if there are none. */
  takeOutput(): readonly Uint8Array[]
  /** All that happened so far, in order; an empty list if nothing did. */
  takeEvents(): readonly EngineEvent[]
  /** Set while an asynchronous provider, signer, verifier or callback works; resolves when there is progress: then look
   * again at output and events. */
  readonly pending: Promise<void> | undefined
  /** What was received is not looked at before `pending` resolves. More may be given all the same: it is kept. */
  readonly blocked: boolean
  /**
   * Set while the handshake waits for something that it can do without: a session store or cache, a ticket protector, a
   * replay guard, a question whether to resume. It is the promise that was given for it. */
  readonly optional: Promise<unknown> | undefined
  /** Goes on without the answer of `optional`: with a full handshake, an empty ticket, early data refused. */
  skipOptional(): void
  /** Set while an asynchronous provider seals; resolves when takeOutput() gives all that was written so far. */
  readonly sealing: Promise<void> | undefined
  // Application data that the reader has not taken yet is bounded by the caller, who stops calling receive().
  readonly handshakeDone: boolean
  /** Both directions ended, or the connection failed. */
  readonly closed: boolean
  /** Set when the handshake is done. */
  readonly info: ConnectionInfo | undefined
  /** For protocols that bind themselves to the handshake; channelBinding() has what is safe in both versions. */
  readonly finished: Finished
  /** Sends close_notify after all that was written, and nothing after it; reading goes on (RFC 9846 section 6.1). */
  closeWrite(): MaybePromise<void>
  /** Ends the connection: sends the error's alert if it has one. A cancelled handshake ends with user_canceled and
   * close_notify, unless the peer's handshake may be done: then with a fatal alert, which is no clean end. With
   * `silent` the peer is told nothing. */
  abort(error?: TlsError, options?: { readonly silent?: boolean }): void
  /**
   * KeyUpdate (RFC 9846 section 4.7.3); `wrong_state` in TLS 1.2. `requestPeer` asks the peer to change its keys too.
   */
  updateKeys(requestPeer?: boolean): MaybePromise<void>
  /**
   * Server, TLS 1.3: asks for a client certificate after the handshake; the answer comes as a `clientCertificate`
   * event.
   */
  requestClientCertificate(): MaybePromise<void>
  /**
   * TLS 1.2: a client begins another handshake inside the connection, a server asks for one with HelloRequest (RFC 5246
   * section 7.4.1.1) and may change `clientAuth` for it; bound to the one before by RFC 5746. Event `renegotiated`
   * tells that it is done; a peer that refuses it by no_renegotiation ends the connection with `alert_received`, one
   * that says nothing leaves it as it is. What is sent by send() waits while it runs. Throws `wrong_state` in TLS 1.3,
   * before the end of the handshake, and where either end has no RFC 5746 or no extended master secret.
   */
  renegotiate(changes?: RenegotiationChanges): void
  /**
   * RFC 9846 section 7.5, RFC 5705. `length` in bytes. Throws what ended the connection, where it failed, as the two
   * after it and channelBinding() do: its secrets are gone. */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array
  /**
   * The same for early data, from when it is sent (client) or accepted (server): an attacker who replays the data gets
   * the same. Throws `wrong_state` where there is none, or the server refused it. */
  exportEarlyKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array
  /** The keys in use, where `dangerouslyExposeTrafficSecrets` allows it: with all that takeOutput() has given and
   * receive() was given so far counted. Throws `wrong_state` without the option, before the end of the handshake, and
   * while keys change. */
  dangerousTrafficSecrets(): TrafficSecrets
  /** RFC 5929, RFC 9266. Throws `unsupported` for a type that this connection does not have. */
  channelBinding(type: ChannelBindingType): Uint8Array
}

/** verify_data of the two Finished messages of the last handshake, as far as they went by. */
export interface Finished {
  readonly own: Uint8Array | undefined
  readonly peer: Uint8Array | undefined
}

export type EngineEvent =
  | { readonly type: 'handshake'; readonly info: ConnectionInfo }
  /**
   * Client of TLS 1.2 with `falseStart`: send() works from here on, though the server's Finished has not come (RFC
   * 7918).
   */
  | { readonly type: 'falseStart'; readonly info: ConnectionInfo }
  /** `isOwn`: nobody but the receiver of the event has this memory, so that it may be given back. */
  | { readonly type: 'data'; readonly data: Uint8Array; readonly isOwn?: boolean }
  | { readonly type: 'earlyData'; readonly data: Uint8Array }
  | { readonly type: 'earlyDataEnd' }
  /**
   * Client: the server did not take the early data; here is all of it back, what send() took among it, and nothing of
   * it will be sent again. */
  | { readonly type: 'earlyDataRejected'; readonly data: Uint8Array }
  /** The peer's close_notify: a clean end of its direction. */
  | { readonly type: 'end' }
  /** A serialised session for resumption (client). */
  | { readonly type: 'session'; readonly session: Uint8Array }
  | { readonly type: 'error'; readonly error: TlsError }
  /** Server: the client's answer to requestClientCertificate(); no certificates if it declined. */
  | {
      readonly type: 'clientCertificate'
      readonly peerCertificates: readonly Uint8Array[]
      readonly verifiedChain: ConnectionInfo['verifiedChain']
    }
  | { readonly type: 'keyUpdate'; readonly direction: 'read' | 'write' }
  /** TLS 1.2: another handshake inside the connection is done; `info` is what it agreed on. */
  | { readonly type: 'renegotiated'; readonly info: ConnectionInfo }
