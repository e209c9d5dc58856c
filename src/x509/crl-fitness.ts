// What counts of several CRLs: whether one is fresh and understood (RFC 5280 sections 5.1 to 5.3), how delta CRLs
// change complete ones (section 5.2.4, 6.3.3 (c), (i) to (k)), and which word about a certificate is the last.

import type { Names } from '../checked-options.ts'
import { equalBytes } from '../wire/bytes.ts'
import { attempt } from './attempt.ts'
import type { CrlEntry } from './crl-entries.ts'
import type { Crl } from './crl.ts'
import { sameName } from './name.ts'
import { extensionOids } from './oids.ts'
import { isoTime, span } from './rejection.ts'
import { algorithmName, isWeak } from './signature.ts'

const DEFAULT_SKEW = 300_000
const DEFAULT_MAX_AGE = 604_800_000

export interface CrlFitnessOptions {
  /** `ignore` uses CRLs after their nextUpdate too. Default `enforce`. */
  readonly expiry?: 'enforce' | 'ignore'
  /** Milliseconds since thisUpdate that a CRL is good for at most. Default: as it says itself, and 7 days for one
   * without nextUpdate. */
  readonly maxAge?: number
  /** Milliseconds that clocks may differ. Default 5 minutes. */
  readonly skew?: number
  /** Whether CRLs have to be what RFC 5280 asks of their issuers: version 2, a CRL number that is not critical, a
   * nextUpdate. Without it they are good as long as they are understood. Default false. */
  readonly strict?: boolean
  /** Whether CRLs that are signed with SHA-1 are good for more than "revoked". Default false. */
  readonly allowSha1?: boolean
}

export const fitnessNames: Names<CrlFitnessOptions> = {
  expiry: ['enforce', 'ignore'],
  maxAge: 'number',
  skew: 'number',
  strict: 'boolean',
  allowSha1: 'boolean',
}

/** What one authentic CRL says of a certificate. */
export interface CrlStatement {
  readonly crl: Crl
  readonly entry: CrlEntry | undefined
  /** Why it does not count that a certificate is not on it; undefined if it counts. */
  readonly unfit: string | undefined
}

/** Why nobody can rely on what is not on an authentic CRL. `time` is in milliseconds since the epoch. */
export const whyUnfit = (crl: Crl, time: number, options: CrlFitnessOptions): string | undefined =>
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

/**
 * The entry that revokes a certificate, if one does: revoked by any list is revoked, but for a hold that a newer list
 * of the same scope, or the newest delta CRL, has lifted. `delta`: only delta CRLs name it, and there is nothing that
 * they are a delta to.
 */
export const lastWord = (statements: readonly CrlStatement[]): CrlEntry | 'delta' | undefined => {
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

const keyOf = (crl: Crl): Uint8Array | undefined => crl.extension(extensionOids.authorityKeyIdentifier)?.value

const sameOptional = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)

/** Section 5.2.4: the complete CRL is not older than the delta's base, and the delta is newer than the complete CRL. */
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
