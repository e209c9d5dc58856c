// What a verifier keeps from one connection to the next: the intermediate certificates of chains that it accepted, parsed,
// and whose key their signatures are by. Dates, names and all else are looked at each time. Used by chain-verifier.ts.

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

/** Only accepted chains get in, so that a peer can't fill it with junk. `limit` counts certificates; the oldest go first. */
export const verifierMemory = (limit = 64): VerifierMemory => {
  const kept = new Map<string, Certificate>()
  const signers = new Map<Certificate, Uint8Array>()
  return {
    recall: (der) => kept.get(textOf(der)),
    isSignedBy: (certificate, spki) => {
      const signer = signers.get(certificate)
      return signer !== undefined && sameBytes(signer, spki)
    },
    keep: ({ certificates, anchor }) => {
      for (const [i, { der }] of certificates.entries()) {
        const text = i === 0 ? undefined : textOf(der)
        if (text === undefined || kept.has(text)) continue
        // Copies: what came from the network is in buffers that others may use again.
        const certificate = parseCertificate(der.slice())
        kept.set(text, certificate)
        signers.set(certificate, (certificates[i + 1] ?? anchor).spki.slice())
        if (kept.size > limit) forgetOldest(kept, signers)
      }
    },
  }
}

const forgetOldest = (kept: Map<string, Certificate>, signers: Map<Certificate, Uint8Array>): void => {
  for (const [text, certificate] of kept) {
    kept.delete(text)
    signers.delete(certificate)
    return
  }
}

const latin1 = new TextDecoder('latin1')
const textOf = (der: Uint8Array): string => latin1.decode(der)
