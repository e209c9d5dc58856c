// Name constraints (RFC 5280 section 4.2.1.10): the names of a certificate against the subtrees of every CA above it.
// Called by path.ts for each certificate of a path, with one budget of comparisons for the whole verification.

import type { Certificate } from './certificate.ts'
import type { GeneralSubtree, NameConstraints } from './extensions.ts'
import type { GeneralName } from './general-name.ts'
import type { Name } from './name.ts'
import { isDnsName } from './names.ts'
import { emailAddressOid } from './oids.ts'

export interface ComparisonBudget {
  /** Comparisons of a name with a subtree that are still allowed. */
  comparisons: number
}

/** Why names are not allowed: `exhausted` if the budget ended first. */
export interface ConstraintViolation {
  readonly kind: 'violated' | 'malformed' | 'unsupported' | 'exhausted'
  readonly sentence: string
}

/** The first violation of `constraints` by the certificate's subject and subjectAltName, if any. */
export const findViolation = (
  certificate: Certificate,
  constraints: readonly NameConstraints[],
  budget: ComparisonBudget,
): ConstraintViolation | undefined => {
  const names = constrainedNames(certificate)
  for (const { permitted, excluded } of constraints) {
    const permittedByKind = permitted && byKind(permitted)
    const excludedByKind = excluded && byKind(excluded)
    for (const name of names) {
      const allowed = permittedByKind?.get(name.kind)
      const forbidden = excludedByKind?.get(name.kind)
      const violation =
        (forbidden && checkName(name, forbidden, 'excluded', budget)) ??
        (allowed && checkName(name, allowed, 'permitted', budget))
      if (violation !== undefined) return violation
    }
  }
  return undefined
}

/** Whether a set of subtrees is written as section 4.2.1.10 has it; else what is wrong with it. */
export const malformedConstraint = (constraints: NameConstraints): string | undefined => {
  for (const { base } of [...(constraints.permitted ?? []), ...(constraints.excluded ?? [])]) {
    if (!isWellFormedBase(base)) return `the name constraint ${base.kind} "${base.value}" is not in a form that RFC 5280 allows`
  }
  return undefined
}

const byKind = (subtrees: readonly GeneralSubtree[]): ReadonlyMap<GeneralName['kind'], readonly GeneralSubtree[]> => {
  const groups = new Map<GeneralName['kind'], GeneralSubtree[]>()
  for (const subtree of subtrees) {
    const group = groups.get(subtree.base.kind)
    if (group === undefined) groups.set(subtree.base.kind, [subtree])
    else group.push(subtree)
  }
  return groups
}

/** Subject and subjectAltName; e-mail addresses of the subject only where there is no subjectAltName. */
const constrainedNames = (certificate: Certificate): readonly GeneralName[] => {
  const { subject, subjectAltNames } = certificate
  const names: GeneralName[] = [...(subjectAltNames ?? [])]
  if (!subject.isEmpty) names.push({ kind: 'directory', value: '', name: subject })
  if (subjectAltNames !== undefined) return names
  for (const { oid, value } of subject.attributes) if (oid === emailAddressOid) names.push({ kind: 'email', value })
  return names
}

const checkName = (
  name: GeneralName,
  subtrees: readonly GeneralSubtree[],
  which: 'permitted' | 'excluded',
  budget: ComparisonBudget,
): ConstraintViolation | undefined => {
  const shown = `${name.kind} "${name.kind === 'directory' ? name.name.toString() : name.value}"`
  budget.comparisons -= subtrees.length
  if (budget.comparisons < 0) {
    return { kind: 'exhausted', sentence: 'there are more names and name constraints than we are willing to compare' }
  }
  if (!isComparable(name)) return { kind: 'malformed', sentence: `${shown} can't be compared with the name constraints on it` }
  for (const subtree of subtrees) {
    if (subtree.minimum !== 0 || subtree.maximum !== undefined || !supported.has(subtree.base.kind)) {
      return { kind: 'unsupported', sentence: `${shown} is under a name constraint of a form that is not supported` }
    }
    if (!isWellFormedBase(subtree.base)) {
      return { kind: 'malformed', sentence: `${shown} is under the malformed name constraint "${subtree.base.value}"` }
    }
    const match = matches(name, subtree.base, which)
    if (match && which === 'permitted') return undefined
    if (match) return { kind: 'violated', sentence: `${shown} is excluded by the name constraint "${subtree.base.value}"` }
  }
  if (which === 'excluded') return undefined
  const few = subtrees.slice(0, 3).map(({ base }) => `"${base.value}"`).join(', ')
  return { kind: 'violated', sentence: `${shown} is outside what the name constraints permit (${few})` }
}

const supported: ReadonlySet<GeneralName['kind']> = new Set(['dns', 'email', 'uri', 'ip', 'directory'])

/** Names that have the form their kind asks for; the others can be in no permitted and any excluded subtree. */
const isComparable = (name: GeneralName): boolean => {
  if (name.kind === 'dns') return isDnsName(name.value)
  if (name.kind === 'email') return splitEmail(name.value) !== undefined
  if (name.kind === 'uri') return hostOfUri(name.value) !== undefined
  return true
}

const isWellFormedBase = (base: GeneralName): boolean => {
  if (base.kind === 'dns') return base.value === '' || isDnsName(base.value, false)
  if (base.kind === 'email') return base.value.includes('@') ? splitEmail(base.value) !== undefined : isHostBase(base.value)
  if (base.kind === 'uri') return isHostBase(base.value)
  if (base.kind === 'ip') return isPrefixMask(base.bytes.subarray(base.bytes.length / 2))
  return true
}

/** "host.example" for the host itself, ".example" for what is below it. */
const isHostBase = (text: string): boolean => isDnsName(text.startsWith('.') ? text.slice(1) : text, false)

const matches = (name: GeneralName, base: GeneralName, which: 'permitted' | 'excluded'): boolean => {
  if (name.kind === 'dns' && base.kind === 'dns') return dnsWithin(name.value.toLowerCase(), base.value.toLowerCase(), which)
  if (name.kind === 'email' && base.kind === 'email') return emailWithin(name.value, base.value)
  if (name.kind === 'uri' && base.kind === 'uri') return hostWithin(hostOfUri(name.value) ?? '', base.value)
  if (name.kind === 'ip' && base.kind === 'ip') return ipWithin(name.bytes, base.bytes)
  return name.kind === 'directory' && base.kind === 'directory' && nameWithin(name.name, base.name)
}

/** Zero or more labels in front of the base. A wildcard stands for any one label: it is permitted if all it stands for is
 * permitted, and excluded if one thing it stands for is excluded (CVE-2025-61727). */
const dnsWithin = (name: string, base: string, which: 'permitted' | 'excluded'): boolean => {
  if (base === '' || name === base || name.endsWith(`.${base}`)) return true
  return which === 'excluded' && name.startsWith('*.') && base.endsWith(name.slice(1)) && !base.slice(0, -name.length + 1).includes('.')
}

/** A mailbox, all mailboxes of a host, or with a leading period of all hosts below a domain. Local parts are literal. */
const emailWithin = (email: string, base: string): boolean => {
  const split = splitEmail(email)
  if (split === undefined) return false
  const wanted = splitEmail(base)
  if (wanted === undefined) return hostWithin(split.host, base)
  return split.local === wanted.local && split.host.toLowerCase() === wanted.host.toLowerCase()
}

/** Local part and host of an addr-spec (RFC 5321 section 4.1.2). A quoted local part may hold an "@"; no other may. */
const splitEmail = (email: string): { readonly local: string; readonly host: string } | undefined => {
  const match = /^([^\s"@]+|"[^"\\]*")@([^@]+)$/.exec(email)
  const [, local = '', host = ''] = match ?? []
  return match !== null && isDnsName(host, false) ? { local, host } : undefined
}

const hostWithin = (host: string, base: string): boolean =>
  base.startsWith('.') ? host.toLowerCase().endsWith(base.toLowerCase()) : host.toLowerCase() === base.toLowerCase()

/** The host of a URI with an authority, if it is a domain name: an IP address or nothing can't be constrained. */
const hostOfUri = (uri: string): string | undefined => {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#@:[\]]+)(?::[0-9]*)?(?:[/?#]|$)/i.exec(uri)
  const host = match?.[1]
  return host !== undefined && isDnsName(host, false) ? host : undefined
}

/** `base` is address and mask. */
const ipWithin = (address: Uint8Array, base: Uint8Array): boolean => {
  if (base.length !== 2 * address.length) return false
  for (let i = 0; i < address.length; i++) {
    if ((((address[i] ?? 0) ^ (base[i] ?? 0)) & (base[address.length + i] ?? 0)) !== 0) return false
  }
  return true
}

/** Ones, then zeros (RFC 4632). */
const isPrefixMask = (mask: Uint8Array): boolean => /^1*0*$/.test(Array.from(mask, (b) => b.toString(2).padStart(8, '0')).join(''))

/** The base's relative names are the first ones of the name (section 7.1 comparison). */
const nameWithin = (name: Name, base: Name): boolean => {
  const keys = name.rdnKeys
  return base.rdnKeys.length <= keys.length && base.rdnKeys.every((key, i) => key === keys[i])
}
