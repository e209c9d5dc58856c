// The forms of name that constraints can be put on (RFC 5280 section 4.2.1.10), each as the name and as the base of a
// subtree, in what is compared: lower-case hosts, local parts, addresses with masks.

/** A name as it is compared. */
export type Comparable =
  | { readonly kind: 'dns'; readonly host: string }
  | { readonly kind: 'email'; readonly local: string; readonly host: string }
  | { readonly kind: 'uri'; readonly host: string }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array }
  /** By RFC 5280 section 7.1, one text for each relative name. */
  | { readonly kind: 'directory'; readonly rdns: readonly string[] }
  | { readonly kind: 'other' }

/** The base of a subtree. A wildcard DNS name is in a permitted one if all it stands for is, in an excluded one if a
 * part is. */
export type Base =
  | { readonly isWellFormed: true; includes(name: Comparable, which: 'permitted' | 'excluded'): boolean }
  | { readonly isWellFormed: false; readonly reason: 'malformed' | 'unsupported' }

const malformed: Base = { isWellFormed: false, reason: 'malformed' }

/** A DNS name in any labels that can be compared, underscores included, or none; undefined for other text. */
export const dnsName = (text: string): Comparable | undefined => {
  const host = text.toLowerCase()
  if (host === '') return { kind: 'dns', host }
  return isHost(host.startsWith('*.') ? host.slice(2) : host) ? { kind: 'dns', host } : undefined
}

/** "host.example" for the host and all below it, ".host.example" for what is below it (as OpenSSL, NSS and Go read a
 * form that RFC 5280 has for URIs only), "" for every name. */
export const dnsBase = (text: string): Base => {
  const base = text.toLowerCase()
  const below = base.startsWith('.') ? base : `.${base}`
  if (base !== '' && !isHost(below.slice(1))) return malformed
  const isItself = !base.startsWith('.')
  const parent = below.slice(below.indexOf('.', 1))
  return {
    isWellFormed: true,
    includes: (name, which) => {
      if (name.kind !== 'dns') return false
      const { host } = name
      if (base === '' || (isItself && host === base) || host.endsWith(below)) return true
      // One label in place of the wildcard can make it the base (CVE-2025-61727).
      return (
        which === 'excluded' &&
        isItself &&
        host.length === parent.length + 1 &&
        host.startsWith('*') &&
        host.endsWith(parent)
      )
    },
  }
}

/** Local part and host of an addr-spec (RFC 5321 section 4.1.2), or undefined. `international`: SmtpUTF8Mailbox,
 * whose local part is UTF-8 and whose host is in A-labels (RFC 9598 section 3). */
export const emailName = (text: string, international = false): Comparable | undefined => {
  const match = (international ? internationalMailbox : mailbox).exec(text)
  const [, local = '', domain = ''] = match ?? []
  const host = domain.toLowerCase()
  return match !== null && (isHost(host) || addressLiteral.test(host))
    ? { kind: 'email', local: unquoted(local), host }
    : undefined
}

/** A dot-string or a quoted string, and a host: only within quotes can there be a second "@". */
const mailbox = /^([!#-'*+\-/-9=?A-Z^-~]+(?:\.[!#-'*+\-/-9=?A-Z^-~]+)*|"(?:[ !#-[\]-~]|\\[ -~])*")@([^@]+)$/
const internationalMailbox = /^([^\s"@\\()<>,;:[\].]+(?:\.[^\s"@\\()<>,;:[\].]+)*|"(?:[^"\\]|\\.)*")@([^@]+)$/u

/** In place of a host (RFC 5321 section 4.1.3): no domain, so that constraints on domains do not reach it. */
const addressLiteral = /^\[(?:\d{1,3}(?:\.\d{1,3}){3}|ipv6:[0-9a-f:.]{2,39})\]$/

/** The same mailbox can be written with and without quotes. */
const unquoted = (local: string): string =>
  local.startsWith('"') ? local.slice(1, -1).replace(/\\(.)/gu, '$1') : local

/** A mailbox, all mailboxes of a host, or with a leading period of all hosts below a domain. Local parts are
 * literal. */
export const emailBase = (text: string): Base => {
  if (!text.includes('@')) return hostBase(text, 'email')
  const base = emailName(text)
  if (base?.kind !== 'email') return malformed
  return {
    isWellFormed: true,
    includes: (it) => it.kind === 'email' && it.local === base.local && it.host === base.host,
  }
}

/** The host of a URI that has one: an IP address or nothing can't be constrained, and neither can what readers of
 * URIs understand in two ways (a backslash, a second "@", bytes that RFC 3986 section 3.2.1 does not allow before
 * the "@"). */
export const uriName = (text: string): Comparable | undefined => {
  const host = uriPattern.exec(text)?.[1]?.toLowerCase()
  return host !== undefined && isHost(host) && !endsInNumber.test(host) ? { kind: 'uri', host } : undefined
}

const uriPattern =
  /^[a-z][a-z0-9+.-]*:\/\/(?:(?:[\w.~!$&'()*+,;=:-]|%[0-9a-f]{2})*@)?([\w.-]+)(?::[0-9]*)?(?:[/?#][^\\\s]*)?$/i
const endsInNumber = /(^|\.)(0x[0-9a-f]*|[0-9]+)$/i

export const uriBase = (text: string): Base => hostBase(text, 'uri')

/** "host.example" for the host itself, ".example" for what is below it, "" for every name, as it is for DNS. */
const hostBase = (text: string, kind: 'email' | 'uri'): Base => {
  const base = text.toLowerCase()
  if (base === '') return { isWellFormed: true, includes: (name) => name.kind === kind }
  const isBelow = base.startsWith('.')
  if (!isHost(isBelow ? base.slice(1) : base)) return malformed
  return {
    isWellFormed: true,
    includes: (name) =>
      name.kind === kind && 'host' in name && (isBelow ? name.host.endsWith(base) : name.host === base),
  }
}

/** `range` is an address and a mask of ones, then zeros (RFC 4632). */
export const ipBase = (range: Uint8Array): Base => {
  const length = range.length / 2
  const mask = range.subarray(length)
  if (!/^1*0*$/.test(Array.from(mask, (byte) => byte.toString(2).padStart(8, '0')).join(''))) return malformed
  return {
    isWellFormed: true,
    includes: (name) =>
      name.kind === 'ip' &&
      name.bytes.length === length &&
      name.bytes.every((byte, i) => ((byte ^ (range[i] ?? 0)) & (mask[i] ?? 0)) === 0),
  }
}

/** Labels of letters, digits, hyphens and underscores, in lower case, without a final dot. */
const isHost = (text: string): boolean => text.length <= 253 && hostPattern.test(text)
const hostPattern = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/
