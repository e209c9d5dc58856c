// What the bench asks of each implementation: to open connections of a kind, both ends in this process, and to carry
// bytes.

/** `delayed`: a pair whose bytes are half of 50 ms on the way. */
export type Transport = 'pair' | 'tcp' | 'delayed'

export interface Identity {
  /** PEM. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** A kind of connection. */
export interface Setup {
  readonly version: 'TLS 1.3' | 'TLS 1.2'
  /** IANA name. */
  readonly suite: string
  readonly group: 'X25519' | 'X25519MLKEM768' | 'P-256'
  readonly identity: Identity
  /** The client's, which the server verifies. */
  readonly clientIdentity?: Identity
  /** With a session of a connection before. */
  readonly resumed?: boolean
}

/** An established connection, both ends. */
export interface Link {
  /**
   * `bytes` from server to client in writes of `size`, each when there is room for it; resolves when the client has
   * them.
   */
  transfer(bytes: number, size: number): Promise<void>
  /** So many rounds of `size` bytes from client to server and back, one in flight. */
  echo(rounds: number, size: number): Promise<void>
  close(): unknown
}

/** One implementation over one transport, ready for one kind of connection. */
export interface Opener {
  /**
   * One handshake; resolves when both ends know that it is done. Throws when something else was agreed on than the
   * setup says.
   */
  open(): Promise<Link>
  end(): unknown
}

export interface Contender {
  readonly name: string
  /** Undefined: it cannot do this. */
  prepare(setup: Setup, transport: Transport): Promise<Opener | undefined>
}
