// A record as somebody saw it pass: what a live trace and a capture have in common.

import type { TracedRecord } from '../options.ts'

export type Side = 'client' | 'server'

export interface SeenRecord {
  readonly sender: Side
  /** The content type inside the encryption, as far as it was opened. */
  readonly type: number
  readonly encrypted: boolean
  /** False for an encrypted record that could not be opened: `content` is then what is sealed. */
  readonly opened: boolean
  /** The whole record as it was on the wire. */
  readonly wire: Uint8Array
  readonly content: Uint8Array
  /** The secret under whose key it was sealed, where the one who opened it knows. */
  readonly key?: string | undefined
  /** Packet of the capture that completed it, and its time in seconds since the epoch. */
  readonly packet?: number
  readonly time?: number
  /** Why it could not be opened, or what is missing in front of it. */
  readonly problem?: string | undefined
}

/** `side` is whose view the traced record is. */
export const seenRecord = ({ direction, type, encrypted, wire, content }: TracedRecord, side: Side): SeenRecord => ({
  sender: direction === 'sent' ? side : side === 'client' ? 'server' : 'client',
  type,
  encrypted,
  opened: true,
  wire,
  content,
})

/** Whole handshake messages in a run of bytes, and what is left over. */
export const splitMessages = (
  bytes: Uint8Array,
): { readonly messages: readonly Uint8Array[]; readonly rest: Uint8Array } => {
  const messages: Uint8Array[] = []
  let offset = 0
  while (bytes.length - offset >= 4) {
    const length = ((bytes[offset + 1] ?? 0) << 16) | ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0)
    if (offset + 4 + length > bytes.length) break
    messages.push(bytes.subarray(offset, offset + 4 + length))
    offset += 4 + length
  }
  return { messages, rest: bytes.subarray(offset) }
}
