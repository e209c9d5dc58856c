// What an OCSP response says of a certificate, and whether it may say so (RFC 6960 sections 3.2, 4.2.2.1 and
// 4.2.2.2). Signature first, then meaning: an authentic "revoked" counts, whatever else is odd about the response.

import type { Names } from '../checked-options.ts'
import type { Steps } from '../crypto/maybe.ts'
import { equalBytes } from '../wire/bytes.ts'
import { attempt } from './attempt.ts'
import type { Certificate } from './certificate.ts'
import { entryOids } from './revocation-terms.ts'
import { sameName } from './name.ts'
import { isAbout, keyHash, nonceOf, nonceOid } from './ocsp.ts'
import type { OcspAnswer, OcspBasicResponse } from './ocsp.ts'
import { extensionOids, purposeOids } from './oids.ts'
import type { PathCheckRequest } from './options.ts'
import { issuerOf } from './path-pairs.ts'
import type { Issuer, PathPair } from './path-pairs.ts'
import { CertificateError, describe, isoTime, reject, sentenceOf, span } from './rejection.ts'
import { algorithmName, isWeak, sameAlgorithm, signatureAlgorithmOf, verifySignature } from './signature.ts'

const DEFAULT_SKEW = 300_000
const DEFAULT_MAX_AGE = 86_400_000
/** Certificates in a response that are tried as its responder's. */
const MAX_CANDIDATES = 8

/** What a response has to be like for more than "revoked". */
export interface OcspAnswerOptions {
  /** Milliseconds since thisUpdate that a response is good for at most. Default: as it says itself, and 24 hours for
   * one without nextUpdate. */
  readonly maxAge?: number
  /** Milliseconds that clocks may differ. Default 5 minutes. */
  readonly skew?: number
  /** Whether a delegated responder's certificate has to have id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2.1). Without
   * it nobody can tell whether that certificate is revoked; whether such a responder is believed is left to the client.
   * Default false. */
  readonly requireNoCheck?: boolean
  /** Whether responses that are signed with SHA-1 are good for more than "revoked". A responder's certificate must not
   * be, with this or without. Default false. */
  readonly allowSha1?: boolean
}

export const answerNames: Names<OcspAnswerOptions> = {
  maxAge: 'number',
  skew: 'number',
  requireNoCheck: 'boolean',
  allowSha1: 'boolean',
}

export interface OcspContext extends Pick<PathCheckRequest, 'provider' | 'time' | 'validate'> {
  readonly options: OcspAnswerOptions
}

/** Refuses with `bad_certificate_status`. */
export const bad = (sentence: string, { certificate }: PathPair): never =>
  reject('bad_certificate_status', sentence, certificate)

/**
 * What a response says of a certificate; throws TlsError `bad_certificate_status` unless it is about that certificate
 * and signed by someone who may, and, if it does not say "revoked", fresh and understood. `nonce` is what was asked
 * with.
 */
export function* readAnswer(
  basic: OcspBasicResponse,
  pair: PathPair,
  context: OcspContext,
  nonce?: Uint8Array,
): Steps<OcspAnswer> {
  try {
    return yield* judge(basic, pair, context, nonce)
  } catch (error) {
    if (error instanceof CertificateError) throw error
    return bad(`the OCSP response is of no use: ${sentenceOf(error)}`, pair)
  }
}

function* judge(
  basic: OcspBasicResponse,
  pair: PathPair,
  context: OcspContext,
  nonce: Uint8Array | undefined,
): Steps<OcspAnswer> {
  yield* checkSigner(basic, pair, context)
  const answers = basic.answers.filter((answer) => isAbout(answer, pair, context.provider))
  if (answers.length === 0) return bad(`the OCSP response is not about ${describe(pair.certificate)}`, pair)
  const revoked = answers.find((answer) => answer.status === 'revoked' && isLasting(answer, context))
  if (revoked !== undefined) return revoked
  const unfit = whyUnfit(basic, pair, context) ?? whyWrongNonce(basic, nonce)
  if (unfit !== undefined) return bad(unfit, pair)
  const fresh = answers.filter((answer) => whyUnusable(answer, context) === undefined)
  const worst = fresh.find(({ status }) => status !== 'good') ?? fresh[0]
  const [first] = answers
  return worst ?? bad((first && whyUnusable(first, context)) ?? 'the OCSP response is of no use', pair)
}

/** A hold may have been lifted since; any other revocation is for ever (RFC 5280 section 5.3.1). */
const isLasting = (answer: OcspAnswer, context: OcspContext): boolean =>
  answer.reason !== 'certificateHold' || whyStale(answer, context) === undefined

/** What holds for a response as a whole. */
const whyUnfit = (basic: OcspBasicResponse, { certificate }: PathPair, context: OcspContext): string | undefined => {
  const {
    time,
    options: { allowSha1, skew = DEFAULT_SKEW },
  } = context
  const { version, extensions, producedAt, signatureAlgorithm, damage } = basic
  if (damage !== undefined) return damage
  if (isWeak(signatureAlgorithm, allowSha1)) {
    return `the OCSP response is signed with ${algorithmName(signatureAlgorithm)}, which is not accepted`
  }
  if (version !== 1) return `the OCSP response is of version ${version}, which is not known`
  const unknown = extensions.find(({ oid, critical }) => critical && !knownExtensions.has(oid))
  if (unknown !== undefined) return `the OCSP response has an unknown critical extension, ${unknown.oid}`
  if (producedAt - skew > time) return `the OCSP response is from the future: producedAt ${isoTime(producedAt)}`
  return producedAt + skew < certificate.notBefore ? 'the OCSP response was made before the certificate was' : undefined
}

/** Section 4.4.1, and 4.4.8: how certificates that were never issued are answered for. */
const knownExtensions: ReadonlySet<string> = new Set([nonceOid, '1.3.6.1.5.5.7.48.1.9'])

const whyWrongNonce = (basic: OcspBasicResponse, nonce: Uint8Array | undefined): string | undefined => {
  if (nonce === undefined) {
    const isCritical = basic.extensions.some(({ oid, critical }) => critical && oid === nonceOid)
    return isCritical ? `the OCSP response has a critical nonce (${nonceOid}) that nobody asked for` : undefined
  }
  const answered = nonceOf(basic)
  const isSame = answered !== undefined && equalBytes(answered, nonce)
  return isSame ? undefined : 'the OCSP response has not the nonce of the request'
}

/** What changes no answer: signed certificate timestamps (RFC 6962 section 3.3), where the CRL is, how far back the
 * responder remembers (RFC 6960 sections 4.4.2 and 4.4.4), reason and invalidity date (section 4.4.5). */
const knownSingleExtensions: ReadonlySet<string> = new Set([
  '1.3.6.1.4.1.11129.2.4.5',
  '1.3.6.1.5.5.7.48.1.3',
  '1.3.6.1.5.5.7.48.1.6',
  entryOids.reason,
  entryOids.invalidityDate,
])

const whyUnusable = (answer: OcspAnswer, context: OcspContext): string | undefined => {
  const unknown = answer.extensions.find(({ oid, critical }) => critical && !knownSingleExtensions.has(oid))
  if (unknown !== undefined) return `the OCSP response has an unknown critical extension, ${unknown.oid}`
  return whyStale(answer, context)
}

/** Section 4.2.2.1. */
const whyStale = ({ thisUpdate, nextUpdate }: OcspAnswer, { time, options }: OcspContext): string | undefined => {
  const { skew = DEFAULT_SKEW, maxAge } = options
  if (Number.isNaN(thisUpdate)) return 'the OCSP response does not say when it was true'
  if (thisUpdate - skew > time) return `the OCSP response is from the future: thisUpdate ${isoTime(thisUpdate)}`
  if (nextUpdate !== undefined && nextUpdate < thisUpdate) return 'the OCSP response ends before it begins'
  const limit = maxAge ?? (nextUpdate === undefined ? DEFAULT_MAX_AGE : Number.POSITIVE_INFINITY)
  const end = Math.min(nextUpdate ?? Number.POSITIVE_INFINITY, thisUpdate + limit)
  if (end + skew >= time) return undefined
  return `the OCSP response is ${span(time - end)} too old: good until ${isoTime(end)}`
}

/** Section 4.2.2.2: signed by the issuer itself, or by one that the issuer certified directly for id-kp-OCSPSigning. */
function* checkSigner(basic: OcspBasicResponse, pair: PathPair, context: OcspContext): Steps<void> {
  const { issuer, certificate } = pair
  const { provider } = context
  const { responder, signatureAlgorithm } = basic
  if (signatureAlgorithmOf(signatureAlgorithm) === undefined) {
    bad(`the OCSP response is signed with ${algorithmName(signatureAlgorithm)}, which is not accepted`, pair)
  }
  // Where it can't be read whom it names, it may be anybody.
  const isNamed = (name: Certificate['subject'], key: Pick<Issuer, 'publicKey'>): boolean =>
    responder === undefined ||
    ('keyHash' in responder ? equalBytes(responder.keyHash, keyHash(provider, key)) : sameName(responder.name, name))
  const isSignedBy = (key: Pick<Issuer, 'publicKey'>): Steps<boolean> => verifySignature(provider, key.publicKey, basic)
  const isByIssuer = isNamed(certificate.issuer, issuer)
  if (isByIssuer && (yield* isSignedBy(issuer))) return
  let problem = isByIssuer ? 'the signature of the OCSP response is not that of its responder' : undefined
  const readable = basic.certificates.filter(hasReadableKey)
  const named = readable.filter((one) => isNamed(one.subject, one))
  // A delegate's signature says more than a responderID that is wrong, too.
  const candidates = [...named, ...readable.filter((one) => !named.includes(one))]
  for (const [i, candidate] of candidates.slice(0, MAX_CANDIDATES).entries()) {
    const why = yield* whyNotResponder(candidate, pair, context)
    if (why === undefined && (yield* isSignedBy(issuerOf(candidate)))) return
    if (i >= named.length) continue
    problem ??=
      why === undefined
        ? 'the signature of the OCSP response is not that of its responder'
        : `the OCSP response is signed by ${describe(candidate)}, ${why}`
  }
  // The issuer's signature says more than a responderID that is wrong.
  if (!isByIssuer && (yield* isSignedBy(issuer))) return
  const none = 'the OCSP response is signed by someone other than the issuer, whose certificate is not in it'
  bad(problem ?? none, pair)
}

const hasReadableKey = (certificate: Certificate): boolean => attempt(() => certificate.publicKey) !== undefined

/** The rules for certificates of delegated responders; for the rest they are certificates like any other. */
function* whyNotResponder(candidate: Certificate, pair: PathPair, context: OcspContext): Steps<string | undefined> {
  const { issuer, certificate } = pair
  const { provider, time, options } = context
  if (!sameName(candidate.issuer, certificate.issuer)) return 'whom another authority certified'
  if (candidate.extendedKeyUsage?.includes(purposeOids.ocspSigning) !== true) {
    return 'who may not sign OCSP responses (no usage ocspSigning)'
  }
  if (candidate.keyUsage?.includes('digitalSignature') === false) return 'whose key usage has no digitalSignature'
  if (options.requireNoCheck === true && candidate.extension(extensionOids.ocspNoCheck) === undefined) {
    return 'whose own certificate may be revoked for all we know (no id-pkix-ocsp-nocheck)'
  }
  if (time < candidate.notBefore || time > candidate.notAfter) return 'whose certificate is not valid now'
  const { signatureAlgorithm, tbsSignatureAlgorithm } = candidate
  if (isWeak(signatureAlgorithm, options.allowSha1) || !sameAlgorithm(signatureAlgorithm, tbsSignatureAlgorithm)) {
    return 'whose certificate is signed with an algorithm that is not accepted'
  }
  const valid = yield* verifySignature(provider, issuer.publicKey, candidate)
  if (!valid) return 'whose certificate the issuer did not sign'
  try {
    yield* context.validate(candidate)
    return undefined
  } catch (error) {
    return `whose certificate is not to be relied on: ${sentenceOf(error)}`
  }
}
