// The ConnectionEncrypter: TLS 1.3 with client certificates, in which either end learns the peer ID of the other; the
// stream muxer is agreed on by ALPN where both ends can (libp2p specifications, tls/tls.md and
// connections/inlined-muxer-negotiation.md).

import { UnexpectedPeerError, serviceCapabilities } from '@libp2p/interface'
import type {
  ComponentLogger,
  ConnectionEncrypter,
  MessageStream,
  PeerId,
  PrivateKey,
  SecureConnectionOptions,
  SecuredConnection,
  StreamMuxerFactory,
} from '@libp2p/interface'
import type { Connect } from '../connect-base.ts'
import type { TlsConnection } from '../connection.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import type { ClientOptions, ServerOptions } from '../options.ts'
import type { TlsServer } from '../server-base.ts'
import type { CertificateVerifier } from '../x509/verifier.ts'
import { createPeerCertificate, peerOf } from './certificate.ts'
import { TlsMessageStream } from './message-stream.ts'

/** What libp2p gives: the node's own key, and the muxers that it has. */
export interface TlsComponents {
  readonly privateKey: PrivateKey
  readonly upgrader: { getStreamMuxers(): Map<string, StreamMuxerFactory> }
  readonly logger?: ComponentLogger
}

export interface TlsOptions {
  /** Options of both ends beside those that libp2p's handshake decides: `groups`, `cipherSuites`, `keyLog`,
   * `trace`, ... */
  readonly groups?: ClientOptions['groups']
  readonly cipherSuites?: ClientOptions['cipherSuites']
  readonly keyLog?: (line: string) => void
  /** Milliseconds for a handshake; default 10000. */
  readonly handshakeTimeout?: number
  /** Milliseconds since the epoch; default Date.now. */
  readonly clock?: () => number
}

/** What differs between the runtimes. */
export interface Library {
  readonly connect: Connect
  readonly createServer: (options: ServerOptions) => TlsServer
  readonly provider: CryptoProvider
}

const PROTOCOL = '/tls/1.0.0'
/** Says in ALPN that the muxer is negotiated later. */
const NO_MUXER = 'libp2p'

/** TLS for connections of libp2p nodes (its TLS specification): each end has a certificate that names its peer ID. */
export class TlsEncrypter implements ConnectionEncrypter {
  readonly protocol: string = PROTOCOL
  readonly #library: Library
  readonly #components: TlsComponents
  readonly #options: TlsOptions
  #identity: ReturnType<typeof createPeerCertificate> | undefined

  /** What libp2p looks for in its components. */
  get [Symbol.toStringTag](): string {
    return 'puretls/libp2p'
  }

  constructor(library: Library, components: TlsComponents, options: TlsOptions = {}) {
    // What libp2p looks for when services depend on one another.
    Object.defineProperty(this, serviceCapabilities, { value: ['@libp2p/connection-encryption'] })
    this.#library = library
    this.#components = components
    this.#options = options
  }

  /** Rejects with UnexpectedPeerError if another peer than `remotePeer` answers, otherwise with TlsError. */
  secureOutbound(stream: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    return this.#secure(stream, options, async (common, verifier) =>
      this.#library.connect(stream, {
        ...common,
        serverName: false,
        verifier,
        versions: { min: 'TLS 1.3' },
        tickets: false,
      }),
    )
  }

  secureInbound(stream: MessageStream, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    return this.#secure(stream, options, async ({ signal, ...common }, verifier) =>
      this.#library
        .createServer({
          ...common,
          clientAuth: { mode: 'require', verifier },
          versions: { min: 'TLS 1.3' },
          tickets: false,
        })
        .accept(stream, signal === undefined ? {} : { signal }),
    )
  }

  async #secure(
    stream: MessageStream,
    { remotePeer, signal, skipStreamMuxerNegotiation }: SecureConnectionOptions,
    handshake: (common: CommonOptions, verifier: CertificateVerifier) => Promise<TlsConnection>,
  ): Promise<SecuredConnection> {
    const { handshakeTimeout = 10_000, clock = Date.now, ...options } = this.#options
    const muxers =
      skipStreamMuxerNegotiation === true
        ? new Map<string, StreamMuxerFactory>()
        : this.#components.upgrader.getStreamMuxers()
    const judged: { peer?: PeerId } = {}
    const verifier: CertificateVerifier = {
      verify: async ({ chain }) => {
        const { peer, leaf } = await peerOf(chain, clock(), this.#library.provider)
        judged.peer = peer
        if (remotePeer?.equals(peer) === false)
          throw new TlsError('bad_certificate', `expected the peer ${String(remotePeer)}, and it is ${String(peer)}`)
        return { leaf, chain: [leaf] }
      },
    }
    try {
      this.#identity ??= createPeerCertificate(this.#components.privateKey, clock)
      const common: CommonOptions = {
        ...options,
        ...(await this.#identity),
        provider: this.#library.provider,
        alpn: [...muxers.keys(), NO_MUXER],
        handshakeTimeout,
        clock,
        ...(signal && { signal }),
      }
      const connection = await handshake(common, verifier)
      if (judged.peer === undefined) throw new TlsError('internal_error', 'the peer was not judged')
      const streamMuxer = muxers.get(connection.info.alpn ?? NO_MUXER)
      return {
        remotePeer: judged.peer,
        connection: new TlsMessageStream(connection, stream),
        ...(streamMuxer && { streamMuxer }),
      }
    } catch (error) {
      const isOther = judged.peer !== undefined && remotePeer?.equals(judged.peer) === false
      const failure = isOther ? new UnexpectedPeerError(error instanceof Error ? error.message : undefined) : error
      stream.abort(failure instanceof Error ? failure : new TlsError('internal_error', String(failure)))
      throw failure
    }
  }
}

interface CommonOptions {
  readonly cert: string
  readonly key: string
  readonly provider: CryptoProvider
  readonly alpn: readonly string[]
  readonly handshakeTimeout: number
  readonly clock: () => number
  readonly signal?: AbortSignal
}
