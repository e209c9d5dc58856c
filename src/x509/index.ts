// puretls/x509: certificates and chains, usable alone. What is exported here is public.

export { parseCertificate } from './certificate.ts'
export type { Certificate, CertificateSummary } from './certificate.ts'
export { chainVerifier, verifyChain } from './chain-verifier.ts'
export type { VerifyFailure, VerifyResult } from './chain-verifier.ts'
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
export { sameName } from './name.ts'
export type { Name, NameAttribute } from './name.ts'
export { certificateCoversName } from './names.ts'
export { extensionOids, oidName, purposeOids } from './oids.ts'
export type { PurposeName } from './oids.ts'
export type { ChainOptions, PathCheck, PathCheckRequest, PolicyOptions, VerifyBudgets, VerifyOptions } from './options.ts'
export type { ProfileName } from './profile.ts'
export { CertificateError } from './rejection.ts'
export type { RejectionReason } from './rejection.ts'
export { isTrustStore, trustStore } from './trust.ts'
export type { BareAnchor, TrustAnchor, TrustInput, TrustStore } from './trust.ts'
export type { CertificateVerifier, VerifiedChain, VerifyRequest } from './verifier.ts'
