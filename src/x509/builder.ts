// Path building (RFC 4158): from the leaf over whatever certificates came with it, unordered, incomplete, cross-signed or
// looping, to a trust anchor, within budgets. Candidates are found by name, checked without cryptography first, and
// signatures last, top-down, each at most once. Called by chain-verifier.ts.

import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { sameBytes } from '../wire/der.ts'
import type { Certificate } from './certificate.ts'
import type { VerifierMemory } from './memory.ts'
import type { Name } from './name.ts'
import { sameName } from './name.ts'
import { extensionOids } from './oids.ts'
import { checkPath, failureAlone } from './path.ts'
import type { CandidatePath, PathRules } from './path.ts'
import { CertificateError, asCertificateError, describe, reject, shorten } from './rejection.ts'
import { verifySignature } from './signature.ts'
import type { TrustAnchor, TrustStore } from './trust.ts'

/** What is left of each; a search that runs out ends with `too_complex`. */
export interface SearchBudget {
  signatures: number
  /** Candidate paths from the leaf to an anchor. */
  paths: number
  /** Certificates put on a path while searching. */
  steps: number
}

export interface SearchInput {
  readonly leaf: Certificate
  readonly pool: readonly Certificate[]
  readonly trust: TrustStore
  readonly rules: PathRules
  readonly provider: CryptoProvider
  /** CA certificates between leaf and anchor that are not self-issued. */
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
}

export interface SearchResult {
  readonly path: CandidatePath | undefined
  /** Why the most promising candidate failed; undefined if none got to an anchor. */
  readonly best: CertificateError | undefined
}

/** The first path that holds, or why the best one does not. Throws CertificateError `too_complex` if a budget runs out
 * before any candidate got to an anchor. */
export function* findPath(input: SearchInput): Steps<SearchResult> {
  const maps = { edges: new Map(), issuers: new Map() }
  const search: Search = { input, best: undefined, rank: 0, ...maps, ...indexPool(input) }
  const direct = input.trust.find(input.leaf)
  if (direct !== undefined && (yield* attempt(search, { certificates: [input.leaf], anchor: direct, isDirect: true }))) {
    return { path: { certificates: [input.leaf], anchor: direct, isDirect: true }, best: undefined }
  }
  if (!search.reaching.has(input.leaf)) return { path: undefined, best: search.best }
  const failure = failureAlone(input.leaf, 'leaf', input.rules)
  if (failure !== undefined) return { path: undefined, best: search.best ?? failure }
  return { path: yield* extend(search, [input.leaf], 0), best: search.best }
}

interface Search {
  readonly input: SearchInput
  best: CertificateError | undefined
  rank: number
  /** Whether the signature on a certificate holds with an issuer's key. */
  readonly edges: Map<Certificate, { readonly key: Uint8Array; readonly good: boolean }[]>
  readonly bySubject: ReadonlyMap<string, readonly Certificate[]>
  /** Issuers of a certificate by name, the most promising first. */
  readonly issuers: Map<Certificate, readonly Certificate[]>
  /** Certificates from which an anchor can be reached by names alone. */
  readonly reaching: ReadonlySet<Certificate>
}

/** Depth first, most promising issuer first. */
function* extend(search: Search, certificates: readonly Certificate[], depth: number): Steps<CandidatePath | undefined> {
  const { input } = search
  const last = certificates[certificates.length - 1]
  if (last === undefined) return undefined
  for (const anchor of anchorsFor(search, last)) {
    if (edge(search, last, anchor.spki) === false) continue
    const path = { certificates, anchor, isDirect: false }
    if (yield* attempt(search, path)) return path
  }
  for (const issuer of issuersOf(search, last)) {
    const below = depth + (issuer.isSelfIssued ? 0 : 1)
    if (edge(search, last, issuer.spki) === false || certificates.some((other) => isSameCa(other, issuer))) continue
    if (below > input.maxDepth || certificates.length > longestPath) {
      noteDepth(search, issuer)
      continue
    }
    if (--input.budget.steps < 0) return exhausted(search)
    const failure = failureAlone(issuer, 'intermediate', input.rules)
    if (failure !== undefined) {
      note(search, failure)
      continue
    }
    const path = yield* extend(search, [...certificates, issuer], below)
    if (path !== undefined) return path
  }
  return undefined
}

/** Certificates on a path, self-issued ones included, whatever the depth that the caller allows. */
const longestPath = 32

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
    return true
  } catch (error) {
    note(search, asCertificateError(error, leaf))
    if (input.budget.signatures < 0) exhausted(search)
    return false
  }
}

/** From the anchor down: what is below a certificate that its CA did not sign is not worth a signature check. */
function* checkSignatures(search: Search, { certificates, anchor }: CandidatePath): Steps<void> {
  let issuer: Pick<TrustAnchor, 'spki' | 'publicKey'> = anchor
  for (let i = certificates.length - 1; i >= 0; i--) {
    const certificate = certificates[i]
    if (certificate === undefined) return
    let good = edge(search, certificate, issuer.spki)
    if (good === undefined) {
      if (--search.input.budget.signatures < 0) {
        reject('too_complex', 'these certificates need more signature checks than we are willing to do', certificate)
      }
      const { tbs, signature, signatureAlgorithm } = certificate
      const key = keyOf(issuer, certificates[i + 1] ?? anchor.certificate)
      good = yield* checkOne(search.input.provider, key, signatureAlgorithm, tbs, signature, certificate)
      remember(search, certificate, issuer.spki, good)
    }
    if (!good) {
      const sentence = `the signature on ${describe(certificate)} is not by the key of ${shorten(certificate.issuer.toString())}`
      reject('bad_signature', `${sentence} that came with it`, certificate)
    }
    issuer = certificate
  }
}

/** Section 4.2.1.1: only a self-signed certificate may leave out the authority key identifier. By names alone one can't tell
 * whether an anchor is (rules.ts asks it of all others). */
function* checkAnchorIdentifier({ input }: Search, { certificate, publicKey }: TrustAnchor): Steps<void> {
  if (certificate === undefined || certificate.isSelfIssued) return
  if (certificate.authorityKeyIdentifier?.keyIdentifier !== undefined) return
  const { tbs, signature, signatureAlgorithm } = certificate
  if (yield* checkOne(input.provider, publicKey, signatureAlgorithm, tbs, signature, certificate)) return
  const sentence = `${describe(certificate)} has no authority key identifier (RFC 5280 section 4.2.1.1)`
  reject('nonconforming', sentence, certificate)
}

const keyOf = (issuer: Pick<TrustAnchor, 'publicKey'>, certificate: Certificate | undefined): TrustAnchor['publicKey'] => {
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

const edge = (search: Search, certificate: Certificate, issuerKey: Uint8Array): boolean | undefined =>
  search.input.memory?.isSignedBy(certificate, issuerKey) === true ||
  search.edges.get(certificate)?.find(({ key }) => sameBytes(key, issuerKey))?.good

const remember = (search: Search, certificate: Certificate, key: Uint8Array, good: boolean): void => {
  const known = search.edges.get(certificate)
  if (known === undefined) search.edges.set(certificate, [{ key, good }])
  else known.push({ key, good })
}

/** How much a failure tells: a path that was good but for its leaf's name says more than one with a wrong signature. */
const depthRank = 2
const ranks: Partial<Record<CertificateError['reason'], number>> = {
  path_too_long: depthRank,
  bad_signature: 1,
  too_complex: 3,
  name_mismatch: 6,
  wrong_usage: 5,
  anchor_refused: 7,
  revoked: 8,
  revocation_unknown: 7,
  bad_status: 7,
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

const nameKey = (name: Name, loose: boolean): string => (loose ? name.key : name.exactKey)

const indexPool = ({ leaf, pool, trust, loose }: SearchInput): Pick<Search, 'bySubject' | 'reaching'> => {
  const bySubject = new Map<string, Certificate[]>()
  const byIssuer = new Map<string, Certificate[]>()
  const reaching = new Set<Certificate>()
  for (const certificate of [leaf, ...pool]) {
    if (certificate !== leaf) push(bySubject, nameKey(certificate.subject, loose), certificate)
    push(byIssuer, nameKey(certificate.issuer, loose), certificate)
    if (trust.byName(certificate.issuer, loose).length > 0) reaching.add(certificate)
  }
  for (const certificate of reaching) {
    for (const child of byIssuer.get(nameKey(certificate.subject, loose)) ?? []) reaching.add(child)
  }
  return { bySubject, reaching }
}

const push = (index: Map<string, Certificate[]>, key: string, certificate: Certificate): void => {
  const same = index.get(key)
  if (same === undefined) index.set(key, [certificate])
  else same.push(certificate)
}

const anchorsFor = ({ input }: Search, child: Certificate): readonly TrustAnchor[] => {
  const anchors = input.trust.byName(child.issuer, input.loose)
  const usable = input.selfSignedOnly ? anchors.filter(({ certificate }) => certificate?.isSelfIssued !== false) : anchors
  return usable.length < 2 ? usable : usable.toSorted((a, b) => score(input, child, b.certificate) - score(input, child, a.certificate))
}

const issuersOf = (search: Search, child: Certificate): readonly Certificate[] => {
  const { input, bySubject, reaching, issuers } = search
  const known = issuers.get(child)
  if (known !== undefined) return known
  const named = bySubject.get(nameKey(child.issuer, input.loose)) ?? []
  const usable = named.filter((certificate) => reaching.has(certificate))
  const scored = usable.map((certificate) => ({ certificate, value: usable.length < 2 ? 0 : score(input, child, certificate) }))
  const ordered = scored.sort((a, b) => b.value - a.value).map(({ certificate }) => certificate)
  issuers.set(child, ordered)
  return ordered
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

/** The same CA again makes a loop, whatever certificate of it is used: key, name and alternative names are equal. */
const isSameCa = (a: Certificate, b: Certificate): boolean =>
  a === b || (sameBytes(a.spki, b.spki) && a.subject.key === b.subject.key && sameBytes(altNames(a), altNames(b)))

const altNames = (certificate: Certificate): Uint8Array =>
  certificate.extension(extensionOids.subjectAltName)?.value ?? none

const none = new Uint8Array()

/** Who is missing, for the message: the issuer of the last certificate that can be reached from the leaf by names. */
export const explainUntrusted = ({ leaf, pool }: Pick<SearchInput, 'leaf' | 'pool'>): CertificateError => {
  let last = leaf
  const seen = new Set([leaf])
  for (;;) {
    const next = pool.find((certificate) => !seen.has(certificate) && sameName(certificate.subject, last.issuer))
    if (next === undefined) break
    seen.add(next)
    last = next
  }
  const issuer = last.issuer.isEmpty ? 'one without a name' : shorten(last.issuer.toString())
  if (last === leaf && leaf.isSelfIssued) {
    return new CertificateError('untrusted', `${describe(leaf)} is signed by itself and is not among the trust anchors`, leaf)
  }
  const sentence = last.isSelfIssued
    ? `the chain ends in ${describe(last)}, which is not among the trust anchors`
    : `${describe(last)} is signed by an authority that is not trusted: ${issuer}; the peer may have left out an intermediate certificate`
  return new CertificateError('untrusted', sentence, last)
}
