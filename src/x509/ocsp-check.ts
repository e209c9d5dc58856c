// What an OCSP response says of a certificate, and whether it may say so (RFC 6960 sections 3.2 and 4.2.2.2), stapled or
// fetched; must-staple (RFC 7633). A PathCheck for the `checks` option of the verifier.

import { use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider, MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { equalBytes } from '../wire/bytes.ts'
import type { Certificate } from './certificate.ts'
import { sameName } from './name.ts'
import { createOcspRequest, isAbout, keyHash, nonceOf, parseOcspResponse } from './ocsp.ts'
import type { OcspAnswer, OcspBasicResponse, OcspResponse } from './ocsp.ts'
import { accessMethods, extensionOids, purposeOids } from './oids.ts'
import { withFingerprint } from './fingerprint.ts'
import type { PathCheck, PathCheckRequest } from './options.ts'
import { issuerOf, pathPairs } from './path-pairs.ts'
import type { CheckDepth, Issuer, PathPair } from './path-pairs.ts'
import { describe, isoTime, reject, span } from './rejection.ts'
import { signatureAlgorithmOf, verifySignature } from './signature.ts'

export interface OcspCheckOptions {
  /** `soft` (default): a certificate without any answer passes. `hard`: it is refused. A stapled response that is not good
   * is refused always (RFC 6066 section 8), and so is "revoked". */
  readonly mode?: 'hard' | 'soft'
  /** Default `leaf`. */
  readonly depth?: CheckDepth
  /** Responses (DER) that the caller has, beside the stapled one. */
  readonly responses?: readonly Uint8Array[]
  /** Asks the responder at `url` with `request` (DER, for a POST of application/ocsp-request). What it throws counts as none.
   * Without it nothing is fetched. */
  readonly fetch?: (url: string, request: Uint8Array, pair: PathPair) => MaybePromise<Uint8Array | undefined>
  /** Puts a nonce into requests and demands it back (RFC 9654). Most public responders leave it out. Default false. */
  readonly nonce?: boolean
  /** Milliseconds that a response without nextUpdate is good for. Default 24 hours. */
  readonly maxAge?: number
  /** Milliseconds that clocks may differ. Default 5 minutes. */
  readonly skew?: number
  /** Whether a delegated responder's certificate has to have id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2.1). Without it nobody
   * can tell whether that certificate is revoked; whether such a responder is believed is left to the client. Default false. */
  readonly requireNoCheck?: boolean
  /** Default true: a leaf with the TLS feature status_request has to come with a good stapled response. */
  readonly mustStaple?: boolean
}

/** Throws `certificate_revoked`, `bad_certificate_status` or `revocation_unknown`. */
export const ocspCheck = (options: OcspCheckOptions = {}): PathCheck => {
  const check: PathCheck = withFingerprint(function* ({ path, anchor, provider, time, ocspResponse }: PathCheckRequest) {
    const context: Context = { provider, time, options }
    for (const [i, pair] of pathPairs({ path, anchor }, options.depth ?? 'leaf').entries()) {
      yield* checkOne(pair, i === 0 ? ocspResponse : undefined, i === 0, context)
    }
  }, 'ocsp', options)
  ocspChecks.add(check)
  return check
}

const ocspChecks = new WeakSet<PathCheck>()

/** Whether `ocspCheck` made it. */
export const isOcspCheck = (check: PathCheck): boolean => ocspChecks.has(check)

/**
 * What a response (DER) says of a certificate; throws TlsError `bad_certificate_status` unless it is successful, about that
 * certificate, fresh, and signed by someone who may. `time` is in milliseconds since the epoch.
 */
export function* readOcspAnswer(
  der: Uint8Array, pair: PathPair, context: { readonly provider: CryptoProvider; readonly time: number }, options: OcspCheckOptions = {}, nonce?: Uint8Array,
): Steps<OcspAnswer> {
  const response = parsed(der)
  if (response.status !== 'successful') return bad(`the OCSP responder answered "${response.status}"`, pair)
  return yield* judge(response.basic, pair, { ...context, options }, nonce)
}

interface Context {
  readonly provider: CryptoProvider
  readonly time: number
  readonly options: OcspCheckOptions
}

const statusRequest = 5

/** Clients are not asked for one in general, so this counts for certificates of servers. */
const asksForStaple = ({ tlsFeatures, extendedKeyUsage }: Certificate): boolean =>
  tlsFeatures?.includes(statusRequest) === true && extendedKeyUsage?.includes(purposeOids.serverAuth) !== false

function* checkOne(pair: PathPair, stapled: Uint8Array | undefined, isLeaf: boolean, context: Context): Steps<void> {
  const { certificate } = pair
  const { options } = context
  const mustStaple = isLeaf && options.mustStaple !== false && asksForStaple(certificate)
  if (stapled === undefined && mustStaple) bad(`${describe(certificate)} must come with an OCSP response (RFC 7633), and came without`, pair)
  const answer = (stapled && (yield* fromStaple(stapled, pair, mustStaple, context))) ?? (yield* fromElsewhere(pair, context))
  if (answer?.status === 'revoked') {
    const why = answer.reason === undefined ? '' : `: ${answer.reason}`
    reject('revoked', `${describe(certificate)} was revoked on ${isoTime(answer.revokedAt ?? 0)}${why} (OCSP)`, certificate)
  }
  if (answer?.status === 'good') return
  if (answer !== undefined && mustStaple) bad(`the stapled OCSP response does not know ${describe(certificate)}`, pair)
  if (options.mode !== 'hard') return
  const why = answer === undefined ? 'there is no OCSP response for it' : 'its OCSP responder does not know it'
  reject('revocation_unknown', `whether ${describe(certificate)} is revoked is not known: ${why}`, certificate)
}

/** In soft mode a responder that was out of order is like none. */
function* fromStaple(der: Uint8Array, pair: PathPair, mustStaple: boolean, context: Context): Steps<OcspAnswer | undefined> {
  const response = parsed(der)
  if (response.status === 'successful') return yield* judge(response.basic, pair, context)
  if (mustStaple || context.options.mode === 'hard') bad(`the stapled OCSP response says "${response.status}"`, pair)
  return undefined
}

function* fromElsewhere(pair: PathPair, context: Context): Steps<OcspAnswer | undefined> {
  const { options: { responses = [], fetch, nonce }, provider } = context
  for (const der of responses) {
    const answer = yield* attempt(der, pair, context)
    if (answer !== undefined) return answer
  }
  if (fetch === undefined) return undefined
  for (const url of responderUrls(pair.certificate)) {
    const sent = nonce === true ? provider.random(32) : undefined
    const der = yield* fetched(fetch, url, createOcspRequest(pair, provider, sent), pair)
    const answer = der && (yield* attempt(der, pair, context, sent))
    if (answer !== undefined) return answer
  }
  return undefined
}

/** A response that is no good, and not stapled, is none. */
function* attempt(der: Uint8Array, pair: PathPair, context: Context, nonce?: Uint8Array): Steps<OcspAnswer | undefined> {
  try {
    return yield* readOcspAnswer(der, pair, context, context.options, nonce)
  } catch (error) {
    if (error instanceof TlsError && error.fault === 'certificate') return undefined
    throw error
  }
}

function* fetched(fetch: NonNullable<OcspCheckOptions['fetch']>, url: string, request: Uint8Array, pair: PathPair): Steps<Uint8Array | undefined> {
  try {
    return yield* use(fetch(url, request, pair))
  } catch {
    return undefined
  }
}

const responderUrls = (certificate: Certificate): readonly string[] =>
  (certificate.authorityInfoAccess ?? [])
    .flatMap(({ method, location }) => (method === accessMethods.ocsp && location.kind === 'uri' ? [location.value] : []))
    .slice(0, 2)

const bad = (sentence: string, { certificate }: PathPair): never => reject('bad_status', sentence, certificate)

/** Certificates in a response are malformed in their own words; here it is the response that is bad. */
const parsed = (der: Uint8Array): OcspResponse => {
  try {
    return parseOcspResponse(der)
  } catch (error) {
    if (!(error instanceof TlsError) || error.code === 'bad_certificate_status') throw error
    throw new TlsError('bad_certificate_status', `malformed OCSP response: ${error.message}`, { cause: error })
  }
}

function* judge(basic: OcspBasicResponse, pair: PathPair, context: Context, nonce?: Uint8Array): Steps<OcspAnswer> {
  const answer = basic.answers.find((one) => isAbout(one, pair, context.provider))
  if (answer === undefined) return bad(`the OCSP response is not about ${describe(pair.certificate)}`, pair)
  checkFresh(answer, pair, context)
  const unknown = [...basic.extensions, ...answer.extensions].find(({ critical }) => critical)
  if (unknown !== undefined) bad(`the OCSP response has a critical extension that is not known, ${unknown.oid}`, pair)
  if (nonce !== undefined && !equalBytes(nonceOf(basic) ?? new Uint8Array(), nonce)) bad('the OCSP response has not the nonce of the request', pair)
  const signer = yield* findSigner(basic, pair, context)
  const algorithm = signatureAlgorithmOf(basic.signatureAlgorithm)
  if (algorithm === undefined || /sha1|md5/.test(algorithm)) bad(`the OCSP response is signed with ${algorithm ?? 'an unknown algorithm'}, which is not accepted`, pair)
  if (!(yield* verifySignature(context.provider, signer.publicKey, basic.signatureAlgorithm, basic.tbs, basic.signature))) {
    bad('the signature of the OCSP response is not that of its responder', pair)
  }
  return answer
}

/** Section 4.2.2.1. */
const checkFresh = ({ thisUpdate, nextUpdate }: OcspAnswer, pair: PathPair, { time, options }: Context): void => {
  const skew = options.skew ?? 300_000
  const end = nextUpdate ?? thisUpdate + (options.maxAge ?? 86_400_000)
  if (thisUpdate - skew > time) bad(`the OCSP response is from the future: thisUpdate ${isoTime(thisUpdate)}`, pair)
  if (nextUpdate !== undefined && nextUpdate < thisUpdate) bad('the OCSP response ends before it begins', pair)
  if (end + skew < time) bad(`the OCSP response is ${span(time - end)} too old: good until ${isoTime(end)}`, pair)
}

/** Section 4.2.2.2: the issuer itself, or one that the issuer certified directly for id-kp-OCSPSigning. */
function* findSigner(basic: OcspBasicResponse, pair: PathPair, context: Context): Steps<Issuer> {
  const { issuer, certificate } = pair
  const { provider } = context
  const { responder } = basic
  const byKey = 'keyHash' in responder
  if (byKey ? equalBytes(responder.keyHash, keyHash(provider, issuer)) : sameName(responder.name, certificate.issuer)) return issuer
  for (const candidate of basic.certificates) {
    const named = byKey ? equalBytes(responder.keyHash, keyHash(provider, candidate)) : sameName(responder.name, candidate.subject)
    if (!named) continue
    const problem = yield* whyNotResponder(candidate, pair, context)
    if (problem !== undefined) bad(`the OCSP response is signed by ${describe(candidate)}, ${problem}`, pair)
    return issuerOf(candidate)
  }
  return bad('the OCSP response is signed by someone other than the issuer, whose certificate is not in it', pair)
}

function* whyNotResponder(candidate: Certificate, { issuer, certificate }: PathPair, { provider, time, options }: Context): Steps<string | undefined> {
  if (!sameName(candidate.issuer, certificate.issuer)) return 'whom another authority certified'
  if (candidate.extendedKeyUsage?.includes(purposeOids.ocspSigning) !== true) return 'who may not sign OCSP responses (no usage ocspSigning)'
  if (candidate.keyUsage?.includes('digitalSignature') === false) return 'whose key usage has no digitalSignature'
  if (options.requireNoCheck === true && candidate.extension(extensionOids.ocspNoCheck) === undefined) {
    return 'whose own certificate may be revoked for all we know (no id-pkix-ocsp-nocheck)'
  }
  if (time < candidate.notBefore || time > candidate.notAfter) return 'whose certificate is not valid now'
  const algorithm = signatureAlgorithmOf(candidate.signatureAlgorithm)
  if (algorithm === undefined || /sha1|md5/.test(algorithm) || !equalBytes(candidate.signatureAlgorithm, candidate.tbsSignatureAlgorithm)) {
    return 'whose certificate is signed with an algorithm that is not accepted'
  }
  const valid = yield* verifySignature(provider, issuer.publicKey, candidate.signatureAlgorithm, candidate.tbs, candidate.signature)
  return valid ? undefined : 'whose certificate the issuer did not sign'
}
