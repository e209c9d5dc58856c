// A certificate, parsed once (RFC 5280 section 4.1): structure, names and dates at once, key and extensions when asked
// for and then kept.

import { parsePublicKey } from '../crypto/keys.ts'
import type { CryptoProvider, HashName, PublicKey } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { toHex } from '../wire/bytes.ts'
import { DerReader, constructedTag, contextTag, tags } from '../wire/der.ts'
import { encodePem } from '../wire/pem.ts'
import type { PemOrDer } from '../wire/pem.ts'
import { extensionReaders, readExtension, readExtensions } from './extensions.ts'
import type * as read from './extensions.ts'
import type { Extension, ExtensionValues } from './extensions.ts'
import type { GeneralName } from './general-name.ts'
import { certificateBytes } from './load.ts'
import { readName, sameName } from './name.ts'
import type { Name } from './name.ts'
import { quote } from './text.ts'

/** Parses one DER certificate; the bytes are kept, not copied. Throws TlsError `bad_certificate`. */
export const parseCertificate = (der: Uint8Array): Certificate => new Certificate(der)

/** The certificates of PEM text, PEM bytes, DER, or a list of them, in order. Throws TlsError `bad_option` where
 * there is none, `bad_certificate` for one that can't be read. */
export const parseCertificates = (input: PemOrDer | readonly PemOrDer[]): Certificate[] =>
  certificateBytes(input, 'certificates').map(parseCertificate)

/** A certificate as parseCertificate() read it (RFC 5280 section 4.1). Nothing in it has been verified. */
export class Certificate {
  /** The whole certificate. */
  readonly der: Uint8Array
  /** TBSCertificate, DER: what the signature is over. */
  readonly tbs: Uint8Array
  /** AlgorithmIdentifier of the signature, DER; the one inside tbsCertificate is `tbsSignatureAlgorithm`. */
  readonly signatureAlgorithm: Uint8Array
  readonly tbsSignatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
  /** 1, 2 or 3. */
  readonly version: number
  /** Content of the INTEGER: big-endian two's complement. */
  readonly serialNumber: Uint8Array
  readonly issuer: Name
  readonly subject: Name
  /** Milliseconds since the epoch, inclusive. */
  readonly notBefore: number
  /** Milliseconds since the epoch, inclusive. */
  readonly notAfter: number
  /** A date before 2050 is written as GeneralizedTime, which section 4.1.2.5 forbids (and one root in use does). */
  readonly hasUntimelyTimes: boolean
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  /** Whether issuerUniqueID or subjectUniqueID is there. */
  readonly hasUniqueIdentifiers: boolean
  readonly extensions: readonly Extension[]
  readonly #deviations: string[] = []
  /** What extensions were read as. */
  readonly #values: { -readonly [K in keyof ExtensionValues]?: ExtensionValues[K] } = {}
  #publicKey: PublicKey | undefined
  #isSelfIssued: boolean | undefined

  constructor(der: Uint8Array) {
    this.der = der
    const outermost = DerReader.tolerant(der, 'bad_certificate', 'certificate', this.#deviations)
    const certificate = outermost.lastSequence('certificate')
    const tbsStart = certificate.position
    const tbs = certificate.sequence('tbsCertificate')
    this.tbs = der.subarray(tbsStart, certificate.position)
    this.signatureAlgorithm = certificate.element('signatureAlgorithm', tags.sequence)
    this.signature = certificate.bitString('signature')
    certificate.end()

    this.version = readVersion(tbs)
    this.serialNumber = tbs.integer('serialNumber')
    this.tbsSignatureAlgorithm = tbs.element('signature', tags.sequence)
    this.issuer = readName(tbs, 'issuer')
    const validity = tbs.sequence('validity')
    const early = validity.peek() === tags.generalizedTime
    this.notBefore = validity.time('notBefore')
    const late = validity.peek() === tags.generalizedTime
    this.notAfter = validity.time('notAfter')
    validity.end()
    this.hasUntimelyTimes = (early && this.notBefore < first2050) || (late && this.notAfter < first2050)
    this.subject = readName(tbs, 'subject')
    this.spki = tbs.element('subjectPublicKeyInfo', tags.sequence)
    this.hasUniqueIdentifiers = skipUniqueIdentifiers(tbs)
    const extensions = tbs.optional(constructedTag(3), 'extensions', (list) => readExtensions(list))
    this.extensions = extensions ?? []
    tbs.end()
    if (extensions !== undefined && this.version !== 3) tbs.fail(`a version ${this.version} certificate has extensions`)
    if (this.hasUniqueIdentifiers && this.version === 1) tbs.fail('a version 1 certificate has unique identifiers')
  }

  /** What DER or RFC 5280 forbids a CA to write, in the certificate and in the extensions read so far, where it can
   * be understood in one way only. The profiles `baseline` and `rfc5280` refuse it. */
  get deviations(): readonly string[] {
    return this.#deviations
  }

  /** The subject's key. Throws TlsError `unsupported_certificate` for a key of unknown kind, `bad_certificate` for a
   * bad one. */
  get publicKey(): PublicKey {
    this.#publicKey ??= parsePublicKey(this.spki)
    return this.#publicKey
  }

  extension(oid: string): Extension | undefined {
    for (const extension of this.extensions) if (extension.oid === oid) return extension
    return undefined
  }

  // Each of these is undefined if the extension is absent, and throws TlsError `bad_certificate` if it is malformed.

  get basicConstraints(): read.BasicConstraints | undefined {
    return this.#read('basicConstraints')
  }
  get keyUsage(): readonly read.KeyUsageName[] | undefined {
    return this.#read('keyUsage')
  }
  /** Object identifiers. */
  get extendedKeyUsage(): readonly string[] | undefined {
    return this.#read('extendedKeyUsage')
  }
  get subjectAltNames(): readonly GeneralName[] | undefined {
    return this.#read('subjectAltNames')
  }
  get issuerAltNames(): readonly GeneralName[] | undefined {
    return this.#read('issuerAltNames')
  }
  get nameConstraints(): read.NameConstraints | undefined {
    return this.#read('nameConstraints')
  }
  get certificatePolicies(): readonly read.PolicyInformation[] | undefined {
    return this.#read('certificatePolicies')
  }
  get policyMappings(): readonly read.PolicyMapping[] | undefined {
    return this.#read('policyMappings')
  }
  get policyConstraints(): read.PolicyConstraints | undefined {
    return this.#read('policyConstraints')
  }
  get inhibitAnyPolicy(): number | undefined {
    return this.#read('inhibitAnyPolicy')
  }
  get subjectKeyIdentifier(): Uint8Array | undefined {
    return this.#read('subjectKeyIdentifier')
  }
  get authorityKeyIdentifier(): read.AuthorityKeyIdentifier | undefined {
    return this.#read('authorityKeyIdentifier')
  }
  get authorityInfoAccess(): readonly read.AccessDescription[] | undefined {
    return this.#read('authorityInfoAccess')
  }
  get subjectInfoAccess(): readonly read.AccessDescription[] | undefined {
    return this.#read('subjectInfoAccess')
  }
  get crlDistributionPoints(): readonly read.DistributionPoint[] | undefined {
    return this.#read('crlDistributionPoints')
  }
  get freshestCrl(): readonly read.DistributionPoint[] | undefined {
    return this.#read('freshestCrl')
  }
  /** Numbers of TLS extensions that the server has to answer (RFC 7633); 5 means must-staple. */
  get tlsFeatures(): readonly number[] | undefined {
    return this.#read('tlsFeatures')
  }
  /** SignedCertificateTimestampList in TLS encoding (RFC 6962 section 3.3). */
  get sctList(): Uint8Array | undefined {
    return this.#read('sctList')
  }

  /** Issuer and subject are the same name. That it signed itself is another question. */
  get isSelfIssued(): boolean {
    this.#isSelfIssued ??= sameName(this.issuer, this.subject)
    return this.#isSelfIssued
  }

  get serialNumberHex(): string {
    return toHex(this.serialNumber)
  }

  /** Hash of the DER certificate, as lower-case hex. Throws `unsupported` if the provider lacks the hash. */
  fingerprint(provider: CryptoProvider, hash: HashName = 'sha256'): string {
    return toHex(hashOf(provider, hash, this.der))
  }

  toPem(): string {
    return encodePem('CERTIFICATE', this.der)
  }

  /** Subject and serial number, in one line; certificateText() has everything. */
  toString(): string {
    return `Certificate ${quote(this.subject.brief)}, serial number ${this.serialNumberHex}`
  }

  /** What people want to see in a log; every value is plain data. */
  toJSON(): CertificateSummary {
    return {
      subject: this.subject.toString(),
      issuer: this.issuer.toString(),
      serialNumber: this.serialNumberHex,
      notBefore: new Date(this.notBefore).toISOString(),
      notAfter: new Date(this.notAfter).toISOString(),
      subjectAltNames: (this.subjectAltNames ?? []).map(({ kind, value }) => `${kind}:${value}`),
      publicKey: keySummary(this),
      isCa: this.basicConstraints?.ca === true,
      keyUsage: this.keyUsage ?? [],
      extendedKeyUsage: this.extendedKeyUsage ?? [],
      extensions: this.extensions.map(({ oid, critical }) => ({ oid, critical })),
      pem: this.toPem(),
    }
  }

  #read<K extends keyof ExtensionValues>(property: K): ExtensionValues[K] | undefined {
    const known = this.#values[property]
    if (known !== undefined) return known
    const found = this.extension(extensionReaders[property][0])
    const deviations = property === 'freshestCrl' ? undefined : this.#deviations
    return found && (this.#values[property] = readExtension(property, found.value, deviations))
  }
}

export interface CertificateSummary {
  readonly subject: string
  readonly issuer: string
  readonly serialNumber: string
  readonly notBefore: string
  readonly notAfter: string
  readonly subjectAltNames: readonly string[]
  readonly publicKey: { readonly type: string; readonly bits: number } | undefined
  readonly isCa: boolean
  readonly keyUsage: readonly string[]
  readonly extendedKeyUsage: readonly string[]
  readonly extensions: readonly { readonly oid: string; readonly critical: boolean }[]
  readonly pem: string
}

const keySummary = (certificate: Certificate): CertificateSummary['publicKey'] => {
  try {
    return { type: certificate.publicKey.type, bits: certificate.publicKey.bits }
  } catch {
    return undefined
  }
}

/** Version ::= [0] EXPLICIT INTEGER DEFAULT v1 (section 4.1.2.1); the default is not encoded. */
const readVersion = (tbs: DerReader): number => {
  const value = tbs.optional(constructedTag(0), 'version', (version) => version.smallInteger('version'))
  if (value === undefined) return 1
  if (value === 0) {
    tbs.deviate('version is encoded although it has its default value')
    return 1
  }
  if (value !== 1 && value !== 2) tbs.fail(`version field is ${value}; it can be 1 (version 2) or 2 (version 3)`)
  return value + 1
}

/** issuerUniqueID [1] and subjectUniqueID [2], which section 4.1.2.8 forbids to use. */
const skipUniqueIdentifiers = (tbs: DerReader): boolean => {
  let found = false
  for (const tag of [contextTag(1), contextTag(2)]) {
    if (tbs.peek() !== tag) continue
    tbs.content(tag, 'unique identifier')
    found = true
  }
  return found
}

const first2050 = Date.UTC(2050, 0, 1)

const hashOf = (provider: CryptoProvider, name: HashName, bytes: Uint8Array): Uint8Array => {
  const hash = provider.hashes[name]
  if (hash === undefined) throw new TlsError('unsupported', `the provider ${provider.name} has no ${name}`)
  return hash.digest(bytes)
}
