// What the strict profiles ask for beyond rules.ts: the forms of RFC 5280 section 4 and of DER, what that section puts
// on issuers, and the CA/Browser Forum's Baseline Requirements. profiles.ts loads it when it is first asked for.

import type { equalBytes } from '../wire/bytes.ts'
import type { Certificate } from './certificate.ts'
import type { baseOf } from './constraints.ts'
import type { NameConstraints } from './extensions.ts'
import type { formatIp, GeneralName } from './general-name.ts'
import type { isDnsName } from './names.ts'
import type { commonNameOid, extensionOids, oidName, purposeOids } from './oids.ts'
import type { CertificateRule, Profile, ProfileName } from './profile.ts'
import type { quote, refuse, shorten } from './rejection.ts'
import type { nonconforming } from './rules.ts'

/** What the rules need of other modules, which is passed (see late-files.ts). */
export interface RuleTools {
  readonly equalBytes: typeof equalBytes
  readonly baseOf: typeof baseOf
  readonly formatIp: typeof formatIp
  readonly isDnsName: typeof isDnsName
  readonly commonNameOid: typeof commonNameOid
  readonly extensionOids: typeof extensionOids
  readonly oidName: typeof oidName
  readonly purposeOids: typeof purposeOids
  readonly quote: typeof quote
  readonly refuse: typeof refuse
  readonly shorten: typeof shorten
  readonly nonconforming: typeof nonconforming
}

export type StrictProfiles = Readonly<Record<Exclude<ProfileName, 'web-pki' | 'path'>, Profile>>

export const strictProfiles = (tools: RuleTools): StrictProfiles => {
  const { equalBytes, formatIp, isDnsName } = tools
  const { commonNameOid, extensionOids, oidName, purposeOids } = tools
  const { quote, refuse, shorten } = tools
  const nonconforming: RuleTools['nonconforming'] = tools.nonconforming

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

  /** Section 4.2: whether an extension is critical. */
  const checkCriticality = (
    certificate: Certificate,
    { oid, critical }: { readonly oid: string; readonly critical: boolean },
  ): void => {
    const never = critical ? neverCritical.get(oid) : undefined
    if (never !== undefined) nonconforming(certificate, `has a critical ${oidName(oid)} extension`, never)
    const always = critical ? undefined : alwaysCritical.get(oid)
    if (always !== undefined) nonconforming(certificate, `has a ${oidName(oid)} extension that is not critical`, always)
  }

  const checkNameConstraints: CertificateRule = (certificate, _, profile) => {
    const { nameConstraints } = certificate
    if (nameConstraints === undefined) return
    if (certificate.basicConstraints?.ca !== true) {
      nonconforming(certificate, 'has name constraints, but is no CA', '4.2.1.10')
    }
    const malformed = malformedConstraint(nameConstraints, tools)
    if (malformed !== undefined) nonconforming(certificate, `has malformed name constraints: ${malformed}`, '4.2.1.10')
    // The Baseline Requirements (7.1.2.5.2) allow what RFC 5280 does not.
    if (!profile.baseline && certificate.extension(extensionOids.nameConstraints)?.critical !== true) {
      nonconforming(certificate, 'has name constraints that are not critical', '4.2.1.10')
    }
  }

  const checkForms: CertificateRule = (certificate, role) => {
    const { serialNumber, issuer, subject, subjectAltNames } = certificate
    const [first = 0] = serialNumber
    if (role !== 'anchor') {
      if (first >= 0x80) nonconforming(certificate, 'has a negative serial number', '4.1.2.2')
      if (serialNumber.length === 1 && first === 0) nonconforming(certificate, 'has the serial number zero', '4.1.2.2')
      if (serialNumber.length > 20) nonconforming(certificate, 'has a serial number of more than 20 octets', '4.1.2.2')
      if (certificate.hasUntimelyTimes)
        nonconforming(certificate, 'has a date before 2050 that is no UTCTime', '4.1.2.5')
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

  const checkConformance: CertificateRule = (certificate, role, profile) => {
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

  const conformance: NonNullable<Profile['conformance']> = {
    extension: checkCriticality,
    nameConstraints: checkNameConstraints,
    certificate: checkConformance,
  }

  /** Baseline Requirements section 7.1.2. */
  const checkBaseline: CertificateRule = (certificate, role) => {
    const breaks = (sentence: string, section: string): never =>
      refuse(certificate, 'nonconforming', `${sentence} (Baseline Requirements ${section})`)
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

  return {
    /** Everything that RFC 5280 and the Baseline Requirements ask for. */
    baseline: { forms: checkForms, conformance, webPki: true, baseline: checkBaseline },
    /** RFC 5280 sections 4 and 6, and no web PKI rules: old algorithms and short keys are taken. */
    rfc5280: { forms: checkForms, conformance, webPki: false },
  }
}

/** Whether a set of subtrees is written as section 4.2.1.10 has it; else what is wrong with it. */
export const malformedConstraint = (
  { permitted = [], excluded = [] }: NameConstraints,
  { baseOf, quote }: Pick<RuleTools, 'baseOf' | 'quote'>,
): string | undefined => {
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
