// Sessions as programs of node:tls hold them: a Buffer that is bound to the server's name, and says which
// checkServerIdentity had found the server good when it was made.

import { TlsError } from '../errors.ts'
import { decodeSession } from '../session/state.ts'
import type { SessionState } from '../session/state.ts'
import { randomNameOf } from '../x509/fingerprint.ts'

const prefix = Buffer.from('\0puretls:session:2\0')

/** What is in what getSession() and the event `session` give. */
export interface WrappedSession {
  /** Of the library. */
  readonly session: Uint8Array
  readonly state: SessionState
  /** Whether this function found the server good, in this process. */
  readonly isCheckedBy: (check: object) => boolean
}

/** `check`: what found the server good, by its certificate; undefined where it was not found good. */
export const wrapSession = (session: Uint8Array, check: object | undefined): Buffer<ArrayBuffer> => {
  const name = Buffer.from(check ? randomNameOf(check) : '')
  return Buffer.concat([prefix, Uint8Array.of(name.length), name, session])
}

/** The library's own sessions are taken too, as of a server that was not verified. Undefined for anything else. */
export const unwrapSession = (given: Uint8Array): WrappedSession | undefined => {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  const isWrapped = bytes.subarray(0, prefix.length).equals(prefix)
  const start = prefix.length + 1
  const end = isWrapped ? start + (bytes[prefix.length] ?? 0) : 0
  const name = isWrapped ? bytes.toString('latin1', start, end) : ''
  const session = new Uint8Array(bytes.subarray(end))
  if (session.length === 0) return undefined
  try {
    return { session, state: decodeSession(session), isCheckedBy: (check) => name === randomNameOf(check) }
  } catch (error) {
    if (error instanceof TlsError) return undefined
    throw error
  }
}

/** The ticket in a session; undefined where there is none. */
export const ticketOf = (session: Uint8Array): Buffer<ArrayBuffer> | undefined => {
  const { ticket } = decodeSession(session)
  return ticket.length > 0 ? Buffer.from(ticket) : undefined
}
