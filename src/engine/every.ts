// The two ends as engines with all that a client and a server can do: what puretls/node and the tests run.
// puretls/engine has the same with the features that are passed.

import type { ClientConfig, Defaults, ServerConfig } from '../config.ts'
import { clientConfig, serverConfig } from '../config.ts'
import { everyFeature as everyClientFeature } from '../handshake/client/every-feature.ts'
import { everyFeature as everyServerFeature } from '../handshake/server/every-feature.ts'
import type { ClientOptions, HelloSource, ServerOptions } from '../options.ts'
import { clientEngineWith, serverEngineWith } from './endpoints.ts'
import type { TlsEngine } from './types.ts'

export type { ConnectionInfo, DirectionSecrets, EngineEvent, TlsEngine, TrafficSecrets } from './types.ts'
export type { ClientConfig, Defaults, ServerConfig } from '../config.ts'
export { clientConfig, serverConfig } from '../config.ts'

/** A client that has its ClientHello ready in takeOutput(). */
export const createClientEngine = (config: ClientConfig): TlsEngine => clientEngineWith(config, everyClientFeature)

/**
 * A server that waits for a ClientHello. `defaults` fill in what onClientHello's answer leaves out; `source` is what
 * onClientHello is told of where the hello comes from.
 */
export const createServerEngine = (config: ServerConfig, defaults: Defaults = {}, source?: HelloSource): TlsEngine =>
  serverEngineWith(config, defaults, everyServerFeature, source)

/** Options straight to an engine. */
export const clientEngine = (options: ClientOptions): TlsEngine => createClientEngine(clientConfig(options))
export const serverEngine = (options: ServerOptions): TlsEngine => createServerEngine(serverConfig(options))
