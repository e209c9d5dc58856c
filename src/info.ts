// What the application learns about a finished handshake.

import type { ClientHelloInfo } from './options/hello-info.ts'
import type { Certificate } from './x509/certificate.ts'

/**
 * `no_session`: there was none to resume; `session_forbids`: its ticket allows none; `too_long`: more than its ticket
 * allows;
 * `disabled`: the server takes none; `not_resumed`: the server did not accept the first ticket; `hello_retry_request`;
 * `cipher_suite`, `alpn`: another one than in the session; `ticket_age`: the client's idea of it is off; `replay`: it
 * was seen before, or that cannot be told;
 * `declined`: the server did not say why.
 */
export type EarlyDataRefusal =
  | 'no_session'
  | 'session_forbids'
  | 'too_long'
  | 'disabled'
  | 'not_resumed'
  | 'hello_retry_request'
  | 'cipher_suite'
  | 'alpn'
  | 'ticket_age'
  | 'replay'
  | 'declined'

/** What the two ends agreed on, and who the peer proved to be. */
export interface ConnectionInfo {
  readonly version: 'TLS 1.2' | 'TLS 1.3'
  /** IANA name. */
  readonly cipherSuite: string
  /** The group of the key agreement; undefined where there was none (PSK only, static RSA). That of the first
   * handshake, where TLS 1.2 resumed its session. */
  readonly group: string | undefined
  /** What the peer signed the handshake with; undefined where it did not sign. */
  readonly signatureScheme: string | undefined
  /** What we signed the handshake with; undefined where we did not. */
  readonly ownSignatureScheme: string | undefined
  /** SHA-256 of the certificate that we showed, in hex, as in Identity.digest; of a resumed connection, that of the
   * first handshake. */
  readonly ownIdentity: string | undefined
  readonly alpn: string | undefined
  /** The name the client asked for (SNI), on both sides. */
  readonly serverName: string | undefined
  /** Server: what the client offered (the inner hello, with ECH; the first one, before a HelloRetryRequest).
   * Undefined on a client. */
  readonly clientHello: ClientHelloInfo | undefined
  readonly resumed: boolean
  /** The identity of the external PSK that the handshake, or the first one of a resumed session, stands on (imported
   * ones as RFC 9258 sends them). */
  readonly pskIdentity: Uint8Array | undefined
  readonly helloRetryRequest: boolean
  /** Server, resumed: what `tickets.applicationData` put into the ticket. */
  readonly sessionData: Uint8Array | undefined
  /** Encrypted Client Hello was used (RFC 9849): what this info says was not visible on the way. */
  readonly echAccepted: boolean
  readonly earlyData: 'accepted' | 'rejected' | 'none'
  /**
   * Why early data was rejected, or not sent though there was some to send; undefined where it was accepted, or there
   * was none.
   */
  readonly earlyDataRefusal: EarlyDataRefusal | undefined
  /** Server of TLS 1.3, resumed: the ticket's age as the client gave it, less its age by our clock; milliseconds. */
  readonly ticketAgeSkew: number | undefined
  /** The master secret is bound to the whole handshake (RFC 7627), as it always is in TLS 1.3. */
  readonly extendedMasterSecret: boolean
  /** Both ends have RFC 5746. True for TLS 1.3, which has no renegotiation. */
  readonly secureRenegotiation: boolean
  /** DER as the peer sent them, leaf first; empty where it sent none. On a resumed connection, those of the verified
   * chain. */
  readonly peerCertificates: readonly Uint8Array[]
  /** The algorithm that the peer's certificates came compressed with (RFC 8879); undefined where they did not. */
  readonly certificateCompression: string | undefined
  /** The peer signed with a delegated credential (RFC 9345), which is good until then: milliseconds since the epoch. */
  readonly delegatedUntil: number | undefined
  /** Leaf first, as the verifier proved it, in the first handshake of a resumed session; empty where nothing was
   * verified. */
  readonly verifiedChain: readonly Certificate[]
  /** The stapled OCSP response (DER), as it came. */
  readonly ocspResponse: Uint8Array | undefined
  /** Serialised SCTs from the TLS extension (RFC 6962 section 3.3). */
  readonly scts: readonly Uint8Array[]
}
