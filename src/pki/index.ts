// puretls/pki: a certificate authority in a library. Makes keys, CAs, certificates, requests, CRLs and OCSP responses,
// and reads the keys and bundles that people have. Nothing else of puretls imports it.

export { createCa, loadCa, selfSigned } from './ca.ts'
export type { Ca, Issuer, SavedCa, SavedCaPem, SignerCa } from './ca.ts'
export type {
  CaOptions,
  LeafOptions,
  PublicLeafOptions,
  RequestLeafOptions,
  SignOptions,
  SignerCaOptions,
  SignerLeafOptions,
} from './certificate-options.ts'
export { issueDelegatedCredential } from './delegated-credential.ts'
export type { DelegationOptions, IssuedDelegation } from './delegated-credential.ts'
export { createRequest, parseRequest } from './csr.ts'
export type {
  CertificateRequest,
  MadeRequest,
  ParsedRequest,
  RequestAttribute,
  RequestOptions,
  SignerRequestOptions,
} from './csr.ts'
export type { CrlOptions, IssuedCrl, Revocation, RevocationReason } from './crl.ts'
export type { OcspAnswer, OcspOptions } from './ocsp.ts'
export type { NameConstraintOptions, PolicyInput, RawExtension } from './extensions.ts'
export type { Certified, Issued, ValidityOptions } from './issue.ts'
export type { ExternalKey, KeyKind, OwnKey, PublicKeyInput } from './keys.ts'
export { createLeafCache } from './leaf-cache.ts'
export type { LeafCache, LeafCacheOptions } from './leaf-cache.ts'
export type { NameInput, SubjectName } from './names.ts'
export type { DerivationLimits } from './derivation.ts'
export { decryptPrivateKey, encryptPrivateKey } from './encrypted-key.ts'
export { readPkcs12 } from './pkcs12.ts'
export type { Pkcs12 } from './pkcs12.ts'
export { createPkcs12 } from './pkcs12-writer.ts'
export type { Pkcs12Options } from './pkcs12-writer.ts'
export type { Decipher, DecryptOptions, OldCipher } from './pkcs12-pbe.ts'
