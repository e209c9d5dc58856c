// What a caller can say: ClientOptions and ServerOptions. What most callers need is here; the rest is in groups
// (options/groups.ts). Durations are in milliseconds, unless the name ends with Seconds; points in time are
// milliseconds since the epoch.

import type { KeyInput } from './crypto/key-input.ts'
import type { CryptoProvider, MaybePromise, SignatureAlgorithm, Signer } from './crypto/provider.ts'
import type { ClientHelloInfo, HelloSource } from './options/hello-info.ts'
import type { ConnectionInfo } from './info.ts'
import type {
  CertificateOptions,
  ClientCertificateOptions,
  ClientHelloOptions,
  ClientPskOptions,
  ClientTls12Options,
  LimitOptions,
  ServerEarlyDataOptions,
  ServerHelloOptions,
  ServerPskOptions,
  Tls12Options,
} from './options/groups.ts'
import type { ClientSessionCache, ServerSessionStore, TicketProtector } from './session/interfaces.ts'
import type { ResumptionOptions } from './session/options.ts'
import type { SessionState } from './session/state.ts'
import type { AnyOf, CipherSuiteName, GroupName, ProtocolVersion, SignatureSchemeName } from './wire/names.ts'
import type { PemOrDer } from './wire/pem.ts'
import type { Certificate } from './x509/certificate.ts'
import type { DelegatedCredential } from './x509/delegated-credential.ts'
import type { CertificateVerifier } from './x509/verifier.ts'

/** PEM text or bytes (one or more certificates), DER, or a list of them. */
export type CertificateInput = PemOrDer | readonly PemOrDer[]
export type { KeyInput }

/** A certificate chain and the key that proves it. */
export interface IdentityOptions {
  /** The certificate and its intermediates, leaf first. */
  readonly cert: CertificateInput
  /** The private key of the certificate: PEM, DER, or anything that signs (HSM, KMS). */
  readonly key: KeyInput
  /** OCSP response (DER) to staple. */
  readonly ocspResponse?: Uint8Array
  /** Serialised SCTs (RFC 6962 section 3.3) to send. */
  readonly scts?: readonly Uint8Array[]
  /** Only for peers that name an issuer of this chain among the authorities they trust (certificate_authorities, RFC
   * 9846 section 4.3.4). Default false: such peers are only given it before others. */
  readonly onlyForItsIssuers?: boolean
  /** A DelegatedCredential (RFC 9345): `key` is then that of the credential, not of the certificate. Only peers of
   * TLS 1.3 that take credentials see this identity; give an ordinary one behind it for the others. */
  readonly delegatedCredential?: Uint8Array
}

/** One identity or several, to choose from by what the peer takes; the first that fits is used. */
export type Identities = IdentityOptions | Identity | readonly (IdentityOptions | Identity)[]

/** An identity that was loaded and checked: `loadIdentity()` makes it. */
export interface Identity {
  /** DER, leaf first. */
  readonly certificates: readonly Uint8Array[]
  /** The first of them, parsed. */
  readonly leaf: Certificate
  /** SHA-256 of the leaf, in hex. */
  readonly digest: string
  /** Distinguished names (DER) of those who issued the certificates. */
  readonly issuers: readonly Uint8Array[]
  /** What they are signed with, but for self-issued ones; undefined for an algorithm that is not known here. */
  readonly signedWith: readonly (SignatureAlgorithm | undefined)[]
  readonly signer: Signer
  readonly keyType: NonNullable<Signer['publicKey']>['type']
  /** Size of the key in bits. */
  readonly keyBits: number
  readonly ocspResponse: Uint8Array | undefined
  readonly scts: readonly Uint8Array[] | undefined
  readonly onlyForItsIssuers?: boolean
  /** What lets `signer` sign in place of the certificate's key. */
  readonly delegated?: DelegatedCredential & { /** Milliseconds since the epoch. */ readonly until: number }
}

export interface CommonOptions {
  /** Cryptography. Default: node:crypto on Node, Bun and Deno, elsewhere WebCrypto with @noble; required in
   * puretls/core and puretls/engine. */
  readonly provider?: CryptoProvider
  /** Default: both. */
  readonly versions?: { readonly min?: ProtocolVersion; readonly max?: ProtocolVersion }
  /** IANA names, in order of preference; those of a list inside the list are equally preferred, and a server leaves
   * the choice among them to the client. Naming suites of one version alone narrows `versions` to it. Default: the
   * provider's order without legacy suites. */
  readonly cipherSuites?: readonly (AnyOf<CipherSuiteName> | readonly AnyOf<CipherSuiteName>[])[]
  /** Names of groups, in order of preference. Default: X25519MLKEM768, X25519, P-256, P-384, P-521, as far as the
   * provider has them. */
  readonly groups?: readonly AnyOf<GroupName>[]
  /** Signature schemes that the peer may use, in order of preference. Default: those of the provider without SHA-1. */
  readonly signatureSchemes?: readonly AnyOf<SignatureSchemeName>[]
  /** Application protocols, in order of preference (RFC 7301): each of 1 to 255 bytes. Default: none. */
  readonly alpn?: readonly string[]
  /** Called with each line of an SSLKEYLOGFILE (RFC 9850). Whoever has these lines can read the connection. */
  readonly keyLog?: (line: string) => void
  /** Dangerous: lets `dangerousTrafficSecrets()` of a connection give out the keys in use, for kernel TLS and tools.
   * Whoever has them can read the connection and write to it. Default false. */
  readonly dangerouslyExposeTrafficSecrets?: boolean
  /** Called with each record sent and received, decrypted: createTrace() in puretls/inspect/trace makes such a
   * function. */
  readonly trace?: (record: TracedRecord) => void
  /** Milliseconds since the epoch. Default: Date.now. */
  readonly clock?: () => number
  /** How long sessions are continued, and with whose consent. */
  readonly resumption?: ResumptionOptions
  /** Looks at every finished handshake, resumed ones too, before application data is let through: throw to refuse
   * it. */
  readonly verifyConnection?: (info: ConnectionInfo) => MaybePromise<void>
  /** Sizes of records and messages. */
  readonly limits?: LimitOptions
}

/** One record as it passed. */
export interface TracedRecord {
  readonly direction: 'sent' | 'received'
  /** The content type inside the encryption. */
  readonly type: number
  readonly encrypted: boolean
  /** The whole record as it was on the wire. */
  readonly wire: Uint8Array
  /** What it carried. */
  readonly content: Uint8Array
}

/** Options of a client; `serverName` is the only one that is always needed. */
export interface ClientOptions extends CommonOptions {
  /** The DNS name (ASCII; its A-label form) or IP address of the server: sent as SNI (names only) and required of its
   * certificate. `false`: no name is sent or required; needs a `verifier` that judges without one, or `psk`. */
  readonly serverName: string | false
  /** Certification authorities to trust, PEM or DER. Default: the runtime's roots, where there are any. */
  readonly ca?: CertificateInput
  /** Judges the server's certificate instead of the built-in verifier. */
  readonly verifier?: CertificateVerifier
  /** The client's certificates, for servers that ask: one, several to choose from by what the server accepts, or a
   * function. A client without one that fits sends none, and leaves it to the server. */
  readonly identity?: Identities | ((request: CertificateRequestInfo) => MaybePromise<Identities | undefined>)
  /** Shorthand for `identity: { cert, key }`. */
  readonly cert?: CertificateInput
  /** The private key of `cert`. */
  readonly key?: KeyInput
  /** A session to resume: what a `session` event or `connection.session` gave. */
  readonly session?: Uint8Array | SessionState
  /** Where sessions are kept from one connection to the next. */
  readonly sessions?: ClientSessionCache
  /** False: no ticket is asked for, offered or kept; sessions of TLS 1.2 by ID are (RFC 5077 section 3.1, RFC 9846
   * section 4.3.9). An object: how many tickets to ask for (RFC 9149), each 0 to 255. Default true. */
  readonly tickets?: boolean | TicketRequestOptions
  /** Application data for the first flight, sent if the session allows that much (`info.earlyData` is 'none' if it
   * does not) (RFC 9846 section 2.3). An attacker can send it a second time: it must be safe to repeat. */
  readonly earlyData?: Uint8Array
  /** What goes into the ClientHello: ECH, GREASE, key shares, its shape. */
  readonly hello?: ClientHelloOptions
  /** What certificates may be signed with, and how they are sent. */
  readonly certificates?: ClientCertificateOptions
  /** External pre-shared keys, and how PSKs may be used. */
  readonly psk?: ClientPskOptions
  /** What concerns TLS 1.2 only. */
  readonly tls12?: ClientTls12Options
}

/** How many tickets a client asks for (RFC 9149): after a full handshake, and after a resumed one. */
export interface TicketRequestOptions {
  /** After a full handshake, 0 to 255. */
  readonly newSession: number
  /** After a resumed one, 0 to 255. */
  readonly resumption: number
}

/** What a server asked for in CertificateRequest. */
export interface CertificateRequestInfo {
  readonly signatureSchemes: readonly string[]
  /** Distinguished names (DER); empty means any. */
  readonly authorities: readonly Uint8Array[]
  readonly serverName: string | undefined
}

export type ClientAuthMode = 'request' | 'request-unverified' | 'require' | 'require-unverified' | 'after-handshake'

export interface ClientAuthOptions {
  /**
   * request: verify one if given; require: refuse a client without one; -unverified: any certificate, unchecked;
   * after-handshake: ask only by `requestClientCertificate()` (TLS 1.3), and verify what is given. */
  readonly mode: ClientAuthMode
  /** Authorities whose clients are let in, PEM or DER. */
  readonly ca?: CertificateInput
  /** Judges clients' certificates instead of the built-in verifier. */
  readonly verifier?: CertificateVerifier
  /** With `require` and `psk`: true lets a client in that proves an external key and shows no certificate, as it does
   * not in a handshake by PSK (RFC 9846 section 4.4.2). Without it the two are refused together. */
  readonly acceptPsk?: boolean
  /** Distinguished names (DER) to send; default: the subjects of `ca`. */
  readonly authorities?: readonly Uint8Array[]
}

/** What a ticket is made for. */
export interface SessionFacts {
  readonly serverName: string | undefined
  readonly alpn: string | undefined
  /** DER, leaf first. */
  readonly peerCertificates: readonly Uint8Array[]
}

export interface TicketOptions {
  /** Tickets sent after a full handshake, 0 to 255; over 16 for clients that ask for so many (RFC 9149). Default 2; 0
   * turns them off. */
  readonly count?: number
  /**
   * Tickets sent after a resumed handshake of TLS 1.3. Default 1, for the one that was used. With 0 a client has to use
   * a ticket again, by which two connections are known to be one client's (RFC 9846 appendix C.4). */
  readonly resumedCount?: number
  /** Seconds, at most 604800. Default 86400. */
  readonly lifetimeSeconds?: number
  /** TLS 1.2: a session that is resumed by a ticket of at least this age, in seconds, gets a new one; 0 renews
   * always. Default: half of `lifetimeSeconds`. TLS 1.3 sends new tickets with each connection. */
  readonly renewAfterSeconds?: number
  /** What to keep in the tickets of this connection, at most 16384 bytes; it comes back as `info.sessionData`.
   * Default: what the session that was resumed had. The client cannot read it. */
  readonly applicationData?: (session: SessionFacts) => Uint8Array | undefined
  /** Default: a random key that lives as long as the server (see puretls/session for rotation and shared keys). */
  readonly protector?: TicketProtector
}

/** Options of a server: it needs an identity (`cert` and `key`, or `identity`), or `psk`. */
export interface ServerOptions extends CommonOptions {
  /** Shorthand for `identity: { cert, key }`. */
  readonly cert?: CertificateInput
  /** The private key of `cert`. */
  readonly key?: KeyInput
  /** One identity, several to choose from by the ClientHello, or a function that chooses. */
  readonly identity?: Identities | ((hello: ClientHelloInfo) => MaybePromise<Identities | undefined>)
  /** Sees the ClientHello before anything is answered, and which connection it came from; may change options for this
   * connection, or reject it. */
  readonly onClientHello?: (
    hello: ClientHelloInfo,
    source: HelloSource,
  ) => MaybePromise<Partial<ServerOptions> | 'reject' | undefined | void>
  /** Asks clients for certificates. Default: no. */
  readonly clientAuth?: ClientAuthOptions
  /** Tickets for resumption; false: none. */
  readonly tickets?: TicketOptions | false
  /** TLS 1.2 sessions by ID. Default: none. */
  readonly sessions?: ServerSessionStore
  /** 0-RTT data of clients. Default: refused. */
  readonly earlyData?: ServerEarlyDataOptions
  /** How a ClientHello is answered: ECH, GREASE, cookie, order of suites, ALPN by a function. */
  readonly hello?: ServerHelloOptions
  /** What certificates of clients may be signed with, and how certificates are sent. */
  readonly certificates?: CertificateOptions
  /** External pre-shared keys, and how PSKs may be used. */
  readonly psk?: ServerPskOptions
  /** What concerns TLS 1.2 only. */
  readonly tls12?: Tls12Options
}

export type {
  ClientHelloFields,
  ClientHelloInfo,
  ClientHelloJson,
  HelloSource,
  NamedNumber,
} from './options/hello-info.ts'
export type * from './options/groups.ts'
