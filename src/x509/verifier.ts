// What the handshake asks of whoever judges the peer's certificates, and nothing of how it is done. The verifier of
// this library is made by chainVerifier() in chain-verifier.ts; a caller may give any other.

import type { MaybePromise, SignatureAlgorithm } from '../crypto/provider.ts'
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
  /** What the certificates below the anchor may be signed with, as we told the peer; undefined: that is up to the
   * verifier (RFC 9846 section 4.3.3). */
  readonly signatureAlgorithms?: ReadonlySet<SignatureAlgorithm>
}

/** A session whose peer was judged in the handshake that it began with. */
export interface ResumeRequest {
  /** As the verifier proved it, leaf first. */
  readonly chain: readonly Certificate[]
  readonly peer: 'server' | 'client'
  readonly serverName: string | undefined
  /** Milliseconds since the epoch. */
  readonly time: number
  /** When the chain was verified: milliseconds since the epoch. */
  readonly verifiedAt: number
}

export interface VerifiedChain {
  readonly leaf: Certificate
  /** Leaf first, trust anchor last (if the anchor is a certificate). */
  readonly chain: readonly Certificate[]
}

export interface CertificateVerifier {
  /** Answers with the verified chain, or throws a TlsError whose fault is `certificate`. */
  verify(request: VerifyRequest): MaybePromise<VerifiedChain>
  /** Stable text of what this verifier would accept, in every process that may see its sessions; a session is
   * resumed only under an equal one. Change it when the verifier changes. Default: a random text for this object in
   * this process. */
  readonly fingerprint?: string | undefined
  /** Asked before a session is resumed whose peer this verifier judged, or one with an equal fingerprint: false
   * leads to a full handshake, where verify() is asked. Default: true, within the time that `resumption` allows. */
  mayResume?(request: ResumeRequest): MaybePromise<boolean>
  /**
   * The leaf with these bytes (DER), if this verifier has parsed it already, and accepted it: saves parsing it again,
   * and no check. Optional.
   */
  recall?(der: Uint8Array): Certificate | undefined
  /** False where stapled OCSP responses are not looked at: then a client asks for none by default. Default: true. */
  readonly readsOcsp?: boolean
  /** Distinguished names (DER) for certificate_authorities in a CertificateRequest; none by default. */
  readonly authorities?: readonly Uint8Array[]
}
