// Path validation (RFC 5280 section 6.1) of one candidate path, without its signatures: dates, CA bits, path length,
// name constraints, key purposes, policies, top-down from the trust anchor.

import type { Certificate } from './certificate.ts'
import type { ComparisonBudget, findViolation } from './constraints.ts'
import type { KeyUsageName, NameConstraints } from './extensions.ts'
import { briefText } from './general-name.ts'
import { remembered } from './maps.ts'
import { coversReference } from './names.ts'
import type { ReferenceName } from './names.ts'
import { oidName, purposeOids } from './oids.ts'
import type { PolicyInputs, evaluatePolicies } from './policy.ts'
import type { Profile } from './profile.ts'
import { asCertificateError, describe, isoTime, refuse, reject, shorten, span } from './rejection.ts'
import type { CertificateError } from './rejection.ts'
import { checkCertificate } from './rules.ts'
import type { Role } from './rules.ts'
import type { TrustAnchor } from './trust.ts'

export interface PathRules {
  readonly profile: Profile
  /** Milliseconds since the epoch; compared in whole seconds, as certificates have them. */
  readonly time: number
  /** Object identifiers of extended key usages, one of which all of the path has to allow; empty asks for none. */
  readonly purposes: readonly string[]
  /** Key usages that the leaf must have, if it has the extension. */
  readonly keyUsage: readonly KeyUsageName[]
  /** What the leaf has to be for; undefined asks nothing of its names. */
  readonly reference: ReferenceName | undefined
  readonly isPublicSuffix: ((suffix: string) => boolean) | undefined
  readonly policies: PolicyInputs | undefined
  readonly budget: ComparisonBudget
  /** What was found out about single certificates in this verification. */
  readonly verdicts: Verdicts
  readonly features: PathFeatures
}

/** What few chains need: web-verifier.ts may do without, and then refuses those. */
export interface PathFeatures {
  readonly findViolation: typeof findViolation
  readonly evaluatePolicies: typeof evaluatePolicies
}

/** A leaf, what signed it, and so on, to the anchor that is trusted for the last one. */
export interface CandidatePath {
  /** Leaf first; without the anchor's own certificate. */
  readonly certificates: readonly Certificate[]
  readonly anchor: TrustAnchor
  /** The leaf is the anchor: it is trusted itself, and nothing signed it that matters. */
  readonly isDirect: boolean
}

/** Throws a CertificateError for the first rule that is broken, beginning at the anchor. The rules for names and
 * usage of the leaf come last, so that they are named only if all else holds. */
export const checkPath = (path: CandidatePath, rules: PathRules): void => {
  const { certificates, anchor, isDirect } = path
  const constraints: NameConstraints[] = []
  let depthLeft = Number.POSITIVE_INFINITY
  if (!isDirect) {
    if (anchor.certificate !== undefined) {
      checkAnchor(anchor.certificate, anchor, rules)
      depthLeft = anchor.certificate.basicConstraints?.pathLength ?? depthLeft
    }
    if (anchor.nameConstraints !== undefined) constraints.push(anchor.nameConstraints)
  }
  for (let i = certificates.length - 1; i >= 0; i--) {
    const certificate = certificates[i]
    if (certificate === undefined) break
    const role: Role = i > 0 ? 'intermediate' : isDirect ? 'trusted-leaf' : 'leaf'
    checkAlone(certificate, role, rules)
    if (constraints.length > 0 && (role !== 'intermediate' || !certificate.isSelfIssued)) {
      checkConstraints(certificate, constraints, rules)
    }
    if (role !== 'intermediate') continue
    if (!certificate.isSelfIssued && --depthLeft < 0) {
      const rest = 'is one CA too many for the path length that a CA above it allows'
      refuse(certificate, 'path_too_long', `${rest} (RFC 5280 section 4.2.1.9)`)
    }
    depthLeft = Math.min(depthLeft, certificate.basicConstraints?.pathLength ?? depthLeft)
    if (certificate.nameConstraints !== undefined) constraints.push(certificate.nameConstraints)
  }
  checkPurposes(path, rules)
  checkPolicies(path, rules)
  const [leaf] = certificates
  if (leaf !== undefined) checkLeaf(leaf, rules)
}

/** What its owner trusts an anchor for (accept-path.ts) stands above the extended key usage in its certificate. */
const checkAnchor = (certificate: Certificate, { settings }: TrustAnchor, rules: PathRules): void => {
  if (settings?.trusted === undefined) return checkAlone(certificate, 'anchor', rules)
  const verdict = judgeAlone(certificate, 'anchor', { ...rules, purposes: [] })
  if (verdict !== 'good') throw verdict
}

/** What can be said of a certificate in a role by itself, said once per verification: throws what `failureAlone`
 * answers. */
const checkAlone = (certificate: Certificate, role: Role, rules: PathRules): void => {
  const failure = failureAlone(certificate, role, rules)
  if (failure !== undefined) throw failure
}

/** Dates, form, CA bits, key purpose: why every path with this certificate in this role fails, or undefined. */
export const failureAlone = (certificate: Certificate, role: Role, rules: PathRules): CertificateError | undefined => {
  const verdict = remembered(rules.verdicts[role], certificate, () => judgeAlone(certificate, role, rules))
  return verdict === 'good' ? undefined : verdict
}

const judgeAlone = (certificate: Certificate, role: Role, rules: PathRules): CertificateError | 'good' => {
  try {
    checkDates(certificate, rules.time)
    checkCertificate(certificate, role, rules.profile)
    checkPurpose(certificate, role, rules)
    return 'good'
  } catch (error) {
    return asCertificateError(error, certificate)
  }
}

export type Verdicts = Readonly<Record<Role, Map<Certificate, CertificateError | 'good'>>>

export const noVerdicts = (): Verdicts => ({
  anchor: new Map(),
  intermediate: new Map(),
  leaf: new Map(),
  'trusted-leaf': new Map(),
})

/** Section 4.1.2.5: both ends belong to the validity period. */
const checkDates = (certificate: Certificate, time: number): void => {
  const now = Math.floor(time / 1000) * 1000
  if (now > certificate.notAfter) {
    const since = span(now - certificate.notAfter)
    refuse(certificate, 'certificate_expired', `expired ${since} ago: notAfter ${isoTime(certificate.notAfter)}`)
  }
  if (now < certificate.notBefore) {
    const until = span(certificate.notBefore - now)
    const rest = `is not valid before ${isoTime(certificate.notBefore)}, in ${until}`
    refuse(certificate, 'certificate_not_yet_valid', `${rest}; is the clock of this machine right?`)
  }
}

/** Section 4.2.1.12, nested: a CA that is limited to some purposes can't certify for others. */
const checkPurpose = (certificate: Certificate, role: Role, { purposes, profile }: PathRules): void => {
  const isAllowed = (purpose: string): boolean => allowsPurpose(certificate, role, purpose, profile)
  if (purposes.length === 0 || purposes.some(isAllowed)) return
  const has = (certificate.extendedKeyUsage ?? []).map(oidName).join(', ')
  const wanted = purposes.map(oidName).join(' or ')
  const sentence =
    `${describe(certificate)} may not be used for ${wanted}: its extended key usage is ` +
    `${has === '' ? 'empty' : shorten(has)}`
  reject('certificate_usage', sentence, certificate)
}

const allowsPurpose = (certificate: Certificate, role: Role, purpose: string, profile: Profile): boolean => {
  const usages = certificate.extendedKeyUsage
  if (usages === undefined || usages.includes(purpose)) return true
  const isLeaf = role === 'leaf' || role === 'trusted-leaf'
  return usages.includes(purposeOids.anyExtendedKeyUsage) && !(isLeaf && profile.webPki)
}

/** Of several purposes one has to be allowed by all of the path. */
const checkPurposes = ({ certificates, anchor }: CandidatePath, { purposes, profile }: PathRules): void => {
  if (purposes.length < 2) return
  const roles: [Certificate, Role][] = certificates.map((certificate, i) => [
    certificate,
    i === 0 ? 'leaf' : 'intermediate',
  ])
  if (anchor.certificate !== undefined && anchor.settings?.trusted === undefined) {
    roles.push([anchor.certificate, 'anchor'])
  }
  const fits = (purpose: string): boolean =>
    roles.every(([certificate, role]) => allowsPurpose(certificate, role, purpose, profile))
  if (purposes.some(fits)) return
  const sentence = `no purpose of ${purposes.map(oidName).join(', ')} is allowed by every certificate of the path`
  reject('certificate_usage', sentence, certificates[0])
}

const checkConstraints = (
  certificate: Certificate,
  constraints: readonly NameConstraints[],
  { budget, features }: PathRules,
): void => {
  const violation = features.findViolation(certificate, constraints, budget)
  if (violation === undefined) return
  const reason = violation.kind === 'exhausted' ? 'too_complex' : 'name_constraints'
  reject(reason, `${describe(certificate)}: ${shorten(violation.sentence)} (RFC 5280 section 4.2.1.10)`, certificate)
}

const checkPolicies = ({ certificates, anchor, isDirect }: CandidatePath, rules: PathRules): void => {
  const { policies, budget, profile } = rules
  if (isDirect) return
  const limited = certificates.some((certificate) => certificate.policyConstraints !== undefined)
  const inputs = anchorInputs(anchor, policies)
  const isAsked = policies !== undefined || profile.forms !== undefined
  if (!limited && !inputs.requireExplicit && !isAsked) return
  for (const certificate of certificates) budget.comparisons -= countPolicies(certificate)
  if (budget.comparisons < 0) {
    reject('too_complex', 'there are more policies on these paths than we are willing to look at')
  }
  const result = rules.features.evaluatePolicies(certificates.toReversed(), inputs)
  if (!result.ok) reject('policy', `${describe(result.certificate)}: ${result.sentence} (RFC 9618)`, result.certificate)
}

const countPolicies = (certificate: Certificate): number => {
  try {
    return (certificate.certificatePolicies?.length ?? 0) + (certificate.policyMappings?.length ?? 0)
  } catch (error) {
    throw asCertificateError(error, certificate)
  }
}

/** The caller's inputs, and what the anchor's own certificate adds to them (RFC 5937 section 3.2). */
export const anchorInputs = ({ certificate }: TrustAnchor, inputs: PolicyInputs | undefined): PolicyInputs => ({
  acceptable: inputs?.acceptable,
  requireExplicit:
    inputs?.requireExplicit === true || certificate?.policyConstraints?.requireExplicitPolicy !== undefined,
  inhibitMapping: inputs?.inhibitMapping === true || certificate?.policyConstraints?.inhibitPolicyMapping !== undefined,
  inhibitAny: inputs?.inhibitAny === true || certificate?.inhibitAnyPolicy !== undefined,
})

const MAX_NAMES_SHOWN = 20

const checkLeaf = (leaf: Certificate, rules: PathRules): void => {
  const { keyUsage, reference, isPublicSuffix } = rules
  for (const usage of keyUsage) {
    if (leaf.keyUsage?.includes(usage) !== false) continue
    refuse(leaf, 'certificate_usage', `may not be used for ${usage}: its key usage is ${leaf.keyUsage.join(', ')}`)
  }
  if (reference !== undefined) checkServerName(leaf, reference, isPublicSuffix)
}

/** RFC 9525 section 6. */
export const checkServerName = (
  leaf: Certificate,
  reference: ReferenceName,
  isPublicSuffix?: (suffix: string) => boolean,
): void => {
  if (leaf.subjectAltNames === undefined) {
    const rest = 'has no subjectAltName, so it is for no server at all'
    const mend = `issue it again with ${shorten(reference.value)} as a subjectAltName`
    refuse(leaf, 'certificate_name_mismatch', `${rest}: ${mend}; common names are not looked at (RFC 9525 section 6.3)`)
  }
  if (coversReference(leaf, reference, isPublicSuffix)) return
  const names = (leaf.subjectAltNames ?? [])
    .slice(0, MAX_NAMES_SHOWN)
    .map((name) => shorten(briefText(name), 80))
    .join(', ')
  const isFor = names === '' ? 'it is for no name at all' : `it is for ${shorten(names)}`
  refuse(leaf, 'certificate_name_mismatch', `is not for ${shorten(reference.value)}; ${isFor}`)
}
