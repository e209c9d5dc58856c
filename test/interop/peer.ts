// What another implementation of TLS has to offer to the interop tests. peers/*.ts implement it.

export type CertificateKind = 'ecdsa' | 'rsa' | 'ed25519'
export type Version = 'TLS 1.3' | 'TLS 1.2'

/** PEM files in the test's directory. */
export interface Files {
  readonly directory: string
  readonly ca: string
  readonly server: Readonly<Record<CertificateKind, { readonly cert: string; readonly key: string }>>
  readonly client: Readonly<Record<CertificateKind, { readonly cert: string; readonly key: string }>>
}

/** What one connection is to be like. Everything that is not said is the peer's own default. */
export interface PeerSetup {
  readonly version: Version
  /** Server: its certificate. Client: the one it shows if asked; undefined for none. */
  readonly certificate: CertificateKind | undefined
  /** Names as in wire/registry.ts, in order of preference; peers that cannot choose ignore it. */
  readonly groups?: readonly string[]
  /** Server: asks for a certificate and refuses clients without one. */
  readonly requireClientCertificate?: boolean
  /** The line to send (client), without its end. */
  readonly message?: string
  /** Peer changes its keys before it sends (TLS 1.3). */
  readonly updateKeys?: boolean
  /** Sessions go on from one connection to the next (Go, Java, Python). */
  readonly resume?: boolean
  /** TLS 1.2: an OpenSSL cipher list, for peers that take one. */
  readonly ciphers12?: string
}

export interface PeerReport {
  /** The line that the peer got. */
  readonly received: string
  /** 32 bytes for EXPORTER_LABEL without context, in hex; undefined where the peer can't tell. */
  readonly exporter: string | undefined
  /** Lines of its key log; undefined where it writes none. */
  readonly keyLog: readonly string[] | undefined
}

/** A server of the peer's: takes one connection, answers each line with `echo:` before it. */
export interface PeerServer {
  readonly port: number
  /** When the connection is over. */
  report(): Promise<PeerReport>
  stop(): Promise<void>
}

export interface Peer {
  readonly name: string
  readonly certificates: readonly CertificateKind[]
  /** Groups it can do. */
  readonly groups: readonly string[]
  /** Groups that the peer has off until asked for by name. */
  readonly groupsByName?: readonly string[]
  /** Whether it can be told which groups to use. */
  readonly choosesGroups: boolean
  /** Whether it can change its keys when told to. */
  readonly updatesKeys: { readonly client: boolean; readonly server: boolean }
  readonly exporter: boolean
  readonly keyLog: boolean
  /** Client: takes a HelloRetryRequest that asks for a cookie and no key share. */
  readonly cookieAlone: boolean
  /** Its version, or undefined if it is not on this machine. */
  find(): Promise<string | undefined>
  serve(setup: PeerSetup, files: Files): Promise<PeerServer>
  /** Connects to 127.0.0.1, name localhost, sends the message, waits for the answer, closes. */
  dial(port: number, setup: PeerSetup, files: Files): Promise<PeerReport>
}

export const EXPORTER_LABEL = 'EXPERIMENTAL puretls interop'
