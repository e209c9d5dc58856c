// Distinguished names (RFC 5280 section 4.1.2.4): kept as DER, decoded on demand, compared by section 7.1, printed
// after RFC 4514.

import { toHex } from '../wire/bytes.ts'
import { DerReader, compareBytes, sameBytes, tags } from '../wire/der.ts'
import { attributeShortNames } from './oids.ts'

export interface NameAttribute {
  /** Dotted object identifier of the attribute type. */
  readonly oid: string
  /** Short name such as CN or O, or the object identifier. */
  readonly type: string
  /** Decoded text; `#` and hex of the DER for a value that is no string. */
  readonly value: string
  /** The value element, DER. */
  readonly der: Uint8Array
}

/** One distinguished name. Equality is `sameName`, not identity. */
export class Name {
  /** The RDNSequence, DER. */
  readonly der: Uint8Array
  /** Number of relative distinguished names. */
  readonly length: number
  #rdns: readonly (readonly NameAttribute[])[] | undefined
  #keys: readonly string[] | undefined
  #key: string | undefined
  #exactKey: string | undefined
  #text: string | undefined
  #weight: number | undefined

  /** `der` is one RDNSequence that `readName` has walked over. */
  constructor(der: Uint8Array, length: number) {
    this.der = der
    this.length = length
  }

  get isEmpty(): boolean {
    return this.length === 0
  }

  /** Relative distinguished names in order, each with its attributes. */
  get rdns(): readonly (readonly NameAttribute[])[] {
    this.#rdns ??= decodeRdns(this.der)
    return this.#rdns
  }

  get attributes(): readonly NameAttribute[] {
    return this.rdns.flat()
  }

  /** First value of an attribute by object identifier. */
  get(oid: string): string | undefined {
    return this.attributes.find((attribute) => attribute.oid === oid)?.value
  }

  /** One text per RDN, equal for RDNs that match by RFC 5280 section 7.1. */
  get rdnKeys(): readonly string[] {
    this.#keys ??= this.rdns.map(rdnKey)
    return this.#keys
  }

  /** Equal for names that match by RFC 5280 section 7.1: what indexes are made of. Names over 4 KiB, which nobody
   * has, match byte for byte only. */
  get key(): string {
    this.#key ??= this.der.length > MAX_PREPARED_NAME ? `=${this.exactKey}` : this.rdnKeys.join(',')
    return this.#key
  }

  /** What making `rdnKeys` takes, as the bytes whose text is not ASCII; each of those takes much more than others. */
  get weight(): number {
    this.#weight ??= plain.test(this.exactKey.slice(4)) ? 0 : WEIGHT * this.der.length
    return this.#weight
  }

  /** Equal for names of the same bytes, and cheap. */
  get exactKey(): string {
    this.#exactKey ??= latin1.decode(this.der)
    return this.#exactKey
  }

  /** RFC 4514 text: last RDN first, attributes of one RDN joined with "+". */
  toString(): string {
    this.#text ??= this.rdns
      .toReversed()
      .map((rdn) => rdn.map((attribute) => attributeText(attribute)).join('+'))
      .join(',')
    return this.#text
  }

  /** The same as far as a message shows it: what names nobody in an error should not cost more than the error. */
  get brief(): string {
    if (this.der.length <= SHOWN) return this.toString()
    let text = ''
    for (let i = this.rdns.length - 1; i >= 0 && text.length < SHOWN; i--) {
      for (const [j, attribute] of (this.rdns[i] ?? []).entries()) {
        if (text.length >= SHOWN) break
        text += `${text === '' ? '' : j === 0 ? ',' : '+'}${attributeText(attribute, SHOWN)}`
      }
    }
    return text
  }

  toJSON(): readonly { readonly type: string; readonly value: string }[] {
    return this.attributes.map(({ type, value }) => ({ type, value }))
  }
}

/** Bytes of a name that texts are prepared of for comparing. */
const MAX_PREPARED_NAME = 4096
/** Characters of a value that are prepared if not all are ASCII: RFC 5280 appendix A.1 has 64 for most attributes. Some
 * texts take the square of their length. */
const MAX_PREPARED_TEXT = 256
/** More than any message shows. */
const SHOWN = 512
const WEIGHT = 8
const plain = /^[\0-\x7f]*$/

/** RFC 5280 section 7.1: byte equality first, since nearly all chains have it. */
export const sameName = (a: Name, b: Name): boolean =>
  sameBytes(a.der, b.der) ||
  (a.length === b.length &&
    Math.max(a.der.length, b.der.length) <= MAX_PREPARED_NAME &&
    a.rdns.every((rdn, i) => sameRdn(rdn, b.rdns[i] ?? [])))

const sameRdn = (a: readonly NameAttribute[], b: readonly NameAttribute[]): boolean =>
  a.length === 1 && b.length === 1 && a[0] !== undefined && b[0] !== undefined
    ? a[0].oid === b[0].oid && (sameBytes(a[0].der, b[0].der) || attributeKey(a[0]) === attributeKey(b[0]))
    : rdnKey(a) === rdnKey(b)

const rdnKey = (rdn: readonly NameAttribute[]): string => rdn.map(attributeKey).sort().join('+')

/** Reads a Name and checks its structure; values are decoded when asked for. */
export const readName = (reader: DerReader, name: string): Name => {
  const start = reader.position
  const sequence = reader.sequence(name)
  let length = 0
  for (; !sequence.done; length++) {
    const rdn = sequence.set(`relative name of ${name}`)
    if (rdn.done) rdn.deviate(`${name} has a relative name without attributes`)
    let before: Uint8Array | undefined
    while (!rdn.done) {
      const at = rdn.position
      const attribute = rdn.sequence(`attribute of ${name}`)
      attribute.oid('attribute type')
      attribute.skip('attribute value')
      attribute.end()
      if (before === undefined && rdn.done) break
      const whole = reader.bytes.subarray(at, rdn.position)
      if (before !== undefined && compareBytes(before, whole) >= 0) {
        rdn.deviate(`${name} has a set that is not in DER order`)
      }
      before = whole
    }
  }
  return new Name(reader.bytes.subarray(start, reader.position), length)
}

const decodeRdns = (der: Uint8Array): NameAttribute[][] => {
  const rdns: NameAttribute[][] = []
  const sequence = new DerReader(der).sequence('name')
  while (!sequence.done) {
    const rdn = sequence.set('relative name')
    const attributes: NameAttribute[] = []
    while (!rdn.done) {
      const attribute = rdn.sequence('attribute')
      const oid = attribute.oid('attribute type')
      const value = attribute.element('attribute value')
      attributes.push(new DecodedAttribute(oid, value))
    }
    rdns.push(attributes)
  }
  return rdns
}

/** Its text is made when asked for: most names are compared and never shown. */
class DecodedAttribute implements NameAttribute {
  readonly oid: string
  readonly der: Uint8Array
  #value: string | undefined

  constructor(oid: string, der: Uint8Array) {
    this.oid = oid
    this.der = der
  }

  get type(): string {
    return attributeShortNames.get(this.oid) ?? this.oid
  }

  get value(): string {
    this.#value ??= decodeString(this.der)
    return this.#value
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lossyUtf8 = new TextDecoder()
const latin1 = new TextDecoder('latin1')
const utf8Encoder = new TextEncoder()

/** Text of a DirectoryString or IA5String element, for people: bytes that can't be are U+FFFD. `#` and hex for what
 * is no string (RFC 4514 section 2.4). */
export const decodeString = (element: Uint8Array): string => {
  const exact = stringText(element)
  if (exact !== undefined) return exact
  const [tag = 0] = element
  return asciiTags.has(tag) || tag === tags.utf8String ? lossyUtf8.decode(contentOf(element)) : `#${toHex(element)}`
}

/** Text of a string element (DER), or undefined for what is no string, or has bytes that its type does not allow. */
export const stringText = (element: Uint8Array): string | undefined => {
  const [tag = 0] = element
  if (!stringTags.has(tag)) return undefined
  const content = contentOf(element)
  if (tag === tags.teletexString) return latin1.decode(content)
  if (tag === tags.bmpString) return fromUnits(content, 2)
  if (tag === tags.universalString) return fromUnits(content, 4)
  if (asciiTags.has(tag) && content.some((byte) => byte >= 0x80)) return undefined
  try {
    return utf8.decode(content)
  } catch {
    return undefined
  }
}

const contentOf = (element: Uint8Array): Uint8Array => new DerReader(element).content(element[0] ?? 0, 'string')

const asciiTags: ReadonlySet<number> = new Set([
  tags.printableString,
  tags.ia5String,
  tags.numericString,
  tags.visibleString,
])

const stringTags: ReadonlySet<number> = new Set([
  ...asciiTags,
  tags.utf8String,
  tags.teletexString,
  tags.bmpString,
  tags.universalString,
])

/** UTF-16 or UTF-32, big-endian; undefined for units that are no characters. */
const fromUnits = (content: Uint8Array, size: 2 | 4): string | undefined => {
  if (content.length % size !== 0) return undefined
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  let text = ''
  for (let i = 0; i < content.length; i += size) {
    const point = size === 2 ? view.getUint16(i) : view.getUint32(i)
    if (point > 0x10ffff || (size === 4 && point >= 0xd800 && point <= 0xdfff)) return undefined
    text += size === 2 ? String.fromCharCode(point) : String.fromCodePoint(point)
  }
  return loneSurrogate.test(text) ? undefined : text
}

const loneSurrogate = /\p{Surrogate}/u

/** Type and value such that equal keys mean a match: strings by RFC 5280 section 7.1, the rest, and strings that are
 * none, as bytes. */
const attributeKey = ({ oid, der }: NameAttribute): string => {
  const text = stringText(der)
  const isCompared = text !== undefined && (text.length <= MAX_PREPARED_TEXT || simple.test(text))
  return isCompared ? `${oid}=${prepared(text).replace(/[\\+,]/g, '\\$&')}` : `${oid}#${toHex(der)}`
}

/** RFC 4518 section 2, as far as section 7.1 asks for it: characters that are mapped to nothing and to a space,
 * compatibility forms, case, spaces at the ends and repeated. */
const prepared = (text: string): string => {
  if (simple.test(text)) return text.toLowerCase().replace(/ {2,}/g, ' ').trim()
  const normal = text.replace(mappedToNothing, '').normalize('NFKC')
  const lower = normal.toLowerCase()
  return (lower === normal ? normal : lower.normalize('NFKC')).replace(/\s+/g, ' ').trim()
}

const simple = /^[ -~]*$/

/** Section 2.2: soft hyphens, joiners, variation selectors, directions, control characters but those that are white
 * space. */
const mappedToNothing = /(?![\t-\r\u0085])[\p{Cc}\p{Cf}\p{Variation_Selector}\ufffc]|\u034f/gu

/** What is no string is `#` and hex already; of others a leading `#` is escaped. */
const attributeText = ({ type, value, der }: NameAttribute, limit?: number): string => {
  const text = limit === undefined ? value : value.slice(0, limit)
  return `${type}=${value.startsWith('#') && stringText(der) === undefined ? text : escapeValue(text)}`
}

/** RFC 4514 section 2.4. Control and format characters are escaped too, as hex of their UTF-8, so that a name can't
 * disturb a log. */
const escapeValue = (value: string): string =>
  value.replace(/["+,;<>\\]|^[ #]| $/g, '\\$&').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, escapeCharacter)

const escapeCharacter = (character: string): string => {
  const code = character.charCodeAt(0)
  if (code < 0x80) return `\\${code < 16 ? '0' : ''}${code.toString(16)}`
  return toHex(utf8Encoder.encode(character)).replace(/../g, '\\$&')
}
