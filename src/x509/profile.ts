// What is asked of a certificate beyond the path validation of RFC 5280 section 6, as flags and rules: the default
// profile, and what a profile is. The strict rules are in strict-rules.ts, and all four profiles in profiles.ts.

import type { Certificate } from './certificate.ts'

/** An `anchor` is a trusted CA certificate; `trusted-leaf` a leaf that is trusted itself. */
export type Role = 'anchor' | 'intermediate' | 'leaf' | 'trusted-leaf'

/** Throws a CertificateError where the certificate breaks it. */
export type CertificateRule = (certificate: Certificate, role: Role, profile: Profile) => void

export interface Profile {
  /** Names, serial numbers, dates and encodings in the forms of RFC 5280 section 4 and of DER, and every extension
   * readable: also where nothing depends on it. */
  readonly forms?: CertificateRule
  /** What section 4 puts on issuers: key identifiers present, extensions critical or not, CA bits consistent. */
  readonly conformance?: {
    readonly extension: (
      certificate: Certificate,
      extension: { readonly oid: string; readonly critical: boolean },
    ) => void
    readonly nameConstraints: CertificateRule
    readonly certificate: CertificateRule
  }
  /** Strong keys and hashes; leaf is no CA, has a subjectAltName and the very key purpose that is asked for. */
  readonly webPki: boolean
  /** What the CA/Browser Forum's Baseline Requirements (section 7.1) put on issuers. */
  readonly baseline?: CertificateRule
}

export type ProfileName = 'web-pki' | 'baseline' | 'rfc5280' | 'path'

/** Default: what protects the relying side. What is odd and harmless is taken (docs/limbo.md has the list). */
export const webPki: Profile = { webPki: true }
