// puretls/engine: TLS without IO. Bytes in, bytes and events out. TLS 1.3, and of the rest the features that are
// passed: puretls/client and puretls/server export them.

import { clientConfigWith } from '../config/client.ts'
import { serverConfigWith } from '../config/server.ts'
import type { ClientConfig as CheckedClient, ServerConfig as CheckedServer } from '../config/types.ts'
import type { ClientOptions, ServerOptions } from '../options.ts'
import { clientEngineWith, joined, serverEngineWith } from './endpoints.ts'
import type { ClientFeature, ServerFeature } from './endpoints.ts'
import type { TlsEngine } from './types.ts'

export type { ConnectionInfo, DirectionSecrets, EngineEvent, TlsEngine, TrafficSecrets } from './types.ts'
export type { ClientFeature, ServerFeature } from './endpoints.ts'

/** A client's options, checked, with the features that it has: one is enough for any number of engines. */
export interface ClientConfig {
  readonly checked: CheckedClient
  readonly feature: ClientFeature
}

/** The same of a server. */
export interface ServerConfig {
  readonly checked: CheckedServer
  readonly feature: ServerFeature & Required<Pick<ServerFeature, 'defaults'>>
}

/**
 * Checks a client's options. Throws `bad_option`, `bad_key`, `key_mismatch` or `unsupported`, with a sentence that
 * names the option, or the feature that it needs.
 *
 * ```ts
 * import { clientConfig, createClientEngine } from 'puretls/engine'
 * import { ech, tls12 } from 'puretls/client'
 * const engine = createClientEngine(clientConfig({ provider, verifier, serverName: 'example.org' }, tls12, ech))
 * ```
 */
export const clientConfig = (options: ClientOptions, ...features: readonly ClientFeature[]): ClientConfig => {
  const feature = joined(features)
  return { checked: clientConfigWith(options, {}, feature.config), feature }
}

/** Checks a server's options. Throws as clientConfig(), and where a key does not match its certificate. */
export const serverConfig = (options: ServerOptions, ...features: readonly ServerFeature[]): ServerConfig => {
  const feature = joined(features)
  return { checked: serverConfigWith(options, feature.defaults, feature.config), feature }
}

/** A client that has its ClientHello ready in takeOutput(). */
export const createClientEngine = ({ checked, feature }: ClientConfig): TlsEngine => clientEngineWith(checked, feature)

/** A server that waits for a ClientHello. */
export const createServerEngine = ({ checked, feature }: ServerConfig): TlsEngine =>
  serverEngineWith(checked, feature.defaults, feature)

/** Options straight to an engine, for callers without a stream. Throws as clientConfig(). */
export const clientEngine = (options: ClientOptions, ...features: readonly ClientFeature[]): TlsEngine =>
  createClientEngine(clientConfig(options, ...features))

/** Options straight to an engine. Throws as serverConfig(). */
export const serverEngine = (options: ServerOptions, ...features: readonly ServerFeature[]): TlsEngine =>
  createServerEngine(serverConfig(options, ...features))
