// What counts of several CRLs: whether one is fresh and understood (RFC 5280 sections 5.1 to 5.3), how delta CRLs
// change complete ones (section 5.2.4, 6.3.3 (c), (i) to (k)), and which word about a certificate is the last.
// crl-check.ts loads it with the first certificate.

import type { equalBytes } from '../wire/bytes.ts'
import type { attempt } from './attempt.ts'
import type { CrlEntry } from './crl-entries.ts'
import type { CrlFitnessOptions } from './crl-options.ts'
import type { Crl } from './crl.ts'
import type { sameName } from './name.ts'
import type { isoTime, span } from './rejection.ts'
import type { algorithmName, isWeak } from './signature.ts'

const DEFAULT_SKEW = 300_000
const DEFAULT_MAX_AGE = 604_800_000

/** What one authentic CRL says of a certificate. */
export interface CrlStatement {
  readonly crl: Crl
  readonly entry: CrlEntry | undefined
  /** Why it does not count that a certificate is not on it; undefined if it counts. */
  readonly unfit: string | undefined
}

/** What it needs of other modules, which is passed (see late-files.ts). */
export interface FitnessTools {
  readonly equalBytes: typeof equalBytes
  readonly attempt: typeof attempt
  readonly sameName: typeof sameName
  readonly isoTime: typeof isoTime
  readonly span: typeof span
  readonly algorithmName: typeof algorithmName
  readonly isWeak: typeof isWeak
  /** Object identifier. */
  readonly authorityKeyIdentifier: string
}

export interface CrlFitness {
  /** Why nobody can rely on what is not on an authentic CRL. `time` is in milliseconds since the epoch. */
  readonly whyUnfit: (crl: Crl, time: number, options: CrlFitnessOptions) => string | undefined
  /**
   * The entry that revokes a certificate, if one does: revoked by any list is revoked, but for a hold that a newer list
   * of the same scope, or the newest delta CRL, has lifted. `delta`: only delta CRLs name it, and there is nothing that
   * they are a delta to.
   */
  readonly lastWord: (statements: readonly CrlStatement[]) => CrlEntry | 'delta' | undefined
}

export const crlFitness = (tools: FitnessTools): CrlFitness => {
  const { equalBytes, attempt, sameName, isoTime, span, algorithmName, isWeak, authorityKeyIdentifier } = tools

  const whyUnfit = (crl: Crl, time: number, options: CrlFitnessOptions): string | undefined =>
    whyWeak(crl, options) ??
    whyStale(crl, time, options) ??
    crl.fault ??
    (options.strict === true ? whyNonconforming(crl) : undefined)

  const whyWeak = ({ signatureAlgorithm }: Crl, { allowSha1 }: CrlFitnessOptions): string | undefined =>
    isWeak(signatureAlgorithm, allowSha1)
      ? `the CRL is signed with ${algorithmName(signatureAlgorithm)}, which is not accepted`
      : undefined

  /** Sections 5.1.2.4 and 5.1.2.5. */
  const whyStale = ({ thisUpdate, nextUpdate }: Crl, time: number, options: CrlFitnessOptions): string | undefined => {
    const { expiry, maxAge, skew = DEFAULT_SKEW } = options
    if (Number.isNaN(thisUpdate)) return 'the CRL does not say when it was made (RFC 5280 section 5.1.2.4)'
    if (thisUpdate - skew > time) return `the CRL is from the future: thisUpdate ${isoTime(thisUpdate)}`
    if (expiry === 'ignore') return undefined
    if (nextUpdate !== undefined && nextUpdate + skew < time) {
      return `the CRL expired ${span(time - nextUpdate)} ago: nextUpdate ${isoTime(nextUpdate)}`
    }
    const limit = maxAge ?? (nextUpdate === undefined ? DEFAULT_MAX_AGE : Number.POSITIVE_INFINITY)
    if (thisUpdate + limit + skew >= time) return undefined
    return `the CRL is ${span(time - thisUpdate)} old: thisUpdate ${isoTime(thisUpdate)}`
  }

  /** What section 5 asks of issuers. */
  const whyNonconforming = (crl: Crl): string | undefined => {
    if (crl.version !== 2) return 'the CRL is of version 1 (RFC 5280 section 5.1.2.1 wants 2)'
    if (crl.crlNumber === undefined) return 'the CRL has no CRL number (RFC 5280 section 5.2.3)'
    if (crl.hasCriticalNumber) return 'the CRL number is critical (RFC 5280 section 5.2.3)'
    return crl.nextUpdate === undefined ? 'the CRL has no nextUpdate (RFC 5280 section 5.1.2.5)' : undefined
  }

  const lastWord = (statements: readonly CrlStatement[]): CrlEntry | 'delta' | undefined => {
    const listed = statements.filter((statement) => isListed(statement) && !isLifted(statement, statements))
    const [first] = listed.map(({ entry }) => entry).toSorted((a, b) => Number(isHold(a)) - Number(isHold(b)))
    if (first === undefined) return undefined
    return statements.some(({ crl }) => !crl.isDelta) ? first : 'delta'
  }

  /** Only a delta CRL removes (section 5.3.1): on a complete one every entry is a revocation. */
  const isListed = ({ crl, entry }: CrlStatement): boolean =>
    entry !== undefined && !(crl.isDelta && entry.reason === 'removeFromCRL')

  const isHold = (entry: CrlEntry | undefined): boolean => entry?.reason === 'certificateHold'

  const isLifted = (hold: CrlStatement, statements: readonly CrlStatement[]): boolean => {
    if (!isHold(hold.entry)) return false
    const fit = statements.filter(({ unfit }) => unfit === undefined)
    const others = fit.filter(({ crl }) => crl !== hold.crl && sameScope(crl, hold.crl))
    return others.some(({ crl, entry }) =>
      attempt(() =>
        crl.isDelta
          ? entry?.reason === 'removeFromCRL' && continues(crl, hold.crl)
          : entry === undefined && follows(crl, hold.crl),
      ),
    )
  }

  /** 6.3.3 (c): issuer, scope and key are the same. */
  const sameScope = (a: Crl, b: Crl): boolean =>
    sameName(a.issuer, b.issuer) && sameOptional(a.scopeBytes, b.scopeBytes) && sameOptional(keyOf(a), keyOf(b))

  const keyOf = (crl: Crl): Uint8Array | undefined => crl.extension(authorityKeyIdentifier)?.value

  const sameOptional = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
    a === undefined || b === undefined ? a === b : equalBytes(a, b)

  /** Section 5.2.4: the complete CRL is not older than the delta's base, and the delta is newer than it. */
  const continues = (delta: Crl, { crlNumber, isDelta }: Crl): boolean => {
    const { baseCrlNumber } = delta
    if (crlNumber === undefined || baseCrlNumber === undefined) return false
    return (isDelta || numberOf(crlNumber) >= numberOf(baseCrlNumber)) && isAbove(delta.crlNumber, crlNumber)
  }

  /** Numbers grow from one list to the next (section 5.2.3); without them, dates do. */
  const follows = (next: Crl, { crlNumber, thisUpdate }: Crl): boolean =>
    next.crlNumber !== undefined && crlNumber !== undefined
      ? isAbove(next.crlNumber, crlNumber)
      : next.thisUpdate > thisUpdate

  const isAbove = (a: string | undefined, b: string): boolean => a !== undefined && numberOf(a) > numberOf(b)

  const numberOf = (hex: string): bigint => BigInt(`0x${hex}`)

  return { whyUnfit, lastWord }
}
