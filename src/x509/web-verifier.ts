// The smallest verifier of chains for clients and servers: path-verifier.ts with the default profile alone, trust in
// DER, and nothing that fetches.

import type { Names } from '../checked-options.ts'
import { checkSmallOptions, webNames } from './options.ts'
import { refuseMustStaple, verifierWith } from './path-verifier.ts'
import type { VerifierOptions, VerifierParts } from './path-verifier.ts'
import { webPki } from './profile.ts'
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
 * import { webVerifier } from 'puretls/x509'
 * const verifier = webVerifier({ provider, trust: mozillaRoots })
 * ```
 */
export const webVerifier = (options: WebVerifierOptions): CertificateVerifier => {
  checkSmallOptions(options, names)
  const checks = [...(options.defaultChecks === false ? [] : [refuseMustStaple]), ...(options.checks ?? [])]
  return verifierWith({ ...options, parts }, checks, false)
}

const names: Names<WebVerifierOptions> = { ...webNames, sendAuthorities: 'boolean' }

const parts: VerifierParts = { profileOf: () => webPki, storeOf: derTrustStore }
