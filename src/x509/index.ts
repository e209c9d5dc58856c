// puretls/x509: certificates, chains and their revocation, usable alone. What is exported here is public. Fetching,
// certificate transparency, and pins with DANE have entries of their own: fetch.ts, ct.ts, pins.ts.

export { parseCertificate, parseCertificates } from './certificate.ts'
export type { Certificate, CertificateSummary } from './certificate.ts'
export { chainVerifier, verifyAllChains, verifyChain } from './chain-verifier.ts'
export { pathVerifier } from './path-verifier.ts'
export type { AllChains, VerifyFailure, VerifyResult } from './chain-verifier.ts'
export type { VerifierOptions } from './path-verifier.ts'
export { checkSignatureFrom, verifyHostname } from './single.ts'
export { crlCheck } from './crl-check.ts'
export type { CrlCheckOptions, CrlFinder, CrlInput } from './crl-check.ts'
export type { CrlFitnessOptions } from './crl-options.ts'
export { parseCrl, parseCrls } from './crl.ts'
export type { CrlEntry } from './crl-entries.ts'
export type { Crl, IssuingDistributionPoint } from './crl.ts'
export type {
  AccessDescription,
  AuthorityKeyIdentifier,
  BasicConstraints,
  DistributionPoint,
  Extension,
  GeneralSubtree,
  KeyUsageName,
  NameConstraints,
  PolicyConstraints,
  PolicyInformation,
  PolicyMapping,
} from './extensions.ts'
export type { GeneralName } from './general-name.ts'
export type { TrustSettings } from './load.ts'
export { sameName } from './name.ts'
export type { Name, NameAttribute } from './name.ts'
export { certificateCoversName } from './names.ts'
export { ocspCheck } from './ocsp-check.ts'
export type { OcspCheckOptions, OcspFetch } from './ocsp-check.ts'
export type { OcspAnswerOptions } from './ocsp-answer.ts'
export { createOcspRequest, parseOcspResponse } from './ocsp.ts'
export type { OcspAnswer, OcspBasicResponse, OcspCertId, OcspResponse } from './ocsp.ts'
export type { OcspStatus } from './ocsp-status.ts'
export { extensionOids, oidName, purposeOids } from './oids.ts'
export type { PurposeName } from './oids.ts'
export type { TriedPath } from './search.ts'
export type {
  ChainOptions,
  PathCheck,
  PathCheckRequest,
  PolicyOptions,
  Purpose,
  VerifyBudgets,
  VerifyOptions,
} from './options.ts'
export { issuerOf } from './path-pairs.ts'
export type { CheckDepth, Issuer, PathPair } from './path-pairs.ts'
export type { ProfileName } from './profile.ts'
export { CertificateError } from './rejection.ts'
export type { RejectionReason } from './rejection.ts'
export { isTrustStore, trustStore } from './trust.ts'
export type { BareAnchor, TrustAnchor, TrustInput, TrustStore } from './trust.ts'
export type { CertificateVerifier, ResumeRequest, VerifiedChain, VerifyRequest } from './verifier.ts'
