// What webVerifierWith() can be given, each by itself so that a bundle carries those that are named; webVerifier() has
// all of it, as every other verifier has.

import { chainFingerprint } from './chain-fingerprint.ts'
import { findViolation } from './constraints.ts'
import { explainFailure } from './explain.ts'
import type { VerifierFeatures } from './path-verifier.ts'
import { evaluatePolicies } from './policy.ts'

/** A capability of a verifier that is there only where it is asked for. */
export type VerifierFeature = Partial<VerifierFeatures & { readonly fingerprintOf: typeof chainFingerprint }>

/** Name constraints (RFC 5280 section 4.2.1.10). Without it, a certificate below a CA that has some is refused. */
export const nameConstraints: VerifierFeature = { findViolation }

/** Certificate policies (RFC 9618): option `policies`. Without it, a chain that is to have one is refused. */
export const certificatePolicies: VerifierFeature = { evaluatePolicies }

/** A fingerprint that is the same in every process for what accepts the same: option `fingerprint`. Without it,
 * sessions are resumed under the same verifier object alone. */
export const stableFingerprint: VerifierFeature = { fingerprintOf: chainFingerprint }

/** Says of a chain without a path which certificate it ends in, and what is the matter with that one. */
export const failureReasons: VerifierFeature = { explainFailure }
