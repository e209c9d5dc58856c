// Certificate revocation lists, version 2 (RFC 5280 section 5): the parser. What they mean for a path is in crl-check.ts.
// Delta CRLs (section 5.2.4) and indirect ones (section 5.2.5) are parsed, and refused by name when they are to be used.

import { toHex } from '../wire/bytes.ts'
import { DerReader, constructedTag, contextTag, tags } from '../wire/der.ts'
import type { PemOrDer } from '../wire/pem.ts'
import { readDistributionPointName, readExtensions } from './extensions.ts'
import type { DistributionPoint, Extension } from './extensions.ts'
import { crlBytes } from './load.ts'
import { readName } from './name.ts'
import type { Name } from './name.ts'

/** CRLReason (section 5.3.1) by number; 7 is not used. */
export const crlReasons: readonly (string | undefined)[] = [
  'unspecified', 'keyCompromise', 'cACompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation',
  'certificateHold', undefined, 'removeFromCRL', 'privilegeWithdrawn', 'aACompromise',
]

export interface CrlEntry {
  /** Milliseconds since the epoch. */
  readonly revocationDate: number
  readonly extensions: readonly Extension[]
  /** Name of the reason; undefined if none is given. */
  readonly reason: string | undefined
}

/** Section 5.2.5. */
export interface IssuingDistributionPoint extends Pick<DistributionPoint, 'fullName' | 'relativeName'> {
  readonly onlyContainsUserCerts: boolean
  readonly onlyContainsCaCerts: boolean
  /** ReasonFlags bits; undefined: all reasons. */
  readonly onlySomeReasons: number | undefined
  readonly indirect: boolean
  readonly onlyContainsAttributeCerts: boolean
}

/** Parses one CRL, DER. Throws TlsError `revocation_unknown` if it is malformed. */
export const parseCrl = (der: Uint8Array): Crl => new Crl(der)

/** The CRLs of PEM text or bytes (blocks X509 CRL), or the one that is DER. Throws TlsError `bad_option` where there is none. */
export const parseCrls = (input: PemOrDer | readonly PemOrDer[]): Crl[] => crlBytes(input).map((der) => new Crl(der))

const oids = { crlNumber: '2.5.29.20', reason: '2.5.29.21', invalidityDate: '2.5.29.24', deltaIndicator: '2.5.29.27', issuingPoint: '2.5.29.28', issuer: '2.5.29.29' }

/** Extensions whose meaning is known here; a critical one beside them makes the CRL unusable (sections 5.2 and 5.3). */
const knownExtensions: ReadonlySet<string> = new Set([
  oids.crlNumber, oids.deltaIndicator, oids.issuingPoint, '2.5.29.35', '2.5.29.18', '2.5.29.46', '1.3.6.1.5.5.7.1.1',
])
const knownEntryExtensions: ReadonlySet<string> = new Set([oids.reason, oids.invalidityDate, oids.issuer])

const reader = (der: Uint8Array): DerReader => new DerReader(der, 'revocation_unknown', 'CRL')

export class Crl {
  /** The whole CertificateList. */
  readonly der: Uint8Array
  /** What the signature is over, DER. */
  readonly tbs: Uint8Array
  /** AlgorithmIdentifier, DER; equal inside and outside of what is signed. */
  readonly signatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
  /** 1 or 2. */
  readonly version: number
  readonly issuer: Name
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number
  /** Milliseconds since the epoch; undefined if left out, which section 5.1.2.5 forbids. */
  readonly nextUpdate: number | undefined
  readonly extensions: readonly Extension[]
  /** Content of revokedCertificates. */
  readonly #revoked: Uint8Array | undefined
  #list: EntryList | undefined
  #scope: IssuingDistributionPoint | undefined

  constructor(der: Uint8Array) {
    this.der = der
    const outermost = reader(der)
    const list = outermost.sequence('CertificateList')
    outermost.end()
    const start = list.position
    const tbs = list.sequence('tbsCertList')
    this.tbs = der.subarray(start, list.position)
    this.signatureAlgorithm = list.element('signatureAlgorithm', tags.sequence)
    this.signature = list.bitString('signature')
    list.end()
    const positionBefore = tbs.position
    this.version = tbs.peek() === tags.integer ? tbs.smallInteger('version') + 1 : 1
    if (this.version !== 2 && tbs.position !== positionBefore) tbs.fail(`version ${this.version} is not known`)
    const inner = tbs.element('signature', tags.sequence)
    if (toHex(inner) !== toHex(this.signatureAlgorithm)) tbs.fail('it names two different signature algorithms')
    this.issuer = readName(tbs, 'issuer')
    this.thisUpdate = tbs.time('thisUpdate')
    this.nextUpdate = tbs.peek() === tags.utcTime || tbs.peek() === tags.generalizedTime ? tbs.time('nextUpdate') : undefined
    this.#revoked = tbs.peek() === tags.sequence ? tbs.element('revokedCertificates') : undefined
    const extensions = tbs.optional(constructedTag(0), 'crlExtensions')
    this.extensions = extensions === undefined ? [] : readExtensions(extensions, 'crlExtensions')
    extensions?.end()
    tbs.end()
    if (extensions !== undefined && this.version !== 2) tbs.fail('a version 1 CRL has extensions')
  }

  extension(oid: string): Extension | undefined {
    return this.extensions.find((extension) => extension.oid === oid)
  }

  /** Section 5.2.3, as hex; undefined if absent. */
  get crlNumber(): string | undefined {
    const extension = this.extension(oids.crlNumber)
    if (extension === undefined) return undefined
    const value = reader(extension.value)
    const number = value.unsigned('CRL number')
    value.end()
    return toHex(number)
  }

  /** Section 5.2.4. */
  get isDelta(): boolean {
    return this.extension(oids.deltaIndicator) !== undefined
  }

  /** The scope (section 5.2.5); undefined if it is everything that the issuer certified. */
  get issuingDistributionPoint(): IssuingDistributionPoint | undefined {
    const extension = this.extension(oids.issuingPoint)
    if (extension !== undefined) this.#scope ??= readScope(extension.value)
    return this.#scope
  }

  /** Object identifiers of extensions that are critical and not known, of the CRL and of its entries. */
  get unknownCritical(): readonly string[] {
    const own = this.extensions.filter(({ oid, critical }) => critical && !knownExtensions.has(oid)).map(({ oid }) => oid)
    return [...own, ...this.#entryList.unknownCritical]
  }

  /** An entry names another issuer than the CRL's (section 5.3.3). */
  get namesOtherIssuers(): boolean {
    return this.#entryList.namesOtherIssuers
  }

  get hasCriticalNumber(): boolean {
    return this.extension(oids.crlNumber)?.critical === true
  }

  /** Serial number (hex of the INTEGER's content) to entry; read when first asked for. */
  get entries(): ReadonlyMap<string, CrlEntry> {
    return this.#entryList.entries
  }

  get #entryList(): EntryList {
    this.#list ??= readEntries(this.#revoked, this.version)
    return this.#list
  }

  /** The entry of a serial number, or undefined. */
  find(serialNumber: Uint8Array): CrlEntry | undefined {
    return this.entries.get(toHex(serialNumber))
  }
}

/** The entries, and what was seen while reading them: a large CRL is walked over once. */
interface EntryList {
  readonly entries: ReadonlyMap<string, CrlEntry>
  readonly unknownCritical: ReadonlySet<string>
  readonly namesOtherIssuers: boolean
}

const readEntries = (revoked: Uint8Array | undefined, version: number): EntryList => {
  const entries = new Map<string, CrlEntry>()
  const unknownCritical = new Set<string>()
  let namesOtherIssuers = false
  if (revoked === undefined) return { entries, unknownCritical, namesOtherIssuers }
  // Most entries of a list have one of a few sets of extensions: each is read once.
  const seen = new Map<string, Pick<CrlEntry, 'extensions' | 'reason'>>()
  const list = reader(revoked).sequence('revokedCertificates')
  if (list.done) list.fail('revokedCertificates is an empty list')
  while (!list.done) {
    const entry = list.sequence('entry')
    const serialNumber = toHex(entry.integer('userCertificate'))
    const revocationDate = entry.time('revocationDate')
    const bytes = entry.done ? undefined : entry.element('crlEntryExtensions', tags.sequence)
    entry.end()
    if (bytes === undefined) {
      entries.set(serialNumber, { revocationDate, extensions: [], reason: undefined })
      continue
    }
    if (version !== 2) entry.fail('a version 1 CRL has entry extensions')
    const key = toHex(bytes)
    let known = seen.get(key)
    if (known === undefined) {
      const extensions = readExtensions(reader(bytes), 'crlEntryExtensions')
      known = { extensions, reason: readReason(extensions) }
      seen.set(key, known)
      for (const { oid, critical } of extensions) {
        if (critical && !knownEntryExtensions.has(oid)) unknownCritical.add(oid)
        if (oid === oids.issuer) namesOtherIssuers = true
      }
    }
    entries.set(serialNumber, { revocationDate, ...known })
  }
  return { entries, unknownCritical, namesOtherIssuers }
}

const readReason = (extensions: readonly Extension[]): string | undefined => {
  const extension = extensions.find(({ oid }) => oid === oids.reason)
  if (extension === undefined) return undefined
  const value = reader(extension.value)
  const reason = crlReasons[value.smallInteger('reason', tags.enumerated)]
  value.end()
  return reason ?? value.fail('the reason is none of section 5.3.1')
}

const readScope = (value: Uint8Array): IssuingDistributionPoint => {
  const outer = reader(value)
  const fields = outer.sequence('issuingDistributionPoint')
  outer.end()
  const name = readDistributionPointName(fields)
  const flag = (n: number): boolean => {
    if (fields.peek() !== contextTag(n)) return false
    const content = fields.content(contextTag(n), 'flag')
    return content.length === 1 && content[0] === 0xff ? true : fields.fail('a flag of issuingDistributionPoint is not TRUE')
  }
  const onlyContainsUserCerts = flag(1)
  const onlyContainsCaCerts = flag(2)
  const onlySomeReasons = fields.peek() === contextTag(3) ? fields.namedBits('onlySomeReasons', contextTag(3)) : undefined
  const indirect = flag(4)
  const onlyContainsAttributeCerts = flag(5)
  fields.end()
  if (Number(onlyContainsUserCerts) + Number(onlyContainsCaCerts) + Number(onlyContainsAttributeCerts) > 1) {
    fields.fail('issuingDistributionPoint has two scopes that exclude one another')
  }
  return {
    fullName: name?.fullName, relativeName: name?.relativeName,
    onlyContainsUserCerts, onlyContainsCaCerts, onlySomeReasons, indirect, onlyContainsAttributeCerts,
  }
}
