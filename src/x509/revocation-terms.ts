// What CRLs and OCSP responses have in common: reasons, extensions of entries, serial numbers (RFC 5280 section 5.3).

import { toHex } from '../wire/bytes.ts'
import { tags } from '../wire/der.ts'
import type { DerReader } from '../wire/der.ts'

/** CRLReason (section 5.3.1) by number; 7 is not used. */
const crlReasons: readonly (string | undefined)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
]

/** CRLReason, of CRLs and of OCSP; undefined for one that section 5.3.1 does not have. */
export const readReasonCode = (reader: DerReader): string | undefined =>
  crlReasons[reader.smallInteger('reason', tags.enumerated)]

export const entryOids = { reason: '2.5.29.21', invalidityDate: '2.5.29.24', certificateIssuer: '2.5.29.29' } as const

/** A serial number (content of an INTEGER) by its value, in hex: leading bytes that add nothing do not count. */
export const serialKey = (content: Uint8Array): string =>
  toHex(content.subarray(startOfValue(content, 0, content.length)))

/** Where the content of an INTEGER begins to count: leading bytes that add nothing to its value do not. */
export const startOfValue = (bytes: Uint8Array, from: number, end: number): number => {
  let start = from
  while (start < end - 1 && bytes[start] === ((bytes[start + 1] ?? 0) < 0x80 ? 0 : 0xff)) start++
  return start
}
