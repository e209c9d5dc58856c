// DER as fields (X.690 section 8): every element's header and content, with the names that a certificate (RFC 5280
// section 4.1), an OCSP response (RFC 6960 section 4.2) and their parts give them. Elements of no known place go by
// their type.

import { requireBytes } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { toHex } from '../wire/bytes.ts'
import { dotted, tags } from '../wire/der.ts'
import { attributeShortNames, oidName } from '../x509/oids.ts'
import { certificateShape } from './der-shapes.ts'
import type { Shape } from './der-shapes.ts'
import { leafField } from './fields.ts'
import type { Field, FieldFacts } from './fields.ts'

const MAX_DEPTH = 32

/** The fields of a certificate; what is not DER stays one field. `at` is the offset of bytes[0]. */
export const certificateFields = (bytes: Uint8Array, at = 0): readonly Field[] => {
  requireBytes(bytes, 'certificate')
  if (!Number.isInteger(at)) throw new TlsError('bad_option', 'at: an offset in bytes')
  return derFields(bytes, at, certificateShape)
}

/** The fields of one or more elements that follow one another. */
export const derFields = (bytes: Uint8Array, at: number, shape: Shape | undefined): readonly Field[] =>
  elements(bytes, at, shape ? [shape] : [], 0)

interface Header {
  readonly tag: number
  readonly content: number
  readonly end: number
}

const headerAt = (bytes: Uint8Array, start: number): Header | undefined => {
  const tag = bytes[start]
  const first = bytes[start + 1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined
  let length = first
  let content = start + 2
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 4) return undefined
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[content + i] ?? 0)
    content += count
  }
  return content + length > bytes.length ? undefined : { tag, content, end: content + length }
}

const elements = (bytes: Uint8Array, at: number, shapes: readonly Shape[], depth: number): readonly Field[] => {
  const fields: Field[] = []
  const rest = [...shapes]
  let oid: string | undefined
  for (let offset = 0; offset < bytes.length;) {
    const header = depth > MAX_DEPTH ? undefined : headerAt(bytes, offset)
    if (!header) return [...fields, leafField('not DER', at + offset, at + bytes.length)]
    const shape = nextShape(rest, header.tag)
    const content = bytes.subarray(header.content, header.end)
    fields.push(element(header, content, at, offset, shape, oid, depth))
    oid = oidIn(header.tag, content) ?? oid
    offset = header.end
  }
  return fields
}

/** The object identifier that says what comes after it: on its own, or in an AlgorithmIdentifier. */
const oidIn = (tag: number, content: Uint8Array): string | undefined => {
  if (tag === tags.oid) return dotted(content)
  const first = tag === tags.sequence ? headerAt(content, 0) : undefined
  return first?.tag === tags.oid ? dotted(content.subarray(first.content, first.end)) : undefined
}

/** The next expected element that this tag can be; a repeated one stays. */
const nextShape = (shapes: Shape[], tag: number): Shape | undefined => {
  while (shapes.length > 0) {
    const [shape] = shapes
    if (!shape) return undefined
    if (shape.tag === undefined || shape.tag === tag) {
      if (!shape.repeated) shapes.shift()
      return shape
    }
    if (shape.repeated && shape.choices) return shape
    shapes.shift()
  }
  return undefined
}

const element = (
  { tag, content: contentStart, end }: Header,
  content: Uint8Array,
  at: number,
  start: number,
  shape: Shape | undefined,
  oid: string | undefined,
  depth: number,
): Field => {
  const type = typeName(tag)
  const choice = shape?.choices?.[tag & 0x1f]
  const name = choice?.name ?? shape?.name ?? type
  const head = leafField('tag and length', at + start, at + contentStart, {
    meaning: `${type}, ${content.length} bytes`,
  })
  const section = shape?.section === undefined ? {} : { section: shape.section }
  const inside = insideOf(tag, content, at + contentStart, choice ?? shape, oid, depth)
  if (inside)
    return {
      name,
      start: at + start,
      end: at + end,
      ...section,
      ...summaryOf(name, content),
      children: [head, ...inside],
    }
  const facts = factsOf(tag, content, choice ?? shape)
  const value = content.length === 0 ? [] : [leafField('value', at + contentStart, at + end, facts)]
  return { name, start: at + start, end: at + end, ...section, ...facts, children: [head, ...value] }
}

/** Elements inside this one: of a constructed type, or of a string that is known to hold some. */
const insideOf = (
  tag: number,
  content: Uint8Array,
  at: number,
  shape: Shape | undefined,
  oid: string | undefined,
  depth: number,
): readonly Field[] | undefined => {
  if ((tag & 0x20) !== 0) return elements(content, at, shape?.inside ?? [], depth + 1)
  const holds = shape?.holds?.(oid)
  if (!holds || content.length === 0) return undefined
  if (tag !== tags.bitString) return elements(content, at, [holds], depth + 1)
  return [
    leafField('unused bits', at, at + 1, { value: content[0] ?? 0 }),
    ...elements(content.subarray(1), at + 1, [holds], depth + 1),
  ]
}

/** A name's attributes on one line, where the element is a Name. */
const summaryOf = (name: string, content: Uint8Array): FieldFacts => {
  if (name !== 'issuer' && name !== 'subject') return {}
  const parts: string[] = []
  for (let offset = 0; offset < content.length;) {
    const set = headerAt(content, offset)
    if (!set) return {}
    for (let inner = set.content; inner < set.end;) {
      const pair = headerAt(content, inner)
      const type = pair && headerAt(content, pair.content)
      const value = type && headerAt(content, type.end)
      if (!pair || !type || !value) return {}
      const oid = dotted(content.subarray(type.content, type.end)) ?? '?'
      parts.push(
        [attributeShortNames.get(oid) ?? oid, textOf(value.tag, content.subarray(value.content, value.end))].join('='),
      )
      inner = pair.end
    }
    offset = set.end
  }
  return { meaning: parts.join(', ') }
}

const universal: ReadonlyMap<number, string> = new Map([
  [tags.boolean, 'BOOLEAN'],
  [tags.integer, 'INTEGER'],
  [tags.bitString, 'BIT STRING'],
  [tags.octetString, 'OCTET STRING'],
  [tags.null, 'NULL'],
  [tags.oid, 'OBJECT IDENTIFIER'],
  [tags.enumerated, 'ENUMERATED'],
  [tags.utf8String, 'UTF8String'],
  [tags.numericString, 'NumericString'],
  [tags.printableString, 'PrintableString'],
  [tags.teletexString, 'TeletexString'],
  [tags.ia5String, 'IA5String'],
  [tags.utcTime, 'UTCTime'],
  [tags.generalizedTime, 'GeneralizedTime'],
  [tags.visibleString, 'VisibleString'],
  [tags.universalString, 'UniversalString'],
  [tags.bmpString, 'BMPString'],
  [tags.sequence, 'SEQUENCE'],
  [tags.set, 'SET'],
])

const typeName = (tag: number): string =>
  universal.get(tag) ?? (tag >> 6 === 2 ? `[${tag & 0x1f}]` : `tag 0x${tag.toString(16)}`)

const stringTags: readonly number[] = [
  tags.utf8String,
  tags.numericString,
  tags.printableString,
  tags.teletexString,
  tags.ia5String,
  tags.visibleString,
  tags.bmpString,
]

const textOf = (tag: number, content: Uint8Array): string | undefined => {
  if (!stringTags.includes(tag)) return undefined
  if (tag === tags.bmpString) {
    let text = ''
    for (let i = 0; i + 1 < content.length; i += 2)
      text += String.fromCharCode((content[i] ?? 0) * 256 + (content[i + 1] ?? 0))
    return text
  }
  return new TextDecoder(tag === tags.utf8String ? 'utf-8' : 'latin1').decode(content)
}

/** Value and meaning of a primitive element. */
const factsOf = (tag: number, content: Uint8Array, shape: Shape | undefined): FieldFacts => {
  if (shape?.read) {
    const read = shape.read(content)
    if (read !== undefined) return { value: read }
  }
  const text = textOf(tag, content)
  if (text !== undefined) return { value: text }
  if (tag === tags.boolean) return { value: content[0] !== 0 }
  if (tag === tags.integer || tag === tags.enumerated) return integerFacts(content, shape)
  if (tag === tags.oid) {
    const oid = dotted(content)
    if (oid === undefined) return {}
    const name = attributeShortNames.get(oid) ?? algorithmNames.get(oid) ?? oidName(oid)
    return name === oid ? { value: oid } : { value: oid, meaning: name }
  }
  if (tag === tags.utcTime || tag === tags.generalizedTime) return timeFacts(tag, new TextDecoder().decode(content))
  return {}
}

const integerFacts = (content: Uint8Array, shape: Shape | undefined): FieldFacts => {
  if (content.length > 21) return {}
  if (content.length === 0 || content.length > 6 || (content[0] ?? 0) >= 0x80) return { value: `0x${toHex(content)}` }
  const number = content.reduce((sum, byte) => sum * 256 + byte, 0)
  const meaning = shape?.numbers?.[number]
  return meaning === undefined ? { value: number } : { value: number, meaning }
}

const timeFacts = (tag: number, text: string): FieldFacts => {
  const digits = tag === tags.utcTime ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(digits)
  return match
    ? { value: text, meaning: `${match[1]}-${match[2]}-${match[3]} ${match[4]}:${match[5]}:${match[6]} UTC` }
    : { value: text }
}

/** Algorithms and curves (RFC 3279, RFC 4055, RFC 5480, RFC 5758, RFC 8410, RFC 9881). */
const algorithmNames: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.1', 'rsaEncryption'],
  ['1.2.840.113549.1.1.4', 'md5WithRSAEncryption'],
  ['1.2.840.113549.1.1.5', 'sha1WithRSAEncryption'],
  ['1.2.840.113549.1.1.8', 'mgf1'],
  ['1.2.840.113549.1.1.10', 'rsassaPss'],
  ['1.2.840.113549.1.1.11', 'sha256WithRSAEncryption'],
  ['1.2.840.113549.1.1.12', 'sha384WithRSAEncryption'],
  ['1.2.840.113549.1.1.13', 'sha512WithRSAEncryption'],
  ['1.2.840.10045.2.1', 'ecPublicKey'],
  ['1.2.840.10045.3.1.7', 'secp256r1'],
  ['1.3.132.0.34', 'secp384r1'],
  ['1.3.132.0.35', 'secp521r1'],
  ['1.3.132.0.10', 'secp256k1'],
  ['1.2.840.10045.4.1', 'ecdsa-with-SHA1'],
  ['1.2.840.10045.4.3.2', 'ecdsa-with-SHA256'],
  ['1.2.840.10045.4.3.3', 'ecdsa-with-SHA384'],
  ['1.2.840.10045.4.3.4', 'ecdsa-with-SHA512'],
  ['1.3.101.110', 'X25519'],
  ['1.3.101.112', 'Ed25519'],
  ['1.3.101.113', 'Ed448'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.3.17', 'ML-DSA-44'],
  ['2.16.840.1.101.3.4.3.18', 'ML-DSA-65'],
  ['2.16.840.1.101.3.4.3.19', 'ML-DSA-87'],
  ['1.2.840.10040.4.1', 'dsa'],
  ['1.3.6.1.5.5.7.48.1.1', 'id-pkix-ocsp-basic'],
])
