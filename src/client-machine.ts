// What connect() runs: options to a config, a config to an engine, an engine over a stream. Apart from connect.ts, so
// that an entry point can load it when it is first needed.

import { checkedBy, clientConfigWith, sessionGiven } from './config/client.ts'
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
   * Checks the options. `dialled`: options of connect('host:port'), with the name of the server for those that have
   * none. Throws as clientConfig().
   */
  prepare(options: AnyOptions, dialled?: string): PreparedClient
  readonly establish: typeof establish
}

type AnyOptions = Partial<ClientOptions> & ConnectionOptions & { readonly timeoutMs?: number }

type Prepared = Pick<PreparedClient, 'connection'> & { readonly config: ClientConfig }

/** Gives what was made of these options before, where they say the same, and else what `make` makes. */
type Prepare = (options: object, dialled: string, make: () => Prepared) => Prepared

/** Checks options each time, unless `prepared` remembers what was made of them (config/unchanged.ts). */
export const clientMachine = (
  defaults: Defaults,
  feature: ClientFeature,
  prepared: Prepare = (_options, _dialled, make) => make(),
): ClientMachine => {
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
      const { connection, config } = prepared(options, dialled ?? '', () => make(options, dialled))
      const session = sessionGiven(options.session, feature.config)
      return { connection, makeEngine: () => clientEngineWith(config, feature, session) }
    },
    establish,
  }
}
