// What the caller can say about the stream under a connection and gets from it, and the bounds that are not options.

import type { MaybePromise } from '../crypto/provider.ts'
import type { ConnectionInfo } from '../engine/types.ts'
import type { Cancellation } from './cancellation.ts'

export interface PumpOptions {
  /** Bytes of the peer that were read from the stream already; they come before what the stream gives (STARTTLS). */
  readonly head?: Uint8Array
  /** Cancels the handshake; it has no effect on a connection that is made. */
  readonly signal?: AbortSignal
  /** Milliseconds for the whole handshake; Infinity for no limit. Default 30000. */
  readonly handshakeTimeout?: number
  /**
   * Server, in createServer(): steps of handshakes that run in one turn of the event loop, so that a burst of
   * connections does not stop timers and other connections; Infinity for no limit. Default 8. */
  readonly handshakesPerTurn?: number
  /**
   * Milliseconds that a handshake waits for a session cache or store, a ticket protector, a replay guard or
   * `mayResume`; then it goes on without: with a full handshake, no ticket, early data refused. Infinity for no limit.
   * Default 1000. */
  readonly storeTimeout?: number
  /** Milliseconds that close() lets the peer take nothing, and then keep its side open. Default 5000. */
  readonly closeTimeout?: number
  /**
   * Server: called with each piece of early data as it comes, before the handshake is done; `reply` writes 0.5-RTT
   * data, which only this client can read, who is not authenticated yet. An attacker can send it a second time, which
   * no guard can rule out: act only on what is safe to repeat. */
  readonly onEarlyData?: (data: Uint8Array, reply: (data: Uint8Array) => Promise<void>) => void
  /** Called with each session that the server offers for resumption (client). */
  readonly onSession?: (session: Uint8Array) => MaybePromise<void>
}

/** The same, where what cancels the handshake may be another than an AbortSignal. */
export type SharedPumpOptions = Omit<PumpOptions, 'signal'> & { readonly signal?: Cancellation }

/** A client's answer to requestClientCertificate(); no certificates if it declined. */
export interface ClientCertificate {
  /** DER, leaf first. */
  readonly peerCertificates: readonly Uint8Array[]
  readonly verifiedChain: ConnectionInfo['verifiedChain']
}

/** Application data that may wait for its reader before the transport is no longer read, in bytes. */
export const readAhead = 65_536
/** Answers of the engine (KeyUpdate) that may wait for a peer who does not read, in bytes. */
export const answersAhead = 65_536
/** Bytes that write() accepts ahead of the transport: at so many it waits. */
export const writeAhead = 65_536
/** A longer write is sealed in pieces of so many bytes, each when the transport has taken the one before. */
export const writePiece = 262_144
/** How long the read side may take to say why a write failed (an alert is often there already), in milliseconds. */
export const reasonTimeout = 1000
