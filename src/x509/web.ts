// puretls/x509/web: the smallest verifier of chains for connections, and the features that it can have or do without.

export { webVerifier, webVerifierWith } from './web-verifier.ts'
export type { WebVerifierOptions } from './web-verifier.ts'
export { certificatePolicies, failureReasons, nameConstraints, stableFingerprint } from './features.ts'
export type { VerifierFeature } from './features.ts'
export { CertificateError } from './rejection.ts'
export type { RejectionReason } from './rejection.ts'
export type { CertificateVerifier } from './verifier.ts'
