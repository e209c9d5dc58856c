// Sessions as programs of node:tls hold them: a Buffer that is bound to the server's name, and says whether the server
// had been found good when it was made.

import { TlsError } from '../errors.ts'
import { decodeSession } from '../session/state.ts'

const prefix = Buffer.from('\0puretls:session:1\0')

/** What getSession() and the event `session` give. */
export interface WrappedSession {
  /** Of the library; empty for a connection that cannot be resumed yet. */
  readonly session: Uint8Array
  /** The server was verified, its name as well, when the session was made. */
  readonly isAuthorized: boolean
}

export const wrapSession = ({ session, isAuthorized }: WrappedSession): Buffer<ArrayBuffer> =>
  Buffer.concat([prefix, Uint8Array.of(isAuthorized ? 1 : 0), session])

/** The library's own sessions are taken too, as of a server that was not verified. Undefined for anything else. */
export const unwrapSession = (given: Uint8Array): WrappedSession | undefined => {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  const isWrapped = bytes.subarray(0, prefix.length).equals(prefix)
  const session = new Uint8Array(isWrapped ? bytes.subarray(prefix.length + 1) : bytes)
  if (session.length === 0) return undefined
  try {
    decodeSession(session)
  } catch (error) {
    if (error instanceof TlsError) return undefined
    throw error
  }
  return { session, isAuthorized: isWrapped && bytes[prefix.length] === 1 }
}

/** The ticket in a session; undefined where there is none. */
export const ticketOf = (session: Uint8Array): Buffer<ArrayBuffer> | undefined => {
  const { ticket } = decodeSession(session)
  return ticket.length > 0 ? Buffer.from(ticket) : undefined
}
