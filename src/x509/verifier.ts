// What the handshake asks of whoever judges the peer's certificates, and nothing of how it is done. The verifier of
// this library is made by chainVerifier() in chain-verifier.ts; a caller may give any other.

import type { MaybePromise } from '../crypto/provider.ts'
import type { Certificate } from './certificate.ts'

export interface VerifyRequest {
  /** DER certificates as the peer sent them, leaf first. At least one. */
  readonly chain: readonly Uint8Array[]
  /** The first of `chain`, if the caller has parsed it already. */
  readonly leaf?: Certificate
  /** What the peer is in this handshake: decides the extended key usage that is required. */
  readonly peer: 'server' | 'client'
  /** The DNS name or IP address that the leaf has to be for; undefined for client certificates. */
  readonly serverName: string | undefined
  /** Milliseconds since the epoch. */
  readonly time: number
  /** Stapled OCSP response (DER), if the peer sent one. */
  readonly ocspResponse?: Uint8Array
  /** Serialised SCTs from the TLS extension (RFC 6962 section 3.3), if the peer sent some. */
  readonly scts?: readonly Uint8Array[]
}

export interface VerifiedChain {
  readonly leaf: Certificate
  /** Leaf first, trust anchor last (if the anchor is a certificate). */
  readonly chain: readonly Certificate[]
}

export interface CertificateVerifier {
  /** Answers with the verified chain, or throws a TlsError whose fault is `certificate`. */
  verify(request: VerifyRequest): MaybePromise<VerifiedChain>
  /** Stable text of what this verifier would accept; a session is resumed only under an equal one. Default: identity. */
  readonly fingerprint?: string
  /** Distinguished names (DER) for certificate_authorities in a CertificateRequest; none by default. */
  readonly authorities?: readonly Uint8Array[]
}
