// What a search for a path is given, and what it keeps while it goes on: builder.ts searches, edges.ts checks
// signatures.

import { pause } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { Certificate } from './certificate.ts'
import { remembered } from './maps.ts'
import type { VerifierMemory } from './memory.ts'
import type { CandidatePath, PathRules } from './path.ts'
import type { CertificatePool } from './pool.ts'
import { CertificateError } from './rejection.ts'
import type { TrustAnchor, TrustStore } from './trust.ts'

/** What is left of each; a search that runs out ends with `too_complex`. */
export interface SearchBudget {
  /** In units of signatureCost(). */
  signatures: number
  /** Signatures by CAs below an anchor that count for 1 if they hold, whatever they take: no chain that is good ends
   * with the budget, and nobody but a trusted CA can add to the work. */
  genuine: number
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
  /** Why a certificate that came with the leaf can't be read, if there is such. */
  readonly unread?: string | undefined
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

/** The state of one search. */
export class Search {
  readonly input: SearchInput
  readonly candidates: CertificatePool
  best: CertificateError | undefined
  rank = 0
  /** From the leaf to where the search is. */
  readonly path: Certificate[]
  /** The CAs on `path`, by CertificatePool's caId. */
  readonly cas: Set<unknown> = new Set<unknown>()
  /** Whether the signature on a certificate holds with an issuer's key, by CertificatePool's keyId. */
  readonly #edges = new Map<Certificate, Map<unknown, boolean>>()
  /** Certificates above which every way ends without an anchor that signed, whatever is below them, within this many
   * more CAs. */
  readonly dead: Map<Certificate, number> = new Map<Certificate, number>()

  /** Whether an anchor signed any of the certificates, if that is known. */
  isRooted: boolean | undefined

  constructor(input: SearchInput, candidates: CertificatePool) {
    this.input = input
    this.candidates = candidates
    this.path = [input.leaf]
    this.signaturesAtStart = input.budget.signatures
  }

  /** Undefined if the signature was not checked yet. */
  edge(certificate: Certificate, issuer: KeyHolder): boolean | undefined {
    const known = this.#edges.get(certificate)?.get(this.candidates.keyId(issuer, certificate.issuer))
    if (known !== undefined || this.input.memory?.isSignedBy(certificate, issuer.spki) !== true) return known
    this.remember(certificate, issuer, true)
    return true
  }

  remember(certificate: Certificate, issuer: KeyHolder, good: boolean): void {
    const known = remembered(this.#edges, certificate, () => new Map<unknown, boolean>())
    known.set(this.candidates.keyId(issuer, certificate.issuer), good)
  }

  readonly signaturesAtStart: number
  /** Since the event loop had its turn, in units of signatureCost(). */
  #spent = 0;

  /** Before a check that takes `cost`: lets the event loop go on if the search held it for long. */
  *rest(cost: number): Steps<void> {
    if (this.#spent > 0 && this.#spent + cost > SLICE) {
      yield* pause()
      this.#spent = 0
    }
    this.#spent += cost
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

/** What a search does at one go, in units of signatureCost(): 8 ms. */
const SLICE = 40

/** An anchor, or a certificate that issued another one. */
export type KeyHolder = Pick<TrustAnchor, 'spki' | 'publicKey'>

/** Throws why the search ends: a failure that tells more, if there was one. */
export const exhausted = (search: Search): never => {
  if (search.best !== undefined && search.rank >= 4) throw search.best
  const sentence = 'there are more ways through these certificates than we are willing to try'
  throw new CertificateError('too_complex', sentence, search.input.leaf)
}
