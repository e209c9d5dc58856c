// A verified path as pairs of certificate and issuer, which is how revocation and transparency look at it.

import type { PublicKey } from '../crypto/provider.ts'
import { equalBytes } from '../wire/bytes.ts'
import type { Certificate } from './certificate.ts'
import type { PathCheckRequest } from './options.ts'

export interface Issuer {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  readonly publicKey: PublicKey
  /** Undefined for an anchor that is no certificate. */
  readonly certificate: Certificate | undefined
}

export interface PathPair {
  readonly certificate: Certificate
  readonly issuer: Issuer
}

/** `leaf`: the end-entity certificate alone; `chain`: it and every CA below the anchor. */
export type CheckDepth = 'leaf' | 'chain'

/** Leaf first. A leaf that is the anchor itself has no issuer and no pair. */
export const pathPairs = (
  { path, anchor }: Pick<PathCheckRequest, 'path' | 'anchor'>,
  depth: CheckDepth,
): PathPair[] => {
  const pairs: PathPair[] = []
  for (const [i, certificate] of path.entries()) {
    if (anchor.certificate !== undefined && equalBytes(certificate.der, anchor.certificate.der)) break
    const above = path[i + 1]
    const issuer: Issuer = above === undefined ? anchor : issuerOf(above)
    pairs.push({ certificate, issuer })
    if (depth === 'leaf') break
  }
  return pairs
}

/** What a CRL or an OCSP response has to come from: the name and the key of this certificate, which is not judged. */
export const issuerOf = (certificate: Certificate): Issuer => new CertificateIssuer(certificate)

/** A class and not an object with a getter, of which V8 makes a hidden class each time. */
class CertificateIssuer implements Issuer {
  readonly spki: Uint8Array
  readonly certificate: Certificate

  constructor(certificate: Certificate) {
    this.spki = certificate.spki
    this.certificate = certificate
  }

  get publicKey(): PublicKey {
    return this.certificate.publicKey
  }
}
