// puretls/engine: TLS without IO. Bytes in, bytes and events out.

import { clientConfig, serverConfig } from '../config.ts'
import type { ClientConfig, Defaults, ServerConfig } from '../config.ts'
import { clientHandshake } from '../handshake/client/client.ts'
import { serverHandshake } from '../handshake/server/server.ts'
import type { ClientOptions, ServerOptions } from '../options.ts'
import { Engine } from './engine.ts'
import type { TlsEngine } from './types.ts'

export type { ConnectionInfo, EngineEvent, TlsEngine } from './types.ts'
export type { ClientConfig, Defaults, ServerConfig } from '../config.ts'
export { clientConfig, serverConfig } from '../config.ts'

/** A client that has its ClientHello ready in takeOutput(). */
export const createClientEngine = (config: ClientConfig): TlsEngine =>
  new Engine({
    config,
    role: 'client',
    handshake: (io) => clientHandshake(config, io),
  })

/** A server that waits for a ClientHello. `defaults` fill in what onClientHello's answer leaves out. */
export const createServerEngine = (config: ServerConfig, defaults: Defaults = {}): TlsEngine =>
  new Engine({
    config,
    role: 'server',
    handshake: (io) => serverHandshake(config, io, { provider: config.provider, ...defaults }),
  })

/** Options straight to an engine, for callers without a stream. */
export const clientEngine = (options: ClientOptions): TlsEngine => createClientEngine(clientConfig(options))
export const serverEngine = (options: ServerOptions): TlsEngine => createServerEngine(serverConfig(options))
