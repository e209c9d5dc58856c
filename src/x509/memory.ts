// What a verifier keeps from one connection to the next: the intermediate certificates of chains that it accepted,
// parsed, and whose key their signatures are by. Dates, names and all else are looked at each time.

import { concat } from '../wire/bytes.ts'
import { sameBytes } from '../wire/der.ts'
import { parseCertificate } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import type { CandidatePath } from './path.ts'

export interface VerifierMemory {
  /** The certificate with these bytes, if an accepted chain had it. */
  recall(der: Uint8Array): Certificate | undefined
  /** Whether the signature on a recalled certificate is known to be by this key (SubjectPublicKeyInfo, DER). */
  isSignedBy(certificate: Certificate, spki: Uint8Array): boolean
  /** Keeps the intermediates of a path that was accepted. */
  keep(path: CandidatePath): void
}

/** Bytes are copies: what came from the network is in buffers that others may use again. Parsed when first met
 * again. */
interface Kept {
  readonly der: Uint8Array
  readonly issuerKey: Uint8Array
  certificate: Certificate | undefined
}

/** Only accepted chains get in, so that a peer can't fill it with junk. `limit` counts certificates; the oldest go
 * first. They are found by comparing: a hash or a text of the bytes would cost more than all comparisons, which end
 * at the first difference. */
export const verifierMemory = (limit = 64): VerifierMemory => {
  const kept = new Set<Kept>()
  const signers = new Map<Certificate, Uint8Array>()
  const find = (der: Uint8Array): Kept | undefined => {
    for (const entry of kept) if (sameBytes(entry.der, der)) return entry
    return undefined
  }
  const recall = (der: Uint8Array): Certificate | undefined => {
    const entry = find(der)
    if (entry === undefined) return undefined
    entry.certificate ??= parseCertificate(entry.der)
    signers.set(entry.certificate, entry.issuerKey)
    return entry.certificate
  }
  const keep = ({ certificates, anchor }: CandidatePath): void => {
    for (const [i, { der }] of certificates.entries()) {
      if (i === 0 || find(der) !== undefined) continue
      const copy = concat(der, (certificates[i + 1] ?? anchor).spki)
      kept.add({ der: copy.subarray(0, der.length), issuerKey: copy.subarray(der.length), certificate: undefined })
      if (kept.size > limit) forgetOldest(kept, signers)
    }
  }
  const isSignedBy = (certificate: Certificate, spki: Uint8Array): boolean => {
    const signer = signers.get(certificate)
    return signer !== undefined && sameBytes(signer, spki)
  }
  return { recall, isSignedBy, keep }
}

const forgetOldest = (kept: Set<Kept>, signers: Map<Certificate, Uint8Array>): void => {
  for (const oldest of kept) {
    kept.delete(oldest)
    if (oldest.certificate !== undefined) signers.delete(oldest.certificate)
    return
  }
}
