// Name constraints (RFC 5280 section 4.2.1.10): the names of a certificate against the subtrees of every CA above it.
// Names and subtrees are prepared once each, and all comparisons of a verification share one budget.

import type { Certificate } from './certificate.ts'
import type { GeneralSubtree, NameConstraints } from './extensions.ts'
import type { GeneralName } from './general-name.ts'
import { dnsBase, dnsName, emailBase, emailName, ipBase, uriBase, uriName } from './constraint-forms.ts'
import type { Base, Comparable } from './constraint-forms.ts'
import { emailAddressOid, otherNameOids } from './oids.ts'
import { quote } from './rejection.ts'

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
  const names = remembered(namesOf, certificate, constrainedNames)
  for (const constraint of constraints) {
    const { excluded, permitted } = remembered(subtreesOf, constraint, prepare)
    for (const [form, named] of names) {
      const violation =
        findAmong(named, excluded.get(form), 'excluded', budget) ??
        findAmong(named, permitted.get(form), 'permitted', budget)
      if (violation !== undefined) return violation
    }
  }
  return undefined
}

/** Whether a set of subtrees is written as section 4.2.1.10 has it; else what is wrong with it. */
export const malformedConstraint = ({ permitted = [], excluded = [] }: NameConstraints): string | undefined => {
  for (const { base } of [...permitted, ...excluded]) {
    const isLoose =
      base.kind === 'dns'
        ? base.value.startsWith('.')
        : (base.kind === 'email' || base.kind === 'uri') && base.value === ''
    const form = baseOf(base)
    if (!isLoose && (form.isWellFormed || form.reason === 'unsupported')) continue
    return `the name constraint ${base.kind} ${quote(base.value)} is not in a form that RFC 5280 allows`
  }
  return undefined
}

/** Names that are compared with the same subtrees. */
type Form = GeneralName['kind'] | `otherName ${string}`

interface PreparedName {
  readonly shown: string
  /** Undefined for a name that does not have the form its kind asks for: in no permitted and any excluded subtree. */
  readonly comparable: Comparable | undefined
}

interface PreparedSubtree {
  readonly base: Base
  readonly shown: string
  /** Whether minimum and maximum are as section 4.2.1.10 wants them, and names of the kind can be compared. */
  readonly isSupported: boolean
}

interface Group {
  readonly subtrees: PreparedSubtree[]
  /** What it takes to compare one name with all of them. */
  cost: number
}

type Groups = Map<Form, Group>

const namesOf = new WeakMap<Certificate, ReadonlyMap<Form, readonly PreparedName[]>>()
const subtreesOf = new WeakMap<NameConstraints, { readonly permitted: Groups; readonly excluded: Groups }>()

const remembered = <K extends object, V>(memory: WeakMap<K, V>, key: K, make: (key: K) => V): V => {
  const known = memory.get(key)
  if (known !== undefined) return known
  const made = make(key)
  memory.set(key, made)
  return made
}

const prepare = ({ permitted = [], excluded = [] }: NameConstraints): { permitted: Groups; excluded: Groups } => ({
  permitted: grouped(permitted),
  excluded: grouped(excluded),
})

const grouped = (subtrees: readonly GeneralSubtree[]): Groups => {
  const groups: Groups = new Map()
  for (const { base: name, minimum, maximum } of subtrees) {
    const form = formOf(name)
    const group: Group = groups.get(form) ?? { subtrees: [], cost: 0 }
    groups.set(form, group)
    const base = baseOf(name)
    const isSupported = minimum === 0 && maximum === undefined && (base.isWellFormed || base.reason !== 'unsupported')
    group.subtrees.push({ base, shown: quote(name.value), isSupported })
    group.cost += 1 + (name.kind === 'directory' ? name.name.length : Math.floor(name.value.length / 64))
  }
  return groups
}

/** A malformed name counts for the form that it was meant to have. SmtpUTF8Mailbox is held to the constraints on
 * e-mail addresses (RFC 9598 section 6). */
const formOf = (name: GeneralName): Form => {
  if (name.kind === 'malformed') return name.form
  if (name.kind !== 'otherName') return name.kind
  return name.oid === otherNameOids.smtpUtf8Mailbox ? 'email' : `otherName ${name.oid}`
}

/** Subject and subjectAltName; e-mail addresses of the subject only where there is no subjectAltName. */
const constrainedNames = ({ subject, subjectAltNames }: Certificate): ReadonlyMap<Form, readonly PreparedName[]> => {
  const names: GeneralName[] = [...(subjectAltNames ?? [])]
  if (!subject.isEmpty) names.push({ kind: 'directory', value: '', name: subject })
  if (subjectAltNames === undefined) {
    for (const { oid, value } of subject.attributes) if (oid === emailAddressOid) names.push({ kind: 'email', value })
  }
  const byForm = new Map<Form, PreparedName[]>()
  for (const name of names) {
    const form = formOf(name)
    const shown = `${name.kind} ${quote(name.kind === 'directory' ? name.name.toString() : name.value)}`
    const prepared = { shown, comparable: comparableOf(name) }
    const same = byForm.get(form)
    if (same === undefined) byForm.set(form, [prepared])
    else same.push(prepared)
  }
  return byForm
}

const comparableOf = (name: GeneralName): Comparable | undefined => {
  switch (name.kind) {
    case 'dns':
      return dnsName(name.value)
    case 'email':
      return emailName(name.value)
    case 'uri':
      return uriName(name.value)
    case 'ip':
      return { kind: 'ip', bytes: name.bytes }
    case 'directory':
      return { kind: 'directory', rdns: name.name.rdnKeys }
    case 'otherName':
      return name.oid === otherNameOids.smtpUtf8Mailbox ? emailName(name.text ?? '', true) : { kind: 'other' }
    case 'malformed':
      return undefined
    default:
      return { kind: 'other' }
  }
}

const baseOf = (name: GeneralName): Base => {
  switch (name.kind) {
    case 'dns':
      return dnsBase(name.value)
    case 'email':
      return emailBase(name.value)
    case 'uri':
      return uriBase(name.value)
    case 'ip':
      return ipBase(name.bytes)
    case 'directory': {
      const rdns = name.name.rdnKeys
      const isWithin = (it: Comparable): boolean =>
        it.kind === 'directory' && rdns.length <= it.rdns.length && rdns.every((key, i) => key === it.rdns[i])
      return { isWellFormed: true, includes: isWithin }
    }
    case 'malformed':
      return { isWellFormed: false, reason: 'malformed' }
    default:
      return { isWellFormed: false, reason: 'unsupported' }
  }
}

const findAmong = (
  names: readonly PreparedName[],
  group: Group | undefined,
  which: 'permitted' | 'excluded',
  budget: ComparisonBudget,
): ConstraintViolation | undefined => {
  if (group === undefined) return undefined
  for (const name of names) {
    budget.comparisons -= group.cost
    if (budget.comparisons < 0) {
      return { kind: 'exhausted', sentence: 'there are more names and name constraints than we are willing to compare' }
    }
    const violation = checkName(name, group.subtrees, which)
    if (violation !== undefined) return violation
  }
  return undefined
}

const checkName = (
  { shown, comparable }: PreparedName,
  subtrees: readonly PreparedSubtree[],
  which: 'permitted' | 'excluded',
): ConstraintViolation | undefined => {
  if (comparable === undefined) {
    return { kind: 'malformed', sentence: `${shown} can't be compared with the name constraints on it` }
  }
  for (const { base, shown: subtree, isSupported } of subtrees) {
    if (!isSupported) {
      return { kind: 'unsupported', sentence: `${shown} is under a name constraint of a form that is not supported` }
    }
    if (!base.isWellFormed) {
      return { kind: 'malformed', sentence: `${shown} is under the malformed name constraint ${subtree}` }
    }
    if (!base.includes(comparable, which)) continue
    if (which === 'permitted') return undefined
    return { kind: 'violated', sentence: `${shown} is excluded by the name constraint ${subtree}` }
  }
  if (which === 'excluded') return undefined
  const few = subtrees
    .slice(0, 3)
    .map((subtree) => subtree.shown)
    .join(', ')
  return { kind: 'violated', sentence: `${shown} is outside what the name constraints permit (${few})` }
}
