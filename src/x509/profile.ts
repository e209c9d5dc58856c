// What is asked of a certificate beyond the path validation of RFC 5280 section 6: four named profiles, as flags. The
// rules themselves are in rules.ts; chain-verifier.ts takes the name as an option.

export interface Profile {
  /** Names, serial numbers, dates and encodings in the forms of RFC 5280 section 4 and of DER, and every extension
   * readable: also where nothing depends on it. */
  readonly forms: boolean
  /** What section 4 puts on issuers: key identifiers present, extensions critical or not, CA bits consistent. */
  readonly conformance: boolean
  /** Strong keys and hashes; leaf is no CA, has a subjectAltName and the very key purpose that is asked for. */
  readonly webPki: boolean
  /** What the CA/Browser Forum's Baseline Requirements (section 7.1) put on issuers. */
  readonly baseline: boolean
}

export type ProfileName = 'web-pki' | 'baseline' | 'rfc5280' | 'path'

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  /** Default: what protects the relying side. What is odd and harmless is taken (docs/limbo.md has the list). */
  'web-pki': { forms: false, conformance: false, webPki: true, baseline: false },
  /** Everything that RFC 5280 and the Baseline Requirements ask for. */
  baseline: { forms: true, conformance: true, webPki: true, baseline: true },
  /** RFC 5280 sections 4 and 6, and no web PKI rules: old algorithms and short keys are taken. */
  rfc5280: { forms: true, conformance: true, webPki: false, baseline: false },
  /** RFC 5280 section 6 alone. */
  path: { forms: false, conformance: false, webPki: false, baseline: false },
}
