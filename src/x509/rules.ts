// The rules for one certificate: what can be said of it without looking at the path (RFC 5280 sections 4.1 and 4.2,
// 6.1.4 (k) to (o), 6.1.5 (e), (f)), and by profile what the web PKI adds.

import type { Certificate } from './certificate.ts'
import { extensionProperties } from './extensions.ts'
import { extensionOids, oidName } from './oids.ts'
import type { Profile, Role } from './profile.ts'
import { describe, refuse, reject } from './rejection.ts'
import { isBrokenHash, sameAlgorithm, signatureAlgorithmOf } from './signature.ts'

export type { Role } from './profile.ts'

/** Everything that does not depend on time, names asked for or other certificates. */
export const checkCertificate = (certificate: Certificate, role: Role, profile: Profile): void => {
  checkExtensions(certificate, role, profile)
  if (!sameAlgorithm(certificate.signatureAlgorithm, certificate.tbsSignatureAlgorithm)) {
    nonconforming(certificate, 'names two different signature algorithms, inside and outside what is signed', '4.1.1.2')
  }
  if (role === 'anchor' || role === 'intermediate') checkCa(certificate, role)
  profile.forms?.(certificate, role, profile)
  profile.conformance?.certificate(certificate, role, profile)
  if (profile.webPki) checkStrength(certificate, role, profile)
  if (profile.webPki && role.endsWith('leaf')) checkWebLeaf(certificate, role, profile)
  profile.baseline?.(certificate, role, profile)
}

export const nonconforming = (certificate: Certificate, sentence: string, section: string): never =>
  refuse(certificate, 'nonconforming', `${sentence} (RFC 5280 section ${section})`)

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
  profile.forms !== undefined || deciding.has(oid) || (oid === extensionOids.subjectAltName && role.endsWith('leaf'))

/** A critical extension has to be understood and well-formed, and what decides something well-formed. The strict
 * profiles read all of them. */
const checkExtensions = (certificate: Certificate, role: Role, profile: Profile): void => {
  for (const { oid, critical } of certificate.extensions) {
    const property = extensionProperties.get(oid)
    if (property !== undefined) {
      if (critical || isRead(oid, role, profile)) void certificate[property]
    } else if (critical && oid !== extensionOids.ocspNoCheck) {
      const rest = `has a critical extension that is not understood: ${oidName(oid)}`
      refuse(certificate, 'unknown_critical_extension', `${rest} (RFC 5280 section 4.2)`)
    }
    profile.conformance?.extension(certificate, { oid, critical })
  }
  checkQualifiers(certificate)
  profile.conformance?.nameConstraints(certificate, role, profile)
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

/** Whether a certificate may sign others, taken as trusted: one of version 1 or 2 has nothing that would say so. */
export const checkIssuer = (certificate: Certificate): void =>
  checkCa(certificate, certificate.version < 3 ? 'anchor' : 'intermediate')

/** 6.1.4 (k) and (n). A version 1 or 2 certificate is a CA only where the caller says so, by trusting it. */
const checkCa = (certificate: Certificate, role: Role): void => {
  const { basicConstraints, keyUsage, version } = certificate
  const byTrust = role === 'anchor' && version < 3
  if (basicConstraints?.ca !== true && !byTrust) {
    const rest = 'signed another certificate, but is no CA certificate'
    refuse(certificate, 'not_a_ca', `${rest} (RFC 5280 section 4.2.1.9)`)
  }
  if (keyUsage !== undefined && !keyUsage.includes('keyCertSign')) {
    const rest = 'signed another certificate, but its key usage is not for that'
    refuse(certificate, 'not_a_ca', `${rest} (RFC 5280 section 4.2.1.3)`)
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
  if (!webKeys.has(type)) refuse(certificate, 'unsupported_algorithm', `has an ${type} key`)
  if (rsa !== undefined && bits < 2048) {
    refuse(certificate, 'weak', `has an RSA key of ${bits} bits; 2048 are the least that is safe`)
  }
  if (rsa !== undefined && profile.baseline && bits % 8 !== 0) {
    refuse(certificate, 'weak', `has an RSA key of ${bits} bits, which 8 does not divide`)
  }
  if (role === 'anchor' || role === 'trusted-leaf') return
  const algorithm = signatureAlgorithmOf(certificate.signatureAlgorithm)
  if (isBrokenHash(algorithm)) {
    refuse(certificate, 'broken_hash', `is signed with ${algorithm}, which can be forged`)
  }
}

const checkWebLeaf = (certificate: Certificate, role: Role, profile: Profile): void => {
  if (certificate.version !== 3) {
    nonconforming(certificate, `is of version ${certificate.version}, and has to be of 3`, '4.1.2.1')
  }
  if (certificate.basicConstraints?.ca === true && (role === 'leaf' || profile.baseline)) {
    refuse(certificate, 'certificate_usage', `is a CA certificate, and is used as the peer's own`)
  }
}
