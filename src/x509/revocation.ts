// puretls/x509/revocation: CRLs, OCSP, and a fetcher for both, as checks for a verifier. What is exported here is
// public.

export { crlCheck } from './crl-check.ts'
export type { CrlCheckOptions, CrlFinder, CrlInput } from './crl-check.ts'
export type { CrlFitnessOptions } from './crl-fitness.ts'
export { parseCrl, parseCrls } from './crl.ts'
export type { CrlEntry } from './crl-entries.ts'
export type { Crl, IssuingDistributionPoint } from './crl.ts'
export { createFetcher } from './fetcher.ts'
export type { Fetcher, FetcherOptions } from './fetcher.ts'
export type { FetchedResponse, FetchFunction, FetchInit } from './fetch-cache.ts'
export { ocspCheck } from './ocsp-check.ts'
export type { OcspCheckOptions, OcspFetch } from './ocsp-check.ts'
export type { OcspAnswerOptions } from './ocsp-answer.ts'
export { createOcspRequest, parseOcspResponse } from './ocsp.ts'
export type { OcspAnswer, OcspBasicResponse, OcspCertId, OcspResponse } from './ocsp.ts'
export type { OcspStatus } from './ocsp-status.ts'
