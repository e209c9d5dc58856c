// What people write as a name, turned into the GeneralNames and distinguished names of RFC 5280 (sections 4.2.1.6, 4.2.1.10
// and 4.1.2.6). Called by ca.ts and csr.ts.

import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { constructedTag, contextTag, derElement, derOid, derSequence, derSet, tags } from '../wire/der.ts'

/** Subject of a certificate. A string is a common name. */
export type SubjectName = string | {
  readonly commonName?: string
  readonly organization?: string
  readonly organizationalUnit?: string
  readonly locality?: string
  readonly state?: string
  /** Two letters. */
  readonly country?: string
}

const ascii = new TextEncoder()

/** RDNSequence, DER, in the order country ... common name. */
export const distinguishedName = (name: SubjectName): Uint8Array => {
  const parts = typeof name === 'string' ? { commonName: name } : name
  const rows = attributes.flatMap(([key, oid]) => {
    const value = parts[key]
    if (value === undefined || value === '') return []
    if (key === 'country' && !/^[A-Z]{2}$/.test(value)) throw new TlsError('bad_option', `country: "${value}" is not two capital letters`)
    if (value.length > maxLength) throw new TlsError('bad_option', `${key}: a name of more than ${maxLength} characters`)
    const tag = key === 'country' ? tags.printableString : tags.utf8String
    return [derSet(derSequence(derOid(oid), derElement(tag, ascii.encode(value))))]
  })
  return derSequence(...rows)
}

/** ub-common-name and its like (RFC 5280 appendix A.1). */
export const maxLength = 64

const attributes = [
  ['country', '2.5.4.6'],
  ['state', '2.5.4.8'],
  ['locality', '2.5.4.7'],
  ['organization', '2.5.4.10'],
  ['organizationalUnit', '2.5.4.11'],
  ['commonName', '2.5.4.3'],
] as const

/** GeneralName, DER, of an IP address, an e-mail address, a URI or a DNS name (international ones become A-labels). */
export const generalName = (name: string): Uint8Array => {
  const ip = parseIp(name)
  if (ip !== undefined) return derElement(contextTag(7), ip)
  if (name.includes('://')) return derElement(contextTag(6), asciiOnly(name))
  if (name.includes('@')) return derElement(contextTag(1), asciiOnly(name))
  return derElement(contextTag(2), asciiOnly(dnsName(name)))
}

/** GeneralName of a directory name. */
export const directoryName = (dn: Uint8Array): Uint8Array => derElement(constructedTag(4), dn)

/** GeneralSubtree: "10.0.0.0/8", "example.com" (and all below it), ".example.com", "@example.com" or "me@example.com". */
export const subtree = (text: string): Uint8Array => {
  const [address = '', prefix] = text.split('/')
  const ip = parseIp(address)
  if (ip !== undefined) return derSequence(derElement(contextTag(7), concat(ip, mask(ip.length, prefix, text))))
  if (text.includes('@')) return derSequence(derElement(contextTag(1), asciiOnly(text.replace(/^@/, ''))))
  return derSequence(derElement(contextTag(2), asciiOnly(text)))
}

const mask = (length: number, prefix: string | undefined, text: string): Uint8Array => {
  const bits = prefix === undefined ? length * 8 : Number(prefix)
  if (!Number.isInteger(bits) || bits < 0 || bits > length * 8) throw new TlsError('bad_option', `"${text}" has no prefix length of 0 to ${length * 8}`)
  return Uint8Array.from({ length }, (_, i) => 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - 8 * i))))
}

const asciiOnly = (text: string): Uint8Array => {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new TlsError('bad_option', `"${text}" is not a name that a certificate can hold`)
  return ascii.encode(text)
}

/** Lower case, A-labels, no final dot; a first label "*" stays. */
const dnsName = (name: string): string => {
  const [, wildcard = '', rest = ''] = /^(\*\.)?(.*?)\.?$/s.exec(name) ?? []
  const labels = rest.split('.')
  if (labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)) && rest.length <= 253) return wildcard + rest.toLowerCase()
  const converted = /[^\x21-\x7e]/.test(rest) && URL.canParse(`http://${rest}/`) ? new URL(`http://${rest}/`).hostname : ''
  if (converted === '' || /[^a-z0-9.-]/.test(converted)) throw new TlsError('bad_option', `names: "${name}" is no DNS name, IP address, e-mail address or URI`)
  return wildcard + converted
}

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
  const bytes = Uint8Array.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]))
  if (tail !== undefined) bytes.set(tail, 12)
  return bytes
}

const parseIpv4 = (text: string): Uint8Array | undefined => {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined
  return Uint8Array.from(parts, Number)
}
