// What people write as a name, turned into the GeneralNames and distinguished names of RFC 5280 (sections 4.2.1.6,
// 4.2.1.10 and 4.1.2.6).

import { checkOptions, requireBytes, requireText } from '../checked-options.ts'
import type { Names, OptionNames } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { DerReader, constructedTag, contextTag, derElement, derOid, derSequence, derSet, tags } from '../wire/der.ts'
import { isHostName } from '../wire/host-name.ts'
import { emailName } from '../x509/constraint-forms.ts'
import type { GeneralName } from '../x509/general-name.ts'
import { readName } from '../x509/name.ts'
import { toAscii } from '../x509/names.ts'

/** Subject of a certificate. A string is a common name; bytes are the name itself, DER. */
export type SubjectName =
  | string
  | Uint8Array
  | {
      readonly commonName?: string
      readonly serialNumber?: string
      readonly emailAddress?: string
      readonly organization?: string
      readonly organizationalUnit?: string | readonly string[]
      readonly locality?: string
      readonly state?: string
      /** Two letters. */
      readonly country?: string
      /** DC attributes, the topmost first: ['org', 'example']. */
      readonly domainComponents?: readonly string[]
    }

const utf8 = new TextEncoder()

/** RDNSequence, DER, in the order country ... common name. Throws `bad_option`. */
export const distinguishedName = (name: SubjectName): Uint8Array => {
  if (name instanceof Uint8Array) return encodedName(name)
  const parts = typeof name === 'string' ? { commonName: name } : name
  checkOptions(parts, subjectNames, { elsewhere: dnShortNames }, 'name')
  const rows = attributes.flatMap(({ key, oid, tag, limit }) => {
    const given = parts[key]
    const values: readonly string[] =
      given === undefined ? [] : typeof given === 'string' ? [given] : listOf(given, key)
    return values
      .filter((value) => value !== '')
      .map((value) => {
        if (key === 'country' && !/^[A-Z]{2}$/.test(value))
          throw new TlsError('bad_option', `country: "${shown(value)}" is not two capital letters`)
        if (value.length > limit) throw new TlsError('bad_option', `${key}: a name of more than ${limit} characters`)
        if (value.includes('-----BEGIN')) throw new TlsError('bad_option', `${key}: PEM text is no name`)
        if (!(forms[key] ?? /^/).test(value))
          throw new TlsError('bad_option', `${key}: "${shown(value)}" has characters or a form that it can not have`)
        return derSet(derSequence(derOid(oid), derElement(tag, utf8.encode(value))))
      })
  })
  return derSequence(...rows)
}

/** What is no UTF8String: the characters of PrintableString (X.680 section 41.4), labels of a domain, a mailbox. */
const forms: Readonly<Record<string, RegExp | undefined>> = {
  serialNumber: /^[A-Za-z0-9 '()+,./:=?-]+$/,
  domainComponents: /^[A-Za-z0-9_](?:[\w-]*[A-Za-z0-9_])?$/,
  emailAddress: /^[!-?A-~]+@[!-?A-~]+$/,
}

const listOf = (given: unknown, key: string): readonly string[] => {
  if (!Array.isArray(given)) throw new TlsError('bad_option', `${key}: expected a text or a list of texts`)
  for (const value of given) requireText(value, key)
  return given
}

type SubjectParts = Exclude<SubjectName, string | Uint8Array>

const subjectNames: Names<SubjectParts> = {
  commonName: 'string',
  serialNumber: 'string',
  emailAddress: 'string',
  organization: 'string',
  organizationalUnit: 'any',
  locality: 'string',
  state: 'string',
  country: 'string',
  domainComponents: 'list',
}

const dnShortNames = {
  CN: 'name.commonName',
  cn: 'name.commonName',
  O: 'name.organization',
  organizationName: 'name.organization',
  OU: 'name.organizationalUnit',
  organizationalUnitName: 'name.organizationalUnit',
  L: 'name.locality',
  ST: 'name.state',
  stateOrProvinceName: 'name.state',
  C: 'name.country',
  countryName: 'name.country',
  DC: 'name.domainComponents',
  email: 'name.emailAddress',
}

const encodedName = (der: Uint8Array): Uint8Array => {
  try {
    const reader = new DerReader(der, 'bad_option', 'name')
    readName(reader, 'name')
    reader.end()
    return der
  } catch (cause) {
    throw new TlsError(
      'bad_option',
      `name: it is no distinguished name in DER: ${cause instanceof Error ? cause.message : ''}`,
      { cause },
    )
  }
}

/** ub-common-name and its like (RFC 5280 appendix A.1). */
export const MAX_NAME_LENGTH = 64

const { utf8String, printableString, ia5String } = tags

const attributes = [
  { key: 'domainComponents', oid: '0.9.2342.19200300.100.1.25', tag: ia5String, limit: 63 },
  { key: 'country', oid: '2.5.4.6', tag: printableString, limit: 2 },
  { key: 'state', oid: '2.5.4.8', tag: utf8String, limit: 128 },
  { key: 'locality', oid: '2.5.4.7', tag: utf8String, limit: 128 },
  { key: 'organization', oid: '2.5.4.10', tag: utf8String, limit: MAX_NAME_LENGTH },
  { key: 'organizationalUnit', oid: '2.5.4.11', tag: utf8String, limit: MAX_NAME_LENGTH },
  { key: 'serialNumber', oid: '2.5.4.5', tag: printableString, limit: MAX_NAME_LENGTH },
  { key: 'commonName', oid: '2.5.4.3', tag: utf8String, limit: MAX_NAME_LENGTH },
  { key: 'emailAddress', oid: '1.2.840.113549.1.9.1', tag: ia5String, limit: 255 },
] as const

/**
 * A name of a certificate: text whose kind shows (DNS name, IP address, e-mail address, URI), or one whose kind is
 * said, as the `names` of a request have it. */
export type NameInput =
  | string
  | { readonly kind: 'dns' | 'email' | 'uri' | 'ip' | 'registeredId'; readonly value: string }
  | { readonly kind: 'directory'; readonly name: SubjectName | { readonly der: Uint8Array } }
  /** `bytes`: the value, DER, without its explicit tag. */
  | { readonly kind: 'otherName'; readonly oid: string; readonly bytes: Uint8Array }

const nameInputs: OptionNames = {
  kind: ['dns', 'email', 'uri', 'ip', 'registeredId', 'directory', 'otherName'],
  value: 'string',
  name: 'any',
  oid: 'string',
  bytes: 'bytes',
}

/**
 * GeneralName, DER. International domains become A-labels, mailboxes beyond ASCII SmtpUTF8Mailbox (RFC 9598). Throws
 * `bad_option`.
 */
export const generalName = (name: NameInput): Uint8Array => {
  if (typeof name === 'string') return fromText(name)
  checkOptions(name, nameInputs, { required: ['kind'] }, 'names')
  switch (name.kind) {
    case 'directory':
      return directoryName(distinguishedName(isEncoded(name.name) ? name.name.der : name.name))
    case 'otherName':
      return otherName(name.oid, name.bytes)
    default:
      return ofKind(name.kind, name.value)
  }
}

const ofKind = (kind: string, value: string): Uint8Array => {
  requireText(value, `names: the value of a name of kind ${kind}`)
  if (kind === 'dns') return dns(value)
  if (kind === 'email') return email(value)
  if (kind === 'uri') return uri(value)
  return kind === 'ip'
    ? derElement(contextTag(7), parseIp(value) ?? refuse(value, 'an IP address'))
    : derElement(contextTag(8), oidOf(value).subarray(2))
}

/** Names that a request asks for are held to what names that are given are held to. Throws `bad_option`. */
export const checkRequested = (names: readonly GeneralName[]): void => {
  for (const name of names) {
    if (name.kind === 'dns' || name.kind === 'uri') generalName({ kind: name.kind, value: name.value })
    if (name.kind === 'directory') directoryName(name.name.der)
    const isOdd =
      name.kind === 'email' ? emailName(name.value) === undefined : /^dns.*\.$/s.test(name.kind + name.value)
    if (isOdd) refuse(name.value, `a name of kind ${name.kind} that a certificate can hold`)
  }
}

const isEncoded = (name: SubjectName | { readonly der: Uint8Array }): name is { readonly der: Uint8Array } =>
  typeof name === 'object' && 'der' in name

const fromText = (name: string): Uint8Array => {
  const ip = parseIp(name)
  if (ip !== undefined) return derElement(contextTag(7), ip)
  if (/^([a-z][a-z0-9+.-]*:\/\/|urn:)/i.test(name)) return uri(name)
  return name.includes('@') ? email(name) : dns(name)
}

const uri = (name: string): Uint8Array => {
  if (!URL.canParse(name)) refuse(name, 'a URI')
  return derElement(contextTag(6), asciiOnly(name))
}

const otherName = (oid: string, value: Uint8Array): Uint8Array => {
  requireBytes(value, 'names: the bytes of an otherName')
  const reader = new DerReader(value, 'bad_option', 'otherName')
  reader.element('value')
  reader.end()
  return derElement(constructedTag(0), oidOf(oid), derElement(constructedTag(0), value))
}

const oidOf = (text: string): Uint8Array => {
  requireText(text, 'names: an object identifier')
  try {
    return derOid(text)
  } catch {
    return refuse(text, 'an object identifier')
  }
}

/** rfc822Name, or SmtpUTF8Mailbox where the part before the @ is not ASCII. That part is a dot-string (RFC 5321 section
 * 4.1.2): without quotes, what is in it can be read in one way only. */
const email = (text: string): Uint8Array => {
  const [, local = '', domain = ''] = mailbox.exec(text) ?? refuse(text, 'an e-mail address')
  const host = dnsName(domain)
  if (/^[\x21-\x7e]+$/.test(local)) return derElement(contextTag(1), asciiOnly(`${local}@${host}`))
  return otherName('1.3.6.1.5.5.7.8.9', derElement(tags.utf8String, utf8.encode(`${local}@${host}`)))
}

const mailbox = /^([^\s"@\\()<>,;:[\].]+(?:\.[^\s"@\\()<>,;:[\].]+)*)@([^@\s]+)$/u

const dns = (text: string): Uint8Array => derElement(contextTag(2), asciiOnly(dnsName(text)))

/** GeneralName of a directory name, which has something in it (RFC 5280 sections 4.1.2.4 and 4.2.1.6). */
export const directoryName = (dn: Uint8Array): Uint8Array => {
  if (dn.length === 2) throw new TlsError('bad_option', 'a directory name without anything in it')
  return derElement(constructedTag(4), dn)
}

/**
 * GeneralSubtree: "10.0.0.0/8", "example.com" (and all below it), ".example.com", "@example.com" or "me@example.com".
 */
export const subtree = (text: string): Uint8Array => derSequence(subtreeBase(text))

const subtreeBase = (text: string): Uint8Array => {
  if (text.includes('/') || parseIp(text) !== undefined) return derElement(contextTag(7), ipRange(text))
  if (text.startsWith('@')) return derElement(contextTag(1), asciiOnly(dnsName(text.slice(1))))
  if (text.includes('@')) return email(text)
  const host = text.replace(/^\./, '')
  if (host.startsWith('*'))
    throw new TlsError(
      'bad_option',
      `nameConstraints: "${shown(text)}": leave "*." out, the names below are meant anyway`,
    )
  return derElement(contextTag(2), asciiOnly(`${text.startsWith('.') ? '.' : ''}${dnsName(host)}`))
}

/** Address and mask. Bits beyond the prefix have to be zero: "10.1.2.3/8" may be a typing error in either part. */
const ipRange = (text: string): Uint8Array => {
  const [, address = '', prefix] =
    /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? refuse(text, 'an IP range such as "10.0.0.0/8"')
  const ip = parseIp(address) ?? refuse(text, 'an IP range such as "10.0.0.0/8"')
  const bits = prefix === undefined ? ip.length * 8 : Number(prefix)
  if (bits > ip.length * 8)
    throw new TlsError('bad_option', `"${shown(text)}" has no prefix length of 0 to ${ip.length * 8}`)
  const mask = Uint8Array.from(ip, (_, i) => 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - 8 * i))))
  if (ip.some((byte, i) => (byte & ~(mask[i] ?? 0)) !== 0)) {
    throw new TlsError('bad_option', `"${shown(text)}" has bits set beyond its prefix of ${bits} bits`)
  }
  return concat(ip, mask)
}

const refuse = (text: string, what: string): never => {
  throw new TlsError('bad_option', `names: "${shown(text)}" is not ${what}`)
}

/** For messages: what is given as a name may be anything, also long, or a key by mistake. */
export const shown = (text: string): string =>
  text.includes('-----') ? '(PEM)' : JSON.stringify(text.slice(0, 60)).slice(1, -1)

const asciiOnly = (text: string): Uint8Array => {
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new TlsError('bad_option', `"${shown(text)}" is not a name that a certificate can hold`)
  return utf8.encode(text)
}

/**
 * Lower case, A-labels, no final dot; a first label "*" stays. A last label of digits would be read as an IP address.
 */
const dnsName = (name: string): string => {
  const [, wildcard = '', rest = ''] = /^(\*\.)?(.*?)\.?$/s.exec(name) ?? []
  const ascii = toAscii(rest)?.toLowerCase() ?? ''
  if (!isIssuable(ascii) || /(^|\.)\d+$/.test(ascii)) refuse(name, 'a DNS name, IP address, e-mail address or URI')
  return wildcard + ascii
}

/** What certificates are issued for is held to more than what is connected to: no hyphen at the end of a label. */
const isIssuable = (name: string): boolean => isHostName(name) && !/(?:^|\.)-|-(?:\.|$)/.test(name)

/** 4 or 16 bytes, or undefined if the text is no IP address (brackets and zones are none). */
export const parseIp = (text: string): Uint8Array | undefined => {
  const v4 = parseIpv4(text)
  if (v4 !== undefined || !text.includes(':') || /[^0-9a-fA-F:.]/.test(text)) return v4
  const lastColon = text.lastIndexOf(':')
  const tail = parseIpv4(text.slice(lastColon + 1))
  if (text.includes('.') && tail === undefined) return undefined
  const hex = tail === undefined ? text : `${text.slice(0, lastColon + 1)}0:0`
  const halves = hex.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], rest = []] = halves
  const missing = 8 - head.length - rest.length
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...rest]
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  const bytes = Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  )
  if (tail !== undefined) bytes.set(tail, 12)
  return bytes
}

const parseIpv4 = (text: string): Uint8Array | undefined => {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined
  return Uint8Array.from(parts, Number)
}
