// Path building (RFC 4158): from the leaf over whatever certificates came with it, unordered, incomplete, cross-signed
// or looping, to a trust anchor, within budgets. Candidates are found by name, checked without cryptography first, and
// signatures last, top-down, each at most once; where several candidates have one name, their signatures come first.

import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { sameBytes } from '../wire/der.ts'
import type { Certificate } from './certificate.ts'
import type { VerifierMemory } from './memory.ts'
import { checkPath, failureAlone } from './path.ts'
import type { CandidatePath, PathRules } from './path.ts'
import { CertificatePool } from './pool.ts'
import { CertificateError, asCertificateError, describe, reject, shorten } from './rejection.ts'
import { signatureAlgorithmOf, verifySignature } from './signature.ts'
import type { TrustAnchor, TrustStore } from './trust.ts'

/** What is left of each; a search that runs out ends with `too_complex`. */
export interface SearchBudget {
  /** In checks of an ordinary key (see signatureCost). */
  signatures: number
  /** Candidate paths from the leaf to an anchor. */
  paths: number
  /** Candidates that were looked at as the issuer of another certificate. */
  steps: number
}

export interface SearchInput {
  readonly leaf: Certificate
  readonly pool: readonly Certificate[]
  readonly trust: TrustStore
  readonly rules: PathRules
  readonly provider: CryptoProvider
  /** CA certificates between leaf and anchor, self-issued ones too. */
  readonly maxDepth: number
  /** Only anchors whose certificate is self-issued count. */
  readonly selfSignedOnly: boolean
  readonly budget: SearchBudget
  /** What else has to hold of a path whose signatures are good. Throws TlsError. */
  readonly accept: (path: CandidatePath) => Steps<void>
  /** Signatures that are known to hold. */
  readonly memory: VerifierMemory | undefined
  /** Names match by RFC 5280 section 7.1 and not only byte for byte. */
  readonly loose: boolean
  /** Told each way that was tried and where it ended. */
  readonly onTried?: ((tried: TriedPath) => void) | undefined
  /** Told each path that holds, whereupon the search goes on; without it the first one ends the search. */
  readonly onPath?: (path: CandidatePath) => void
}

/** One way from the leaf, as far as it went. */
export interface TriedPath {
  /** Leaf first, without the anchor. */
  readonly certificates: readonly Certificate[]
  /** Where it got to; undefined if it ended before. */
  readonly anchor: TrustAnchor | undefined
  /** Why it does not hold; undefined for a path that does. */
  readonly error: CertificateError | undefined
}

export interface SearchResult {
  readonly path: CandidatePath | undefined
  /** Why the most promising candidate failed; undefined if none got to an anchor. */
  readonly best: CertificateError | undefined
}

/** The first path that holds, or why the best one does not. Throws CertificateError `too_complex` if a budget runs out
 * before any candidate got to an anchor. */
export function* findPath(input: SearchInput): Steps<SearchResult> {
  const { leaf, trust, rules } = input
  const candidates = new CertificatePool({ ...input, time: rules.time })
  const search = new Search(input, candidates)
  const direct = input.selfSignedOnly && !leaf.isSelfIssued ? undefined : trust.find(leaf)
  if (direct !== undefined) {
    const path = { certificates: [leaf], anchor: direct, isDirect: true }
    if (yield* attempt(search, path)) return { path, best: undefined }
  }
  if (!candidates.reachesAnchor(leaf)) {
    tellDeadEnds(search, leaf)
    return { path: undefined, best: search.best }
  }
  const failure = failureAlone(leaf, 'leaf', rules)
  if (failure !== undefined) return { path: undefined, best: search.best ?? failure }
  search.cas.add(candidates.caId(leaf))
  return { path: yield* extend(search, leaf), best: search.best }
}

/** The state of one search. */
class Search {
  readonly input: SearchInput
  readonly candidates: CertificatePool
  best: CertificateError | undefined
  rank = 0
  /** From the leaf to where the search is. */
  readonly path: Certificate[]
  /** The CAs on `path`, by CertificatePool's caId. */
  readonly cas = new Set<number>()
  /** Whether the signature on a certificate holds with an issuer's key, by CertificatePool's keyId. */
  readonly #edges = new Map<Certificate, Map<number, boolean>>()
  /** Certificates above which every way ends without an anchor that signed, whatever is below them, within this many
   * more CAs. */
  readonly dead = new Map<Certificate, number>()

  constructor(input: SearchInput, candidates: CertificatePool) {
    this.input = input
    this.candidates = candidates
    this.path = [input.leaf]
  }

  /** Undefined if the signature was not checked yet. */
  edge(certificate: Certificate, issuer: KeyHolder): boolean | undefined {
    const known = this.#edges.get(certificate)?.get(this.candidates.keyId(issuer))
    if (known !== undefined) return known
    if (this.input.memory?.isSignedBy(certificate, issuer.spki) !== true) return undefined
    this.remember(certificate, issuer, true)
    return true
  }

  remember(certificate: Certificate, issuer: KeyHolder, good: boolean): void {
    const known = this.#edges.get(certificate) ?? new Map<number, boolean>()
    this.#edges.set(certificate, known.set(this.candidates.keyId(issuer), good))
  }

  /** How many more CAs the path may get. */
  get remaining(): number {
    return this.input.maxDepth - this.path.length + 1
  }

  /** One candidate was looked at. */
  step(): void {
    if (--this.input.budget.steps < 0) exhausted(this)
  }
}

/** An anchor, or a certificate that issued another one. */
type KeyHolder = Pick<TrustAnchor, 'spki' | 'publicKey'>

/** Depth first, most promising issuer first. */
function* extend(search: Search, last: Certificate): Steps<CandidatePath | undefined> {
  let isDead = true
  /** Within how many more CAs it is dead. */
  let within = Number.POSITIVE_INFINITY
  for (const anchor of anchorsFor(search.input, last)) {
    search.step()
    if (search.edge(last, anchor) === false) continue
    const path = { certificates: [...search.path], anchor, isDirect: false }
    if (yield* attempt(search, path)) return path
    if (search.edge(last, anchor) !== false) isDead = false
  }
  for (const issuer of search.candidates.issuersOf(last)) {
    search.step()
    const dead = search.dead.get(issuer)
    if (dead !== undefined && dead >= search.remaining - 1) {
      within = Math.min(within, dead + 1)
      continue
    }
    if (!(yield* isPromising(search, last, issuer))) continue
    const ca = search.candidates.caId(issuer)
    if (search.remaining <= 0) {
      noteDepth(search, issuer)
      within = 0
      continue
    }
    if (search.cas.has(ca)) {
      isDead = false
      continue
    }
    search.path.push(issuer)
    search.cas.add(ca)
    const path = yield* extend(search, issuer)
    if (path !== undefined) return path
    search.path.pop()
    search.cas.delete(ca)
    const above = search.dead.get(issuer)
    if (above === undefined) isDead = false
    else within = Math.min(within, above + 1)
  }
  if (isDead) search.dead.set(last, within)
  return undefined
}

/** What does not depend on the path below: the issuer is fit for its role, leads somewhere, and, where several have
 * its name, it is the one that signed. (A single candidate's signature is checked when an anchor is reached.) */
function* isPromising(search: Search, child: Certificate, issuer: Certificate): Steps<boolean> {
  if (search.edge(child, issuer) === false) return false
  const failure = failureAlone(issuer, 'intermediate', search.input.rules)
  if (failure !== undefined) {
    note(search, failure)
    tellTried(search, issuer, failure)
    return false
  }
  if (search.candidates.issuerCount(child) < 2) return true
  try {
    yield* checkSignature(search, child, issuer, issuer)
    return true
  } catch (thrown) {
    const error = asCertificateError(thrown, child)
    note(search, error)
    tellTried(search, issuer, error)
    if (search.input.budget.signatures < 0) exhausted(search)
    return false
  }
}

/** A way that ended at `issuer`, before any anchor. */
const tellTried = ({ input, path }: Search, issuer: Certificate, error: CertificateError): void =>
  input.onTried?.({ certificates: [...path, issuer], anchor: undefined, error })

/** Ends that names alone lead to: nobody is known who signed the last certificate. At most MAX_DEAD_ENDS are told. */
const tellDeadEnds = ({ input, candidates }: Search, leaf: Certificate): void => {
  if (input.onTried === undefined) return
  let left = MAX_DEAD_ENDS
  const walk = (path: readonly Certificate[], last: Certificate): void => {
    const issuers = [...candidates.issuersOf(last)].filter((issuer) => !path.includes(issuer))
    if (issuers.length > 0 && path.length <= input.maxDepth) {
      for (const issuer of issuers) if (left > 0) walk([...path, issuer], issuer)
    } else if (left-- > 0) {
      const sentence = last.isSelfIssued
        ? `${describe(last)} is self-issued and is not among the trust anchors`
        : `nobody of the name ${shorten(last.issuer.toString())}, who signed ${describe(last)}, is known`
      input.onTried?.({
        certificates: path,
        anchor: undefined,
        error: new CertificateError('unknown_ca', sentence, last),
      })
    }
  }
  walk([leaf], leaf)
}

const MAX_DEAD_ENDS = 20

const exhausted = (search: Search): never => {
  if (search.best !== undefined && search.rank >= 4) throw search.best
  const sentence = 'there are more ways through these certificates than we are willing to try'
  throw new CertificateError('too_complex', sentence, search.input.leaf)
}

/** Whether the candidate holds; if not, why is noted. */
function* attempt(search: Search, path: CandidatePath): Steps<boolean> {
  const { input } = search
  if (--input.budget.paths < 0) exhausted(search)
  const [leaf] = path.certificates
  try {
    checkPath(path, input.rules)
    if (!path.isDirect) yield* checkSignatures(search, path)
    if (input.rules.profile.conformance && !path.isDirect) yield* checkAnchorIdentifier(search, path.anchor)
    yield* input.accept(path)
    input.onTried?.({ ...path, error: undefined })
    if (input.onPath === undefined) return true
    input.onPath(path)
    return false
  } catch (thrown) {
    const error = asCertificateError(thrown, leaf)
    note(search, error)
    input.onTried?.({ ...path, error })
    if (input.budget.signatures < 0) exhausted(search)
    return false
  }
}

/** From the anchor down: what is below a certificate that its CA did not sign is not worth a signature check. */
function* checkSignatures(search: Search, { certificates, anchor }: CandidatePath): Steps<void> {
  let issuer: KeyHolder = anchor
  for (let i = certificates.length - 1; i >= 0; i--) {
    const certificate = certificates[i]
    if (certificate === undefined) return
    yield* checkSignature(search, certificate, issuer, certificates[i + 1] ?? anchor.certificate)
    issuer = certificate
  }
}

/** Throws unless the signature holds; each is checked once. */
function* checkSignature(
  search: Search,
  certificate: Certificate,
  issuer: KeyHolder,
  issuerCertificate: Certificate | undefined,
): Steps<void> {
  let good = search.edge(certificate, issuer)
  if (good === undefined) {
    search.remember(certificate, issuer, false)
    const key = keyOf(issuer, issuerCertificate)
    search.input.budget.signatures -= signatureCost(key) * providerCost(search.input.provider, certificate)
    if (search.input.budget.signatures < 0) {
      reject('too_complex', 'these certificates need more signature checks than we are willing to do', certificate)
    }
    const { tbs, signature, signatureAlgorithm } = certificate
    good = yield* checkOne(search.input.provider, key, signatureAlgorithm, tbs, signature, certificate)
    search.remember(certificate, issuer, good)
  }
  if (good) return
  const by = shorten(certificate.issuer.toString())
  const sentence = `the signature on ${describe(certificate)} is not by the key of ${by} that came with it`
  reject('bad_signature', sentence, certificate)
}

/** The same check takes a provider without native code many times as long. */
const providerCost = ({ verifiers }: CryptoProvider, { signatureAlgorithm }: Certificate): number => {
  const algorithm = signatureAlgorithmOf(signatureAlgorithm)
  return verifiers.find((verifier) => verifier.algorithm === algorithm)?.cost ?? 1
}

/** In checks of an ordinary key: P-521 and long RSA keys take several times as long. */
const signatureCost = ({ type, bits }: TrustAnchor['publicKey']): number => {
  if (type === 'p384') return 2
  if (type === 'p521') return 4
  return type.startsWith('rsa') ? Math.max(1, Math.round((bits / 4096) ** 2)) : 1
}

/** Section 4.2.1.1: only a self-signed certificate may leave out the authority key identifier. By names alone one
 * can't tell whether an anchor is (rules.ts asks it of all others). */
function* checkAnchorIdentifier({ input }: Search, { certificate, publicKey }: TrustAnchor): Steps<void> {
  if (certificate === undefined || certificate.isSelfIssued) return
  if (certificate.authorityKeyIdentifier?.keyIdentifier !== undefined) return
  const { tbs, signature, signatureAlgorithm } = certificate
  if (yield* checkOne(input.provider, publicKey, signatureAlgorithm, tbs, signature, certificate)) return
  const sentence = `${describe(certificate)} has no authority key identifier (RFC 5280 section 4.2.1.1)`
  reject('nonconforming', sentence, certificate)
}

const keyOf = (
  issuer: Pick<TrustAnchor, 'publicKey'>,
  certificate: Certificate | undefined,
): TrustAnchor['publicKey'] => {
  try {
    return issuer.publicKey
  } catch (error) {
    throw asCertificateError(error, certificate)
  }
}

function* checkOne(
  provider: CryptoProvider,
  key: TrustAnchor['publicKey'],
  algorithm: Uint8Array,
  tbs: Uint8Array,
  signature: Uint8Array,
  certificate: Certificate,
): Steps<boolean> {
  try {
    return yield* verifySignature(provider, key, algorithm, tbs, signature)
  } catch (error) {
    throw asCertificateError(error, certificate)
  }
}

/** How much a failure tells: a path that was good but for its leaf's name says more than one with a wrong signature. */
const depthRank = 2
const ranks: Partial<Record<CertificateError['reason'], number>> = {
  path_too_long: depthRank,
  bad_signature: 1,
  too_complex: 3,
  certificate_name_mismatch: 6,
  certificate_usage: 5,
  anchor_refused: 7,
  certificate_revoked: 8,
  revocation_unknown: 7,
  bad_certificate_status: 7,
  refused: 7,
}

const note = (search: Search, error: CertificateError): void => {
  const isAboutLeaf = error.certificate === search.input.leaf && error.reason !== 'bad_signature'
  const rank = (ranks[error.reason] ?? 4) + (isAboutLeaf ? 0.5 : 0)
  if (rank <= search.rank) return
  search.best = error
  search.rank = rank
}

/** An error costs more than the step that it is about: only the first is made. */
const noteDepth = (search: Search, issuer: Certificate): void => {
  if (search.rank >= depthRank) return
  const sentence = `there are more CAs above the leaf than the ${search.input.maxDepth} that are allowed`
  note(search, new CertificateError('path_too_long', sentence, issuer))
}

const anchorsFor = (input: SearchInput, child: Certificate): readonly TrustAnchor[] => {
  const anchors = input.trust.byName(child.issuer, input.loose)
  const usable = input.selfSignedOnly
    ? anchors.filter(({ certificate }) => certificate?.isSelfIssued !== false)
    : anchors
  if (usable.length < 2) return usable
  return usable.toSorted((a, b) => score(input, child, b.certificate) - score(input, child, a.certificate))
}

/** Key identifiers are hints and no more (RFC 4158 section 3.5.12); then comes what is valid now. */
const score = ({ rules }: SearchInput, child: Certificate, issuer: Certificate | undefined): number => {
  if (issuer === undefined) return 2
  const valid = rules.time >= issuer.notBefore && rules.time <= issuer.notAfter ? 1 : 0
  try {
    const wanted = child.authorityKeyIdentifier?.keyIdentifier
    const has = issuer.subjectKeyIdentifier
    return valid + (wanted === undefined || has === undefined ? 2 : sameBytes(wanted, has) ? 4 : 0)
  } catch {
    return 0
  }
}
