// Writing DER (X.690), and the tags.

import { TlsError } from '../errors.ts'
import { concat } from './bytes.ts'

/** Identifier octets (class, constructed bit and number together). */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** [n] IMPLICIT of a primitive type. */
export const contextTag = (n: number): number => 0x80 | n
/** [n] EXPLICIT, or [n] IMPLICIT of a constructed type. */
export const constructedTag = (n: number): number => 0xa0 | n

/** One element: identifier octet, shortest length, the parts one after the other as content. */
export const derElement = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  let length = 0
  for (const part of parts) length += part.length
  const size: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest & 0xff)
  return concat(Uint8Array.of(tag, ...(length < 0x80 ? [length] : [0x80 | size.length, ...size])), ...parts)
}

export const derSequence = (...parts: readonly Uint8Array[]): Uint8Array => derElement(tags.sequence, ...parts)
/** SET OF in DER order (X.690 section 11.6). */
export const derSet = (...parts: readonly Uint8Array[]): Uint8Array =>
  derElement(tags.set, ...[...parts].sort(compareBytes))
export const derOctets = (bytes: Uint8Array): Uint8Array => derElement(tags.octetString, bytes)
export const derBits = (bytes: Uint8Array, unused = 0): Uint8Array =>
  derElement(tags.bitString, Uint8Array.of(unused), bytes)
export const derNull = (): Uint8Array => derElement(tags.null)
export const derBoolean = (value: boolean): Uint8Array => derElement(tags.boolean, Uint8Array.of(value ? 0xff : 0))

/** A non-negative INTEGER, from a number or from big-endian bytes with any leading zeros. */
export const derInteger = (value: number | Uint8Array): Uint8Array => {
  if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0))
    throw new TlsError('bad_option', `a number that can't be written in DER: ${value}`)
  const bytes: number[] = typeof value === 'number' ? [] : [...value]
  if (typeof value === 'number') {
    for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff)
  }
  const first = bytes.findIndex((byte) => byte !== 0)
  const shortest = first === -1 ? [0] : bytes.slice(first)
  return derElement(tags.integer, Uint8Array.from((shortest[0] ?? 0) >= 0x80 ? [0, ...shortest] : shortest))
}

/** An object identifier from its dotted form; an invalid text throws a RangeError. */
export const derOid = (text: string): Uint8Array => {
  if (!/^[0-2](\.(0|[1-9]\d*))+$/.test(text)) throw new RangeError('not an object identifier in dotted form')
  const [root = 0n, second = 0n, ...arcs] = text.split('.').map(BigInt)
  const content: number[] = []
  for (const arc of [root * 40n + second, ...arcs]) {
    const bytes = [Number(arc & 0x7fn)]
    for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) bytes.unshift(Number(rest & 0x7fn) | 0x80)
    content.push(...bytes)
  }
  return derElement(tags.oid, Uint8Array.from(content))
}

/** GeneralizedTime YYYYMMDDHHMMSSZ of a moment in milliseconds since the epoch. Throws TlsError `bad_option` for one
 * that is no number or not in the years 0 to 9999, which have four digits. */
export const derGeneralizedTime = (time: number): Uint8Array => {
  const year = new Date(time).getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) throw new TlsError('bad_option', `a time that can't be written in DER: ${time}`)
  return derElement(
    tags.generalizedTime,
    new TextEncoder().encode(`${new Date(time).toISOString().replace(/[-:T]|\..*/g, '')}Z`),
  )
}

/** Lexicographic order of two byte strings. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0)
  return a.length - b.length
}

/** Equality that may stop at the first difference: for public bytes only. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && compareBytes(a, b) === 0
