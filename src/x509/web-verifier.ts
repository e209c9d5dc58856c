// The smallest verifier of chains for clients and servers: path-verifier.ts with the default profile alone, trust in
// DER, and nothing that fetches.

import type { Names } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { certificatePolicies, failureReasons, nameConstraints, stableFingerprint } from './features.ts'
import type { VerifierFeature } from './features.ts'
import { checkSmallOptions, webNames } from './options.ts'
import { refuseMustStaple, verifierWith } from './path-verifier.ts'
import type { VerifierFeatures, VerifierOptions, VerifierParts } from './path-verifier.ts'
import { webPki } from './profile.ts'
import { CertificateError, describe, refuse, reject } from './rejection.ts'
import { derTrustStore } from './trust.ts'
import type { BareAnchor, TrustStore } from './trust.ts'
import type { Certificate } from './certificate.ts'
import type { CertificateVerifier } from './verifier.ts'

/** What webVerifier() is told. */
export type WebVerifierOptions = Omit<VerifierOptions, 'trust' | 'profile' | 'aia'> & {
  /** A store, or certificates in DER: those of puretls/roots, say. PEM goes into `trustStore()`. */
  readonly trust: TrustStore | DerTrust | readonly DerTrust[]
}
type DerTrust = Uint8Array | Certificate | BareAnchor

/**
 * pathVerifier() of a small bundle: the same checks by the rules of the profile `web-pki`, for trust in DER. The other
 * profiles, PEM and `aia` are not in it, and are refused.
 *
 * ```ts
 * import { mozillaRoots } from 'puretls/roots'
 * import { webVerifier } from 'puretls/x509/web'
 * const verifier = webVerifier({ provider, trust: mozillaRoots })
 * ```
 */
export const webVerifier = (options: WebVerifierOptions): CertificateVerifier => every(options)

/**
 * webVerifier() with these features and no others. Nothing is left unchecked: a chain that needs a feature that is not
 * there is refused, with a sentence that names it.
 *
 * ```ts
 * import { nameConstraints, webVerifierWith } from 'puretls/x509/web'
 * const verifier = webVerifierWith(nameConstraints)({ provider, trust })
 * ```
 */
export const webVerifierWith = (...given: readonly VerifierFeature[]): typeof webVerifier => {
  const features: VerifierFeatures & VerifierFeature = Object.assign({}, refusing, ...given)
  const { fingerprintOf } = features
  const parts: VerifierParts = { profileOf: () => webPki, storeOf: derTrustStore, features }
  return (options) => {
    checkSmallOptions(options, names)
    if (features.evaluatePolicies === refusing.evaluatePolicies)
      refuseOption('policies', options.policies, 'certificatePolicies')
    if (!fingerprintOf) refuseOption('fingerprint', options.fingerprint, 'stableFingerprint')
    const checks = [...(options.defaultChecks === false ? [] : [refuseMustStaple]), ...(options.checks ?? [])]
    return verifierWith({ ...options, parts }, checks, false, fingerprintOf)
  }
}

const refuseOption = (option: string, value: unknown, feature: string): void => {
  if (value !== undefined) throw new TlsError('bad_option', `${option}: ${needs(feature)}`)
}

const needs = (feature: string): string => `needs the feature \`${feature}\` of puretls/x509/web`

/** In place of features: what they would have judged is refused. */
const refusing: VerifierFeatures = {
  findViolation: (certificate) =>
    refuse(
      certificate,
      'unknown_critical_extension',
      `has names that are constrained: this ${needs('nameConstraints')}`,
    ),
  evaluatePolicies: () =>
    reject('unknown_critical_extension', `policies of this chain: ${needs('certificatePolicies')}`),
  *explainFailure({ leaf }, best) {
    return best ?? new CertificateError('unknown_ca', `${describe(leaf)} leads to no trust anchor`, leaf)
  },
}

const names: Names<WebVerifierOptions> = { ...webNames, sendAuthorities: 'boolean' }

const every: typeof webVerifier = webVerifierWith(
  nameConstraints,
  certificatePolicies,
  stableFingerprint,
  failureReasons,
)
