// createServer(): options checked once, then one accept() for each stream, or listen(), which accepts what comes to a
// port. The entry points say what it is made of.

import { checkConnectionOptions, preparedFor, splitOptions } from './connection-options.ts'
import { serverConfigWith } from './config/server.ts'
import type { Defaults, ServerConfigParts } from './config.ts'
import type { ConnectionOptions, TlsConnection } from './connection.ts'
import { andThen, isPromise } from './crypto/maybe.ts'
import type { MaybePromise } from './crypto/provider.ts'
import { asTlsError, TlsError } from './errors.ts'
import { checkOptions } from './options/check.ts'
import type { ServerOptions } from './options.ts'
import { socketsOr } from './sockets.ts'
import type { SocketAddress, Sockets } from './sockets.ts'
import type { ServerMachine } from './server-machine.ts'
import { adapt } from './stream/adapt.ts'
import { SharedCancellation } from './stream/cancellation.ts'
import { Gate } from './stream/gate.ts'
import type { SharedPumpOptions } from './stream/options.ts'
import type { AnyDuplex } from './stream/types.ts'

/** Options of one accept(). */
export interface AcceptOptions extends ConnectionOptions {
  /** Given to onClientHello as `source.context`: whatever tells this connection from others. */
  readonly context?: unknown
}

/** Gets each connection whose handshake is done; it is the callee's to close. What it throws ends the connection. */
export type OnConnection = (connection: TlsConnection, peer: SocketAddress) => void | Promise<void>

/** Options of listen(). */
export interface ListenOptions {
  /** Stops listening, as close() does. */
  readonly signal?: AbortSignal
  /** Told of every handshake that failed and of what onConnection threw, with the peer's address; of failures of the
   * listener itself without one. Default: nobody is told. */
  readonly onError?: (error: TlsError, peer: SocketAddress | undefined) => void
}

/** A port that is listened on. */
export interface TlsListener {
  /** Where it listens; the port that the system chose, for port 0. */
  readonly address: SocketAddress
  /** Stops listening and ends handshakes that are not done. Established connections go on. */
  close(): Promise<void>
}

/** What createServer() gives. */
export interface TlsServer {
  /**
   * Speaks TLS over a duplex stream as the server. Resolves when the handshake is done. The stream is taken over:
   * if this rejects (always with a TlsError), it is closed. Options given here take precedence over those of
   * createServer().
   */
  accept(stream: AnyDuplex, options?: AcceptOptions): Promise<TlsConnection>
  /**
   * Listens on a TCP port (0: one that the system chooses), on Node, Bun and Deno. Nothing that a client does, and
   * nothing that `onConnection` throws, ends the listener or the process: `onError` is told. Rejects with
   * `transport_failed` if the port cannot be had, and with `unsupported` where there are no sockets.
   *
   * ```ts
   * const listener = await server.listen(8443, async (connection) => {
   *   for await (const data of connection) await connection.write(data)
   *   await connection.close()
   * })
   * ```
   */
  listen(port: number, onConnection: OnConnection): Promise<TlsListener>
  /** `host`: the address to listen on; undefined for all. */
  listen(
    port: number,
    host: string | undefined,
    onConnection: OnConnection,
    options?: ListenOptions,
  ): Promise<TlsListener>
  /** Other options for connections from now on, a renewed certificate say. Throws as createServer() does, and then
   * nothing has changed. */
  update(options: ServerOptions): void
}

/** Options of a server, and time limits for its connections. */
export type CreateServerOptions = ServerOptions &
  Pick<ConnectionOptions, 'handshakeTimeout' | 'storeTimeout' | 'closeTimeout' | 'handshakesPerTurn'>

export interface CreateServer {
  /**
   * A server that accepts streams, or listens on a port. Throws `bad_option`, `bad_key` or `key_mismatch` at once, with
   * a sentence that names the option.
   *
   * ```ts
   * const server = createServer({ cert: readFileSync('chain.pem'), key: readFileSync('key.pem'), alpn: ['http/1.1'] })
   * await server.listen(8443, (connection) => serve(connection))
   * ```
   */
  (options: CreateServerOptions): TlsServer
}

/** What a server is made of. */
export interface ServerMakings {
  readonly defaults: Defaults
  readonly parts: ServerConfigParts
  /** May have to be loaded first; once it is there, it is no promise. */
  readonly machine: () => MaybePromise<ServerMachine>
  readonly sockets?: Sockets
}

export const createServerBy =
  ({ defaults, parts, machine, sockets }: ServerMakings): CreateServer =>
  (options) => {
    const { connection: timeouts, rest } = splitOptions<ServerOptions>(options, checkOptions)
    let config = serverConfigWith(rest, defaults, parts)
    const gate = new Gate(checkPerTurn(timeouts.handshakesPerTurn))
    const accept: Accept = async (stream, acceptOptions = {}) => {
      const { context, ...given } = acceptOptions
      const transport = adapt(stream)
      preparedFor(transport, () => checkConnectionOptions(given, checkOptions))
      const loaded = machine()
      if (isPromise(loaded)) loaded.catch((thrown: unknown) => transport.abort(thrown))
      return andThen(loaded, ({ engine, establish }) =>
        establish(transport, () => engine(config, { stream, context }), { ...timeouts, ...given }, gate),
      )
    }
    return {
      accept,
      listen: async (port: number, ...more: ListenArguments) =>
        listenWith(accept, socketsOr(sockets, 'listen'), port, more),
      update: (changed) => {
        config = serverConfigWith(splitOptions<ServerOptions>(changed, checkOptions).rest, defaults, parts, config.made)
      },
    }
  }

/** As listen() calls it, for a whole port. */
type Accept = (stream: AnyDuplex, options?: Omit<AcceptOptions, 'signal'> & SharedPumpOptions) => Promise<TlsConnection>

type ListenArguments = [OnConnection] | [string | undefined, OnConnection, (ListenOptions | undefined)?]

const listenWith = async (
  accept: Accept,
  sockets: Sockets,
  port: number,
  more: ListenArguments,
): Promise<TlsListener> => {
  const [host, onConnection, { signal, onError }] =
    typeof more[0] === 'function' ? [undefined, more[0], {}] : [more[0], more[1], more[2] ?? {}]
  if (typeof onConnection !== 'function') {
    throw new TlsError('bad_option', 'listen: needs a function that gets each connection')
  }
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
    throw new TlsError('bad_option', `listen: port ${JSON.stringify(port)} is not a number from 0 to 65535`)
  }
  const closing = new SharedCancellation()
  const tell = (thrown: unknown, peer?: SocketAddress): void => {
    try {
      onError?.(asTlsError(thrown), peer)
    } catch {
      // nobody is left to be told
    }
  }
  const serve = async (stream: AnyDuplex, peer: SocketAddress): Promise<void> => {
    let connection: TlsConnection | undefined
    try {
      connection = await accept(stream, { context: peer, signal: closing })
      await onConnection(connection, peer)
    } catch (thrown) {
      connection?.abort(thrown)
      tell(thrown, peer)
    }
  }
  const listener = await sockets.listen(
    { host: host ?? '', port },
    {
      onSocket: (stream, peer) => void serve(stream, peer),
      onError: (error) => tell(error),
    },
  )
  const close = async (): Promise<void> => {
    listener.close()
    closing.abort(new Error('the listener was closed'))
  }
  if (signal?.aborted) await close()
  signal?.addEventListener('abort', () => void close(), { once: true })
  return { address: listener.address, close }
}

const checkPerTurn = (value = 8): number => {
  if (value >= 1) return value
  throw new TlsError('bad_option', `handshakesPerTurn: ${value}; it has to be 1 or more, or Infinity`)
}
