// Who signed a CRL, and whether that is someone who may (RFC 5280 section 6.3.3 (f) and (g)): the issuer of the
// certificate, another key of the same CA, or a signer of CRLs that is certified under the same anchor.

import type { Steps } from '../crypto/maybe.ts'
import { equalBytes, toHex } from '../wire/bytes.ts'
import { sameBytes } from '../wire/der.ts'
import { attempt } from './attempt.ts'
import type { Certificate } from './certificate.ts'
import type { Crl } from './crl.ts'
import { remembered } from './maps.ts'
import { sameName } from './name.ts'
import type { PathCheckRequest } from './options.ts'
import { issuerOf } from './path-pairs.ts'
import type { Issuer, PathPair } from './path-pairs.ts'
import { describe, sentenceOf } from './rejection.ts'
import { verifySignature } from './signature.ts'

/** Keys that are tried for one CRL; the pool comes from the peer. */
const MAX_SIGNERS = 8

export interface CrlSigner extends Issuer {
  /** From the signer up, without the anchor; empty for a signer that is on the path that is being checked. */
  readonly path: readonly Certificate[]
}

export interface SignerContext {
  readonly request: PathCheckRequest
  /** CA certificates and signers of CRLs that the caller knows. */
  readonly signers: readonly Certificate[]
  readonly signatures: SignatureCache
}

/** The signer of a CRL that is for a certificate of this issuer; or why there is none, in a sentence. */
export function* findCrlSigner(crl: Crl, pair: PathPair, context: SignerContext): Steps<CrlSigner | string> {
  let problem: string | undefined
  for (const candidate of candidatesFor(crl, pair, context)) {
    const signed = yield* isSignedBy(crl, candidate, context)
    if (typeof signed === 'string') problem ??= signed
    if (signed !== true) continue
    const why = yield* validate(candidate, context)
    if (typeof why !== 'string') return { ...candidate, publicKey: candidate.publicKey, path: why }
    problem ??= why
  }
  return problem ?? 'the signature of the CRL is not that of the issuer'
}

/** The issuer first, then what the caller gave, then what the peer sent; those whose key identifier the CRL names
 * come first in each. */
const candidatesFor = (crl: Crl, { issuer, certificate }: PathPair, context: SignerContext): readonly Issuer[] => {
  const {
    request: { anchor, path, pool },
    signers,
  } = context
  const own = sameName(crl.issuer, certificate.issuer) ? [issuer] : []
  const anchors = sameName(anchor.name, crl.issuer) ? [anchor] : []
  const others = [path.slice(1), signers, pool].flatMap((list) =>
    list
      .filter(({ subject }) => sameName(subject, crl.issuer))
      .toSorted((a, b) => Number(isNamed(crl, b)) - Number(isNamed(crl, a)))
      .map(issuerOf),
  )
  const distinct: Issuer[] = []
  for (const candidate of [...own, ...anchors, ...others]) {
    if (distinct.length === MAX_SIGNERS) break
    if (!distinct.some((other) => isSameSigner(other, candidate))) distinct.push(candidate)
  }
  return distinct
}

const isSameSigner = (a: Issuer, b: Issuer): boolean =>
  a.certificate !== undefined && b.certificate !== undefined
    ? sameBytes(a.certificate.der, b.certificate.der)
    : a.certificate === b.certificate && sameBytes(a.spki, b.spki)

const isNamed = (crl: Crl, { subjectKeyIdentifier }: Certificate): boolean => {
  const wanted = attempt(() => crl.authorityKeyIdentifier)
  return wanted !== undefined && subjectKeyIdentifier !== undefined && equalBytes(wanted, subjectKeyIdentifier)
}

function* isSignedBy(crl: Crl, signer: Issuer, context: SignerContext): Steps<boolean | string> {
  const {
    request: { provider },
    signatures,
  } = context
  const known = signatures.get(crl, signer)
  if (known !== undefined) return known
  try {
    const valid = yield* verifySignature(provider, signer.publicKey, crl)
    signatures.set(crl, signer, valid)
    return valid
  } catch (error) {
    return sentenceOf(error)
  }
}

/** The signer's own path, empty if it is on the path that is being checked; or why it may not sign CRLs. */
type PathOrProblem = readonly Certificate[] | string

function* validate({ certificate }: Issuer, { request, signers }: SignerContext): Steps<PathOrProblem> {
  if (certificate === undefined) return []
  const { keyUsage, basicConstraints } = certificate
  const { path, anchor } = request
  const isKnown = [...path, anchor.certificate].some((other) => other && sameBytes(other.der, certificate.der))
  // A CA may leave out the key usage; who only signs CRLs has to have it (section 4.2.1.3).
  if (!(keyUsage?.includes('cRLSign') ?? (isKnown || basicConstraints?.ca === true))) {
    return `its issuer may not sign CRLs (key usage without cRLSign): ${describe(certificate)}`
  }
  if (isKnown) return []
  try {
    return yield* request.validate(certificate, signers)
  } catch (error) {
    return `the signer of the CRL is not to be relied on: ${sentenceOf(error)}`
  }
}

/** A CRL serves many connections: its signature is checked once per key. */
export class SignatureCache {
  readonly #results = new WeakMap<Crl, Map<string, boolean>>()

  get(crl: Crl, { spki }: Issuer): boolean | undefined {
    return this.#results.get(crl)?.get(toHex(spki))
  }

  set(crl: Crl, { spki }: Issuer, valid: boolean): void {
    remembered(this.#results, crl, () => new Map<string, boolean>()).set(toHex(spki), valid)
  }
}
