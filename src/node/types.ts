// Types of the options: those of @types/node, wider where this library takes more, and the group `puretls`.

import type { Duplex } from 'node:stream'
import type * as tls from 'node:tls'

import type { ConnectOptions as PuretlsConnectOptions } from '../connect.ts'
import type { CreateServerOptions } from '../server.ts'
import type { Material } from './identities.ts'

/** What createSecureContext() gives. */
export interface SecureContextLike {
  context: object
}

/** PEM or DER, one or several. */
export type Materials = Material | readonly Material[]

/** Options of createSecureContext(). */
export interface SecureContextOptions extends Omit<
  tls.SecureContextOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'crl' | 'dhparam' | 'ticketKeys' | 'sessionIdContext' | 'minVersion' | 'maxVersion'
> {
  /**
   * Authorities to trust, in place of the default ones. Those that are not self-signed count only with
   * `allowPartialTrustChain`.
   */
  ca?: Materials | undefined
  cert?: Materials | undefined
  key?:
    Material | readonly (Material | { readonly pem: Material; readonly passphrase?: string | undefined })[] | undefined
  pfx?:
    Material | readonly (Material | { readonly buf: Material; readonly passphrase?: string | undefined })[] | undefined
  crl?: Materials | undefined
  dhparam?: Material | boolean | undefined
  /**
   * 48 bytes, as node:tls has them: name, key of the HMAC and key of AES-128, 16 bytes each. Or 80, as OpenSSL and
   * nginx have them: name, 16 bytes, key of the HMAC and key of AES-256, 32 each.
   */
  ticketKeys?: NodeJS.ArrayBufferView | undefined
  /**
   * Text, as in node:tls, or bytes, 0 to 32; sessions of another context are not continued. Of several the first is for
   * the sessions made here, and all are accepted: nginx makes its own (docs/node.md).
   */
  sessionIdContext?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  minVersion?: string | undefined
  maxVersion?: string | undefined
}

/** Options that node:tls does not have. */
interface OwnOptions<Options> {
  /**
   * True: a connection that ends without close_notify fails with `truncated`. Default false, as in node:tls: it is a
   * plain end.
   */
  requireCloseNotify?: boolean | undefined
  /** Options of puretls itself; they take precedence over all others. */
  puretls?: Partial<Options> | undefined
}

type WithoutContext<T> = Omit<T, keyof tls.SecureContextOptions | 'secureContext'>

/** Options of the stream, as net.connect() has them. */
interface StreamOptions {
  allowHalfOpen?: boolean | undefined
  highWaterMark?: number | undefined
  signal?: AbortSignal | undefined
  noDelay?: boolean | undefined
  keepAlive?: boolean | undefined
  keepAliveInitialDelay?: number | undefined
  pauseOnConnect?: boolean | undefined
  onread?: OnRead | null | undefined
}

/** Options of connect(). */
export interface ConnectionOptions
  extends
    SecureContextOptions,
    Omit<WithoutContext<tls.ConnectionOptions>, 'path' | 'port' | 'session'>,
    StreamOptions,
    OwnOptions<PuretlsConnectOptions> {
  port?: number | string | undefined
  /** A path of a Unix socket or a named pipe; null is none, as https.Agent gives it. */
  path?: string | null | undefined
  session?: NodeJS.ArrayBufferView | string | undefined
  secureContext?: SecureContextLike | undefined
}

/** Options of createServer(). */
export interface TlsOptions
  extends SecureContextOptions, Omit<WithoutContext<tls.TlsOptions>, 'SNICallback'>, OwnOptions<CreateServerOptions> {
  secureContext?: SecureContextLike | undefined
  SNICallback?: SniCallback | undefined
}

export type SniCallback = (
  servername: string,
  callback: (error: Error | null, context?: SecureContextLike) => void,
) => void

/** Options of the constructor of TLSSocket. */
export interface TLSSocketOptions
  extends
    SecureContextOptions,
    Omit<WithoutContext<tls.TLSSocketOptions>, 'SNICallback' | 'server' | 'session' | 'ALPNProtocols'>,
    StreamOptions,
    OwnOptions<PuretlsConnectOptions & CreateServerOptions> {
  secureContext?: SecureContextLike | undefined
  /** The older name of secureContext. */
  credentials?: SecureContextLike | undefined
  SNICallback?: SniCallback | undefined
  server?: unknown
  session?: NodeJS.ArrayBufferView | string | undefined
  ALPNProtocols?: readonly string[] | NodeJS.ArrayBufferView | undefined
  handshakeTimeout?: number | undefined
  pskCallback?: ((...args: never[]) => unknown) | undefined
  pskIdentityHint?: string | undefined
  /** The name of the server that `session` is for. */
  servername?: string | undefined
  host?: string | undefined
  pipe?: boolean | undefined
}

/** `onread` of net.connect(): reading into memory of the caller. */
export interface OnRead {
  buffer: Uint8Array | (() => Uint8Array)
  callback(bytesWritten: number, buffer: Uint8Array): boolean | undefined | void
}

export type { Duplex }
