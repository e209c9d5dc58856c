// Fetches CRLs, OCSP responses and missing issuers from where certificates say they are (RFC 5280 sections 4.2.1.13,
// 4.2.1.15 and 4.2.2.1, RFC 6960 appendix A), by a `fetch` that the caller gives. Nothing here is used unless it is
// put into a verifier.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { toHex } from '../wire/bytes.ts'
import { issuerCertificates } from './certs-only.ts'
import type { CrlFinder } from './crl-check.ts'
import { parseCrls } from './crl.ts'
import type { Crl } from './crl.ts'
import type { DistributionPoint } from './extensions.ts'
import { FetchCache } from './fetch-cache.ts'
import type { FetchFunction, FetchLimits, ReadAnswer } from './fetch-cache.ts'
import { nonceBytes, parseOcspResponse } from './ocsp.ts'
import type { OcspFetch } from './ocsp-check.ts'
import type { ChainOptions } from './options.ts'

export interface FetcherOptions {
  /** `globalThis.fetch`, or one of your own, which also decides on proxies, redirects and private addresses. */
  readonly fetch: FetchFunction
  /** Whether an address may be asked; those of issuers come from certificates that nobody has verified yet. Default:
   * all of http and https. Other schemes are never asked. */
  readonly allow?: (url: URL) => boolean
  /** Milliseconds for one answer, its body included. Default 5,000. */
  readonly timeoutMs?: number
  /** Bytes of one CRL. Default 16 MiB. Of OCSP responses 64 KiB are read, of issuers 256 KiB. */
  readonly maxCrlBytes?: number
  /** Bytes of what is kept, for CRLs, OCSP responses and issuers each. Default 64 MiB. */
  readonly maxCacheBytes?: number
  /** Milliseconds that an answer is kept at most; otherwise until its nextUpdate. Default one hour. */
  readonly maxCacheMs?: number
  /** Milliseconds that an address which failed is not asked again. Default one minute. */
  readonly retryMs?: number
  /** Addresses that are asked for the CRLs of one certificate. Default 4. */
  readonly maxUrls?: number
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number
}

const names: Names<FetcherOptions> = {
  fetch: 'any',
  allow: 'function',
  timeoutMs: 'number',
  maxCrlBytes: 'number',
  maxCacheBytes: 'number',
  maxCacheMs: 'number',
  retryMs: 'number',
  maxUrls: 'number',
  clock: 'function',
}

/** To be put where it is wanted: `crlCheck({ crls: fetcher.crls })`, `ocspCheck({ fetch: fetcher.ocsp })`,
 * `chainVerifier({ aia: fetcher.issuers })`. */
export interface Fetcher {
  readonly crls: CrlFinder
  readonly ocsp: OcspFetch
  readonly issuers: NonNullable<ChainOptions['aia']>
}

const DEFAULT_TIMEOUT_MS = 5000
const MAX_CRL_BYTES = 16_777_216
const MAX_OCSP_BYTES = 65_536
const MAX_ISSUER_BYTES = 262_144
const MAX_CACHE_BYTES = 67_108_864
const DEFAULT_CACHE_MS = 3_600_000
const DEFAULT_RETRY_MS = 60_000
const MAX_URLS = 4

/** A cache and the three functions over it. Throws TlsError `bad_option` without a `fetch`. */
export const createFetcher = (options: FetcherOptions): Fetcher => {
  checkOptions(options, names, { elsewhere: { timeout: 'timeoutMs' } })
  if (typeof options.fetch !== 'function') {
    throw new TlsError('bad_option', 'fetch: give a function, such as globalThis.fetch; nothing is fetched by default')
  }
  const isAllowed = (url: string): boolean => mayBeAsked(url, options.allow)
  return {
    crls: crlFinder(options, isAllowed),
    ocsp: ocspFetch(options, isAllowed),
    issuers: issuerFetch(options, isAllowed),
  }
}

const limitsOf = (options: FetcherOptions, maxBytes: number): FetchLimits => ({
  fetch: options.fetch,
  timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  maxBytes,
  maxCacheBytes: options.maxCacheBytes ?? MAX_CACHE_BYTES,
  maxCacheMs: options.maxCacheMs ?? DEFAULT_CACHE_MS,
  retryMs: options.retryMs ?? DEFAULT_RETRY_MS,
  clock: options.clock ?? Date.now,
})

const mayBeAsked = (text: string, allow: FetcherOptions['allow']): boolean => {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) && (allow?.(url) ?? true)
}

const crlFinder = (options: FetcherOptions, isAllowed: (url: string) => boolean): CrlFinder => {
  const cache = new FetchCache(limitsOf(options, options.maxCrlBytes ?? MAX_CRL_BYTES), readCrl)
  const find: CrlFinder = async ({ certificate }) => {
    const crls: Crl[] = []
    let left = options.maxUrls ?? MAX_URLS
    /** The names of one point are of one CRL: the first that answers will do. */
    const ask = async (points: readonly DistributionPoint[]): Promise<void> => {
      for (const point of points) {
        for (const url of urlsOf(point).filter(isAllowed)) {
          if (left-- <= 0) return
          const crl = await cache.get(url, { method: 'GET', headers: { accept: 'application/pkix-crl' } })
          if (crl === undefined) continue
          if (!crls.includes(crl)) crls.push(crl)
          break
        }
      }
    }
    await ask(pointsOf(() => certificate.crlDistributionPoints))
    await ask([...pointsOf(() => certificate.freshestCrl), ...crls.flatMap((crl) => pointsOf(() => crl.freshestCrl))])
    return crls
  }
  return Object.assign(find, { forget: (crl: Crl) => cache.forget((value) => value === crl) })
}

const pointsOf = (read: () => readonly DistributionPoint[] | undefined): readonly DistributionPoint[] => {
  try {
    return read() ?? []
  } catch {
    return []
  }
}

const urlsOf = ({ fullName = [] }: DistributionPoint): readonly string[] =>
  fullName.flatMap((name) => (name.kind === 'uri' ? [name.value] : []))

const readCrl = (bytes: Uint8Array): ReadAnswer<Crl> => {
  const [value] = parseCrls(bytes)
  if (value === undefined) throw new TlsError('revocation_unknown', 'there is no CRL in it')
  return { value, until: value.nextUpdate ?? 0 }
}

const ocspFetch = (options: FetcherOptions, isAllowed: (url: string) => boolean): OcspFetch => {
  const cache = new FetchCache(limitsOf(options, MAX_OCSP_BYTES), readOcspResponse)
  const keyOf = (url: string, request: Uint8Array): string => `${toHex(request)} ${url}`
  const headers = { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' }
  const ask: OcspFetch = async (url, request) => {
    if (!isAllowed(url)) return undefined
    // An answer to a request with a nonce is for that request alone.
    const keep = !toHex(request).includes(nonceBytes)
    return cache.get(url, { method: 'POST', headers, body: Uint8Array.from(request) }, keyOf(url, request), keep)
  }
  const forget = (url: string, request: Uint8Array): void => cache.forget((_, key) => key === keyOf(url, request))
  return Object.assign(ask, { forget })
}

const readOcspResponse = (value: Uint8Array): ReadAnswer<Uint8Array> => {
  const response = parseOcspResponse(value)
  if (response.status !== 'successful') throw new TlsError('bad_certificate_status', response.status)
  return { value, until: Math.min(...response.basic.answers.map(({ nextUpdate }) => nextUpdate ?? 0)) }
}

const issuerFetch = (options: FetcherOptions, isAllowed: (url: string) => boolean): Fetcher['issuers'] => {
  const read = (bytes: Uint8Array): ReadAnswer<readonly Uint8Array[]> => ({
    value: issuerCertificates(bytes),
    until: Number.POSITIVE_INFINITY,
  })
  const cache = new FetchCache(limitsOf(options, MAX_ISSUER_BYTES), read)
  const headers = { accept: 'application/pkix-cert, application/pkcs7-mime' }
  return (url) => (isAllowed(url) ? cache.get(url, { method: 'GET', headers }) : undefined)
}
