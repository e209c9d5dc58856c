// GeneralName (RFC 5280 section 4.2.1.6) as a discriminated union. Read by extensions.ts; compared by names.ts.

import { contextTag, constructedTag, dotted } from '../wire/der.ts'
import type { DerReader } from '../wire/der.ts'
import { readName } from './name.ts'
import type { Name } from './name.ts'

export type GeneralName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'email'; readonly value: string }
  | { readonly kind: 'uri'; readonly value: string }
  /** 4 or 16 bytes; 8 or 32 (address and mask) in name constraints. */
  | { readonly kind: 'ip'; readonly value: string; readonly bytes: Uint8Array }
  | { readonly kind: 'directory'; readonly value: string; readonly name: Name }
  | { readonly kind: 'registeredId'; readonly value: string }
  /** `bytes` is the explicitly tagged value's content, DER. */
  | { readonly kind: 'otherName'; readonly value: string; readonly oid: string; readonly bytes: Uint8Array }
  /** x400Address and ediPartyName, not decoded. */
  | { readonly kind: 'undecoded'; readonly value: string; readonly bytes: Uint8Array }

/** The addresses of SANs are 4 or 16 bytes; the ranges of name constraints twice that (section 4.2.1.10). */
export type IpForm = 'address' | 'range'

/** Reads one GeneralName. Throws what the reader throws. */
export const readGeneralName = (reader: DerReader, what: string, ipForm: IpForm = 'address'): GeneralName => {
  const start = reader.position
  const tag = reader.peek()
  switch (tag) {
    case contextTag(1):
      return { kind: 'email', value: reader.ascii(what, tag) }
    case contextTag(2):
      return { kind: 'dns', value: reader.ascii(what, tag) }
    case contextTag(6):
      return { kind: 'uri', value: reader.ascii(what, tag) }
    case contextTag(7): {
      const bytes = reader.content(tag, what)
      const unit = ipForm === 'address' ? 4 : 8
      if (bytes.length !== unit && bytes.length !== unit * 4) {
        reader.fail(`${what} has an IP ${ipForm} of ${bytes.length} bytes`, start)
      }
      return { kind: 'ip', value: formatIp(bytes, ipForm), bytes }
    }
    case contextTag(8): {
      const value = dotted(reader.content(tag, what))
      return { kind: 'registeredId', value: value ?? reader.fail(`${what} has a malformed registeredID`, start) }
    }
    case constructedTag(4): {
      const explicit = reader.enter(tag, what)
      const name = readName(explicit, what)
      explicit.end()
      return new DirectoryName(name)
    }
    case constructedTag(0): {
      const other = reader.enter(tag, what)
      const oid = other.oid(`type of ${what}`)
      const explicit = other.enter(constructedTag(0), `value of ${what}`)
      const bytes = explicit.element(`value of ${what}`)
      explicit.end()
      other.end()
      return { kind: 'otherName', value: oid, oid, bytes }
    }
    case constructedTag(3):
    case constructedTag(5):
      return { kind: 'undecoded', value: tag === constructedTag(3) ? 'x400Address' : 'ediPartyName', bytes: reader.element(what) }
    default:
      return reader.fail(`${what} has no known form of name`)
  }
}

/** GeneralNames: at least one. `reader` is inside the sequence. */
export const readGeneralNames = (reader: DerReader, what: string): GeneralName[] => {
  if (reader.done) reader.fail(`${what} is empty`)
  const names: GeneralName[] = []
  while (!reader.done) names.push(readGeneralName(reader, what))
  return names
}

/** Its text is made when asked for. */
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
