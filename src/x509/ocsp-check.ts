// Whether certificates of a path are revoked, by OCSP responses (RFC 6960): stapled, given or fetched; must-staple
// (RFC 7633). A PathCheck for the `checks` option of the verifier.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { attempt } from './attempt.ts'
import type { Certificate } from './certificate.ts'
import { withFingerprint } from './fingerprint.ts'
import { answerNames, bad, readAnswer } from './ocsp-answer.ts'
import type { OcspAnswerOptions, OcspContext } from './ocsp-answer.ts'
import { asksForStaple } from './must-staple.ts'
import { createOcspRequest, parseOcspResponse } from './ocsp.ts'
import type { OcspAnswer } from './ocsp.ts'
import { accessMethods } from './oids.ts'
import type { PathCheck, PathCheckRequest } from './options.ts'
import { pathPairs } from './path-pairs.ts'
import type { CheckDepth, PathPair } from './path-pairs.ts'
import { describe, isoTime, reject } from './rejection.ts'

/** Asks the responder at `url` with `request` (DER, for a POST of application/ocsp-request). `forget` is told of
 * responses that are of no use, so that a cache does not keep them. */
export interface OcspFetch {
  (url: string, request: Uint8Array, pair: PathPair): MaybePromise<Uint8Array | undefined>
  readonly forget?: (url: string, request: Uint8Array) => void
}

export interface OcspCheckOptions extends OcspAnswerOptions {
  /** `soft` (default): a certificate without any answer passes. `hard`: it is refused. A stapled response that is not
   * good is refused always (RFC 6066 section 8), and so is "revoked". */
  readonly mode?: 'hard' | 'soft'
  /** Default `leaf`. */
  readonly depth?: CheckDepth
  /** Responses (DER) that the caller has, beside the stapled one. */
  readonly responses?: readonly Uint8Array[]
  /** Asks a responder, where no other response says that a certificate is good. What it throws counts as none.
   * Without it nothing is fetched. */
  readonly fetch?: OcspFetch
  /** Puts a nonce into requests and demands it back (RFC 9654). Most public responders leave it out. Default false. */
  readonly nonce?: boolean
  /** Default true: a leaf with the TLS feature status_request has to come with a good stapled response. */
  readonly mustStaple?: boolean
}

const names: Names<OcspCheckOptions> = {
  ...answerNames,
  mode: ['hard', 'soft'],
  depth: ['leaf', 'chain'],
  responses: 'list',
  fetch: 'function',
  nonce: 'boolean',
  mustStaple: 'boolean',
}

/** Throws `certificate_revoked`, `bad_certificate_status` or `revocation_unknown`. */
export const ocspCheck = (options: OcspCheckOptions = {}): PathCheck => {
  checkOptions(options, names)
  const check: PathCheck = withFingerprint(
    function* (request: PathCheckRequest) {
      for (const [i, pair] of pathPairs(request, options.depth ?? 'leaf').entries()) {
        yield* checkOne(pair, i === 0 ? request.ocspResponse : undefined, i === 0, { ...request, options })
      }
    },
    'ocsp',
    options,
  )
  ocspChecks.add(check)
  return check
}

const ocspChecks = new WeakSet<PathCheck>()

/** Whether `ocspCheck` made it. */
export const isOcspCheck = (check: PathCheck): boolean => ocspChecks.has(check)

/**
 * What a response (DER) says of a certificate; throws TlsError `bad_certificate_status` unless it is successful,
 * about that certificate, signed by someone who may, and, if it does not say "revoked", fresh and understood. `time`
 * is in milliseconds since the epoch.
 */
export function* readOcspAnswer(
  der: Uint8Array,
  pair: PathPair,
  request: Pick<PathCheckRequest, 'provider' | 'time' | 'validate'>,
  options: OcspAnswerOptions = {},
  nonce?: Uint8Array,
): Steps<OcspAnswer> {
  const response = parseOcspResponse(der)
  if (response.status !== 'successful') return bad(`the OCSP responder answered "${response.status}"`, pair)
  return yield* readAnswer(response.basic, pair, { ...request, options }, nonce)
}

interface Context extends OcspContext {
  readonly options: OcspCheckOptions
}

/** Responders of one certificate that are asked. */
const MAX_RESPONDERS = 2

function* checkOne(pair: PathPair, stapled: Uint8Array | undefined, isLeaf: boolean, context: Context): Steps<void> {
  const { certificate } = pair
  const { options } = context
  const mustStaple = isLeaf && options.mustStaple !== false && asksForStaple(certificate)
  if (stapled === undefined && mustStaple) {
    bad(`${describe(certificate)} must come with an OCSP response (RFC 7633), and came without`, pair)
  }
  const fromPeer = stapled && (yield* fromStaple(stapled, pair, mustStaple, context))
  refuseRevoked(fromPeer, pair)
  if (mustStaple && fromPeer?.status !== 'good') {
    bad(`the stapled OCSP response does not know ${describe(certificate)}`, pair)
  }
  const answers = [fromPeer, ...(yield* fromCaller(pair, context))]
  if (answers.some((answer) => answer?.status === 'good')) return
  answers.push(...(yield* fromResponders(pair, context)))
  if (options.mode !== 'hard' || answers.some((answer) => answer?.status === 'good')) return
  const isKnown = answers.some((answer) => answer !== undefined)
  const why = isKnown ? 'its OCSP responder does not know it' : 'there is no OCSP response for it'
  reject('revocation_unknown', `whether ${describe(certificate)} is revoked is not known: ${why}`, certificate)
}

const refuseRevoked = (answer: OcspAnswer | undefined, { certificate }: PathPair): void => {
  if (answer?.status !== 'revoked') return
  const when = answer.revokedAt === undefined ? '' : ` on ${isoTime(answer.revokedAt)}`
  const why = answer.reason === undefined ? '' : `: ${answer.reason}`
  reject('certificate_revoked', `${describe(certificate)} was revoked${when}${why} (OCSP)`, certificate)
}

/** In soft mode a responder that was out of order is like none. */
function* fromStaple(
  der: Uint8Array,
  pair: PathPair,
  mustStaple: boolean,
  context: Context,
): Steps<OcspAnswer | undefined> {
  const response = parseOcspResponse(der)
  if (response.status === 'successful') return yield* readAnswer(response.basic, pair, context)
  if (mustStaple || context.options.mode === 'hard') bad(`the stapled OCSP response says "${response.status}"`, pair)
  return undefined
}

/** All responses are read: one that says "revoked" counts after one that says "good" too. */
function* fromCaller(pair: PathPair, context: Context): Steps<readonly OcspAnswer[]> {
  const answers: OcspAnswer[] = []
  for (const der of context.options.responses ?? []) {
    const answer = yield* orNone(der, pair, context)
    if (answer !== undefined) answers.push(answer)
    refuseRevoked(answer, pair)
  }
  return answers
}

function* fromResponders(pair: PathPair, context: Context): Steps<readonly OcspAnswer[]> {
  const {
    options: { fetch, nonce },
    provider,
  } = context
  if (fetch === undefined) return []
  const answers: OcspAnswer[] = []
  for (const url of responderUrls(pair.certificate)) {
    const sent = nonce === true ? provider.random(32) : undefined
    const request = createOcspRequest(pair, provider, sent)
    const der = yield* fetched(fetch, url, request, pair)
    const answer = der && (yield* orNone(der, pair, context, sent))
    if (der !== undefined && answer === undefined) fetch.forget?.(url, request)
    if (answer === undefined) continue
    refuseRevoked(answer, pair)
    answers.push(answer)
    if (answer.status === 'good') break
  }
  return answers
}

/** A response that is no good, and not stapled, is none. */
function* orNone(der: Uint8Array, pair: PathPair, context: Context, nonce?: Uint8Array): Steps<OcspAnswer | undefined> {
  try {
    return yield* readOcspAnswer(der, pair, context, context.options, nonce)
  } catch (error) {
    if (error instanceof TlsError && error.fault === 'certificate') return undefined
    throw error
  }
}

function* fetched(fetch: OcspFetch, url: string, request: Uint8Array, pair: PathPair): Steps<Uint8Array | undefined> {
  try {
    return yield* use(fetch(url, request, pair))
  } catch {
    return undefined
  }
}

/** An access description that can't be read names nobody. */
const responderUrls = (certificate: Certificate): readonly string[] =>
  (attempt(() => certificate.authorityInfoAccess) ?? [])
    .flatMap(({ method, location }) =>
      method === accessMethods.ocsp && location.kind === 'uri' ? [location.value] : [],
    )
    .slice(0, MAX_RESPONDERS)
