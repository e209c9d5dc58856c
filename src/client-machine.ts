// What connect() runs: options to a config, a config to an engine, an engine over a stream. Apart from connect.ts, so
// that an entry point can load it when it is first needed.

import { checkedBy, clientConfigWith, sessionGiven } from './config/client.ts'
import { Unchanged } from './config/unchanged.ts'
import type { ClientConfig, Defaults } from './config.ts'
import { splitOptions } from './connection-options.ts'
import { establish } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import { clientEngineWith } from './engine/endpoints.ts'
import type { ClientFeature, TlsEngine } from './engine/endpoints.ts'
import { requireObject } from './checked-options.ts'
import type { ClientOptions } from './options.ts'

/** Options that were checked, and what makes an engine of them. */
export interface PreparedClient {
  readonly connection: ConnectionOptions
  readonly makeEngine: () => TlsEngine
}

export interface ClientMachine {
  /**
   * Checks the options, once for an object that still says the same. `dialled`: options of connect('host:port'), with
   * the name of the server for those that have none. Throws as clientConfig().
   */
  prepare(options: AnyOptions, dialled?: string): PreparedClient
  readonly establish: typeof establish
}

type AnyOptions = Partial<ClientOptions> & ConnectionOptions & { readonly timeoutMs?: number }

export const clientMachine = (defaults: Defaults, feature: ClientFeature): ClientMachine => {
  const prepared = new Unchanged<Pick<PreparedClient, 'connection'> & { readonly config: ClientConfig }>()
  const make = (options: AnyOptions, dialled: string | undefined) => {
    const { session: _, ...given } = options
    const { timeoutMs: __, ...more } = given
    const all = dialled === undefined ? given : { serverName: dialled, ...more }
    const { connection, rest } = splitOptions(all, checkedBy(feature.config))
    return { connection, config: clientConfigWith(rest as ClientOptions, defaults, feature.config) }
  }
  return {
    prepare: (options, dialled) => {
      requireObject(options)
      const { connection, config } = prepared.get(options, dialled ?? '', () => make(options, dialled))
      const session = sessionGiven(options.session, feature.config)
      return { connection, makeEngine: () => clientEngineWith(config, feature, session) }
    },
    establish,
  }
}
