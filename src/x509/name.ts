// Distinguished names (RFC 5280 section 4.1.2.4): kept as DER, decoded on demand, compared by section 7.1, printed after
// RFC 4514. Used by certificate.ts, by the path builder and by name constraints.

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

  /** Equal for names that match by RFC 5280 section 7.1: what indexes are made of. */
  get key(): string {
    this.#key ??= this.rdnKeys.join(',')
    return this.#key
  }

  /** Equal for names of the same bytes, and cheap. */
  get exactKey(): string {
    this.#exactKey ??= latin1.decode(this.der)
    return this.#exactKey
  }

  /** RFC 4514 text: last RDN first, attributes of one RDN joined with "+". */
  toString(): string {
    return this.rdns
      .toReversed()
      .map((rdn) => rdn.map(attributeText).join('+'))
      .join(',')
  }

  toJSON(): readonly { readonly type: string; readonly value: string }[] {
    return this.attributes.map(({ type, value }) => ({ type, value }))
  }
}

/** RFC 5280 section 7.1: byte equality first, since nearly all chains have it. */
export const sameName = (a: Name, b: Name): boolean =>
  sameBytes(a.der, b.der) || (a.length === b.length && a.rdns.every((rdn, i) => sameRdn(rdn, b.rdns[i] ?? [])))

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
    if (rdn.done) rdn.fail(`${name} has a relative name without attributes`)
    let before: Uint8Array | undefined
    while (!rdn.done) {
      const at = rdn.position
      const attribute = rdn.sequence(`attribute of ${name}`)
      attribute.oid('attribute type')
      attribute.skip('attribute value')
      attribute.end()
      if (before === undefined && rdn.done) break
      const whole = reader.bytes.subarray(at, rdn.position)
      if (before !== undefined && compareBytes(before, whole) >= 0) rdn.fail(`${name} has a set that is not in DER order`)
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

const utf8 = new TextDecoder()
const latin1 = new TextDecoder('latin1')

/** Text of a DirectoryString or IA5String element; `#` and hex for anything else (RFC 4514 section 2.4). */
export const decodeString = (element: Uint8Array): string => {
  const tag = element[0] ?? 0
  const content = new DerReader(element).content(tag, 'string')
  if (utf8Tags.has(tag)) return utf8.decode(content)
  if (tag === tags.teletexString) return latin1.decode(content)
  if (tag === tags.bmpString && content.length % 2 === 0) return fromUnits(content, 2)
  if (tag === tags.universalString && content.length % 4 === 0) return fromUnits(content, 4)
  return `#${toHex(element)}`
}

/** ASCII is UTF-8, so one decoder does for the ASCII types too. */
const utf8Tags: ReadonlySet<number> = new Set([
  tags.utf8String,
  tags.printableString,
  tags.ia5String,
  tags.numericString,
  tags.visibleString,
])

const fromUnits = (content: Uint8Array, size: 2 | 4): string => {
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  let text = ''
  for (let i = 0; i < content.length; i += size) {
    const point = size === 2 ? view.getUint16(i) : view.getUint32(i)
    text += size === 2 ? String.fromCharCode(point) : String.fromCodePoint(point <= 0x10ffff ? point : 0xfffd)
  }
  return text
}

/** Type and value such that equal keys mean a match: strings ignore case and repeated spaces, the rest is bytes. */
const attributeKey = ({ oid, value, der }: NameAttribute): string =>
  stringTags.has(der[0] ?? 0)
    ? `${oid}=${value.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim().replace(/[\\+,]/g, '\\$&')}`
    : `${oid}=#${toHex(der)}`

const stringTags: ReadonlySet<number> = new Set([
  ...utf8Tags,
  tags.teletexString,
  tags.bmpString,
  tags.universalString,
])

/** What is no string is `#` and hex already. */
const attributeText = ({ type, value, der }: NameAttribute): string =>
  `${type}=${stringTags.has(der[0] ?? 0) ? escapeValue(value) : value}`

/** RFC 4514 section 2.4. Control characters are escaped too, so that a name can't disturb a log. */
const escapeValue = (value: string): string =>
  value
    .replace(/["+,;<>\\]|^[ #]| $/g, '\\$&')
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
