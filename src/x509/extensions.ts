// The certificate extensions of RFC 5280 section 4.2 (and RFC 6962, 7633), each a function from the extension's value
// to a typed one.

import { DerReader, constructedTag, contextTag } from '../wire/der.ts'
import { readGeneralName, readGeneralNames } from './general-name.ts'
import type { GeneralName } from './general-name.ts'
import { oidName } from './oids.ts'

export interface Extension {
  readonly oid: string
  readonly critical: boolean
  /** Content of extnValue. */
  readonly value: Uint8Array
  /** The whole Extension, DER. */
  readonly der: Uint8Array
}

export interface BasicConstraints {
  readonly ca: boolean
  /** Infinity if larger than any chain. */
  readonly pathLength: number | undefined
}

/** Named bits in the order of RFC 5280 section 4.2.1.3. */
export const keyUsageNames = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

export type KeyUsageName = (typeof keyUsageNames)[number]

export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | undefined
  readonly issuer: readonly GeneralName[] | undefined
  readonly serialNumber: Uint8Array | undefined
}

export interface GeneralSubtree {
  readonly base: GeneralName
  readonly minimum: number
  readonly maximum: number | undefined
}

export interface NameConstraints {
  readonly permitted: readonly GeneralSubtree[] | undefined
  readonly excluded: readonly GeneralSubtree[] | undefined
}

export interface PolicyInformation {
  readonly oid: string
  readonly qualifiers: readonly { readonly oid: string; readonly der: Uint8Array }[]
}

export interface PolicyMapping {
  readonly issuerDomainPolicy: string
  readonly subjectDomainPolicy: string
}

export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined
  readonly inhibitPolicyMapping: number | undefined
}

export interface AccessDescription {
  /** Object identifier: OCSP or caIssuers. */
  readonly method: string
  readonly location: GeneralName
}

export interface DistributionPoint {
  readonly fullName: readonly GeneralName[] | undefined
  /** nameRelativeToCRLIssuer, the RDN's content. */
  readonly relativeName: Uint8Array | undefined
  /** ReasonFlags bits. */
  readonly reasons: number | undefined
  readonly crlIssuer: readonly GeneralName[] | undefined
}

/** Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension, no two alike (section 4.2). */
export const readExtensions = (reader: DerReader, what = 'extensions'): Extension[] => {
  const sequence = reader.sequence(what)
  if (sequence.done) sequence.deviate(`${what} is an empty list`)
  const extensions: Extension[] = []
  const seen = new Set<string>()
  while (!sequence.done) {
    const start = sequence.position
    const entry = sequence.sequence('extension')
    const oid = entry.oid('extension identifier')
    const critical = entry.flag('critical')
    const value = entry.octetString('extension value')
    entry.end()
    if (seen.has(oid)) sequence.fail(`extension ${oidName(oid)} occurs twice`, start)
    seen.add(oid)
    extensions.push(new ReadExtension(oid, critical, value, reader.bytes, start, sequence.position))
  }
  return extensions
}

/** `der` is made when asked for, which is seldom. */
class ReadExtension implements Extension {
  readonly oid: string
  readonly critical: boolean
  readonly value: Uint8Array
  readonly #bytes: Uint8Array
  readonly #start: number
  readonly #end: number

  constructor(oid: string, critical: boolean, value: Uint8Array, bytes: Uint8Array, start: number, end: number) {
    this.oid = oid
    this.critical = critical
    this.value = value
    this.#bytes = bytes
    this.#start = start
    this.#end = end
  }

  get der(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end)
  }
}

/** Where a reader notes what breaks a rule for writers and can be read in one way only; without it the reader
 * refuses. */
export type Deviations = string[] | undefined

const open = (value: Uint8Array, what: string, deviations: Deviations): DerReader =>
  deviations === undefined
    ? new DerReader(value, 'bad_certificate', what)
    : DerReader.tolerant(value, 'bad_certificate', what, deviations)

/** The content of a SEQUENCE that is the whole value. */
const outer = (value: Uint8Array, what: string, deviations: Deviations): DerReader => {
  const reader = open(value, what, deviations)
  const sequence = reader.sequence(what)
  reader.end()
  return sequence
}

const listOf = <T>(value: Uint8Array, what: string, deviations: Deviations, item: (reader: DerReader) => T): T[] => {
  const sequence = outer(value, what, deviations)
  if (sequence.done) sequence.deviate(`${what} is an empty list`)
  const items: T[] = []
  while (!sequence.done) items.push(item(sequence))
  return items
}

/** Section 4.2.1.9. */
export const readBasicConstraints = (value: Uint8Array, deviations?: Deviations): BasicConstraints => {
  const sequence = outer(value, 'basicConstraints', deviations)
  const ca = sequence.flag('cA')
  const pathLength = sequence.done ? undefined : sequence.smallInteger('pathLenConstraint', undefined, true)
  sequence.end()
  return { ca, pathLength }
}

/** Section 4.2.1.3; at least one bit is set. */
export const readKeyUsage = (value: Uint8Array, deviations?: Deviations): readonly KeyUsageName[] => {
  const reader = open(value, 'keyUsage', deviations)
  const bits = reader.namedBits('keyUsage')
  reader.end()
  if (bits === 0) reader.deviate('keyUsage has no usage set')
  return keyUsageNames.filter((_, i) => ((bits >> i) & 1) === 1)
}

/** Section 4.2.1.12. */
export const readExtendedKeyUsage = (value: Uint8Array, deviations?: Deviations): readonly string[] =>
  listOf(value, 'extendedKeyUsage', deviations, (reader) => reader.oid('key purpose'))

/** Sections 4.2.1.6 and 4.2.1.7. */
export const readAltNames = (value: Uint8Array, what: string, deviations?: Deviations): readonly GeneralName[] =>
  readGeneralNames(outer(value, what, deviations), what)

/** Section 4.2.1.2. */
export const readSubjectKeyIdentifier = (value: Uint8Array, deviations?: Deviations): Uint8Array => {
  const reader = open(value, 'subjectKeyIdentifier', deviations)
  const identifier = reader.octetString('key identifier')
  reader.end()
  return identifier
}

/** Section 4.2.1.1; issuer and serial number come together. */
export const readAuthorityKeyIdentifier = (value: Uint8Array, deviations?: Deviations): AuthorityKeyIdentifier => {
  const what = 'authorityKeyIdentifier'
  const sequence = outer(value, what, deviations)
  const keyIdentifier =
    sequence.peek() === contextTag(0) ? sequence.content(contextTag(0), 'key identifier') : undefined
  const names = sequence.optional(constructedTag(1), 'authorityCertIssuer')
  const issuer = names === undefined ? undefined : readGeneralNames(names, what)
  const serialNumber =
    sequence.peek() === contextTag(2) ? sequence.integer('authorityCertSerialNumber', contextTag(2)) : undefined
  sequence.end()
  if ((issuer === undefined) !== (serialNumber === undefined)) {
    sequence.deviate(`${what} has an issuer without a serial number, or the other way round`)
  }
  return { keyIdentifier, issuer, serialNumber }
}

/** Section 4.2.1.10; not empty, and neither is what it holds. */
export const readNameConstraints = (value: Uint8Array, deviations?: Deviations): NameConstraints => {
  const sequence = outer(value, 'nameConstraints', deviations)
  const permitted = subtrees(sequence, 0, 'permittedSubtrees')
  const excluded = subtrees(sequence, 1, 'excludedSubtrees')
  sequence.end()
  if (permitted === undefined && excluded === undefined) {
    sequence.deviate('an extension of constraints constrains nothing')
  }
  return { permitted, excluded }
}

const subtrees = (reader: DerReader, n: number, what: string): GeneralSubtree[] | undefined => {
  const list = reader.optional(constructedTag(n), what)
  if (list === undefined) return undefined
  if (list.done) list.fail(`${what} is empty`)
  const found: GeneralSubtree[] = []
  while (!list.done) {
    const subtree = list.sequence('subtree')
    const base = readGeneralName(subtree, 'name of subtree', 'range')
    const hasMinimum = subtree.peek() === contextTag(0)
    const minimum = hasMinimum ? subtree.smallInteger('minimum', contextTag(0)) : 0
    if (hasMinimum && minimum === 0) subtree.deviate('minimum is encoded although it has its default value')
    const maximum = subtree.peek() === contextTag(1) ? subtree.smallInteger('maximum', contextTag(1)) : undefined
    subtree.end()
    found.push({ base, minimum, maximum })
  }
  return found
}

/** Section 4.2.1.4; no policy occurs twice. */
export const readCertificatePolicies = (value: Uint8Array, deviations?: Deviations): readonly PolicyInformation[] => {
  const seen = new Set<string>()
  return listOf(value, 'certificatePolicies', deviations, (reader) => {
    const information = reader.sequence('policy information')
    const oid = information.oid('policy identifier')
    if (seen.has(oid)) information.fail(`policy ${oid} occurs twice`)
    seen.add(oid)
    const qualifiers = information.done ? [] : readQualifiers(information)
    information.end()
    return { oid, qualifiers }
  })
}

const readQualifiers = (reader: DerReader): PolicyInformation['qualifiers'] => {
  const list = reader.sequence('policy qualifiers')
  if (list.done) list.deviate('the list of qualifiers is empty')
  const qualifiers: { oid: string; der: Uint8Array }[] = []
  while (!list.done) {
    const qualifier = list.sequence('policy qualifier')
    qualifiers.push({ oid: qualifier.oid('qualifier identifier'), der: qualifier.element('qualifier') })
    qualifier.end()
  }
  return qualifiers
}

/** Section 4.2.1.5. */
export const readPolicyMappings = (value: Uint8Array, deviations?: Deviations): readonly PolicyMapping[] =>
  listOf(value, 'policyMappings', deviations, (reader) => {
    const mapping = reader.sequence('mapping')
    const issuerDomainPolicy = mapping.oid('issuerDomainPolicy')
    const subjectDomainPolicy = mapping.oid('subjectDomainPolicy')
    mapping.end()
    return { issuerDomainPolicy, subjectDomainPolicy }
  })

/** Section 4.2.1.11; not empty. */
export const readPolicyConstraints = (value: Uint8Array, deviations?: Deviations): PolicyConstraints => {
  const sequence = outer(value, 'policyConstraints', deviations)
  const skip = (n: number, name: string): number | undefined =>
    sequence.peek() === contextTag(n) ? sequence.smallInteger(name, contextTag(n), true) : undefined
  const requireExplicitPolicy = skip(0, 'requireExplicitPolicy')
  const inhibitPolicyMapping = skip(1, 'inhibitPolicyMapping')
  sequence.end()
  if (requireExplicitPolicy === undefined && inhibitPolicyMapping === undefined) {
    sequence.deviate('an extension of constraints constrains nothing')
  }
  return { requireExplicitPolicy, inhibitPolicyMapping }
}

/** Section 4.2.1.14. */
export const readInhibitAnyPolicy = (value: Uint8Array, deviations?: Deviations): number => {
  const reader = open(value, 'inhibitAnyPolicy', deviations)
  const skip = reader.smallInteger('inhibitAnyPolicy', undefined, true)
  reader.end()
  return skip
}

/** Sections 4.2.2.1 and 4.2.2.2. */
export const readInfoAccess = (
  value: Uint8Array,
  what: string,
  deviations?: Deviations,
): readonly AccessDescription[] =>
  listOf(value, what, deviations, (reader) => {
    const description = reader.sequence('access description')
    const method = description.oid('access method')
    const location = readGeneralName(description, 'access location')
    description.end()
    return { method, location }
  })

/** Sections 4.2.1.13 and 4.2.1.15; a point names a place or an issuer, not reasons only. */
export const readDistributionPoints = (
  value: Uint8Array,
  what: string,
  deviations?: Deviations,
): readonly DistributionPoint[] =>
  listOf(value, what, deviations, (reader) => {
    const point = reader.sequence('distribution point')
    const name = readDistributionPointName(point)
    const reasons = point.peek() === contextTag(1) ? point.namedBits('reasons', contextTag(1)) : undefined
    const issuer = point.optional(constructedTag(2), 'cRLIssuer')
    const crlIssuer = issuer === undefined ? undefined : readGeneralNames(issuer, 'cRLIssuer')
    point.end()
    if (name === undefined && crlIssuer === undefined) point.deviate('a distribution point names nothing')
    return { fullName: name?.fullName, relativeName: name?.relativeName, reasons, crlIssuer }
  })

/** [0] DistributionPointName, if it is next; issuingDistributionPoint of CRLs has it too. */
export const readDistributionPointName = (
  reader: DerReader,
): Pick<DistributionPoint, 'fullName' | 'relativeName'> | undefined => {
  const choice = reader.optional(constructedTag(0), 'distributionPoint')
  if (choice === undefined) return undefined
  const full = choice.optional(constructedTag(0), 'fullName')
  const fullName = full === undefined ? undefined : readGeneralNames(full, 'fullName')
  const relativeName = fullName === undefined ? choice.content(constructedTag(1), 'nameRelativeToCRLIssuer') : undefined
  choice.end()
  return { fullName, relativeName }
}

/** RFC 7633 section 4.1: numbers of TLS extensions; 5 is status_request, "must-staple". */
export const readTlsFeature = (value: Uint8Array, deviations?: Deviations): readonly number[] =>
  listOf(value, 'TLS feature', deviations, (reader) => reader.smallInteger('feature'))

/** RFC 6962 section 3.3: the SignedCertificateTimestampList, still in TLS encoding. */
export const readSctList = (value: Uint8Array, deviations?: Deviations): Uint8Array => {
  const reader = open(value, 'SCT list', deviations)
  const list = reader.octetString('SCT list')
  reader.end()
  return list
}
