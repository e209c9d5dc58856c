// puretls/x509/fetch: gets what certificates point to (CRLs, OCSP responses, missing issuers) by the caller's `fetch`,
// for crlCheck(), ocspCheck() and `aia` of a verifier. What is exported here is public.

export { createFetcher } from './fetcher.ts'
export type { Fetcher, FetcherOptions } from './fetcher.ts'
export type { FetchedResponse, FetchFunction, FetchInit } from './fetch-cache.ts'
