// Name constraints (RFC 5280 section 4.2.1.10): the names of a certificate against the subtrees of every CA above it.
// Names and subtrees are prepared once each, a name is compared with all subtrees of its form at once, and a
// verification has one budget for all of it.

import type { Certificate } from './certificate.ts'
import type { GeneralSubtree, NameConstraints } from './extensions.ts'
import { briefText } from './general-name.ts'
import type { GeneralName } from './general-name.ts'
import { directoryBase, dnsBase, dnsName, emailBase, emailName, hostBase, ipBase, uriName } from './constraint-forms.ts'
import type { Base, Comparable } from './constraint-forms.ts'
import { indexBy, remembered } from './maps.ts'
import { emailAddressOid, otherNameOids } from './oids.ts'
import { quote } from './rejection.ts'
import { SubtreeIndex } from './subtree-index.ts'
import type { Side } from './subtree-index.ts'

export interface ComparisonBudget {
  /** Comparisons of a name with a subtree that are still allowed, and what preparing names takes. */
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
    if (!subtreesOf.has(constraint)) budget.comparisons -= weightOf(constraint)
    if (budget.comparisons < 0) return exhausted
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

/** Names that are compared with the same subtrees. */
type Form = GeneralName['kind'] | `otherName ${string}`

/** Prepared when there is a constraint on its form. */
class PreparedName {
  readonly name: GeneralName
  #comparable: { readonly value: Comparable | undefined } | undefined

  constructor(name: GeneralName) {
    this.name = name
  }

  /** Undefined for a name that does not have the form its kind asks for: in no permitted and any excluded subtree. */
  get comparable(): Comparable | undefined {
    this.#comparable ??= { value: comparableOf(this.name) }
    return this.#comparable.value
  }
}

/** The subtrees of one form, in order. */
interface Group {
  readonly subtrees: GeneralName[]
  readonly index: SubtreeIndex
  /** The first that nothing can be compared with: it is of a form that is not supported, or malformed. */
  unusable: { readonly position: number; readonly kind: 'unsupported' | 'malformed' } | undefined
  /** What it takes to compare one name with all of them. */
  cost: number
}

type Groups = Map<Form, Group>

const namesOf = new WeakMap<Certificate, ReadonlyMap<Form, readonly PreparedName[]>>()
const subtreesOf = new WeakMap<NameConstraints, { readonly permitted: Groups; readonly excluded: Groups }>()

const prepare = ({ permitted = [], excluded = [] }: NameConstraints): { permitted: Groups; excluded: Groups } => ({
  permitted: grouped(permitted),
  excluded: grouped(excluded),
})

const grouped = (subtrees: readonly GeneralSubtree[]): Groups => {
  const groups: Groups = new Map()
  for (const { base: name, minimum, maximum } of subtrees) {
    const form = formOf(name)
    const group = groups.get(form) ?? { subtrees: [], index: new SubtreeIndex(), unusable: undefined, cost: 0 }
    groups.set(form, group)
    const base = baseOf(name)
    const position = group.subtrees.push(name) - 1
    // minimum and maximum as section 4.2.1.10 wants them
    if (minimum !== 0 || maximum !== undefined) group.unusable ??= { position, kind: 'unsupported' }
    else if (base.isWellFormed) group.index.add(base, position)
    else group.unusable ??= { position, kind: base.reason }
    group.cost += 1 + (name.kind === 'directory' ? name.name.length : Math.floor(name.value.length / 64))
  }
  return groups
}

/** What it takes to prepare them beyond reading them: only texts of other alphabets take much. */
const weightOf = ({ permitted = [], excluded = [] }: NameConstraints): number =>
  [permitted, excluded].flat().reduce((sum, { base: name }) => sum + weight(name), 0)

const weight = (name: GeneralName): number => (name.kind === 'directory' ? name.name.weight : 0)

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
  const prepared = names.map((name) => new PreparedName(name))
  return indexBy(prepared, ({ name }) => formOf(name))
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
      return { kind: 'path', steps: name.name.rdnKeys }
    case 'otherName':
      return name.oid === otherNameOids.smtpUtf8Mailbox ? emailName(name.text ?? '', true) : { kind: 'other' }
    case 'malformed':
      return undefined
    default:
      return { kind: 'other' }
  }
}

export const baseOf = (name: GeneralName): Base => {
  switch (name.kind) {
    case 'dns':
      return dnsBase(name.value)
    case 'email':
      return emailBase(name.value)
    case 'uri':
      return hostBase(name.value)
    case 'ip':
      return ipBase(name.bytes)
    case 'directory':
      return directoryBase(name.name.rdnKeys)
    case 'malformed':
      return { isWellFormed: false, reason: 'malformed' }
    default:
      return { isWellFormed: false, reason: 'unsupported' }
  }
}

const exhausted: ConstraintViolation = {
  kind: 'exhausted',
  sentence: 'there are more names and name constraints than we are willing to compare',
}

const findAmong = (
  names: readonly PreparedName[],
  group: Group | undefined,
  side: Side,
  budget: ComparisonBudget,
): ConstraintViolation | undefined => {
  if (group === undefined) return undefined
  for (const name of names) {
    budget.comparisons -= group.cost + weight(name.name)
    if (budget.comparisons < 0) return exhausted
    const violation = checkName(name, group, side)
    if (violation !== undefined) return violation
  }
  return undefined
}

const checkName = (
  { name, comparable }: PreparedName,
  { subtrees, index, unusable }: Group,
  side: Side,
): ConstraintViolation | undefined => {
  if (comparable === undefined) {
    return { kind: 'malformed', sentence: `${shown(name)} can't be compared with the name constraints on it` }
  }
  const found = index.find(comparable, side)
  if (unusable !== undefined && unusable.position < found) {
    const subtree =
      unusable.kind === 'malformed'
        ? `the malformed name constraint ${shownSubtree(subtrees[unusable.position])}`
        : 'a name constraint of a form that is not supported'
    return { kind: unusable.kind, sentence: `${shown(name)} is under ${subtree}` }
  }
  const isFound = found < subtrees.length
  if (isFound === (side === 'permitted')) return undefined
  const subtree = isFound
    ? `is excluded by the name constraint ${shownSubtree(subtrees[found])}`
    : `is outside what the name constraints permit (${subtrees.slice(0, 3).map(shownSubtree).join(', ')})`
  return { kind: 'violated', sentence: `${shown(name)} ${subtree}` }
}

const shown = (name: GeneralName): string => `${name.kind} ${quote(briefText(name))}`
const shownSubtree = (name: GeneralName | undefined): string => quote(name === undefined ? '' : briefText(name))
