// What a caller can say: ClientOptions and ServerOptions, and the things they are made of. config.ts checks them.

import type { KeyInput } from './crypto/key-input.ts'
import type { CryptoProvider, MaybePromise, Signer } from './crypto/provider.ts'
import type { CertificateCompression } from './compression/codec.ts'
import type { EchClientOptions, EchServerOptions } from './ech.ts'
import type { ConnectionInfo } from './info.ts'
import type { ClientSessionCache, ReplayGuard, ServerSessionStore, TicketProtector } from './session/interfaces.ts'
import type { SessionState } from './session/state.ts'
import type { ClientHello } from './wire/messages.ts'
import type { PemOrDer } from './wire/pem.ts'
import type { ProtocolVersion } from './wire/registry.ts'
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
  readonly key: KeyInput
  /** OCSP response (DER) to staple. */
  readonly ocspResponse?: Uint8Array
  /** Serialised SCTs (RFC 6962 section 3.3) to send. */
  readonly scts?: readonly Uint8Array[]
  /** Only for peers that name an issuer of this chain among the authorities they trust (certificate_authorities, RFC 9846
   * section 4.3.4). Default false: such peers are only given it before others. */
  readonly onlyForItsIssuers?: boolean
  /** A DelegatedCredential (RFC 9345): `key` is then that of the credential, not of the certificate. Only peers of TLS 1.3 that
   * take credentials see this identity; give an ordinary one behind it for the others. */
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
  /** Default: the runtime's (see the entry points); required in puretls/core. */
  readonly provider?: CryptoProvider
  /** Default: both. */
  readonly versions?: { readonly min?: ProtocolVersion; readonly max?: ProtocolVersion }
  /** IANA names, most wanted first; those of a list inside the list are wanted alike, and a server leaves the choice among them to the
   * client. Default: the provider's order without legacy suites. */
  readonly cipherSuites?: readonly (string | readonly string[])[]
  /** Names as in wire/registry.ts ('X25519', 'P-256', 'X25519MLKEM768'), most wanted first. */
  readonly groups?: readonly string[]
  /** Signature schemes that the peer may use, most wanted first ('ecdsa_secp256r1_sha256'). */
  readonly signatureSchemes?: readonly string[]
  /** For the certificates themselves; default: signatureSchemes (RFC 9846 section 4.3.3). */
  readonly certificateSignatureSchemes?: readonly string[]
  /** Application protocols, most wanted first (RFC 7301). */
  readonly alpn?: readonly string[]
  /** Called with each line of an SSLKEYLOGFILE (RFC 9850). Whoever has these lines can read the connection. */
  readonly keyLog?: (line: string) => void
  /** Called with each record sent and received, decrypted: see createTrace() in puretls/inspect. */
  readonly trace?: (record: TracedRecord) => void
  /** Milliseconds since the epoch. Default: Date.now. */
  readonly clock?: () => number
  /** Bytes of padding for a TLS 1.3 record with `length` bytes of content (RFC 9846 section 5.4). */
  readonly padding?: (length: number) => number
  /** Most bytes of plaintext in a record that we take, 64 to 16385 (RFC 8449). Default: not limited below the standard. */
  readonly recordSizeLimit?: number
  /** Most bytes of one handshake message that we take. Default 131072. */
  readonly maxHandshakeMessage?: number
  /** Records sealed with one key before a KeyUpdate; never over the AEAD's own limit (RFC 9846 section 5.5). */
  readonly recordsPerKey?: number
  /** Opens TLS 1.2 suites that are off by default: CBC and static RSA, SHA-1 signatures (RFC 9325 section 4 says why they are off). */
  readonly legacy?: boolean
  /** TLS 1.2: refuse peers without the extended master secret (RFC 7627). Default false. */
  readonly requireExtendedMasterSecret?: boolean
  /** TLS 1.3: takes delegated credentials (RFC 9345) in place of a certificate's own key: true, or the schemes that their keys may
   * have. Default false. */
  readonly delegatedCredentials?: boolean | readonly string[]
  /** TLS 1.3: codecs for certificates, most wanted first (RFC 8879): what `puretls/compression` has, or your own. Default: none. */
  readonly certificateCompression?: readonly CertificateCompression[]
  /** Looks at every finished handshake, resumed ones too, before application data is let through: throw to refuse it. */
  readonly verifyConnection?: (info: ConnectionInfo) => MaybePromise<void>
  /** Most bytes of plaintext in a record that we send, 64 to 16384. Default 16384. */
  readonly maxRecordSize?: number
  /** Sends reserved values that a correct peer passes over (GREASE, RFC 8701): a client among its suites, groups, key shares, signature
   * schemes, versions and extensions; a server of TLS 1.3 in CertificateRequest and NewSessionTicket. Default false. */
  readonly grease?: boolean
  /** Replaces what we are about to send, for replays of recorded flows and for tests with peers that lie. */
  readonly seam?: Seam
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

/** For tests only: sees every outgoing handshake message as decoded fields before it is encoded and hashed. */
export interface Seam {
  /** What to send instead: changed fields, several messages' raw bytes, or nothing (`[]`). */
  outgoing?(message: { readonly type: string; readonly fields: object }): object | readonly Uint8Array[]
}

export interface ClientOptions extends CommonOptions {
  /** The DNS name or IP address of the server: sent as SNI (names only) and required of its certificate. */
  readonly serverName?: string
  /** False: no SNI is sent; the certificate is checked all the same. */
  readonly sendServerName?: boolean
  /** Certification authorities to trust, PEM or DER. Default: the runtime's roots, where there are any. */
  readonly ca?: CertificateInput
  /** Judges the server's certificate instead of the built-in verifier. */
  readonly verifier?: CertificateVerifier
  /** The client's certificates, for servers that ask: one, several to choose from by what the server takes, or a function. A
   * client without one that fits sends none, and leaves it to the server. */
  readonly identity?: Identities | ((request: CertificateRequestInfo) => MaybePromise<Identities | undefined>)
  /** Shorthand for identity. */
  readonly cert?: CertificateInput
  readonly key?: KeyInput
  /** Groups to send key shares for; default: the first group, and X25519 beside a hybrid one. */
  readonly keyShares?: readonly string[]
  /** Numbers of groups that the server is known to support, as DNS names them (draft-ietf-tls-key-share-prediction): a share goes out for
   * the first of ours among them, whatever `keyShares` says. Unknown numbers are passed over; without any that fits it has no effect. */
  readonly serverGroups?: readonly number[]
  /** A session to resume: what a `session` event or `connection.session` gave. */
  readonly session?: Uint8Array | SessionState
  /** External keys, most wanted first; none other is needed of the server then. */
  readonly psk?: ExternalPsk | readonly ExternalPsk[]
  /** How PSKs may be used. 'psk_ke' has no forward secrecy (RFC 9846 section 4.3.9). Default: ['psk_dhe_ke']. */
  readonly pskModes?: readonly ('psk_dhe_ke' | 'psk_ke')[]
  /** Tickets to ask for (RFC 9149): after a full handshake, and after a resumed one. */
  readonly ticketRequest?: { readonly newSession: number; readonly resumption: number }
  /** False: no ticket is asked for, offered or kept; sessions of TLS 1.2 by ID are (RFC 5077 section 3.1, RFC 9846 section 4.3.9).
   * Default true. */
  readonly tickets?: boolean
  /** Where sessions are kept from one connection to the next. */
  readonly sessions?: ClientSessionCache
  /** Application data for the first flight, sent if the session allows that much (`info.earlyData` is 'none' if it does not) (RFC 9846 section 2.3). Replayable: see docs. */
  readonly earlyData?: Uint8Array
  /** TLS 1.2: whether the server may renegotiate (RFC 5746): never (default), once, or freely; or who decides each time, from how often it
   * did. A refusal is the warning no_renegotiation; with 'ignore' there is no answer at all (RFC 5246 section 7.4.1.1). */
  readonly renegotiation?: 'never' | 'ignore' | 'once' | 'freely' | ((done: number) => MaybePromise<boolean>)
  /** Sends CCS and a session ID to look like TLS 1.2 to middleboxes (RFC 9846 appendix E.4). Default true. */
  readonly compatibilityMode?: boolean
  /** Offer to authenticate after the handshake (RFC 9846 section 4.7.2). Default false. */
  readonly postHandshakeAuth?: boolean
  /** Puts the extensions of each connection's ClientHello in an order of chance (pre_shared_key stays last). Default false. */
  readonly permuteExtensions?: boolean
  /** Reorders, adds or removes parts of the ClientHello before it is sent; pre_shared_key is added after it. */
  readonly shapeHello?: (hello: ClientHello) => ClientHello
  /** Ask for a stapled OCSP response (RFC 6066 section 8). Default true. */
  readonly requestOcsp?: boolean
  /** Ask for signed certificate timestamps (RFC 6962 section 3.3.1). Default true. */
  readonly requestScts?: boolean
  /** TLS_FALLBACK_SCSV: this is a second try at a lower version (RFC 7507). */
  readonly fallback?: boolean
  /** TLS 1.2: asks for records of at most so many bytes both ways, for a peer that has no record_size_limit (RFC 6066 section 4). */
  readonly maxFragmentLength?: 512 | 1024 | 2048 | 4096
  /** TLS 1.2 False Start (RFC 7918): send before the server's Finished, with ECDHE and AEAD only; connect() resolves that much earlier,
   * and what goes wrong after that fails the first read. Default false. */
  readonly falseStart?: boolean
  /** Encrypted Client Hello (RFC 9849), with a config list out of DNS; `{}` sends one that only looks like it (GREASE). Default: none. */
  readonly ech?: EchClientOptions
}

/** A key that both ends have (RFC 9846 section 2.2). */
export interface ExternalPsk {
  /** 1 to 65535 bytes, or none for TLS 1.2 only; text is taken as UTF-8. */
  readonly identity: string | Uint8Array
  /** At least 16 bytes of a real key: a password is not one (RFC 9257 section 6). */
  readonly key: Uint8Array
  /** Dangerous: takes a key of 1 to 15 bytes, for devices that have no other. Whoever records one handshake can try all keys
   * offline, and then pose as either end. Default false. */
  readonly allowShort?: boolean
  /** The hash the key is made for. Default 'sha256'. */
  readonly hash?: 'sha256' | 'sha384'
  /** Use it through the importer of RFC 9258, which ties it to protocol, KDF and `context`. Default false. */
  readonly imported?: boolean | { readonly context: Uint8Array }
}

/** What a server's lookup of a PSK identity gives. */
export interface FoundPsk {
  /** At least 16 bytes; otherwise the handshake fails with `bad_option`. */
  readonly key: Uint8Array
  /** Dangerous: see ExternalPsk. */
  readonly allowShort?: boolean
  readonly hash?: 'sha256' | 'sha384'
}

/** What a server asked for in CertificateRequest. */
export interface CertificateRequestInfo {
  readonly signatureSchemes: readonly string[]
  /** Distinguished names (DER); empty means any. */
  readonly authorities: readonly Uint8Array[]
  readonly serverName: string | undefined
}

/** A ClientHello as an application sees it. */
export interface ClientHelloInfo {
  readonly serverName: string | undefined
  readonly alpn: readonly string[]
  /** Numbers as offered, GREASE included. */
  readonly cipherSuites: readonly number[]
  readonly versions: readonly number[]
  readonly groups: readonly number[]
  readonly signatureSchemes: readonly number[]
  /** Types in order. */
  readonly extensions: readonly number[]
  /** The whole handshake message, header included. */
  readonly raw: Uint8Array
}

export type ClientAuthMode = 'request' | 'request-unverified' | 'require' | 'require-unverified'

export interface ClientAuthOptions {
  /** request: verify one if given; require: refuse a client without one; -unverified: any certificate, unchecked. */
  readonly mode: ClientAuthMode
  /** Authorities whose clients are let in, PEM or DER. */
  readonly ca?: CertificateInput
  readonly verifier?: CertificateVerifier
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
  /** Tickets sent after a full handshake. Default 2; 0 turns them off. */
  readonly count?: number
  /** Seconds, at most 604800. Default 86400. */
  readonly lifetime?: number
  /** TLS 1.2: a session that is resumed by a ticket of at least this age, in seconds, gets a new one; 0 renews always. Default: half of
   * `lifetime`. TLS 1.3 sends new tickets with each connection. */
  readonly renewAfter?: number
  /** What to keep in the tickets of this connection, at most 16384 bytes; it comes back as `info.sessionData`. Default: what the
   * session that was resumed had. The client cannot read it. */
  readonly applicationData?: (session: SessionFacts) => Uint8Array | undefined
  /** Default: a random key that lives as long as the server (see puretls/session for rotation and shared keys). */
  readonly protector?: TicketProtector
}

export interface ServerOptions extends CommonOptions {
  readonly cert?: CertificateInput
  readonly key?: KeyInput
  /** One identity, several to choose from by the ClientHello, or a function that chooses. */
  readonly identity?: Identities | ((hello: ClientHelloInfo) => MaybePromise<Identities | undefined>)
  /** Sees the ClientHello before anything is answered; may change options for this connection, or reject. */
  readonly onClientHello?: (hello: ClientHelloInfo) => MaybePromise<Partial<ServerOptions> | 'reject' | undefined | void>
  readonly clientAuth?: ClientAuthOptions
  /** Keys for Encrypted Client Hello (RFC 9849): generateEchKeys() makes them. */
  readonly ech?: EchServerOptions
  /** True: choose by our order of suites, but for a client that puts ChaCha20-Poly1305 first: it has no fast AES, and gets it. 'strict':
   * by our order whatever the client puts first. False: by the client's order. Default true. */
  readonly preferServerOrder?: boolean | 'strict'
  readonly tickets?: TicketOptions | false
  /** TLS 1.2 sessions by ID. */
  readonly sessions?: ServerSessionStore
  /** Looks up an external key by its identity; `imported` says that it came through the importer of RFC 9258. */
  readonly psk?: (identity: Uint8Array, hello: ClientHelloInfo, imported: boolean) => MaybePromise<FoundPsk | undefined>
  /** TLS 1.2: tells clients which identity to use, at most 65535 bytes; clients pass over it unless an agreement outside TLS says what it
   * means (RFC 4279 section 5.2). Default: none. */
  readonly pskHint?: string | Uint8Array
  /** How PSKs may be used. Default: ['psk_dhe_ke']. */
  readonly pskModes?: readonly ('psk_dhe_ke' | 'psk_ke')[]
  /** Bytes of early data a client may send with a ticket; 0 (default) turns 0-RTT off. */
  readonly maxEarlyData?: number
  /** Seconds by which a client's idea of its ticket's age may be off, 1 to 600, for its early data to be taken: for as long and twice
   * that the replay guard remembers (RFC 9846 section 8.3). Default 10. */
  readonly earlyDataWindow?: number
  /** Refuses early data that was seen before. Default: one in memory, good for one process (see puretls/session for fleets). */
  readonly replayGuard?: ReplayGuard
  /** Sends a cookie with HelloRetryRequest and checks its echo (RFC 9846 section 4.3.2). Default false. */
  readonly cookie?: boolean
  /** Per-connection ALPN; overrides `alpn`. Undefined refuses with no_application_protocol; null goes on without a protocol. */
  readonly chooseAlpn?: (offered: readonly string[], hello: ClientHelloInfo) => MaybePromise<string | null | undefined>
}
