// puretls/x509: certificates and chains, usable alone. What is exported here is public. Revocation beyond staples and
// certificate transparency have entries of their own.

export { parseCertificate, parseCertificates } from './certificate.ts'
export type { Certificate, CertificateSummary } from './certificate.ts'
export { chainVerifier, verifyAllChains, verifyChain } from './chain-verifier.ts'
export { pathVerifier } from './path-verifier.ts'
export type { AllChains, VerifyFailure, VerifyResult } from './chain-verifier.ts'
export type { VerifierOptions } from './path-verifier.ts'
export { checkSignatureFrom, verifyHostname } from './single.ts'
export { daneVerifier, parseTlsa } from './dane.ts'
export type { DaneOptions, TlsaRecord } from './dane.ts'
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
export { pinCheck, spkiPin } from './pinning.ts'
export type { PinCheckOptions } from './pinning.ts'
export type { ProfileName } from './profile.ts'
export { CertificateError } from './rejection.ts'
export type { RejectionReason } from './rejection.ts'
export { tofuVerifier } from './tofu.ts'
export type { TofuOptions, TofuStore } from './tofu.ts'
export { isTrustStore, trustStore } from './trust.ts'
export type { BareAnchor, TrustAnchor, TrustInput, TrustStore } from './trust.ts'
export type { CertificateVerifier, ResumeRequest, VerifiedChain, VerifyRequest } from './verifier.ts'
