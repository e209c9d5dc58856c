// Why no path was found, for a person: which certificate the chain ends in, and what is the matter with that one. The
// reasons of the search are kept unless the truth is that the peer's chain ends in a certificate that signed itself and
// is not trusted.

import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import type { Certificate } from './certificate.ts'
import { NameKeys } from './name-keys.ts'
import { defaults } from './options.ts'
import { CertificateError, describe, shorten } from './rejection.ts'
import { signatureCost } from './signature-cost.ts'
import { verifySignature } from './signature.ts'
import type { TrustStore } from './trust.ts'

export interface Unverified {
  readonly leaf: Certificate
  readonly pool: readonly Certificate[]
  readonly trust: TrustStore
  readonly provider: CryptoProvider
  /** Why a certificate that came with the leaf could not be read, if there is such. */
  readonly unread?: string | undefined
}

/** `best` is why the most promising path failed, if one got to an anchor by name. */
export function* explainFailure(input: Unverified, best: CertificateError | undefined): Steps<CertificateError> {
  const last = lastByName(input)
  if (best === undefined) return untrusted(input, last)
  const isAboutSignature = best.reason === 'bad_signature'
  const suspect = last === input.leaf || isAboutSignature ? last : undefined
  if (suspect === undefined || !suspect.isSelfIssued || input.trust.find(suspect) !== undefined) return best
  return (yield* isSelfSigned(suspect, input.provider)) ? untrusted(input, suspect) : best
}

function* isSelfSigned(certificate: Certificate, provider: CryptoProvider): Steps<boolean> {
  try {
    const { publicKey } = certificate
    if (signatureCost(provider, publicKey, certificate) > defaults.signatures) return false
    return yield* verifySignature(provider, publicKey, certificate)
  } catch (error) {
    if (error instanceof TlsError) return false
    throw error
  }
}

/** The issuer of the last certificate that can be reached from the leaf by names is who is missing. */
const lastByName = ({ leaf, pool }: Unverified): Certificate => {
  const keys = new NameKeys(true)
  const bySubject = new Map<string, Certificate>()
  for (const certificate of pool) {
    const subject = keys.of(certificate.subject)
    if (!bySubject.has(subject)) bySubject.set(subject, certificate)
  }
  const seen = new Set([leaf])
  let last = leaf
  for (;;) {
    const next = bySubject.get(keys.of(last.issuer))
    if (next === undefined || seen.has(next)) return last
    seen.add(next)
    last = next
  }
}

const untrusted = ({ leaf, trust, unread }: Unverified, last: Certificate): CertificateError => {
  const sameName = trust.byName(last.subject, true).length > 0 ? ' (an anchor of that name has another key)' : ''
  if (last === leaf && leaf.isSelfIssued) {
    const sentence = `${describe(leaf)} is self-signed and is not among the trust anchors${sameName}`
    return new CertificateError('unknown_ca', sentence, leaf)
  }
  const issuer = last.issuer.isEmpty ? 'one without a name' : shorten(last.issuer.brief)
  const sentence = last.isSelfIssued
    ? `the chain ends in ${describe(last)}, which is self-signed and is not among the trust anchors${sameName}`
    : `${describe(last)} is signed by an authority that is not trusted: ${issuer}; ` +
      (unread === undefined
        ? 'the peer may have left out an intermediate certificate'
        : `a certificate that the peer sent with it can't be read: ${unread}`)
  return new CertificateError('unknown_ca', sentence, last)
}
