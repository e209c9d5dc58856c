// The certificate extensions of RFC 5280 section 4.2 (and RFC 6962, 7633): what they are read as, and one table of
// their readers.

import { DerReader, constructedTag, contextTag, tags } from '../wire/der.ts'
import { readGeneralName, readGeneralNames } from './general-name.ts'
import type { GeneralName } from './general-name.ts'
import { extensionOids, oidName } from './oids.ts'

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
  const seen = new Set<string>()
  return sequence.rest(() => {
    const start = sequence.position
    const entry = sequence.sequence('extension')
    const oid = entry.oid('extension identifier')
    const critical = entry.flag('critical')
    const value = entry.octetString('extension value')
    entry.end()
    if (seen.has(oid)) sequence.fail(`extension ${oidName(oid)} occurs twice`, start)
    seen.add(oid)
    return new ReadExtension(oid, critical, value, reader.bytes, start, sequence.position)
  })
}

/** [n] at the end of what certifies or revokes; none if they are left out. */
export const readLastExtensions = (fields: DerReader, n: number, what?: string): readonly Extension[] => {
  const extensions = fields.optional(constructedTag(n), what ?? 'extensions', (list) => readExtensions(list, what))
  fields.end()
  return extensions ?? []
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

/** What extensions are read as, by the property of a certificate that has it. */
export interface ExtensionValues {
  readonly basicConstraints: BasicConstraints
  readonly keyUsage: readonly KeyUsageName[]
  /** Object identifiers. */
  readonly extendedKeyUsage: readonly string[]
  readonly subjectAltNames: readonly GeneralName[]
  readonly issuerAltNames: readonly GeneralName[]
  readonly nameConstraints: NameConstraints
  readonly certificatePolicies: readonly PolicyInformation[]
  readonly policyMappings: readonly PolicyMapping[]
  readonly policyConstraints: PolicyConstraints
  readonly inhibitAnyPolicy: number
  readonly subjectKeyIdentifier: Uint8Array
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier
  readonly authorityInfoAccess: readonly AccessDescription[]
  readonly subjectInfoAccess: readonly AccessDescription[]
  readonly crlDistributionPoints: readonly DistributionPoint[]
  readonly freshestCrl: readonly DistributionPoint[]
  readonly tlsFeatures: readonly number[]
  readonly sctList: Uint8Array
}

/** Reads the value of an extension; that it ends there is for the caller to see. */
type ValueReader<T> = (reader: DerReader, what: string) => T

/**
 * Reads the whole value of an extension. Throws TlsError `bad_certificate`. Where `deviations` are given, what breaks a
 * rule for writers and can be read in one way only is noted there; without them it is refused.
 */
export const readExtension = <K extends keyof ExtensionValues>(
  property: K,
  value: Uint8Array,
  deviations?: string[],
): ExtensionValues[K] => {
  const [oid, read] = extensionReaders[property]
  const what = oidName(oid)
  const reader = DerReader.tolerant(value, 'bad_certificate', what, deviations)
  const result = read(reader, what)
  reader.end()
  return result
}

/** A SEQUENCE of what `read` reads. */
const fieldsOf =
  <T>(read: ValueReader<T>): ValueReader<T> =>
  (reader, what) =>
    reader.within(tags.sequence, what, (fields) => read(fields, what))

/** A SEQUENCE OF. */
const listOf = <T>(item: (list: DerReader) => T): ValueReader<T[]> =>
  fieldsOf((list, what) => {
    if (list.done) list.deviate(`${what} is an empty list`)
    return list.rest(item)
  })

const constrainsNothing = 'an extension of constraints constrains nothing'

/** Sections 4.2.2.1 and 4.2.2.2. */
const readInfoAccess: ValueReader<AccessDescription[]> = listOf((reader) =>
  reader.within(tags.sequence, 'access description', (description) => ({
    method: description.oid('access method'),
    location: readGeneralName(description, 'access location'),
  })),
)

/** Sections 4.2.1.13 and 4.2.1.15; a point names a place or an issuer, not reasons only. */
const readDistributionPoints: ValueReader<DistributionPoint[]> = listOf((reader) =>
  reader.within(tags.sequence, 'distribution point', (point) => {
    const name = readDistributionPointName(point)
    const reasons = point.peek() === contextTag(1) ? point.namedBits('reasons', contextTag(1)) : undefined
    const crlIssuer = point.optional(constructedTag(2), 'cRLIssuer', (names) => readGeneralNames(names, 'cRLIssuer'))
    if (name === undefined && crlIssuer === undefined) point.deviate('a distribution point names nothing')
    return { fullName: name?.fullName, relativeName: name?.relativeName, reasons, crlIssuer }
  }),
)

const readOctets: ValueReader<Uint8Array> = (reader, what) => reader.octetString(what)

/** GeneralSubtrees, which are not empty. */
const readSubtrees = (list: DerReader): GeneralSubtree[] => {
  if (list.done) list.fail('a list of subtrees is empty')
  return list.rest(() =>
    list.within(tags.sequence, 'subtree', (subtree) => {
      const base = readGeneralName(subtree, 'name of subtree', 'range')
      const hasMinimum = subtree.peek() === contextTag(0)
      const minimum = hasMinimum ? subtree.smallInteger('minimum', contextTag(0)) : 0
      if (hasMinimum && minimum === 0) subtree.deviate('minimum is encoded although it has its default value')
      const maximum = subtree.peek() === contextTag(1) ? subtree.smallInteger('maximum', contextTag(1)) : undefined
      return { base, minimum, maximum }
    }),
  )
}

const readPolicies: ValueReader<PolicyInformation[]> = (reader, what) => {
  const seen = new Set<string>()
  return listOf((list) =>
    list.within(tags.sequence, 'policy information', (information) => {
      const oid = information.oid('policy identifier')
      if (seen.has(oid)) information.fail(`policy ${oid} occurs twice`)
      seen.add(oid)
      const qualifiers = information.done ? [] : readQualifiers(information, 'policy qualifiers')
      return { oid, qualifiers }
    }),
  )(reader, what)
}

const readQualifiers = listOf((list) =>
  list.within(tags.sequence, 'policy qualifier', (qualifier) => ({
    oid: qualifier.oid('qualifier identifier'),
    der: qualifier.element('qualifier'),
  })),
)

/** By property: the object identifier, and what reads the value. */
export const extensionReaders: {
  readonly [K in keyof ExtensionValues]: readonly [oid: string, read: ValueReader<ExtensionValues[K]>]
} = {
  /** Section 4.2.1.9. */
  basicConstraints: [
    extensionOids.basicConstraints,
    fieldsOf((fields) => ({
      ca: fields.flag('cA'),
      pathLength: fields.done ? undefined : fields.smallInteger('pathLenConstraint', undefined, true),
    })),
  ],
  /** Section 4.2.1.3; at least one bit is set. */
  keyUsage: [
    extensionOids.keyUsage,
    (reader, what) => {
      const bits = reader.namedBits(what)
      if (bits === 0) reader.deviate(`${what} has no usage set`)
      return keyUsageNames.filter((_, i) => ((bits >> i) & 1) === 1)
    },
  ],
  /** Section 4.2.1.12. */
  extendedKeyUsage: [extensionOids.extendedKeyUsage, listOf((list) => list.oid('key purpose'))],
  /** Sections 4.2.1.6 and 4.2.1.7. */
  subjectAltNames: [extensionOids.subjectAltName, fieldsOf(readGeneralNames)],
  issuerAltNames: [extensionOids.issuerAltName, fieldsOf(readGeneralNames)],
  /** Section 4.2.1.10; not empty, and neither is what it holds. */
  nameConstraints: [
    extensionOids.nameConstraints,
    fieldsOf((fields) => {
      const permitted = fields.optional(constructedTag(0), 'permittedSubtrees', readSubtrees)
      const excluded = fields.optional(constructedTag(1), 'excludedSubtrees', readSubtrees)
      if (permitted === undefined && excluded === undefined) fields.deviate(constrainsNothing)
      return { permitted, excluded }
    }),
  ],
  /** Section 4.2.1.4; no policy occurs twice. */
  certificatePolicies: [extensionOids.certificatePolicies, readPolicies],
  /** Section 4.2.1.5. */
  policyMappings: [
    extensionOids.policyMappings,
    listOf((list) =>
      list.within(tags.sequence, 'mapping', (mapping) => ({
        issuerDomainPolicy: mapping.oid('issuerDomainPolicy'),
        subjectDomainPolicy: mapping.oid('subjectDomainPolicy'),
      })),
    ),
  ],
  /** Section 4.2.1.11; not empty. */
  policyConstraints: [
    extensionOids.policyConstraints,
    fieldsOf((fields) => {
      const skip = (n: number, name: string): number | undefined =>
        fields.peek() === contextTag(n) ? fields.smallInteger(name, contextTag(n), true) : undefined
      const requireExplicitPolicy = skip(0, 'requireExplicitPolicy')
      const inhibitPolicyMapping = skip(1, 'inhibitPolicyMapping')
      if (requireExplicitPolicy === undefined && inhibitPolicyMapping === undefined) fields.deviate(constrainsNothing)
      return { requireExplicitPolicy, inhibitPolicyMapping }
    }),
  ],
  /** Section 4.2.1.14. */
  inhibitAnyPolicy: [extensionOids.inhibitAnyPolicy, (reader, what) => reader.smallInteger(what, undefined, true)],
  /** Section 4.2.1.2. */
  subjectKeyIdentifier: [extensionOids.subjectKeyIdentifier, readOctets],
  /** Section 4.2.1.1; issuer and serial number come together. */
  authorityKeyIdentifier: [
    extensionOids.authorityKeyIdentifier,
    fieldsOf((fields, what) => {
      const keyIdentifier =
        fields.peek() === contextTag(0) ? fields.content(contextTag(0), 'key identifier') : undefined
      const issuer = fields.optional(constructedTag(1), 'authorityCertIssuer', (names) => readGeneralNames(names, what))
      const serialNumber =
        fields.peek() === contextTag(2) ? fields.integer('authorityCertSerialNumber', contextTag(2)) : undefined
      if ((issuer === undefined) !== (serialNumber === undefined)) {
        fields.deviate(`${what} has an issuer without a serial number, or the other way round`)
      }
      return { keyIdentifier, issuer, serialNumber }
    }),
  ],
  authorityInfoAccess: [extensionOids.authorityInfoAccess, readInfoAccess],
  subjectInfoAccess: [extensionOids.subjectInfoAccess, readInfoAccess],
  crlDistributionPoints: [extensionOids.crlDistributionPoints, readDistributionPoints],
  freshestCrl: [extensionOids.freshestCrl, readDistributionPoints],
  /** RFC 7633 section 4.1: numbers of TLS extensions; 5 is status_request, "must-staple". */
  tlsFeatures: [extensionOids.tlsFeature, listOf((list) => list.smallInteger('feature'))],
  /** RFC 6962 section 3.3: the SignedCertificateTimestampList, still in TLS encoding. */
  sctList: [extensionOids.sctList, readOctets],
}

/** The properties by object identifier: the extensions that are understood. */
export const extensionProperties: ReadonlyMap<string, keyof ExtensionValues> = new Map(
  Object.entries(extensionReaders).map(([property, [oid]]) => [oid, property as keyof ExtensionValues]),
)

/** [0] DistributionPointName, if it is next; issuingDistributionPoint of CRLs has it too. */
export const readDistributionPointName = (
  reader: DerReader,
): Pick<DistributionPoint, 'fullName' | 'relativeName'> | undefined =>
  reader.optional(constructedTag(0), 'distributionPoint', (choice) => {
    const fullName = choice.optional(constructedTag(0), 'fullName', (names) => readGeneralNames(names, 'fullName'))
    const relativeName =
      fullName === undefined ? choice.content(constructedTag(1), 'nameRelativeToCRLIssuer') : undefined
    return { fullName, relativeName }
  })
