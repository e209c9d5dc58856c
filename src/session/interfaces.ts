// What the handshake asks of session keeping: ticket protection, a client's cache, a server's store for session IDs,
// and the guard against replayed early data. Implementations are beside this file; a caller may bring others.

import type { MaybePromise } from '../crypto/provider.ts'
import type { SessionState } from './state.ts'

/** What a session is looked up for: one of another maker is completed by it. */
export interface ResumptionRequest {
  /** Under what a session made here, now, would be resumed: SessionState.fingerprint. */
  readonly fingerprint: string
  /** The name that the client asks for; empty for none. */
  readonly serverName: string
}

/** Makes tickets of sessions and sessions of tickets (RFC 9846 section 4.7.1, RFC 5077 section 4). */
export interface TicketProtector {
  /** The ticket, 1 to 65535 bytes, or undefined for no ticket. */
  seal(session: Uint8Array, time: number): MaybePromise<Uint8Array | undefined>
  /** What seal() was given, or undefined for a ticket that is unknown, forged, or too old. Never throws. */
  open(ticket: Uint8Array, time: number, request?: ResumptionRequest): MaybePromise<Uint8Array | undefined>
}

/** A client's sessions, by what they were made for. */
export interface ClientSessionCache {
  /** Takes one session for `key`; a TLS 1.3 ticket is not given twice. */
  take(key: string): MaybePromise<SessionState | undefined>
  put(key: string, session: SessionState): MaybePromise<void>
  /** Forgets a session that led to a failed connection: it must not be offered again (RFC 5246 section 7.2.2). */
  remove?(key: string, session: SessionState): MaybePromise<void>
}

/** A server's TLS 1.2 sessions by ID. */
export interface ServerSessionStore {
  get(sessionId: Uint8Array, request?: ResumptionRequest): MaybePromise<Uint8Array | undefined>
  set(sessionId: Uint8Array, session: Uint8Array, ttlSeconds: number): MaybePromise<void>
  delete?(sessionId: Uint8Array): MaybePromise<void>
}

/** Refuses early data that was seen before (RFC 9846 section 8). */
export interface ReplayGuard {
  /** True if this key is new and now recorded for `ttlSeconds`; false if it was there, or if that cannot be told. */
  firstSeen(key: Uint8Array, ttlSeconds: number): MaybePromise<boolean>
}
