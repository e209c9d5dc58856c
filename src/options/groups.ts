// The groups of options: what is asked of a ClientHello, of certificates, sizes, pre-shared keys and TLS 1.2.
// options.ts has the options that stand at the top level.

import type { CertificateCompression } from '../compression/codec.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { EchClientOptions, EchServerOptions } from '../ech.ts'
import type { ClientHelloInfo } from './hello-info.ts'
import type { ReplayGuard } from '../session/interfaces.ts'
import type { ClientHello } from '../wire/messages.ts'
import type { AnyOf, GroupName, SignatureSchemeName } from '../wire/names.ts'

/** `hello` of a client: what goes into the ClientHello. */
export interface ClientHelloOptions {
  /** False: no SNI is sent; the certificate is checked all the same. Default true. */
  readonly sendServerName?: boolean
  /** Encrypted Client Hello (RFC 9849), with a config list out of DNS; `{}` sends one that only looks like it
   * (GREASE). Default: none. */
  readonly ech?: EchClientOptions
  /** Sends reserved values that a correct server ignores (GREASE, RFC 8701): among suites, groups, key shares,
   * signature schemes, versions and extensions. Default false. */
  readonly grease?: boolean
  /** Groups to send key shares for; default: the first group, and X25519 in addition to a hybrid one. */
  readonly keyShares?: readonly AnyOf<GroupName>[]
  /** Numbers of groups that the server is known to support, as DNS names them (draft-ietf-tls-key-share-prediction):
   * a share is sent for the first of ours among them, whatever `keyShares` says. Unknown numbers are ignored;
   * without any that fits it has no effect. */
  readonly serverGroups?: readonly number[]
  /** Puts the extensions of each connection's ClientHello in random order (pre_shared_key stays last). Default
   * false. */
  readonly permuteExtensions?: boolean
  /** Reorders, adds or removes parts of the ClientHello before it is sent; pre_shared_key is added after it. After a
   * HelloRetryRequest it shapes the second ClientHello as well; if that would then differ from the first one in more
   * than RFC 9846 section 4.2.2 allows, the first one is sent again with the new key share and cookie. With ECH it
   * shapes both hellos, the outer one first. */
  readonly shape?: (hello: ClientHello) => ClientHello
  /** Sends CCS and a session ID to look like TLS 1.2 to middleboxes (RFC 9846 appendix E.4). Default true. */
  readonly compatibilityMode?: boolean
  /** Offers to authenticate after the handshake (RFC 9846 section 4.7.2). Default false. */
  readonly postHandshakeAuth?: boolean
}

/** `hello` of a server: how a ClientHello is answered. */
export interface ServerHelloOptions {
  /** Keys for Encrypted Client Hello (RFC 9849): generateEchKeys() makes them. */
  readonly ech?: EchServerOptions
  /** TLS 1.3: sends reserved values that a correct client ignores (GREASE, RFC 8701) in CertificateRequest and
   * NewSessionTicket. Default false. */
  readonly grease?: boolean
  /** Sends a cookie with HelloRetryRequest and checks its echo (RFC 9846 section 4.3.2). Default false. */
  readonly cookie?: boolean
  /** True: choose by our order of suites, except for a client that puts ChaCha20-Poly1305 first: it has no fast AES,
   * and gets it. 'strict': by our order whatever the client puts first. False: by the client's order. Default true. */
  readonly preferServerOrder?: boolean | 'strict'
  /** ALPN for each connection; overrides `alpn`. Undefined refuses with no_application_protocol; null continues
   * without a protocol. */
  readonly chooseAlpn?: (offered: readonly string[], hello: ClientHelloInfo) => MaybePromise<string | null | undefined>
}

/** `certificates`: what certificates may be signed with, and how they are sent. */
export interface CertificateOptions {
  /** What the peer's certificates may be signed with; default: the top-level `signatureSchemes` (RFC 9846 section
   * 4.3.3). */
  readonly signatureSchemes?: readonly AnyOf<SignatureSchemeName>[]
  /** TLS 1.3: accepts delegated credentials (RFC 9345) in place of a certificate's own key: true, or the schemes that
   * their keys may have. Default false. */
  readonly delegatedCredentials?: boolean | readonly AnyOf<SignatureSchemeName>[]
  /** TLS 1.3: codecs for certificates, in order of preference (RFC 8879): those of `puretls/compression`, or your
   * own. Default: none. */
  readonly compression?: readonly CertificateCompression[]
}

/** `certificates` of a client. */
export interface ClientCertificateOptions extends CertificateOptions {
  /** Asks for a stapled OCSP response (RFC 6066 section 8). Default true. */
  readonly requestOcsp?: boolean
  /** Asks for signed certificate timestamps (RFC 6962 section 3.3.1). Default true. */
  readonly requestScts?: boolean
}

/** `limits`: sizes of records and messages, in bytes. */
export interface LimitOptions {
  /** Bytes of padding for a TLS 1.3 record with `length` bytes of content (RFC 9846 section 5.4). Default: none. */
  readonly padding?: (length: number) => number
  /** Most bytes of plaintext in a record that we accept, 64 to 16385 (RFC 8449). Default: not limited below the
   * standard. */
  readonly recordSizeLimit?: number
  /** Most bytes of plaintext in a record that we send, 64 to 16384. Default 16384. */
  readonly maxRecordSize?: number
  /**
   * Most bytes of one handshake message that we accept, 4096 to 16777215. Default 132096, so that the longest
   * ClientHello fits (131396 bytes, RFC 9846 section 4.2.2).
   */
  readonly maxHandshakeMessage?: number
  /** Records sealed with one key before a KeyUpdate, at least 2; never over the AEAD's own limit (RFC 9846 section
   * 5.5). */
  readonly recordsPerKey?: number
}

/** `tls12`: what concerns TLS 1.2 only. */
export interface Tls12Options {
  /** Enables suites that are off by default: CBC and static RSA, and SHA-1 signatures (RFC 9325 section 4 says why
   * they are off). Default false. */
  readonly legacy?: boolean
  /** Refuses peers without the extended master secret (RFC 7627). Default false. */
  readonly requireExtendedMasterSecret?: boolean
  /** True: this end may go on writing after the peer's close_notify, as in TLS 1.3 and as other libraries have it.
   * False: the close_notify is answered with one at once, and writes that wait reject with `closed` (RFC 5246 section
   * 7.2.1). Default true. */
  readonly halfClose?: boolean
  /** Whether the peer may renegotiate (RFC 5746): never (default), once, or freely; or a function that decides each
   * time, given how often it did. A refusal is the warning no_renegotiation; with 'ignore' there is no answer at all
   * (RFC 5246 section 7.4.1.1). The peer has to stay who it was, and both ends need the extended master secret. */
  readonly renegotiation?: 'never' | 'ignore' | 'once' | 'freely' | ((done: number) => MaybePromise<boolean>)
}

/** `tls12` of a client. */
export interface ClientTls12Options extends Tls12Options {
  /** Sends TLS_FALLBACK_SCSV: this is a second try at a lower version (RFC 7507). Default false. */
  readonly fallback?: boolean
  /** Asks for records of at most so many bytes both ways, for a peer that has no record_size_limit (RFC 6066 section
   * 4). */
  readonly maxFragmentLength?: 512 | 1024 | 2048 | 4096
  /** False Start (RFC 7918): sends before the server's Finished, with ECDHE and AEAD only; connect() resolves that
   * much earlier, and what fails after that fails the first read. Default false. */
  readonly falseStart?: boolean
}

/** How a PSK may be used: 'psk_ke' has no forward secrecy (RFC 9846 section 4.3.9). */
export type PskMode = 'psk_dhe_ke' | 'psk_ke'

/** `psk` of a client: keys that both ends have (RFC 9846 section 2.2). */
export interface ClientPskOptions {
  /** External keys, in order of preference; a server that has one needs no certificate. Default: none. */
  readonly keys?: ExternalPsk | readonly ExternalPsk[]
  /**
   * Only a server that proves one of `keys`, now or in the connection that a ticket comes from, is taken: never a
   * certificate alone. TLS 1.2 is offered only if `cipherSuites` names suites with PSK. Default: false. */
  readonly required?: boolean
  /** How keys and tickets may be used. Default: ['psk_dhe_ke']. */
  readonly modes?: readonly PskMode[]
}

/** `psk` of a server. */
export interface ServerPskOptions {
  /** Looks up an external key by its identity. `imported` is set if it came through the importer, with the context
   * that the client named (RFC 9258 section 3.1): refuse the one of your own end, and nobody can reflect a handshake
   * to it (RFC 9257 section 4.1). */
  readonly lookup?: (
    identity: Uint8Array,
    hello: ClientHelloInfo,
    imported: { readonly context: Uint8Array } | undefined,
  ) => MaybePromise<FoundPsk | undefined>
  /** TLS 1.2: tells clients which identity to use, at most 65535 bytes; clients ignore it unless an agreement outside
   * TLS says what it means (RFC 4279 section 5.2). Default: none. */
  readonly hint?: string | Uint8Array
  /** How keys and tickets may be used. Default: ['psk_dhe_ke']. */
  readonly modes?: readonly PskMode[]
}

/** A key that both ends have (RFC 9846 section 2.2). */
export interface ExternalPsk {
  /** 1 to 65535 bytes, or none for TLS 1.2 only; text is sent as UTF-8. */
  readonly identity: string | Uint8Array
  /** At least 16 bytes of a real key: a password is not one (RFC 9257 section 6). */
  readonly key: Uint8Array
  /** Dangerous: accepts a key of 1 to 15 bytes, for devices that have no other. Whoever records one handshake can try
   * all keys offline, and then pose as either end. Default false. */
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
  /** Dangerous: accepts a key of 1 to 15 bytes, which can be guessed from one recorded handshake. Default false. */
  readonly allowShort?: boolean
  /** The hash the key is made for. Default 'sha256'. */
  readonly hash?: 'sha256' | 'sha384'
}

/** `earlyData` of a server: 0-RTT (RFC 9846 section 2.3). An attacker can send it a second time. */
export interface ServerEarlyDataOptions {
  /** Bytes of early data a client may send with the tickets made from now on, up to 4294967295. Default 0: 0-RTT is
   * off, with older tickets as well. */
  readonly maxBytes?: number
  /** Seconds by which a client's idea of its ticket's age may be off, 1 to 600, for its early data to be accepted;
   * the replay guard remembers for as long and twice that (RFC 9846 section 8.3). Default 10. */
  readonly windowSeconds?: number
  /** Refuses early data that was seen before. Default: one in memory, for one process (puretls/session has others for
   * fleets). */
  readonly replayGuard?: ReplayGuard
}
