// `resumption`: how long, and with whose consent, sessions are continued (RFC 9846 section 4.7.1). config.ts checks it.

import type { MaybePromise } from '../crypto/provider.ts'
import type { Certificate } from '../x509/certificate.ts'

export interface ResumptionOptions {
  /**
   * Seconds for which sessions follow one proof of who the peer is (its certificate, or an external key), however often
   * they are renewed, 1 to 604800. A certificate that ends earlier ends them. Default 604800 (seven days). */
  readonly maxAgeSeconds?: number
  /**
   * Asked before a session is offered (client) or accepted (server): false leads to a full handshake, where
   * certificates are verified again. For revocation lists, and for logins that have ended. What it throws counts as
   * false. */
  readonly mayResume?: (session: ResumedSession) => MaybePromise<boolean>
  /**
   * Dangerous: keeps and resumes TLS 1.2 sessions without the extended master secret as well, for old peers: an
   * attacker in the middle can synchronise two of them (RFC 7627 section 5.3, triple handshake). Default false. */
  readonly withoutExtendedMasterSecret?: boolean
}

/** What a session says of the connection that it began with. */
export interface ResumedSession {
  readonly version: 'TLS 1.2' | 'TLS 1.3'
  readonly serverName: string | undefined
  readonly alpn: string | undefined
  /** DER, leaf first; empty where the peer showed none. */
  readonly peerCertificates: readonly Uint8Array[]
  /** Leaf first, as the verifier proved it; empty where nothing was verified. */
  readonly verifiedChain: readonly Certificate[]
  /** The identity of the external key that it began with. */
  readonly pskIdentity: Uint8Array | undefined
  /** When the peer proved who it is: milliseconds since the epoch. */
  readonly authenticatedAt: number
}

export interface ResumptionConfig {
  /** Milliseconds. */
  readonly maxAge: number
  readonly mayResume: ResumptionOptions['mayResume']
  readonly withoutExtendedMasterSecret: boolean
}
