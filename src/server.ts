// createServer(): options checked once, then one accept() for each stream. Who listens for connections is the caller's
// affair. The entry points call it with what they supply by default.

import { checkConnectionOptions, splitOptions } from './connection-options.ts'
import { establish } from './connection.ts'
import type { ConnectionOptions, TlsConnection } from './connection.ts'
import { createServerEngine, serverConfig } from './engine/index.ts'
import type { Defaults, TlsEngine } from './engine/index.ts'
import type { ServerOptions } from './options.ts'
import { adapt } from './stream/adapt.ts'
import type { AnyDuplex } from './stream/types.ts'

export interface TlsServer {
  /**
   * Speaks TLS over a duplex stream as the server. Resolves when the handshake is done. The stream is taken over: if this
   * rejects (always with a TlsError), it is closed. Options given here go before those of createServer().
   */
  accept(stream: AnyDuplex, options?: ConnectionOptions): Promise<TlsConnection>
  /** Other options for connections from now on, a renewed certificate say. Throws as createServer() does, and then nothing
   * has changed. */
  update(options: ServerOptions): void
}

export type CreateServerOptions = ServerOptions & Pick<ConnectionOptions, 'handshakeTimeout' | 'closeTimeout'>

/** Throws `bad_option`, `bad_key` or `key_mismatch` at once, with a sentence that names the option. */
export type CreateServer = (options: CreateServerOptions) => TlsServer

export const createServerWith =
  (defaults: Defaults): CreateServer =>
  (options) => {
    const { connection: timeouts, rest } = splitOptions<ServerOptions>(options)
    let config = serverConfig(rest, defaults)
    return {
      accept: async (stream, acceptOptions = {}) => {
        const start = (): TlsEngine => {
          checkConnectionOptions(acceptOptions)
          return createServerEngine(config, defaults)
        }
        return establish(adapt(stream), start, { ...timeouts, ...acceptOptions })
      },
      update: (changed) => {
        config = serverConfig(splitOptions<ServerOptions>(changed).rest, defaults, config.made)
      },
    }
  }
