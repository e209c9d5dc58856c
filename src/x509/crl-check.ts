// Whether certificates of a path are revoked, by CRLs that the caller gives or fetches (RFC 5280 section 6.3.3). A
// PathCheck for the `checks` option of the verifier. Signature first, then meaning: what an authentic CRL says
// against a certificate counts, whatever else is odd about it; that a certificate is not on it counts only if the CRL
// is fresh, complete and understood.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { lazily } from '../crypto/lazily.ts'
import { use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { equalBytes } from '../wire/bytes.ts'
import { attempt as quietAttempt } from './attempt.ts'
import type { Certificate } from './certificate.ts'
import { Crl, parseCrls } from './crl.ts'
import type { CrlEntry } from './crl-entries.ts'
import type { CrlFitness, CrlStatement } from './crl-fitness.ts'
import { fitnessNames } from './crl-options.ts'
import type { CrlFitnessOptions } from './crl-options.ts'
import { allReasons, crlPointsOf, isFromPoint, reasonsCovered, whyNotItsKind, whyNotOfPoint } from './crl-scope.ts'
import type { CrlPoint } from './crl-scope.ts'
import { SignatureCache, findCrlSigner } from './crl-signer.ts'
import type { SignerContext } from './crl-signer.ts'
import { withFingerprint } from './fingerprint.ts'
import { loadCrlFitness } from './late-files.ts'
import type { PathCheck, PathCheckRequest } from './options.ts'
import { issuerOf, pathPairs } from './path-pairs.ts'
import type { CheckDepth, PathPair } from './path-pairs.ts'
import { sameName } from './name.ts'
import { extensionOids } from './oids.ts'
import { describe, isoTime, reject, sentenceOf, span } from './rejection.ts'
import { algorithmName, isWeak } from './signature.ts'
import { trustStore } from './trust.ts'
import type { TrustInput } from './trust.ts'

/** PEM (text or bytes) with any number of CRLs, one in DER, or a parsed one. */
export type CrlInput = string | Uint8Array | Crl

/** Finds CRLs for one certificate. `forget` is told of those that nobody who may has signed, so that a cache does not
 * keep them. */
export interface CrlFinder {
  (pair: PathPair): MaybePromise<readonly CrlInput[] | undefined>
  readonly forget?: (crl: Crl) => void
}

export interface CrlCheckOptions extends CrlFitnessOptions {
  /** The CRLs, or a function that finds them for one certificate; what it throws counts as "none". */
  readonly crls: CrlInput | readonly CrlInput[] | CrlFinder
  /** Certificates of those who sign CRLs with another key than the one that certified: other keys of a CA, issuers of
   * indirect CRLs. They have to be certified under the anchor of the path. Those that the peer sends are looked at
   * too. */
  readonly signers?: TrustInput | readonly TrustInput[]
  /** `hard` (default): a certificate whose status no CRL tells is refused. `soft`: it passes. Revoked is refused
   * always. */
  readonly mode?: 'hard' | 'soft'
  /** Default `chain`. */
  readonly depth?: CheckDepth
}

const names: Names<CrlCheckOptions> = {
  ...fitnessNames,
  crls: 'any',
  signers: 'any',
  mode: ['hard', 'soft'],
  depth: ['leaf', 'chain'],
}

/**
 * Throws TlsError `bad_option` now if CRLs that are given can't be read; the check throws `certificate_revoked`, or
 * `revocation_unknown` and says why each CRL was of no use.
 */
export const crlCheck = (options: CrlCheckOptions): PathCheck => {
  checkOptions(options, names, { required: ['crls'], elsewhere: { crl: 'crls', maxAgeMs: 'maxAge' } })
  const { crls } = options
  const given = typeof crls === 'function' ? undefined : loadCrls(crls)
  const signatures = new SignatureCache()
  const signers = loadSigners(options.signers)
  return withFingerprint(
    function* (request: PathCheckRequest) {
      const fitness = yield* use(loadFitness())
      const sources = { request, signatures, signers, options, given, fitness }
      const context: Context = { ...sources, found: new Map(), open: new Set() }
      for (const pair of pathPairs(request, options.depth ?? 'chain')) yield* checkOne(pair, context)
    },
    'crl',
    options,
  )
}

const loadFitness = lazily(async () => {
  const { authorityKeyIdentifier } = extensionOids
  const tools = {
    equalBytes,
    attempt: quietAttempt,
    sameName,
    isoTime,
    span,
    algorithmName,
    isWeak,
    authorityKeyIdentifier,
  }
  return (await loadCrlFitness()).crlFitness(tools)
})

interface Context extends SignerContext {
  readonly options: CrlCheckOptions
  readonly fitness: CrlFitness
  readonly given: readonly Crl[] | undefined
  /** What the finder found in this verification. */
  readonly found: Map<Certificate, readonly Crl[]>
  /** Signers whose own status is being asked for. */
  readonly open: Set<Certificate>
}

const loadCrls = (inputs: CrlInput | readonly CrlInput[]): Crl[] => {
  const list: readonly CrlInput[] = isList(inputs) ? inputs : [inputs]
  try {
    return list.flatMap(loadCrl)
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    throw new TlsError('bad_option', `crls: ${error.message}`, { cause: error })
  }
}

const isList = (inputs: CrlInput | readonly CrlInput[]): inputs is readonly CrlInput[] => Array.isArray(inputs)

const loadCrl = (input: CrlInput): Crl[] => {
  return input instanceof Crl ? [input] : parseCrls(input)
}

const loadSigners = (inputs: CrlCheckOptions['signers']): readonly Certificate[] =>
  inputs === undefined ? [] : trustStore(inputs).anchors.flatMap(({ certificate }) => certificate ?? [])

/** The CRLs that may be about a certificate. What can't be fetched or read is not there. */
function* crlsFor(pair: PathPair, { options: { crls }, given, found }: Context): Steps<readonly Crl[]> {
  const known = given ?? found.get(pair.certificate)
  if (known !== undefined || typeof crls !== 'function') return known ?? []
  const list: Crl[] = []
  try {
    for (const input of (yield* use(crls(pair))) ?? []) list.push(...readable(input))
  } catch {
    // None.
  }
  found.set(pair.certificate, list)
  return list
}

const readable = (input: CrlInput): readonly Crl[] => {
  try {
    return loadCrl(input)
  } catch {
    return []
  }
}

function* checkOne(pair: PathPair, context: Context): Steps<void> {
  const { certificate } = pair
  const status = yield* statusOf(pair, context)
  if (status.kind === 'revoked') reject('certificate_revoked', `${describe(certificate)} ${status.why}`, certificate)
  if (status.kind === 'good' || (context.options.mode === 'soft' && status.kind === 'unknown')) return
  reject('revocation_unknown', `whether ${describe(certificate)} is revoked is not known: ${status.why}`, certificate)
}

type Status =
  | { readonly kind: 'good' }
  /** `suspect`: a list that can't stand alone names the certificate, so that it is refused whatever the mode. */
  | { readonly kind: 'revoked' | 'unknown' | 'suspect'; readonly why: string }

function* statusOf(pair: PathPair, context: Context): Steps<Status> {
  const { certificate } = pair
  const points = crlPointsOf(certificate)
  const problems: string[] = []
  const statements: CrlStatement[] = []
  for (const crl of yield* crlsFor(pair, context)) {
    if (!points.some((point) => isFromPoint(crl, point, certificate))) continue
    const statement = yield* readStatement(crl, pair, context)
    if (typeof statement === 'string') problems.push(statement)
    else statements.push(statement)
  }
  const [apart, about] = [
    statements.filter((one) => isApart(one, points, certificate)),
    statements.filter((one) => !isApart(one, points, certificate)),
  ]
  const { lastWord } = context.fitness
  const entry = lastWord(about)
  if (entry === 'delta') return { kind: 'suspect', why: 'a delta CRL says that it is, and there is no complete CRL' }
  if (entry !== undefined) return { kind: 'revoked', why: whyRevoked(entry) }
  const complete = statements.filter(({ crl }) => !crl.isDelta)
  const fit = complete.filter(({ unfit }) => unfit === undefined)
  const covered = reasonsOf(fit, points, certificate, problems)
  if (covered === allReasons) return { kind: 'good' }
  if (lastWord(apart) !== undefined)
    return { kind: 'suspect', why: 'a CRL that is for other certificates says that it is' }
  problems.push(...complete.flatMap(({ unfit }) => unfit ?? []))
  if (problems.length > 0) return { kind: 'unknown', why: problems.join('; ') }
  if (covered !== 0) return { kind: 'unknown', why: 'the CRLs cover some reasons only' }
  const isDelta = statements.length > 0
  const none = isDelta ? 'there are only delta CRLs, and no complete one' : 'there is no CRL of its issuer'
  return { kind: 'unknown', why: none }
}

/**
 * A CRL of other distribution points, or of certificates of another kind, says nothing of the certificate (6.3.3 (b)).
 * That it is on it all the same counts only as long as no CRL of its own point says otherwise.
 */
const isApart = ({ crl }: CrlStatement, points: readonly CrlPoint[], certificate: Certificate): boolean =>
  attempt(() => void crl.issuingDistributionPoint) === undefined &&
  (attempt(() => whyNotItsKind(crl, certificate)) !== undefined ||
    !points.some((point) => isFromPoint(crl, point, certificate) && whyNotOfPoint(crl, point) === undefined))

const whyRevoked = ({ revocationDate, reason }: CrlEntry): string => {
  const when = revocationDate === undefined ? '' : ` on ${isoTime(revocationDate)}`
  return `was revoked${when}${reason === undefined ? '' : `: ${reason}`}`
}

/** ReasonFlags for which these CRLs say that the certificate is not revoked; why the others say nothing goes to
 * `problems`. */
const reasonsOf = (
  fit: readonly CrlStatement[],
  points: readonly CrlPoint[],
  certificate: Certificate,
  problems: string[],
): number => {
  let covered = 0
  for (const { crl } of fit) {
    const why: string[] = []
    let found = 0
    for (const point of points) {
      if (!isFromPoint(crl, point, certificate)) continue
      const problem = whyNotOfPoint(crl, point)
      if (problem === undefined) found |= reasonsCovered(crl, point)
      else why.push(problem)
    }
    if (found === 0) problems.push(...why.slice(0, 1))
    covered |= found
  }
  return covered & allReasons
}

/** What a CRL says of a certificate, if it says anything; or why it does not. */
function* readStatement(crl: Crl, pair: PathPair, context: Context): Steps<CrlStatement | string> {
  const { certificate } = pair
  try {
    const problem = yield* whyUnsigned(crl, pair, context)
    if (problem !== undefined) return problem
    const entry = crl.find(certificate.serialNumber, certificate.issuer)
    const {
      request: { time },
      options,
      fitness,
    } = context
    const faultOfScope = attempt(() => void crl.issuingDistributionPoint)
    if (faultOfScope !== undefined) return { crl, entry, unfit: faultOfScope }
    if (crl.issuingDistributionPoint?.onlyContainsAttributeCerts === true)
      return 'the CRL is for attribute certificates'
    const unfit = attempt(() => whyNotItsKind(crl, certificate) ?? fitness.whyUnfit(crl, time, options))
    return { crl, entry, unfit }
  } catch (error) {
    return sentenceOf(error)
  }
}

/** A part of a CRL that can't be read is a reason like others. */
const attempt = (why: () => string | void): string | undefined => {
  try {
    return why() ?? undefined
  } catch (error) {
    return sentenceOf(error)
  }
}

function* whyUnsigned(crl: Crl, pair: PathPair, context: Context): Steps<string | undefined> {
  const { crls } = context.options
  const signer = yield* findCrlSigner(crl, pair, context)
  if (typeof signer !== 'string') return yield* whySignerRevoked(signer.path, context)
  if (typeof crls === 'function') crls.forget?.(crl)
  return signer
}

/** Signers that are not on the path are asked about like what is on it. A signer whose status only its own CRLs tell
 * is good. */
function* whySignerRevoked(path: readonly Certificate[], context: Context): Steps<string | undefined> {
  const { options, request, open } = context
  if (options.depth === 'leaf') return undefined
  for (const [i, certificate] of path.entries()) {
    if (open.has(certificate) || request.path.includes(certificate)) return undefined
    const above = path[i + 1]
    const issuer = above === undefined ? request.anchor : issuerOf(above)
    open.add(certificate)
    const status = yield* statusOf({ certificate, issuer }, context)
    open.delete(certificate)
    if (status.kind === 'good' || (status.kind === 'unknown' && options.mode === 'soft')) continue
    return `the signer of the CRL is not to be relied on: ${describe(certificate)}: ${status.why}`
  }
  return undefined
}
