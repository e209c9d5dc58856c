// The rules for one certificate: what can be said of it without looking at the path (RFC 5280 sections 4.1 and 4.2,
// 6.1.4 (k) to (o), 6.1.5 (e), (f)), and by profile what the web PKI adds.

import { equalBytes } from '../wire/bytes.ts'
import type { Certificate } from './certificate.ts'
import { malformedConstraint } from './constraints.ts'
import { formatIp } from './general-name.ts'
import type { GeneralName } from './general-name.ts'
import { isDnsName } from './names.ts'
import { commonNameOid, extensionOids, oidName, purposeOids } from './oids.ts'
import type { Profile } from './profile.ts'
import { describe, quote, reject, shorten } from './rejection.ts'
import { isBrokenHash, sameAlgorithm, signatureAlgorithmOf } from './signature.ts'

/** An `anchor` is a trusted CA certificate; `trusted-leaf` a leaf that is trusted itself. */
export type Role = 'anchor' | 'intermediate' | 'leaf' | 'trusted-leaf'

/** Everything that does not depend on time, names asked for or other certificates. */
export const checkCertificate = (certificate: Certificate, role: Role, profile: Profile): void => {
  checkExtensions(certificate, role, profile)
  if (!sameAlgorithm(certificate.signatureAlgorithm, certificate.tbsSignatureAlgorithm)) {
    nonconforming(certificate, 'names two different signature algorithms, inside and outside what is signed', '4.1.1.2')
  }
  if (role === 'anchor' || role === 'intermediate') checkCa(certificate, role)
  if (profile.forms) checkForms(certificate, role)
  if (profile.conformance) checkConformance(certificate, role, profile)
  if (profile.webPki) checkStrength(certificate, role, profile)
  if (profile.webPki && role.endsWith('leaf')) checkWebLeaf(certificate, role, profile)
  if (profile.baseline) checkBaseline(certificate, role)
}

const nonconforming = (certificate: Certificate, sentence: string, section: string): never =>
  reject('nonconforming', `${describe(certificate)} ${sentence} (RFC 5280 section ${section})`, certificate)

/** Readers for the extensions that are understood: a critical one has to be well-formed, and so has what decides
 * something. The strict profiles read them all. */
const understood: ReadonlyMap<string, (certificate: Certificate) => unknown> = new Map<
  string,
  (certificate: Certificate) => unknown
>([
  [extensionOids.basicConstraints, (it) => it.basicConstraints],
  [extensionOids.keyUsage, (it) => it.keyUsage],
  [extensionOids.extendedKeyUsage, (it) => it.extendedKeyUsage],
  [extensionOids.subjectAltName, (it) => it.subjectAltNames],
  [extensionOids.issuerAltName, (it) => it.issuerAltNames],
  [extensionOids.nameConstraints, (it) => it.nameConstraints],
  [extensionOids.certificatePolicies, (it) => it.certificatePolicies],
  [extensionOids.policyMappings, (it) => it.policyMappings],
  [extensionOids.policyConstraints, (it) => it.policyConstraints],
  [extensionOids.inhibitAnyPolicy, (it) => it.inhibitAnyPolicy],
  [extensionOids.subjectKeyIdentifier, (it) => it.subjectKeyIdentifier],
  [extensionOids.authorityKeyIdentifier, (it) => it.authorityKeyIdentifier],
  [extensionOids.authorityInfoAccess, (it) => it.authorityInfoAccess],
  [extensionOids.subjectInfoAccess, (it) => it.subjectInfoAccess],
  [extensionOids.crlDistributionPoints, (it) => it.crlDistributionPoints],
  [extensionOids.freshestCrl, (it) => it.freshestCrl],
  [extensionOids.tlsFeature, (it) => it.tlsFeatures],
  [extensionOids.sctList, (it) => it.sctList],
  [extensionOids.ocspNoCheck, (it) => it.extension(extensionOids.ocspNoCheck)],
])

/** What the verification itself asks for. Everything else is read by whoever asks for it. */
const deciding: ReadonlySet<string> = new Set([
  extensionOids.basicConstraints,
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.nameConstraints,
  extensionOids.policyConstraints,
  extensionOids.inhibitAnyPolicy,
])

const isRead = (oid: string, role: Role, profile: Profile): boolean =>
  profile.forms || deciding.has(oid) || (oid === extensionOids.subjectAltName && role.endsWith('leaf'))

const neverCritical: ReadonlyMap<string, string> = new Map([
  [extensionOids.authorityKeyIdentifier, '4.2.1.1'],
  [extensionOids.subjectKeyIdentifier, '4.2.1.2'],
  [extensionOids.subjectDirectoryAttributes, '4.2.1.8'],
  [extensionOids.freshestCrl, '4.2.1.15'],
  [extensionOids.authorityInfoAccess, '4.2.2.1'],
  [extensionOids.subjectInfoAccess, '4.2.2.2'],
])

const alwaysCritical: ReadonlyMap<string, string> = new Map([
  [extensionOids.policyConstraints, '4.2.1.11'],
  [extensionOids.inhibitAnyPolicy, '4.2.1.14'],
])

const checkExtensions = (certificate: Certificate, role: Role, profile: Profile): void => {
  for (const { oid, critical } of certificate.extensions) {
    const read = understood.get(oid)
    if (read !== undefined && (critical || isRead(oid, role, profile))) read(certificate)
    else if (read === undefined && critical) {
      const sentence = `${describe(certificate)} has a critical extension that is not understood: ${oidName(oid)}`
      reject('unknown_critical_extension', `${sentence} (RFC 5280 section 4.2)`, certificate)
    }
    if (!profile.conformance) continue
    const never = critical ? neverCritical.get(oid) : undefined
    if (never !== undefined) nonconforming(certificate, `has a critical ${oidName(oid)} extension`, never)
    const always = critical ? undefined : alwaysCritical.get(oid)
    if (always !== undefined) nonconforming(certificate, `has a ${oidName(oid)} extension that is not critical`, always)
  }
  checkQualifiers(certificate)
  const { nameConstraints } = certificate
  if (nameConstraints === undefined || !profile.conformance) return
  if (certificate.basicConstraints?.ca !== true) {
    nonconforming(certificate, 'has name constraints, but is no CA', '4.2.1.10')
  }
  const malformed = malformedConstraint(nameConstraints)
  if (malformed !== undefined) nonconforming(certificate, `has malformed name constraints: ${malformed}`, '4.2.1.10')
  // The Baseline Requirements (7.1.2.5.2) allow what RFC 5280 does not.
  if (!profile.baseline && certificate.extension(extensionOids.nameConstraints)?.critical !== true) {
    nonconforming(certificate, 'has name constraints that are not critical', '4.2.1.10')
  }
}

/** Section 4.2.1.4: critical policies are understood with their qualifiers, or the certificate is refused. */
const checkQualifiers = (certificate: Certificate): void => {
  if (certificate.extension(extensionOids.certificatePolicies)?.critical !== true) return
  const oids = (certificate.certificatePolicies ?? []).flatMap(({ qualifiers }) => qualifiers.map(({ oid }) => oid))
  const unknown = oids.find((oid) => !knownQualifiers.has(oid))
  if (unknown === undefined) return
  const sentence =
    `${describe(certificate)} has critical policies with a qualifier that is not understood: ` + `${oidName(unknown)}`
  reject('unknown_critical_extension', `${sentence} (RFC 5280 section 4.2.1.4)`, certificate)
}

/** id-qt-cps and id-qt-unotice. */
const knownQualifiers: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2'])

/** 6.1.4 (k) and (n). A version 1 or 2 certificate is a CA only where the caller says so, by trusting it. */
/** Whether a certificate may sign others, taken as trusted: one of version 1 or 2 has nothing that would say so. */
export const checkIssuer = (certificate: Certificate): void =>
  checkCa(certificate, certificate.version < 3 ? 'anchor' : 'intermediate')

const checkCa = (certificate: Certificate, role: Role): void => {
  const { basicConstraints, keyUsage, version } = certificate
  const byTrust = role === 'anchor' && version < 3
  if (basicConstraints?.ca !== true && !byTrust) {
    const sentence = `${describe(certificate)} signed another certificate, but is no CA certificate`
    reject('not_a_ca', `${sentence} (RFC 5280 section 4.2.1.9)`, certificate)
  }
  if (keyUsage !== undefined && !keyUsage.includes('keyCertSign')) {
    const sentence = `${describe(certificate)} signed another certificate, but its key usage is not for that`
    reject('not_a_ca', `${sentence} (RFC 5280 section 4.2.1.3)`, certificate)
  }
}

const checkForms = (certificate: Certificate, role: Role): void => {
  const { serialNumber, issuer, subject, subjectAltNames } = certificate
  const [first = 0] = serialNumber
  if (role !== 'anchor') {
    if (first >= 0x80) nonconforming(certificate, 'has a negative serial number', '4.1.2.2')
    if (serialNumber.length === 1 && first === 0) nonconforming(certificate, 'has the serial number zero', '4.1.2.2')
    if (serialNumber.length > 20) nonconforming(certificate, 'has a serial number of more than 20 octets', '4.1.2.2')
    if (certificate.hasUntimelyTimes) nonconforming(certificate, 'has a date before 2050 that is no UTCTime', '4.1.2.5')
    if (issuer.isEmpty) nonconforming(certificate, 'has an empty issuer name', '4.1.2.4')
  }
  const [deviation] = certificate.deviations
  if (deviation !== undefined) {
    nonconforming(certificate, `is not written as DER or RFC 5280 ask for it: ${shorten(deviation)}`, '4.1')
  }
  if (certificate.hasUniqueIdentifiers) nonconforming(certificate, 'has unique identifiers', '4.1.2.8')
  const isCa = certificate.basicConstraints?.ca === true
  if (subject.isEmpty && (isCa || subjectAltNames === undefined)) {
    nonconforming(certificate, 'has no subject name', '4.1.2.6')
  }
  for (const name of subjectAltNames ?? []) {
    if (!isWellFormed(name)) {
      nonconforming(certificate, `has a malformed ${name.kind} name ${quote(name.value)}`, '4.2.1.6')
    }
  }
}

/** Section 4.2.1.6 for the forms of name that it defines. */
const isWellFormed = (name: GeneralName): boolean => {
  if (name.kind === 'dns') return isDnsName(name.value)
  if (name.kind === 'email') return /^([^\s"@]+|"[^"]*")@[^\s@]+$/.test(name.value)
  if (name.kind === 'uri') return /^[a-z][a-z0-9+.-]*:./i.test(name.value)
  return name.kind !== 'malformed'
}

const checkConformance = (certificate: Certificate, role: Role, profile: Profile): void => {
  const { basicConstraints, keyUsage, subject } = certificate
  const isCa = basicConstraints?.ca === true
  const keyCertSign = keyUsage?.includes('keyCertSign') === true
  if (isCa && certificate.extension(extensionOids.basicConstraints)?.critical !== true) {
    nonconforming(certificate, 'is a CA whose basic constraints are not critical', '4.2.1.9')
  }
  if (!isCa && keyCertSign) {
    nonconforming(certificate, 'may sign certificates by its key usage, but is no CA', '4.2.1.9')
  }
  if (basicConstraints?.pathLength !== undefined && !(isCa && keyCertSign)) {
    nonconforming(certificate, 'has a path length, but may not sign certificates', '4.2.1.9')
  }
  // One root of Mozilla's list has no subject key identifier; the Baseline Requirements are about those.
  const excused = profile.baseline && role === 'anchor'
  if (isCa && certificate.subjectKeyIdentifier === undefined && !excused) {
    nonconforming(certificate, 'is a CA without a subject key identifier', '4.2.1.2')
  }
  // A self-signed certificate needs none. Of anchors builder.ts finds out whether they are.
  const mayLack = role === 'anchor' || (role === 'trusted-leaf' && certificate.isSelfIssued)
  if (certificate.authorityKeyIdentifier?.keyIdentifier === undefined && !mayLack) {
    nonconforming(certificate, 'has no authority key identifier', '4.2.1.1')
  }
  const altName = certificate.extension(extensionOids.subjectAltName)
  if (subject.isEmpty && altName?.critical === false) {
    nonconforming(certificate, 'has no subject, and alternative names that are not critical', '4.2.1.6')
  }
}

const webKeys: ReadonlySet<string> = new Set([
  'rsa',
  'rsa-pss',
  'p256',
  'p384',
  'p521',
  'ed25519',
  'mldsa44',
  'mldsa65',
  'mldsa87',
])

/** Keys and signatures that can't be broken with what an attacker has. */
export const checkStrength = (certificate: Certificate, role: Role, profile: Profile): void => {
  const { type, bits, rsa } = certificate.publicKey
  if (!webKeys.has(type)) reject('unsupported_algorithm', `${describe(certificate)} has an ${type} key`, certificate)
  if (rsa !== undefined && bits < 2048) {
    reject(
      'weak',
      `${describe(certificate)} has an RSA key of ${bits} bits; 2048 are the least that is safe`,
      certificate,
    )
  }
  if (rsa !== undefined && profile.baseline && bits % 8 !== 0) {
    reject('weak', `${describe(certificate)} has an RSA key of ${bits} bits, which 8 does not divide`, certificate)
  }
  if (role === 'anchor' || role === 'trusted-leaf') return
  const algorithm = signatureAlgorithmOf(certificate.signatureAlgorithm)
  if (isBrokenHash(algorithm)) {
    reject('broken_hash', `${describe(certificate)} is signed with ${algorithm}, which can be forged`, certificate)
  }
}

const checkWebLeaf = (certificate: Certificate, role: Role, profile: Profile): void => {
  if (certificate.version !== 3) {
    nonconforming(certificate, `is of version ${certificate.version}, and has to be of 3`, '4.1.2.1')
  }
  if (certificate.basicConstraints?.ca === true && (role === 'leaf' || profile.baseline)) {
    reject(
      'certificate_usage',
      `${describe(certificate)} is a CA certificate, and is used as the peer's own`,
      certificate,
    )
  }
}

/** Baseline Requirements section 7.1.2. */
const checkBaseline = (certificate: Certificate, role: Role): void => {
  const breaks = (sentence: string, section: string): never =>
    reject('nonconforming', `${describe(certificate)} ${sentence} (Baseline Requirements ${section})`, certificate)
  if (role === 'anchor' && certificate.isSelfIssued) {
    const aki = certificate.authorityKeyIdentifier
    const ski = certificate.subjectKeyIdentifier
    if (certificate.extendedKeyUsage !== undefined) breaks('is a root with an extended key usage', '7.1.2.1.2')
    if (aki === undefined) return
    const same = aki.keyIdentifier !== undefined && ski !== undefined && equalBytes(aki.keyIdentifier, ski)
    if (!same || aki.issuer !== undefined) breaks('is a root with an unfit authority key identifier', '7.1.2.1.3')
  }
  if (role !== 'leaf') return
  const usages = certificate.extendedKeyUsage
  if (usages === undefined) breaks('has no extended key usage', '7.1.2.7.6')
  if (usages?.includes(purposeOids.anyExtendedKeyUsage) === true) breaks('may be used for any purpose', '7.1.2.7.10')
  if (certificate.extension(extensionOids.extendedKeyUsage)?.critical === true) {
    breaks('has a critical extended key usage', '7.1.2.7.6')
  }
  const altName = certificate.extension(extensionOids.subjectAltName)
  if (altName?.critical === true && !certificate.subject.isEmpty) {
    breaks('has critical alternative names beside a subject', '7.1.2.7.12')
  }
  checkCommonNames(certificate, breaks)
}

/** A common name is a copy, character for character, of an alternative name. Two more are taken, which mislead
 * nobody: the domain of a wildcard name, and a host's name where all alternative names are addresses
 * (docs/limbo.md). */
const checkCommonNames = (certificate: Certificate, breaks: (sentence: string, section: string) => never): void => {
  const names = certificate.subjectAltNames ?? []
  const copies = new Set(names.map((name) => (name.kind === 'ip' ? formatIp(name.bytes) : name.value)))
  const hasHosts = names.some(({ kind }) => kind === 'dns')
  for (const { oid, value } of certificate.subject.attributes) {
    if (oid !== commonNameOid || copies.has(value) || copies.has(`*.${value}`)) continue
    if (names.length > 0 && !hasHosts && !looksLikeAddress(value)) continue
    breaks(`has the common name ${quote(value)}, which is none of its alternative names`, '7.1.4.3')
  }
}

/** IPv6, or anything that a URL parser would take for IPv4: a last label that is a number, hexadecimal too. */
const looksLikeAddress = (text: string): boolean => text.includes(':') || /(^|\.)([0-9]+|0x[0-9a-f]*)\.?$/i.test(text)
