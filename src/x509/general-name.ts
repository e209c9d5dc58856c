// GeneralName (RFC 5280 section 4.2.1.6) as a discriminated union.

import { contextTag, constructedTag, dotted } from '../wire/der.ts'
import type { DerReader } from '../wire/der.ts'
import { readName, stringText } from './name.ts'
import type { Name } from './name.ts'

export type GeneralName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'email'; readonly value: string }
  | { readonly kind: 'uri'; readonly value: string }
  /** 4 or 16 bytes; 8 or 32 (address and mask) in name constraints. */
  | { readonly kind: 'ip'; readonly value: string; readonly bytes: Uint8Array }
  | { readonly kind: 'directory'; readonly value: string; readonly name: Name }
  | { readonly kind: 'registeredId'; readonly value: string }
  | OtherName
  /** A name that has not the form of its kind (an address of five bytes, bytes that are not ASCII): it matches
   * nothing. `bytes` is the whole element, DER. */
  | { readonly kind: 'malformed'; readonly value: string; readonly form: MalformedForm; readonly bytes: Uint8Array }
  /** x400Address and ediPartyName, not decoded. */
  | { readonly kind: 'undecoded'; readonly value: string; readonly bytes: Uint8Array }

export interface OtherName {
  readonly kind: 'otherName'
  readonly value: string
  /** Dotted object identifier of the type. */
  readonly oid: string
  /** The explicitly tagged value's content, DER. */
  readonly bytes: Uint8Array
  /** The value if it is a character string: the mailbox of SmtpUTF8Mailbox (RFC 9598), the user principal name of
   * Windows. */
  readonly text: string | undefined
}

/** What a malformed name was meant to be. */
export type MalformedForm = 'dns' | 'email' | 'uri' | 'ip' | 'directory' | 'registeredId' | 'undecoded'

/** The addresses of SANs are 4 or 16 bytes; the ranges of name constraints twice that (section 4.2.1.10). */
export type IpForm = 'address' | 'range'

/** After so many oddities of a certificate names of many parts are not taken apart, and malformed, so that they match
 * nothing: finding out that each is costs more than to read it. */
const MAX_ODD = 4096

/** Reads one GeneralName. Throws what the reader throws; a tolerant reader answers with a `malformed` name instead. */
export const readGeneralName = (reader: DerReader, what: string, ipForm: IpForm = 'address'): GeneralName => {
  const start = reader.position
  const tag = reader.peek()
  const tries = reader.deviations < MAX_ODD
  const malformed = (form: MalformedForm, sentence: string): GeneralName => {
    reader.deviate(sentence, start)
    const bytes = reader.bytes.subarray(start, reader.position)
    return new MalformedName(form, bytes)
  }
  const kind = textKinds.get(tag)
  if (kind !== undefined) {
    const value = reader.tryAscii(what, tag)
    return value === undefined ? malformed(kind, `${what} has a byte that is not ASCII`) : { kind, value }
  }
  switch (tag) {
    case contextTag(7): {
      const bytes = reader.content(tag, what)
      const unit = ipForm === 'address' ? 4 : 8
      const isAddress = bytes.length === unit || bytes.length === unit * 4
      if (!isAddress) return malformed('ip', `${what} has an IP ${ipForm} of ${bytes.length} bytes`)
      return { kind: 'ip', value: formatIp(bytes, ipForm), bytes }
    }
    case contextTag(8): {
      const value = dotted(reader.content(tag, what))
      return value === undefined
        ? malformed('registeredId', `${what} has a malformed registeredID`)
        : { kind: 'registeredId', value }
    }
    case constructedTag(4): {
      const explicit = reader.enter(tag, what)
      const name = tries ? reader.attempt(() => readDirectoryName(explicit, what)) : undefined
      return name ?? malformed('directory', `${what} has a malformed directory name`)
    }
    case constructedTag(0): {
      const other = reader.enter(tag, what)
      const name = tries ? reader.attempt(() => readOtherName(other, what)) : undefined
      return name ?? malformed('undecoded', `${what} has a malformed otherName`)
    }
    case constructedTag(3):
    case constructedTag(5):
      return {
        kind: 'undecoded',
        value: tag === constructedTag(3) ? 'x400Address' : 'ediPartyName',
        bytes: reader.element(what),
      }
    default:
      reader.skip(what)
      return malformed('undecoded', `${what} has no known form of name`)
  }
}

const textKinds: ReadonlyMap<number, 'email' | 'dns' | 'uri'> = new Map([
  [contextTag(1), 'email'],
  [contextTag(2), 'dns'],
  [contextTag(6), 'uri'],
])

const latin1 = new TextDecoder('latin1')

const readDirectoryName = (explicit: DerReader, what: string): GeneralName => {
  const name = readName(explicit, what)
  explicit.end()
  return new DirectoryName(name)
}

const readOtherName = (other: DerReader, what: string): OtherName => {
  const oid = other.oid(`type of ${what}`)
  const value = `value of ${what}`
  const bytes = other.within(constructedTag(0), value, (explicit) => explicit.element(value))
  other.end()
  return { kind: 'otherName', value: oid, oid, bytes, text: stringText(bytes) }
}

/** GeneralNames: at least one. `reader` is inside the sequence. */
export const readGeneralNames = (reader: DerReader, what: string): GeneralName[] => {
  if (reader.done) reader.deviate(`${what} is empty`)
  return reader.rest(() => readGeneralName(reader, what))
}

/** Its text is made when asked for, as that of a directory name. */
class MalformedName {
  readonly kind = 'malformed'
  readonly form: MalformedForm
  readonly bytes: Uint8Array

  constructor(form: MalformedForm, bytes: Uint8Array) {
    this.form = form
    this.bytes = bytes
  }

  get value(): string {
    return latin1.decode(this.bytes.subarray(2))
  }
}

class DirectoryName {
  readonly kind = 'directory'
  readonly name: Name

  constructor(name: Name) {
    this.name = name
  }

  get value(): string {
    return this.name.toString()
  }
}

/** Its text as far as a message shows it. */
export const briefText = (name: GeneralName): string => (name.kind === 'directory' ? name.name.brief : name.value)

/** "192.0.2.1", "2001:db8::1" (RFC 5952), or "address/mask" for a range. */
export const formatIp = (bytes: Uint8Array, form: IpForm = 'address'): string => {
  if (form === 'range') {
    const half = bytes.length / 2
    return `${formatIp(bytes.subarray(0, half))}/${formatIp(bytes.subarray(half))}`
  }
  if (bytes.length === 4) return bytes.join('.')
  const groups: string[] = []
  for (let i = 0; i < bytes.length; i += 2) groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16))
  const runs = [...groups.join(':').matchAll(/\b0(:0)+\b/g)].map(([run]) => run)
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '')
  return longest === '' ? groups.join(':') : groups.join(':').replace(new RegExp(`:?\\b${longest}\\b:?`), '::')
}
