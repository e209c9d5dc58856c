// What verifyChain() answers with.

import { chainOf } from './accept-path.ts'
import type { Certificate } from './certificate.ts'
import { anchorInputs } from './path.ts'
import type { CandidatePath } from './path.ts'
import { evaluatePolicies } from './policy.ts'
import type { PolicyInputs } from './policy.ts'
import type { CertificateError, RejectionReason } from './rejection.ts'
import type { TrustAnchor } from './trust.ts'

export type VerifyResult =
  | {
      readonly ok: true
      /** Leaf first, the anchor's certificate last (if it has one). */
      readonly chain: readonly Certificate[]
      readonly anchor: TrustAnchor
      /** Certificate policies that are valid for the path (RFC 9618), worked out when asked for. */
      readonly policies: ReadonlySet<string>
    }
  | { readonly ok: false; readonly reason: VerifyFailure }

export interface VerifyFailure {
  readonly code: RejectionReason
  /** What is wrong and what to do about it. */
  readonly message: string
  /** The certificate that it is about. */
  readonly certificate: Certificate | undefined
  readonly error: CertificateError
}

/** A class and not an object with a getter, of which V8 makes a hidden class each time, and with it work for the
 * collector. */
export class VerifiedPath {
  readonly ok = true
  readonly chain: readonly Certificate[]
  readonly anchor: TrustAnchor
  readonly #path: CandidatePath
  readonly #inputs: PolicyInputs | undefined

  constructor(path: CandidatePath, inputs: PolicyInputs | undefined) {
    this.chain = chainOf(path)
    this.anchor = path.anchor
    this.#path = path
    this.#inputs = inputs
  }

  get policies(): ReadonlySet<string> {
    const { certificates, anchor } = this.#path
    const result = evaluatePolicies(certificates.toReversed(), anchorInputs(anchor, this.#inputs))
    return result.ok ? result.policies : new Set()
  }
}
