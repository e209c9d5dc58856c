// What the handshake and the engine work by: options checked and completed. config.ts makes it.

import type { MadeOnce } from './made-once.ts'
import type { CertificateCompression } from '../compression/codec.ts'
import type {
  Cipher,
  CryptoProvider,
  HashAlgorithm,
  KeyExchangeGroup,
  MaybePromise,
  SignatureAlgorithm,
} from '../crypto/provider.ts'
import type { EchClientConfig, EchClientOptions, EchServerConfig, EchServerOptions } from '../ech.ts'
import type { IdentityLoader } from '../identities.ts'
import type {
  CertificateInput,
  CertificateOptions,
  CertificateRequestInfo,
  ClientAuthMode,
  ClientHelloInfo,
  ClientOptions,
  ClientPskOptions,
  Tls12Options,
  CommonOptions,
  Identity,
  ServerHelloOptions,
  ServerOptions,
  ServerPskOptions,
  TicketOptions,
  TicketRequestOptions,
} from '../options.ts'
import type { CheckOptions } from '../options/check.ts'
import type { ExternalPskConfig } from '../psk.ts'
import type { ClientSessionCache, ReplayGuard, ServerSessionStore, TicketProtector } from '../session/interfaces.ts'
import type { ResumptionConfig } from '../session/options.ts'
import type { SessionState } from '../session/state.ts'
import type { ClientHello } from '../wire/messages.ts'
import type { CipherSuite, NamedGroup, SignatureScheme } from '../wire/registry.ts'
import type { CertificateVerifier } from '../x509/verifier.ts'

/** A cipher suite with what computes it. */
export interface ActiveSuite extends Omit<CipherSuite, 'cipher' | 'hash'> {
  readonly cipher: Cipher
  readonly hash: HashAlgorithm
  /** Suites of one rank are wanted alike; undefined in the default order. */
  readonly rank?: number
}

export interface ActiveGroup extends NamedGroup, KeyExchangeGroup {}

/** For tests and recorded flows: sees every outgoing handshake message as decoded fields before it is encoded and
 * hashed. */
export interface Seam {
  /** What to send instead: changed fields, several messages' raw bytes, or nothing (`[]`). */
  outgoing?(message: { readonly type: string; readonly fields: object }): object | readonly Uint8Array[]
}

export type KeyLog = (label: string, clientRandom: Uint8Array, secret: Uint8Array) => void

export interface CommonConfig {
  readonly provider: CryptoProvider
  readonly minVersion: number
  readonly maxVersion: number
  /** In order of preference, both versions. */
  readonly suites: readonly ActiveSuite[]
  readonly groups: readonly ActiveGroup[]
  /** What the peer may sign handshakes with. */
  readonly schemes: readonly SignatureScheme[]
  /** What the peer's certificates may be signed with; undefined: as `schemes`. */
  readonly certificateSchemes: readonly SignatureScheme[] | undefined
  /** The algorithms of what the peer is told that its certificates may be signed with (RFC 9846 section 4.5.1.2). */
  readonly certificateAlgorithms: ReadonlySet<SignatureAlgorithm>
  /** What the key of a delegated credential may sign with; empty: credentials are not taken. */
  readonly delegatedSchemes: readonly SignatureScheme[]
  readonly alpn: readonly string[]
  readonly certificateCompression: readonly CertificateCompression[]
  /** Makes the line out of a label, the client's random and a secret: no text of a secret is made before. */
  readonly keyLog: KeyLog | undefined
  readonly trace: CommonOptions['trace']
  /** Asked at each record where there is no `trace`, for one that may begin at any time; no option sets it. */
  readonly traceLater?: () => CommonOptions['trace']
  readonly exposeTrafficSecrets: boolean
  readonly clock: () => number
  readonly padding: ((length: number) => number) | undefined
  readonly recordSizeLimit: number | undefined
  readonly maxHandshakeMessage: number
  readonly recordsPerKey: number
  /** KeyUpdates that may be sent; no option sets it. */
  readonly maxKeyUpdates: number
  readonly legacy: boolean
  readonly requireExtendedMasterSecret: boolean
  readonly halfClose: boolean
  readonly renegotiation: NonNullable<Tls12Options['renegotiation']>
  /** psk_key_exchange_modes, as numbers. */
  readonly pskModes: readonly number[]
  readonly resumption: ResumptionConfig
  readonly verifyConnection: CommonOptions['verifyConnection']
  /** Bytes of plaintext. */
  readonly maxRecordSize: number
  readonly grease: boolean
  /** Tests only; no option sets it. */
  readonly seam: Seam | undefined
  /** The config that this is a copy of, for another connection; no option sets it. */
  readonly copyOf?: object
}

export interface ClientConfig extends CommonConfig {
  readonly explain?: Explanations | undefined
  readonly serverName: string | undefined
  readonly sendServerName: boolean
  readonly verifier: CertificateVerifier
  /** The identities to choose from for this request; empty if there is none. */
  readonly identitiesFor: (request: CertificateRequestInfo) => MaybePromise<readonly Identity[]>
  /** Who we may be, as a text; undefined where a function decides. */
  readonly identityKey: string | undefined
  readonly keyShares: readonly ActiveGroup[]
  readonly psks: readonly ExternalPskConfig[]
  /** A server that proves none of `psks` is refused. */
  readonly pskRequired: boolean
  readonly tickets: boolean
  readonly ticketRequest: TicketRequestOptions | undefined
  readonly session: SessionState | undefined
  readonly sessions: ClientSessionCache | undefined
  readonly earlyData: Uint8Array | undefined
  readonly compatibilityMode: boolean
  readonly postHandshakeAuth: boolean
  readonly permuteExtensions: boolean
  readonly shapeHello: ((hello: ClientHello) => ClientHello) | undefined
  readonly fallback: boolean
  readonly falseStart: boolean
  readonly ech: EchClientConfig | undefined
  readonly requestOcsp: boolean
  readonly requestScts: boolean
  /** The code of RFC 6066 section 4: 1 for 512 bytes to 4 for 4096. */
  readonly maxFragmentLength: number | undefined
}

export interface ClientAuthConfig {
  readonly mode: ClientAuthMode
  readonly required: boolean
  /** False: a client is asked after the handshake only. */
  readonly inHandshake: boolean
  /** An external key stands for the certificate. */
  readonly acceptPsk: boolean
  /** Undefined: certificates are accepted unverified. */
  readonly verifier: CertificateVerifier | undefined
  readonly authorities: readonly Uint8Array[]
}

export interface TicketConfig {
  readonly count: number
  readonly resumedCount: number
  /** Seconds. */
  readonly lifetime: number
  /** Seconds. */
  readonly renewAfter: number
  readonly protector: TicketProtector
  readonly applicationData: TicketOptions['applicationData']
}

export interface ServerConfig extends CommonConfig {
  /** The identities to choose from for this hello; empty if there is none. */
  readonly identitiesFor: (hello: ClientHelloInfo) => MaybePromise<readonly Identity[]>
  readonly onClientHello: ServerOptions['onClientHello']
  /** The options this config was made of, for onClientHello to change. */
  readonly options: ServerOptions
  readonly made: MadeOnce
  readonly clientAuth: ClientAuthConfig | undefined
  readonly preferServerOrder: boolean | 'strict'
  readonly tickets: TicketConfig | undefined
  readonly sessions: ServerSessionStore | undefined
  readonly psk: ServerPskOptions['lookup']
  readonly pskHint: Uint8Array
  readonly maxEarlyData: number
  /** Bytes of early data that are skipped where it is refused. */
  readonly maxSkippedEarlyData: number
  /** Seconds. */
  readonly earlyDataWindow: number
  readonly replayGuard: ReplayGuard | undefined
  readonly cookie: boolean
  readonly chooseAlpn: ServerHelloOptions['chooseAlpn']
  readonly ech: EchServerConfig | undefined
}

/** What either side can do about its options beside the least: the full entry points have all of it. */
export interface SharedConfigParts {
  readonly tls12?: boolean
  /** Checks the codecs for certificates. */
  readonly compression?: (codecs: readonly CertificateCompression[]) => readonly CertificateCompression[]
  /** The schemes that are taken from keys of delegated credentials. */
  readonly delegation?: (
    options: CertificateOptions,
    provider: CryptoProvider,
    schemes: readonly SignatureScheme[],
  ) => readonly SignatureScheme[]
}

/** What people are told beyond the fact. */
export interface Explanations {
  /** Refuses unknown options with a guess of what was meant. */
  readonly checkOptions: CheckOptions
  /** What an alert of the peer usually means; `established`: after the handshake. */
  readonly alertHint: (name: string, established: boolean) => string | undefined
  /** What the peer sent instead of TLS. */
  readonly describeBytes: (bytes: Uint8Array) => string | undefined
}

/** The same of a client. */
export interface ClientConfigParts extends SharedConfigParts {
  readonly explain?: Explanations
  readonly ech?: (options: EchClientOptions, provider: CryptoProvider, tls13: boolean) => EchClientConfig | undefined
  readonly sessions?: (session: Uint8Array) => SessionState
  readonly externalPsks?: ExternalPsksConfigPart
  readonly identities?: (
    options: ClientOptions,
    provider: CryptoProvider,
    load: IdentityLoader,
  ) => Pick<ClientConfig, 'identitiesFor' | 'identityKey'>
  /** Without it, identities have to come loaded. */
  readonly loadIdentity?: IdentityLoader
  readonly shaping?: boolean
}

interface ExternalPsksConfigPart {
  readonly read: (keys: ClientPskOptions['keys']) => readonly ExternalPskConfig[]
  /** What is left where the server has to prove one of them. */
  readonly only: (common: CommonConfig, psks: readonly ExternalPskConfig[]) => CommonConfig
}

/** The same of a server. */
export interface ServerConfigParts extends SharedConfigParts {
  readonly ech?: (options: EchServerOptions, provider: CryptoProvider) => EchServerConfig | undefined
  readonly sessions?: boolean
  readonly externalPsks?: boolean
  readonly clientAuth?: (
    options: ServerOptions,
    common: CommonConfig,
    defaults: Defaults,
  ) => ClientAuthConfig | undefined
}

/** What the entry points fill in where the caller gave nothing; puretls/core has none of it. */
export interface Defaults {
  readonly provider?: CryptoProvider
  /** Makes the verifier for given authorities (or for the runtime's roots). */
  readonly verifier?: (request: VerifierRequest) => CertificateVerifier
  /** The authorities that an option names, for that verifier, as DER. */
  readonly authorities?: (input: CertificateInput, option: string) => readonly Uint8Array[]
  /** Makes the default ticket protection. */
  readonly tickets?: (provider: CryptoProvider, lifetime: number) => TicketProtector
  /** Makes the default guard against replays, for servers that accept early data; it accepts none for `quarantine`
   * milliseconds. */
  readonly replayGuard?: (clock: () => number, quarantine: number) => ReplayGuard
}

export interface VerifierRequest {
  readonly provider: CryptoProvider
  /** DER; undefined: the runtime's roots. */
  readonly authorities: readonly Uint8Array[] | undefined
  readonly legacy: boolean
}
