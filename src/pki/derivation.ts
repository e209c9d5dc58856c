// How much work a file may ask for before its password is known to be right: iteration counts and sizes are the file's
// own words, so each derivation is charged to a budget, and one that is spent ends the reading.

import { TlsError } from '../errors.ts'

/** Upper limits of what one file may ask for; each default is what takes under a second of a core. */
export interface DerivationLimits {
  /** PBKDF2, which runs in native code; default 2,000,000. */
  readonly pbkdf2Iterations?: number
  /**
   * One derivation of PKCS#12 (RFC 7292 appendix B), which runs in JavaScript, in turns; default 650,000 (GnuTLS writes
   * 600,000).
   * A file may have ten: its MAC, and for each of three parts two blocks of a triple DES key and an initialisation
   * vector. */
  readonly pkcs12Iterations?: number
  /** scrypt: N * r * p; default 1,048,576 (N = 2^17 with r = 8). It takes 128 times as many bytes of memory. */
  readonly scryptCost?: number
}

const defaults = { pbkdf2Iterations: 2_000_000, pkcs12Iterations: 650_000, scryptCost: 1 << 20 } as const
const names = {
  pbkdf2Iterations: 'iterations of PBKDF2',
  pkcs12Iterations: 'iterations of the PKCS#12 derivation',
  scryptCost: 'as N * r * p of scrypt',
} as const

const MAX_PKCS12_DERIVATIONS = 10

export class DerivationBudget {
  readonly #limits: Required<DerivationLimits>
  readonly #left: Record<keyof DerivationLimits, number>

  constructor(limits: DerivationLimits = {}) {
    this.#limits = { ...defaults, ...limits }
    this.#left = { ...this.#limits, pkcs12Iterations: MAX_PKCS12_DERIVATIONS * this.#limits.pkcs12Iterations }
  }

  /** Throws TlsError `bad_key` for an amount that is no amount, or more than is left of the limit. */
  charge(kind: keyof DerivationLimits, amount: number): void {
    this.#left[kind] -= amount
    if (amount >= 1 && Number.isInteger(amount) && amount <= this.#limits[kind] && this.#left[kind] >= 0) return
    throw new TlsError(
      'bad_key',
      `the file asks for ${amount} ${names[kind]}, more than is allowed: raise limits.${kind} if you trust it`,
    )
  }
}
