// The signatures between the certificates of a search, each checked once and charged to its budget by what it takes.

import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { Certificate } from './certificate.ts'
import { CertificateError, asCertificateError, describe, reject, shorten } from './rejection.ts'
import type { KeyHolder, Search } from './search.ts'
import { signatureCost } from './signature-cost.ts'
import { verifySignature } from './signature.ts'
import type { TrustAnchor } from './trust.ts'

/** Throws unless the signature holds; each is checked once. What is above the certificate is checked already. */
export function* checkSignature(
  search: Search,
  certificate: Certificate,
  issuer: KeyHolder,
  issuerCertificate: Certificate | undefined,
): Steps<void> {
  const known = search.edge(certificate, issuer)
  if (known === true) return
  if (known === false) rejectSignature(certificate)
  search.remember(certificate, issuer, false)
  const { budget, provider } = search.input
  const key = keyOf(issuer, issuerCertificate)
  const cost = signatureCost(provider, key, certificate)
  if (budget.genuine > 0 ? budget.signatures <= 0 : budget.signatures < cost) {
    rejectWork(search, certificate)
  }
  const good = yield* checkEdge(search, certificate, issuer, key, cost)
  budget.signatures -= good && budget.genuine-- > 0 ? 1 : cost
  if (!good) rejectSignature(certificate)
}

/** Before it is known whether there is an anchor above the issuer: whoever sent the certificates may have made both, so
 * the check is charged whether it holds or not, half as much if it does, since a path needs those. None is made if
 * nothing is signed by an anchor, nor one that would take more than the whole budget. Throws unless the signature
 * holds. */
export function* checkEarly(search: Search, certificate: Certificate, issuer: Certificate): Steps<void> {
  const { budget, provider } = search.input
  const key = keyOf(issuer, issuer)
  const cost = signatureCost(provider, key, certificate)
  if (cost > search.signaturesAtStart) return
  search.isRooted ??= yield* isRooted(search)
  if (!search.isRooted) rejectSignature(certificate)
  if (cost > budget.signatures) rejectWork(search, certificate)
  const good = yield* checkEdge(search, certificate, issuer, key, cost)
  budget.signatures -= good ? Math.ceil(cost / 2) : cost
  if (!good) rejectSignature(certificate)
}

/** Whether an anchor signed any certificate of the search: a path needs one, and nobody can make one. */
function* isRooted(search: Search): Steps<boolean> {
  const { input, candidates } = search
  for (const certificate of candidates.belowAnchors) {
    for (const anchor of input.trust.byName(certificate.issuer, input.loose)) {
      try {
        yield* checkSignature(search, certificate, anchor, anchor.certificate)
        return true
      } catch (error) {
        if (!(error instanceof CertificateError) || input.budget.signatures < 0) throw error
      }
    }
  }
  return false
}

/** Whether the signature holds, remembered. */
function* checkEdge(
  search: Search,
  certificate: Certificate,
  issuer: KeyHolder,
  key: TrustAnchor['publicKey'],
  cost: number,
): Steps<boolean> {
  search.remember(certificate, issuer, false)
  yield* search.rest(cost)
  const good = yield* checkOne(search.input.provider, key, certificate)
  search.remember(certificate, issuer, good)
  return good
}

/** Leaves nothing of the budget, by which the search knows that it ends. */
const rejectWork = ({ input }: Search, certificate: Certificate): never => {
  input.budget.signatures = -1
  return reject('too_complex', 'these certificates need more signature checks than we are willing to do', certificate)
}

const rejectSignature = (certificate: Certificate): never => {
  const by = shorten(certificate.issuer.brief)
  const sentence = `the signature on ${describe(certificate)} is not by the key of ${by} that came with it`
  return reject('bad_signature', sentence, certificate)
}

const keyOf = (
  issuer: Pick<TrustAnchor, 'publicKey'>,
  certificate: Certificate | undefined,
): TrustAnchor['publicKey'] => {
  try {
    return issuer.publicKey
  } catch (error) {
    throw asCertificateError(error, certificate)
  }
}

export function* checkOne(
  provider: CryptoProvider,
  key: TrustAnchor['publicKey'],
  certificate: Certificate,
): Steps<boolean> {
  try {
    return yield* verifySignature(provider, key, certificate)
  } catch (error) {
    throw asCertificateError(error, certificate)
  }
}
