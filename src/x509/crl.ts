// Certificate revocation lists (RFC 5280 section 5): the parser. It reads what has a meaning, and says what is odd
// about it; what that means for a certificate is in crl-check.ts.

import { toHex } from '../wire/bytes.ts'
import { contextTag } from '../wire/der.ts'
import type { DerReader } from '../wire/der.ts'
import type { PemOrDer } from '../wire/pem.ts'
import { attempt } from './attempt.ts'
import { readEntries } from './crl-entries.ts'
import type { CrlEntries, CrlEntry } from './crl-entries.ts'
import { crlReader, readCrlFields } from './crl-fields.ts'
import type { CrlFields } from './crl-fields.ts'
import { readDistributionPointName, readExtension } from './extensions.ts'
import type { DistributionPoint, Extension } from './extensions.ts'
import { crlBytes } from './load.ts'
import type { Name } from './name.ts'
import { extensionOids } from './oids.ts'

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

/** The CRLs of PEM text or bytes (blocks X509 CRL), or the one that is DER. Throws TlsError `bad_option` where there
 * is none. */
export const parseCrls = (input: PemOrDer | readonly PemOrDer[]): Crl[] => crlBytes(input).map((der) => new Crl(der))

const oids = { crlNumber: '2.5.29.20', deltaIndicator: '2.5.29.27', issuingPoint: '2.5.29.28' } as const

/** Extensions whose meaning is known here; a critical one beside them makes the CRL unusable (section 5.2). */
const knownExtensions: ReadonlySet<string> = new Set([
  oids.crlNumber,
  oids.deltaIndicator,
  oids.issuingPoint,
  extensionOids.authorityKeyIdentifier,
  extensionOids.issuerAltName,
  extensionOids.freshestCrl,
  extensionOids.authorityInfoAccess,
])

/** A revocation list as parseCrl() read it (RFC 5280 section 5.1). Its signature and its age have not been checked. */
export class Crl {
  /** The whole CertificateList. */
  readonly der: Uint8Array
  /** What the signature is over, DER. */
  readonly tbs: Uint8Array
  /** AlgorithmIdentifier of the signature, DER. */
  readonly signatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
  /** 1 or 2, or a larger number, of which nothing is known. */
  readonly version: number
  readonly issuer: Name
  /** Milliseconds since the epoch; NaN if it can't be read. */
  readonly thisUpdate: number
  /** Milliseconds since the epoch; undefined if left out, which section 5.1.2.5 forbids, or if it can't be read. */
  readonly nextUpdate: number | undefined
  readonly extensions: readonly Extension[]
  readonly #fields: CrlFields
  #list: CrlEntries | undefined
  #scope: IssuingDistributionPoint | undefined

  constructor(der: Uint8Array) {
    this.der = der
    const fields = readCrlFields(der)
    this.tbs = fields.tbs
    this.signatureAlgorithm = fields.signatureAlgorithm
    this.signature = fields.signature
    this.version = fields.version
    this.issuer = fields.issuer
    this.thisUpdate = fields.thisUpdate
    this.nextUpdate = fields.nextUpdate
    this.extensions = fields.extensions
    this.#fields = fields
  }

  extension(oid: string): Extension | undefined {
    return this.extensions.find((extension) => extension.oid === oid)
  }

  /** Section 5.2.3, as hex; undefined if absent. Throws TlsError `revocation_unknown` if it is malformed, as the
   * others do. */
  get crlNumber(): string | undefined {
    return this.#number(oids.crlNumber)
  }

  /** The CRL number has to be non-critical (section 5.2.3). */
  get hasCriticalNumber(): boolean {
    return this.extension(oids.crlNumber)?.critical === true
  }

  /** Section 5.2.4. */
  get isDelta(): boolean {
    return this.extension(oids.deltaIndicator) !== undefined
  }

  /** The number of the complete CRL that a delta CRL begins at (section 5.2.4), as hex. */
  get baseCrlNumber(): string | undefined {
    return this.#number(oids.deltaIndicator)
  }

  #number(oid: string): string | undefined {
    const extension = this.extension(oid)
    if (extension === undefined) return undefined
    const value = crlReader(extension.value)
    const number = value.unsigned('CRL number')
    value.end()
    return toHex(number)
  }

  /** The key that signed it (section 5.2.1). */
  get authorityKeyIdentifier(): Uint8Array | undefined {
    const extension = this.extension(extensionOids.authorityKeyIdentifier)
    return extension && readExtension('authorityKeyIdentifier', extension.value, []).keyIdentifier
  }

  /** The scope (section 5.2.5); undefined if it is everything that the issuer certified. */
  get issuingDistributionPoint(): IssuingDistributionPoint | undefined {
    const extension = this.extension(oids.issuingPoint)
    if (extension !== undefined) this.#scope ??= readScope(extension.value)
    return this.#scope
  }

  /** The scope as it is written, DER. */
  get scopeBytes(): Uint8Array | undefined {
    return this.extension(oids.issuingPoint)?.value
  }

  /** Where delta CRLs to this one are (section 5.2.6). */
  get freshestCrl(): readonly DistributionPoint[] {
    const extension = this.extension(extensionOids.freshestCrl)
    return extension === undefined ? [] : readExtension('freshestCrl', extension.value, [])
  }

  /** Entries of certificates of the CRL's own issuer by serial number in hex; `find` knows those of others too. */
  get entries(): ReadonlyMap<string, CrlEntry> {
    return this.#entries.own
  }

  /** Object identifiers of extensions that are critical and not known, of the CRL and of its entries. */
  get unknownCritical(): readonly string[] {
    return [...this.#unknownCritical, ...this.#entries.unknownCritical]
  }

  /** Those of the CRL itself. */
  get #unknownCritical(): readonly string[] {
    return this.extensions.flatMap(({ oid, critical }) => (critical && !knownExtensions.has(oid) ? [oid] : []))
  }

  /** Why nobody can rely on what is not on this list, in a sentence; undefined if all of it is understood. */
  get fault(): string | undefined {
    const { damage, hasExtensions, hasOthers, unknownCritical } = this.#entries
    const [unknownOfEntries] = unknownCritical // there can be very many
    const unknown = this.#unknownCritical[0] ?? unknownOfEntries
    if (this.#fields.damage.sentence !== undefined) return this.#fields.damage.sentence
    if (unknown !== undefined) return `the CRL has an unknown critical extension, ${unknown}`
    if (this.version > 2) return `the CRL is of version ${this.version}, which is not known`
    if (this.#fields.namesTwoAlgorithms) return 'the CRL names two different signature algorithms'
    if (this.version === 1 && this.extensions.length > 0) return 'the CRL is of version 1 and has extensions'
    if (this.version === 1 && hasExtensions) return 'the CRL is of version 1 and has entries with extensions'
    if (hasOthers && this.issuingDistributionPoint?.indirect !== true) {
      return 'the CRL has entries of other issuers, and does not say that it is indirect (RFC 5280 section 5.3.3)'
    }
    return damage
  }

  get #entries(): CrlEntries {
    const { issuer } = this
    this.#list ??= readEntries(this.#fields.revoked, { issuer, indirect: this.#isIndirect })
    return this.#list
  }

  /** Undefined if that can't be read. */
  get #isIndirect(): boolean | undefined {
    if (this.#fields.damage.sentence !== undefined) return undefined
    return attempt(() => this.issuingDistributionPoint?.indirect === true)
  }

  /** The entry of a certificate, or undefined: serial number (content of the INTEGER) and issuer, by default the
   * CRL's own. */
  find(serialNumber: Uint8Array, issuer: Name = this.issuer): CrlEntry | undefined {
    return this.#entries.find(serialNumber, issuer)
  }
}

const readScope = (value: Uint8Array): IssuingDistributionPoint => {
  const fields = crlReader(value).lastSequence('issuingDistributionPoint')
  if (fields.done) fields.fail('issuingDistributionPoint is empty')
  const name = readDistributionPointName(fields)
  const onlyContainsUserCerts = readFlag(fields, 1)
  const onlyContainsCaCerts = readFlag(fields, 2)
  const someReasons = fields.peek() === contextTag(3)
  const onlySomeReasons = someReasons ? fields.namedBits('onlySomeReasons', contextTag(3)) : undefined
  const indirect = readFlag(fields, 4)
  const onlyContainsAttributeCerts = readFlag(fields, 5)
  fields.end()
  if (Number(onlyContainsUserCerts) + Number(onlyContainsCaCerts) + Number(onlyContainsAttributeCerts) > 1) {
    fields.fail('issuingDistributionPoint has two scopes that exclude one another')
  }
  return {
    fullName: name?.fullName,
    relativeName: name?.relativeName,
    onlyContainsUserCerts,
    onlyContainsCaCerts,
    onlySomeReasons,
    indirect,
    onlyContainsAttributeCerts,
  }
}

/** BOOLEAN DEFAULT FALSE; FALSE written out means what it says. */
const readFlag = (fields: DerReader, n: number): boolean => {
  if (fields.peek() !== contextTag(n)) return false
  const content = fields.content(contextTag(n), 'flag')
  const known = content.length === 1 && (content[0] === 0xff || content[0] === 0)
  return known ? content[0] === 0xff : fields.fail('a flag of issuingDistributionPoint is neither TRUE nor FALSE')
}
