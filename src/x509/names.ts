// Is this certificate for that server? RFC 9525 section 6 for DNS names and IP addresses: subjectAltName only, a
// wildcard only as the whole left-most label.

import { requireText } from '../checked-options.ts'
import { equalBytes } from '../wire/bytes.ts'
import type { Certificate } from './certificate.ts'

/** What a peer is expected to be, in the form in which it is compared. */
export type ReferenceName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: string; readonly bytes: Uint8Array }

/** Whether the certificate's subjectAltName covers a DNS name (U-labels allowed) or an IP address. False for a name
 * that is neither; throws TlsError `bad_certificate` if the extension is malformed. */
export const certificateCoversName = (certificate: Certificate, serverName: string): boolean => {
  const reference = referenceName(serverName)
  return reference !== undefined && coversReference(certificate, reference)
}

/** With `isPublicSuffix`, a wildcard below a suffix under which anyone can register a name covers nothing. */
export const coversReference = (
  certificate: Certificate,
  reference: ReferenceName,
  isPublicSuffix?: (suffix: string) => boolean,
): boolean => {
  for (const name of certificate.subjectAltNames ?? []) {
    if (reference.kind === 'dns' && name.kind === 'dns' && dnsMatches(name.value, reference.value)) {
      if (!name.value.startsWith('*.') || isPublicSuffix?.(name.value.slice(2).toLowerCase()) !== true) return true
    }
    if (reference.kind === 'ip' && name.kind === 'ip' && equalBytes(name.bytes, reference.bytes)) return true
  }
  return false
}

/** Lower-case A-labels without the final dot, or the bytes of an IP address (IPv6 with or without brackets, a
 * link-local one with or without a zone). Undefined for what can't be either. Underscores pass here: whether such a
 * name may be in a certificate is for the profile. */
export const referenceName = (serverName: string): ReferenceName | undefined => {
  requireText(serverName, 'serverName')
  const bytes = parseIp(withoutZone(serverName))
  if (bytes !== undefined) return { kind: 'ip', value: serverName, bytes }
  const ascii = toAscii(serverName)
  if (ascii === undefined) return undefined
  const value = (ascii.endsWith('.') ? ascii.slice(0, -1) : ascii).toLowerCase()
  return value.length <= 253 && dnsPattern.test(value) && !/(^|\.)[0-9]+$/.test(value)
    ? { kind: 'dns', value }
    : undefined
}

/** A link-local address is dialled with a zone, "fe80::1%eth0" (RFC 4007 section 11), which is of this machine and
 * in no certificate. */
const withoutZone = (text: string): string => text.replace(/^(\[?fe[89ab][0-9a-f]:[0-9a-f:.]*)%[\w.~-]+(\]?)$/i, '$1$2')

const dnsPattern = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/

/** A name with its A-labels, undefined if it has none. The URL parser of every runtime does IDNA (UTS 46); nothing but
 * the host may come out of it. */
export const toAscii = (name: string): string | undefined => {
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(name)) return name
  if (/[\s/?#@:\\%[\]]/.test(name)) return undefined
  try {
    return new URL(`http://${name}/`).hostname
  } catch {
    return undefined
  }
}

/** RFC 9525 section 6.3. `presented` is from the certificate, `reference` already lower case and without final dot. */
export const dnsMatches = (presented: string, reference: string): boolean => {
  if (!presented.startsWith('*.')) return presented.length === reference.length && presented.toLowerCase() === reference
  const suffix = presented.slice(1).toLowerCase()
  const label = reference.slice(0, -suffix.length)
  return suffix.includes('.', 1) && reference.endsWith(suffix) && label.length > 0 && !label.includes('.')
}

/** Preferred name syntax (RFC 5280 section 4.2.1.6, RFC 1123 section 2.1), with one wildcard label in front allowed.
 * A name whose last label is all digits would be an IP address (RFC 1123 section 2.1). */
export const isDnsName = (name: string, wildcard = true): boolean => {
  const start = wildcard && name.startsWith('*.') ? 2 : 0
  if (name.length - start > 253) return false
  let label = start
  let isNumber = true
  for (let i = start; ; i++) {
    const c = i < name.length ? name.charCodeAt(i) : dot
    if (c === dot) {
      if (i === label || i - label > 63 || name.charCodeAt(i - 1) === hyphen) return false
      if (i >= name.length) return !isNumber
      label = i + 1
      isNumber = true
    } else if (c < 0x30 || c > 0x39) {
      const letter = c | 0x20
      if ((letter < 0x61 || letter > 0x7a) && (c !== hyphen || i === label)) return false
      isNumber = false
    }
  }
}

const dot = 0x2e
const hyphen = 0x2d

/** 4 or 16 bytes of "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; undefined for anything else, zone identifiers
 * included. */
export const parseIp = (text: string): Uint8Array | undefined => {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  return bare.includes(':') ? parseIpv6(bare) : bare === text ? parseIpv4(text) : undefined
}

const parseIpv4 = (text: string): Uint8Array | undefined => {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined
  }
  return Uint8Array.from(parts, Number)
}

const parseIpv6 = (text: string): Uint8Array | undefined => {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, i) => groupsOf(half, i === halves.length - 1))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const length = head.length + (tail?.length ?? 0)
  if (tail === undefined ? length !== 16 : length > 14) return undefined
  const bytes = new Uint8Array(16)
  bytes.set(head)
  if (tail !== undefined) bytes.set(tail, 16 - tail.length)
  return bytes
}

/** Bytes of "a:b:c", whose last part may be dotted IPv4 (RFC 4291 section 2.2). */
const groupsOf = (text: string, isLast: boolean): number[] | undefined => {
  if (text === '') return []
  const bytes: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      const group = Number.parseInt(part, 16)
      bytes.push(group >> 8, group & 0xff)
      continue
    }
    const dotted = isLast && i === parts.length - 1 ? parseIpv4(part) : undefined
    if (dotted === undefined) return undefined
    bytes.push(...dotted)
  }
  return bytes
}
