// Which CRLs are good enough: options of crlCheck().

import type { Names } from '../checked-options.ts'

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
