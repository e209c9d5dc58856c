// Path building (RFC 4158): from the leaf over whatever certificates came with it, unordered, incomplete, cross-signed
// or looping, to a trust anchor, within budgets. Candidates are found by name, checked without cryptography first, and
// signatures last, top-down, each at most once; where several candidates have one name, their signatures come first.

import type { Steps } from '../crypto/maybe.ts'
import { sameBytes } from '../wire/der.ts'
import type { Certificate } from './certificate.ts'
import { checkEarly, checkOne, checkSignature } from './edges.ts'
import { checkPath, failureAlone } from './path.ts'
import type { CandidatePath } from './path.ts'
import { CertificatePool } from './pool.ts'
import { CertificateError, asCertificateError, describe, reject, shorten } from './rejection.ts'
import { Search, exhausted } from './search.ts'
import type { KeyHolder, SearchInput } from './search.ts'
import type { TrustAnchor } from './trust.ts'

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
 * its name, it is the one that signed. (The signature of a single candidate, or of the only one with the key identifier
 * that is asked for, is checked when an anchor is reached.) */
function* isPromising(search: Search, child: Certificate, issuer: Certificate): Steps<boolean> {
  if (search.edge(child, issuer) === false) return false
  const failure = failureAlone(issuer, 'intermediate', search.input.rules)
  if (failure !== undefined) {
    note(search, failure)
    tellTried(search, issuer, failure)
    return false
  }
  if (search.candidates.isLikely(child, issuer) || search.edge(child, issuer) === true) return true
  try {
    yield* checkEarly(search, child, issuer)
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
        : `nobody of the name ${shorten(last.issuer.brief)}, who signed ${describe(last)}, is known`
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

/** Section 4.2.1.1: only a self-signed certificate may leave out the authority key identifier. By names alone one
 * can't tell whether an anchor is (rules.ts asks it of all others). */
function* checkAnchorIdentifier({ input }: Search, { certificate, publicKey }: TrustAnchor): Steps<void> {
  if (certificate === undefined || certificate.isSelfIssued) return
  if (certificate.authorityKeyIdentifier?.keyIdentifier !== undefined) return
  if (yield* checkOne(input.provider, publicKey, certificate)) return
  const sentence = `${describe(certificate)} has no authority key identifier (RFC 5280 section 4.2.1.1)`
  reject('nonconforming', sentence, certificate)
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
