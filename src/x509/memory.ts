// What a verifier keeps from one connection to the next: the certificates of chains that it accepted, parsed, and whose
// key their signatures are by, so that a second connection to a server checks one signature and not two. Dates, names,
// revocation and all else are looked at each time.

import { concat } from '../wire/bytes.ts'
import { sameBytes } from '../wire/der.ts'
import { parseCertificate } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import type { CandidatePath } from './path.ts'

export interface VerifierMemory {
  /** The CA certificate with these bytes, if an accepted chain had it. */
  recall(der: Uint8Array): Certificate | undefined
  /** The same of a leaf. */
  recallLeaf(der: Uint8Array): Certificate | undefined
  /** Whether the signature on a recalled certificate is known to be by this key (SubjectPublicKeyInfo, DER). */
  isSignedBy(certificate: Certificate, spki: Uint8Array): boolean
  /** Keeps the certificates of a path that was accepted. */
  keep(path: CandidatePath): void
}

/**
 * Only accepted chains get in, so that a peer can't fill it with junk. `limit` counts leaves, and CA certificates
 * apart; the oldest go first.
 */
export const verifierMemory = (limit = 64): VerifierMemory => {
  const [leaves, authorities] = [new Shelf(limit), new Shelf(limit)]
  const keep = ({ certificates, anchor, isDirect }: CandidatePath): void => {
    for (const [i, certificate] of certificates.entries()) {
      // the signature of a certificate that is itself the anchor was not looked at
      if (isDirect && i === certificates.length - 1) return
      const shelf = i === 0 ? leaves : authorities
      shelf.keep(certificate.der, (certificates[i + 1] ?? anchor).spki)
    }
  }
  return {
    recall: (der) => authorities.recall(der),
    recallLeaf: (der) => leaves.recall(der),
    isSignedBy: (certificate, spki) =>
      authorities.isSignedBy(certificate, spki) || leaves.isSignedBy(certificate, spki),
    keep,
  }
}

/**
 * Bytes are copies: what came from the network is in buffers that others may use again. Parsed when first met again.
 */
interface Kept {
  readonly der: Uint8Array
  readonly issuerKey: Uint8Array
  certificate: Certificate | undefined
}

/** Bytes of a certificate that is kept. */
const MAX_LENGTH = 16_384

/**
 * Certificates are found by comparing: a hash or a text of the bytes would cost more than all comparisons, which end at
 * the first difference.
 */
class Shelf {
  readonly #limit: number
  readonly #kept = new Set<Kept>()
  readonly #signers = new Map<Certificate, Uint8Array>()

  constructor(limit: number) {
    this.#limit = limit
  }

  recall(der: Uint8Array): Certificate | undefined {
    const entry = this.#find(der)
    if (entry === undefined) return undefined
    entry.certificate ??= parseCertificate(entry.der)
    this.#signers.set(entry.certificate, entry.issuerKey)
    return entry.certificate
  }

  isSignedBy(certificate: Certificate, spki: Uint8Array): boolean {
    const signer = this.#signers.get(certificate)
    return signer !== undefined && sameBytes(signer, spki)
  }

  keep(der: Uint8Array, issuerKey: Uint8Array): void {
    if (der.length > MAX_LENGTH || this.#find(der) !== undefined) return
    const copy = concat(der, issuerKey)
    this.#kept.add({
      der: copy.subarray(0, der.length),
      issuerKey: copy.subarray(der.length),
      certificate: undefined,
    })
    if (this.#kept.size > this.#limit) this.#forgetOldest()
  }

  #find(der: Uint8Array): Kept | undefined {
    for (const entry of this.#kept) if (sameBytes(entry.der, der)) return entry
    return undefined
  }

  #forgetOldest(): void {
    for (const oldest of this.#kept) {
      this.#kept.delete(oldest)
      if (oldest.certificate !== undefined) this.#signers.delete(oldest.certificate)
      return
    }
  }
}
