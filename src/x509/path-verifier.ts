// Verification of chains: parse, build paths, check them, say why not. chain-verifier.ts adds the checks that the
// verifier of a connection has by default, web-verifier.ts does without some parts. Written as steps, so that with a
// synchronous provider it waits for nothing but the rules of a strict profile, the first time.

import type { Names } from '../checked-options.ts'
import { run, use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { sameBytes } from '../wire/der.ts'
import { acceptPath, chainOf } from './accept-path.ts'
import { findPath } from './builder.ts'
import type { SearchResult } from './builder.ts'
import type { SearchInput } from './search.ts'
import { parseCertificate } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { findViolation } from './constraints.ts'
import { chainFingerprint } from './chain-fingerprint.ts'
import { explainFailure } from './explain.ts'
import { asksForStaple } from './must-staple.ts'
import { verifierMemory } from './memory.ts'
import type { VerifierMemory } from './memory.ts'
import { accessMethods } from './oids.ts'
import { chainNames, checkChainOptions, defaults } from './options.ts'
import type { ChainOptions, PathCheck, PathCheckRequest, VerifyOptions } from './options.ts'
import type { Profile, ProfileName } from './profile.ts'
import { profileOf } from './profiles.ts'
import { evaluatePolicies } from './policy.ts'
import { rulesOf } from './path-rules.ts'
import type { CandidatePath, PathFeatures } from './path.ts'
import { asCertificateError, refuse, reject } from './rejection.ts'
import { isTrustStore, trustStore } from './trust.ts'
import type { TrustInput, TrustStore } from './trust.ts'
import type { CertificateVerifier, VerifiedChain, VerifyRequest } from './verifier.ts'

/** What a verifier of the smallest bundle may do without. */
export interface VerifierFeatures extends PathFeatures {
  readonly explainFailure: typeof explainFailure
}

/** What a verification is made of, so that a small verifier can do with less. */
export interface VerifierParts {
  readonly profileOf: (name?: ProfileName) => MaybePromise<Profile>
  readonly storeOf: (inputs: TrustInput | readonly TrustInput[]) => TrustStore
  readonly features: VerifierFeatures
  /** Goes on where the certificates at hand make no path. */
  readonly searchFurther?: (input: SearchInput, options: VerifyOptions, bytesLeft: number) => Steps<SearchResult>
}

export type Verification = VerifyOptions & { readonly parts: VerifierParts }

/**
 * A verifier for connections that looks at nothing but the path: chainVerifier() without its default check of stapled
 * OCSP responses, which a small client may do without. So none is asked for, and a certificate that demands one (RFC
 * 7633) is refused, unless `defaultChecks` is false. Its `verify` throws a CertificateError (a TlsError).
 */
export const pathVerifier = (options: VerifierOptions): CertificateVerifier => {
  checkChainOptions(options, verifierNames)
  return verifierWith(
    { ...options, parts: everyPart },
    [...(options.defaultChecks === false ? [] : [refuseMustStaple]), ...(options.checks ?? [])],
    false,
    chainFingerprint,
  )
}

export type VerifierOptions = ChainOptions & { readonly sendAuthorities?: boolean }
export const verifierNames: Names<VerifierOptions> = { ...chainNames, sendAuthorities: 'boolean' }

/** Where no OCSP response is read: RFC 7633. */
export const refuseMustStaple: PathCheck = Object.assign(
  function* ({ path: [leaf] }: PathCheckRequest): Steps<void> {
    if (leaf === undefined || !asksForStaple(leaf)) return
    refuse(
      leaf,
      'bad_certificate_status',
      'must come with an OCSP response (RFC 7633), which this verifier does not read',
    )
  },
  { fingerprint: 'no ocsp {}' },
)

/** All profiles, trust in PEM too, and `aia`. */
export const everyPart: VerifierParts = {
  profileOf,
  storeOf: (inputs) => trustStore(inputs),
  features: { findViolation, evaluatePolicies, explainFailure },
  searchFurther,
}

/** Anchors are parsed once, and so are the intermediates of chains that were accepted. Without `fingerprintOf` sessions
 * are resumed under this object alone. */
export const verifierWith = (
  options: VerifierOptions & Pick<Verification, 'parts'>,
  checks: readonly PathCheck[],
  readsOcsp: boolean,
  fingerprintOf: typeof chainFingerprint | undefined,
): CertificateVerifier => {
  const trust = isTrustStore(options.trust) ? options.trust : options.parts.storeOf(options.trust)
  const memory = verifierMemory()
  const all = { ...options, trust, checks }
  let fingerprint: string | undefined
  return {
    readsOcsp,
    recall: (der) => memory.recallLeaf(der),
    verify: (request) => run(verifyRequest(request, all, memory)),
    get fingerprint() {
      return (fingerprint ??= fingerprintOf?.(all))
    },
    ...(options.sendAuthorities === true && { authorities: trust.anchors.map(({ name }) => name.der) }),
  }
}

function* verifyRequest(
  request: VerifyRequest,
  options: ChainOptions & Pick<Verification, 'parts'>,
  memory: VerifierMemory,
): Steps<VerifiedChain> {
  const { chain, leaf: parsedLeaf, peer, serverName, ...rest } = request
  const purpose = peer === 'server' ? 'serverAuth' : 'clientAuth'
  const all = { ...options, ...rest, purpose, ...(serverName !== undefined && { serverName }) }
  const { path } = yield* verify(chain, all, memory, parsedLeaf)
  const verified = chainOf(path)
  const [leaf] = verified
  if (leaf === undefined) throw new TlsError('internal_error', 'a verified chain is empty')
  return { leaf, chain: verified }
}

export function* verify(
  chain: readonly Uint8Array[],
  options: Verification,
  memory?: VerifierMemory,
  parsedLeaf?: Certificate,
): Steps<{ readonly path: CandidatePath; readonly input: SearchInput }> {
  const { input, bytesLeft } = yield* prepare(chain, options, memory, parsedLeaf)
  const path = yield* search(input, options, bytesLeft)
  memory?.keep(path)
  return { path, input }
}

/** Parses within the limits. */
export function* prepare(
  chain: readonly Uint8Array[],
  options: Verification,
  memory?: VerifierMemory,
  parsedLeaf?: Certificate,
): Steps<{ readonly input: SearchInput; readonly bytesLeft: number }> {
  const bytes = chain.reduce((sum, { length }) => sum + length, 0)
  const limit = options.budgets?.bytes ?? defaults.bytes
  if (bytes > limit) {
    reject('too_complex', `the chain has ${bytes} bytes; at most ${limit} are taken (option budgets.bytes)`)
  }
  const count = options.budgets?.certificates ?? defaults.certificates
  if (chain.length > count) {
    reject(
      'too_complex',
      `the chain has ${chain.length} certificates; at most ${count} are taken (option budgets.certificates)`,
    )
  }
  const [first, ...others] = chain
  if (first === undefined) throw new TlsError('bad_option', 'the chain is empty')
  const leaf = parsedLeaf && sameBytes(parsedLeaf.der, first) ? parsedLeaf : parsed(first)
  const unread: string[] = []
  const pool = readable(others, memory, unread)
  const profile = yield* use(options.parts.profileOf(options.profile))
  const input = { ...searchInput(leaf, pool, profile, options, memory), unread: unread[0] }
  return { input, bytesLeft: limit - bytes }
}

const parsed = (der: Uint8Array): Certificate => {
  try {
    return parseCertificate(der)
  } catch (error) {
    throw asCertificateError(error)
  }
}

/** Intermediates that can't be parsed are left out, and why goes to `unread`: perhaps the path does without them.
 * Duplicates are left out too. */
const readable = (list: readonly Uint8Array[], memory?: VerifierMemory, unread: string[] = []): Certificate[] => {
  const certificates: Certificate[] = []
  for (const der of distinct(list)) {
    try {
      certificates.push(memory?.recall(der) ?? parseCertificate(der))
    } catch (error) {
      if (!(error instanceof TlsError)) throw error
      unread.push(error.message)
    }
  }
  return certificates
}

/** Comparing each with each would let a peer's long list cost its square. */
const distinct = (list: readonly Uint8Array[]): Iterable<Uint8Array> => {
  if (list.length < 2) return list
  const byText = new Map<string, Uint8Array>()
  for (const der of list) {
    const text = latin1.decode(der)
    if (!byText.has(text)) byText.set(text, der)
  }
  return byText.values()
}

const latin1 = new TextDecoder('latin1')

/** What the search is given; tests read from its budget what a verification took. */
export const searchInput = (
  leaf: Certificate,
  pool: readonly Certificate[],
  profile: Profile,
  options: Verification,
  memory: VerifierMemory | undefined,
): SearchInput => {
  const { provider, parts, budgets = {} } = options
  const { time: moment = Date.now() } = options
  const time = typeof moment === 'number' || moment instanceof Date ? Number(moment) : Number.NaN
  if (Number.isNaN(time)) throw new TlsError('bad_option', 'time: not a moment')
  const input: SearchInput = {
    leaf,
    pool,
    trust: isTrustStore(options.trust) ? options.trust : parts.storeOf(options.trust),
    rules: rulesOf(options, { profile, time, features: parts.features }),
    provider,
    maxDepth: options.maxDepth ?? defaults.maxDepth,
    selfSignedOnly: options.partialChain === false,
    budget: {
      signatures: budgets.signatures ?? defaults.signatures,
      genuine: defaults.genuine,
      paths: budgets.paths ?? defaults.paths,
      steps: defaults.steps,
    },
    accept: (path) => acceptPath(path, input, options),
    memory,
    onTried: options.onTried,
    loose: false,
  }
  return input
}

/** Names byte for byte, then by RFC 5280 section 7.1, then with what `aia` can fetch. */
function* search(input: SearchInput, options: Verification, bytesLeft: number): Steps<CandidatePath> {
  const found = yield* findBoth(input)
  if (found.path !== undefined) return found.path
  const { searchFurther } = options.parts
  const fetched = searchFurther && (yield* searchFurther(input, options, bytesLeft))
  if (fetched?.path !== undefined) return fetched.path
  throw yield* options.parts.features.explainFailure(input, found.best ?? fetched?.best)
}

function* findBoth(input: SearchInput): Steps<SearchResult> {
  const exact = yield* findPath(input)
  if (exact.path !== undefined || exact.best !== undefined) return exact
  return yield* findPath({ ...input, loose: true })
}

/** Fetches issuers that are missing, nearest to the leaf first, until there is a path or nothing more to fetch. */
function* searchFurther(input: SearchInput, options: VerifyOptions, bytesLeft: number): Steps<SearchResult> {
  if (options.aia === undefined) return { path: undefined, best: undefined }
  const asked = new Set<string>()
  const pool = [...input.pool]
  const queue = [input.leaf, ...pool]
  let result: SearchResult = { path: undefined, best: undefined }
  for (const certificate of queue) {
    for (const url of issuerUrls(certificate)) {
      if (asked.has(url) || asked.size >= (options.budgets?.fetches ?? defaults.fetches)) continue
      asked.add(url)
      for (const issuer of readable(yield* fetchIssuers(options, url, certificate))) {
        bytesLeft -= issuer.der.length
        if (bytesLeft < 0) reject('too_complex', 'the certificates fetched for this chain are too large', certificate)
        pool.push(issuer)
        queue.push(issuer)
      }
      result = yield* findBoth({ ...input, pool })
      if (result.path !== undefined) return result
    }
  }
  return result
}

/** What can't be fetched is not there. */
function* fetchIssuers({ aia }: VerifyOptions, url: string, certificate: Certificate): Steps<readonly Uint8Array[]> {
  try {
    return (yield* use(aia?.(url, certificate))) ?? []
  } catch {
    return []
  }
}

const issuerUrls = (certificate: Certificate): readonly string[] => {
  try {
    const issuers = (certificate.authorityInfoAccess ?? []).filter(({ method }) => method === accessMethods.caIssuers)
    return issuers.flatMap(({ location }) => (location.kind === 'uri' ? [location.value] : []))
  } catch {
    return []
  }
}
