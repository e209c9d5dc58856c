// BER to DER, as far as PKCS#12 files need it (X.690 section 8): indefinite lengths, long lengths, and octet strings in
// pieces. Some programs write such files; everything else in this library takes DER only.

import { TlsError } from '../errors.ts'
import { derElement, tags } from '../wire/der.ts'

const MAX_DEPTH = 16
/** Bytes of a file, and elements in it: what is converted is copied once a level. */
const MAX_LENGTH = 16 << 20
const MAX_ELEMENTS = 50_000
const constructed = 0x20

/** Throws TlsError `bad_key` for what is no BER. The content of octet strings is not looked into. */
export const berToDer = (ber: Uint8Array): Uint8Array => {
  if (ber.length > MAX_LENGTH) fail(`it has more than ${MAX_LENGTH} bytes`, MAX_LENGTH)
  const { der, end } = convert(ber, 0, ber.length, { depth: 0, count: { elements: 0 } })
  if (end !== ber.length) fail('there are bytes after its end', end)
  return der
}

const fail = (sentence: string, at: number): never => {
  throw new TlsError('bad_key', `malformed PKCS#12 file: ${sentence} (byte ${at})`)
}

interface Converted {
  readonly der: Uint8Array
  /** Offset after the element. */
  readonly end: number
}

/** Where a conversion is, and how much all of it has seen. */
interface State {
  readonly depth: number
  readonly count: { elements: number }
}

const convert = (ber: Uint8Array, start: number, limit: number, state: State): Converted => {
  if (state.depth > MAX_DEPTH) fail('it is nested too deeply', start)
  if (++state.count.elements > MAX_ELEMENTS) fail(`it has more than ${MAX_ELEMENTS} elements`, start)
  const tag = start < limit ? (ber[start] ?? 0) : fail('it is cut off', start)
  if ((tag & 0x1f) === 0x1f) fail('a tag number of more than 30', start)
  const { length, content } = readLength(ber, start + 1, limit)
  const isConstructed = (tag & constructed) !== 0
  if (length === undefined && !isConstructed) fail('an indefinite length where there can be none', start)
  const contentEnd = length === undefined ? limit : content + length
  if (contentEnd > limit) fail('an element is longer than what holds it', start)
  if (!isConstructed) return { der: derElement(tag, ber.subarray(content, contentEnd)), end: contentEnd }
  const { parts, end } = convertAll(ber, content, contentEnd, state, length === undefined)
  if (tag !== (tags.octetString | constructed)) return { der: derElement(tag, ...parts), end }
  return { der: derElement(tags.octetString, ...parts.map((part) => pieceOf(part, start))), end }
}

/** The elements up to the end of content, or to the end-of-contents mark. */
const convertAll = (
  ber: Uint8Array,
  from: number,
  to: number,
  { depth, count }: State,
  isIndefinite: boolean,
): { parts: Uint8Array[]; end: number } => {
  const parts: Uint8Array[] = []
  let at = from
  while (isIndefinite ? ber[at] !== 0 || ber[at + 1] !== 0 : at < to) {
    const { der, end } = convert(ber, at, to, { depth: depth + 1, count })
    parts.push(der)
    at = end
  }
  if (isIndefinite && at + 2 > to) fail('it is cut off', at)
  return { parts, end: isIndefinite ? at + 2 : at }
}

const readLength = (ber: Uint8Array, at: number, limit: number): { length: number | undefined; content: number } => {
  const first = at < limit ? (ber[at] ?? 0) : fail('it is cut off', at)
  if (first < 0x80) return { length: first, content: at + 1 }
  if (first === 0x80) return { length: undefined, content: at + 1 }
  const count = first & 0x7f
  if (count > 6 || at + 1 + count > limit) fail('a length that is too long', at)
  const length = ber.subarray(at + 1, at + 1 + count).reduce((sum, byte) => sum * 256 + byte, 0)
  return { length, content: at + 1 + count }
}

/** Content of a piece of an octet string, which has been converted to DER already. */
const pieceOf = (piece: Uint8Array, at: number): Uint8Array => {
  if (piece[0] !== tags.octetString) fail('a piece of an octet string is none', at)
  const first = piece[1] ?? 0
  return piece.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f))
}
