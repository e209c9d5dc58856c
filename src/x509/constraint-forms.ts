// The forms of name that constraints can be put on (RFC 5280 section 4.2.1.10), each as the name and as the base of a
// subtree, in what is compared: steps from the root of a tree (labels of hosts from the last one, relative names from
// the first one), local parts, addresses with masks. subtree-index.ts compares.

/** A name as it is compared. */
export type Comparable =
  | {
      readonly kind: 'path'
      readonly steps: readonly string[]
      /** The local part of a mailbox, which counts where a constraint has one. */
      readonly local?: string
      /** The last step stands for any one label. */
      readonly isWildcard?: boolean
    }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array }
  | { readonly kind: 'other' }

/** The base of a subtree: a place in the tree, and what of it belongs to the subtree; or a range of addresses. */
export type Base =
  | {
      readonly isWellFormed: true
      readonly kind: 'path'
      readonly steps: readonly string[]
      readonly covers: 'itself' | 'below' | 'both'
      /** Only this mailbox of the host. */
      readonly local?: string
    }
  | { readonly isWellFormed: true; readonly kind: 'ip'; readonly address: Uint8Array; readonly mask: Uint8Array }
  | { readonly isWellFormed: false; readonly reason: 'malformed' | 'unsupported' }

const malformed: Base = { isWellFormed: false, reason: 'malformed' }

/** A DNS name in any labels that can be compared, underscores included, or none; undefined for other text. */
export const dnsName = (text: string): Comparable | undefined => {
  const host = text.toLowerCase()
  const isWildcard = host.startsWith('*.')
  if (host !== '' && !isHost(isWildcard ? host.slice(2) : host)) return undefined
  return { kind: 'path', steps: labels(host), isWildcard }
}

/** "host.example" for the host and all below it, ".host.example" for what is below it (as OpenSSL, NSS and Go read a
 * form that RFC 5280 has for URIs only), "" for every name. */
export const dnsBase = (text: string): Base => {
  const host = text.toLowerCase()
  const isBelow = host.startsWith('.')
  if (host !== '' && !isHost(isBelow ? host.slice(1) : host)) return malformed
  return placeOf(isBelow ? host.slice(1) : host, isBelow ? 'below' : 'both')
}

const placeOf = (host: string, covers: 'itself' | 'below' | 'both'): Base => ({
  isWellFormed: true,
  kind: 'path',
  steps: labels(host),
  covers,
})

/** From the last one; an address literal is one. */
const labels = (host: string): readonly string[] =>
  host === '' ? [] : host.startsWith('[') ? [host] : host.split('.').reverse()

/** Local part and host of an addr-spec (RFC 5321 section 4.1.2), or undefined. `international`: SmtpUTF8Mailbox,
 * whose local part is UTF-8 and whose host is in A-labels (RFC 9598 section 3). */
export const emailName = (text: string, international = false): Comparable | undefined => {
  const match = (international ? internationalMailbox : mailbox).exec(text)
  const [, local = '', domain = ''] = match ?? []
  const host = domain.toLowerCase()
  return match !== null && (isHost(host) || addressLiteral.test(host))
    ? { kind: 'path', steps: labels(host), local: unquoted(local) }
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
  if (!text.includes('@')) return hostBase(text)
  const base = emailName(text)
  return base?.kind === 'path' ? { isWellFormed: true, ...base, covers: 'itself' } : malformed
}

/** The host of a URI that has one: an IP address or nothing can't be constrained, and neither can what readers of
 * URIs understand in two ways (a backslash, a second "@", bytes that RFC 3986 section 3.2.1 does not allow before
 * the "@"). */
export const uriName = (text: string): Comparable | undefined => {
  const host = uriPattern.exec(text)?.[1]?.toLowerCase()
  if (host === undefined || !isHost(host) || endsInNumber.test(host)) return undefined
  return { kind: 'path', steps: labels(host) }
}

const uriPattern =
  /^[a-z][a-z0-9+.-]*:\/\/(?:(?:[\w.~!$&'()*+,;=:-]|%[0-9a-f]{2})*@)?([\w.-]+)(?::[0-9]*)?(?:[/?#][^\\\s]*)?$/i
const endsInNumber = /(^|\.)(0x[0-9a-f]*|[0-9]+)$/i

/** "host.example" for the host itself, ".example" for what is below it, "" for every name, as it is for DNS. */
export const hostBase = (text: string): Base => {
  const host = text.toLowerCase()
  if (host === '') return placeOf('', 'both')
  const isBelow = host.startsWith('.')
  const place = isBelow ? host.slice(1) : host
  return isHost(place) ? placeOf(place, isBelow ? 'below' : 'itself') : malformed
}

/** A name and all that it begins; texts that are equal for relative names that match by RFC 5280 section 7.1. */
export const directoryBase = (steps: readonly string[]): Base => ({
  isWellFormed: true,
  kind: 'path',
  steps,
  covers: 'both',
})

/** `range` is an address and a mask of ones, then zeros (RFC 4632). */
export const ipBase = (range: Uint8Array): Base => {
  const length = range.length / 2
  const mask = range.subarray(length)
  if (!isPrefixMask(mask)) return malformed
  return { isWellFormed: true, kind: 'ip', address: range.subarray(0, length), mask }
}

const isPrefixMask = (mask: Uint8Array): boolean => {
  let hasEnded = false
  for (const byte of mask) {
    if (!hasEnded && byte === 0xff) continue
    const zeros = ~byte & 0xff
    if ((hasEnded && byte !== 0) || (zeros & (zeros + 1)) !== 0) return false
    hasEnded = true
  }
  return true
}

/** Labels of letters, digits, hyphens and underscores, in lower case, without a final dot. */
const isHost = (text: string): boolean => text.length <= 253 && hostPattern.test(text)
const hostPattern = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/
