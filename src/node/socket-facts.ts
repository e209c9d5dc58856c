// What a TLSSocket tells of its connection: certificates, cipher, session, and the socket underneath. TLSSocket extends
// it; it extends net.Socket, whose own methods would look for a handle of libuv.

import { constants, X509Certificate } from 'node:crypto'
import { Socket } from 'node:net'
import type { AddressInfo, SetKeepAliveOptions } from 'node:net'
import type { CipherNameAndProtocol, DetailedPeerCertificate, EphemeralKeyInfo, PeerCertificate } from 'node:tls'

import type { ConnectionInfo } from '../info.ts'
import type { Certificate } from '../x509/certificate.ts'
import { detailedObject, legacyObject, linkedCertificate } from './certificates.ts'
import { describeCipher, describeGroup, sharedSigalgs } from './ciphers.ts'
import type { Context } from './context.ts'
import type { TlsHandle } from './handle.ts'
import { signatureSchemeName } from '../wire/registry.ts'
import { ticketOf } from './sessions.ts'
import type { WrappedSession } from './sessions.ts'
import type { TLSSocketOptions } from './types.ts'
import type { Verdict } from './verify.ts'

/** What is known of a connection. */
export interface SocketState {
  context: Context
  readonly isServer: boolean
  info: ConnectionInfo | undefined
  verdict: Verdict | undefined
  /** The last session that the server gave, or the one that was given to be resumed. */
  session: Uint8Array | undefined
  /** Client: whether this function found the server of the session good that was given to be resumed. */
  isCheckedBy?: WrappedSession['isCheckedBy'] | undefined
  /** Options of connect(). */
  connectOptions?: Record<string, unknown>
  isTracing: boolean
  /** The server was judged: sessions are shown from now on. */
  isJudged: boolean
  /** What came before that. */
  pendingSession?: Uint8Array | undefined
  renegotiationDisabled: boolean
  /** Server: a ClientHello has come. */
  heardHello: boolean
  /** Server: its listeners have heard of an error. */
  errorEmitted: boolean
  /** The socket underneath, and how much went through, for what is asked after the end. */
  last?: Socket | undefined
  counts?: { readonly read: number; readonly written: number }
}

export abstract class SocketFacts extends Socket {
  declare _handle: TlsHandle | null
  declare readonly _puretls: SocketState
  declare encrypted: true
  declare authorized: boolean
  declare authorizationError: Error
  declare alpnProtocol: string | false | null
  declare servername: string | false | null
  declare secureConnecting: boolean
  declare server: unknown
  declare ssl: TlsHandle | null
  declare _tlsOptions: TLSSocketOptions
  declare _parent: Socket | null
  declare _host: string | undefined
  declare _requestCert: boolean
  declare _rejectUnauthorized: boolean
  declare _secureEstablished: boolean
  declare _controlReleased: boolean
  declare _hadError: boolean
  declare connecting: boolean

  abstract _emitTLSError(error: Error): void
  abstract _handleTimeout(): void

  // ---- what was agreed on ------------------------------------------------------------------------------------------

  /** `TLSv1.2` or `TLSv1.3`; before the handshake always the newer, as in node:tls; null once the connection is
   * gone. */
  getProtocol(): string | null {
    if (!this._handle) return null
    return this._puretls.info?.version === 'TLS 1.2' ? 'TLSv1.2' : 'TLSv1.3'
  }

  /** OpenSSL's name, the IANA name, and the version that the suite came with. */
  getCipher(): CipherNameAndProtocol {
    const suite = this._puretls.info?.cipherSuite
    return (
      this._handle && suite !== undefined ? describeCipher(suite) : this._handle ? undefined : null
    ) as CipherNameAndProtocol
  }

  /** Client: the key agreement; null on a server, as in node:tls. */
  getEphemeralKeyInfo(): EphemeralKeyInfo | object | null {
    if (!this._handle || this._puretls.isServer) return null
    const group = this._puretls.info?.group
    return group === undefined ? {} : describeGroup(group)
  }

  /** Server: the signature algorithms that both ends have, in OpenSSL's notation. */
  getSharedSigalgs(): string[] {
    if (!this._handle) return null as unknown as string[]
    const { info, context } = this._puretls
    const offered = info?.clientHello?.signatureSchemes.map(signatureSchemeName) ?? []
    return sharedSigalgs(offered, context.schemes, (context.options & constants.SSL_OP_CIPHER_SERVER_PREFERENCE) !== 0)
  }

  /** The peer's certificate as node:tls shows it; `detailed` links `issuerCertificate` as far as the chain is known. */
  getPeerCertificate(detailed: true): DetailedPeerCertificate
  getPeerCertificate(detailed?: false): PeerCertificate
  getPeerCertificate(detailed?: boolean): PeerCertificate | DetailedPeerCertificate
  getPeerCertificate(detailed?: boolean): PeerCertificate {
    if (!this._handle) return null as unknown as PeerCertificate
    const [leaf] = this.#peerChain
    if (!leaf) return {} as PeerCertificate
    if (!detailed) return legacyObject(leaf)
    const { verdict, context, info } = this._puretls
    const known = [...(verdict?.chain ?? []), ...(info?.verifiedChain ?? [])]
    const issuerOf = ({ issuer }: Certificate): Certificate | undefined =>
      known.find(({ subject }) => subject.key === issuer.key) ??
      context.trust.byName(issuer, true).flatMap(({ certificate }) => certificate ?? [])[0]
    return detailedObject(this.#peerChain, issuerOf) ?? ({} as PeerCertificate)
  }

  getPeerX509Certificate(): X509Certificate | undefined {
    return this._handle ? linkedCertificate(this.#peerChain) : undefined
  }

  /** Our own certificate; an empty object where we showed none. */
  getCertificate(): PeerCertificate | object | null {
    if (!this._handle) return null
    const own = this.#ownCertificate
    return own ? legacyObject(own) : {}
  }

  getX509Certificate(): X509Certificate | undefined {
    const own = this._handle ? this.#ownCertificate : undefined
    return own && new X509Certificate(own)
  }

  isSessionReused(): boolean {
    if (!this._handle) return null as unknown as boolean
    return this._puretls.info?.resumed ?? false
  }

  /** Client: the ticket of the session, if it has one. */
  getTLSTicket(): Buffer<ArrayBuffer> | undefined {
    if (!this._handle) return null as unknown as undefined
    const { session, isServer } = this._puretls
    return session && !isServer ? ticketOf(session) : undefined
  }

  get #peerChain(): readonly Uint8Array[] {
    return this._puretls.info?.peerCertificates ?? []
  }

  get #ownCertificate(): Uint8Array | undefined {
    const { info, context, isServer } = this._puretls
    const shown = context.identities.find(({ digest }) => digest === info?.ownIdentity)
    return (shown ?? (isServer || !info ? context.identities[0] : undefined))?.certificates[0]
  }

  // ---- the socket underneath ---------------------------------------------------------------------------------------

  override address(): AddressInfo | object {
    return below(this)?.address() ?? {}
  }
  override setNoDelay(noDelay?: boolean): this {
    below(this)?.setNoDelay(noDelay)
    return this
  }
  override setKeepAlive(options: SetKeepAliveOptions): this
  override setKeepAlive(enable?: boolean, initialDelay?: number, interval?: number, count?: number): this
  override setKeepAlive(...args: unknown[]): this {
    const socket = below(this)
    if (socket) Reflect.apply(socket.setKeepAlive, socket, args)
    return this
  }
  override ref(): this {
    below(this)?.ref()
    return this
  }
  override unref(): this {
    below(this)?.unref()
    return this
  }
}

const below = (socket: SocketFacts): Socket | undefined => socket._handle?.socket ?? socket._puretls.last

const readyState = (socket: SocketFacts): string => {
  if (socket.connecting) return 'opening'
  if (socket.readable) return socket.writable ? 'open' : 'readOnly'
  return socket.writable ? 'writeOnly' : 'closed'
}

/** net.Socket has these as properties by its types, and as accessors in truth. */
const accessors: Readonly<Record<string, (socket: SocketFacts) => unknown>> = {
  bytesRead: (socket) => socket._handle?.bytesRead ?? socket._puretls.counts?.read ?? 0,
  bytesWritten: (socket) => socket._handle?.bytesWritten ?? socket._puretls.counts?.written ?? 0,
  _bytesDispatched: (socket) => socket._handle?.bytesWritten ?? socket._puretls.counts?.written ?? 0,
  pending: (socket) => !socket._handle || socket.connecting,
  bufferSize: (socket) => (socket._handle ? socket.writableLength : undefined),
  readyState,
  remoteAddress: (socket) => (socket.connecting ? undefined : below(socket)?.remoteAddress),
  remotePort: (socket) => (socket.connecting ? undefined : below(socket)?.remotePort),
  remoteFamily: (socket) => (socket.connecting ? undefined : below(socket)?.remoteFamily),
  localAddress: (socket) => below(socket)?.localAddress,
  localPort: (socket) => below(socket)?.localPort,
  localFamily: (socket) => below(socket)?.localFamily,
}

for (const [name, get] of Object.entries(accessors)) {
  Object.defineProperty(SocketFacts.prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: SocketFacts) {
      return get(this)
    },
    // Bun's net.Socket sets bytesRead to 0 when it is made.
    set: (_value: unknown) => {},
  })
}
