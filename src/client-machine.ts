// What connect() runs: options to a config, a config to an engine, an engine over a stream. Apart from connect.ts, so
// that an entry point can load it when it is first needed.

import { clientConfigWith } from './config/client.ts'
import type { Defaults } from './config.ts'
import { establish } from './connection.ts'
import { clientEngineWith } from './engine/endpoints.ts'
import type { ClientFeature, TlsEngine } from './engine/endpoints.ts'
import type { ClientOptions } from './options.ts'

export interface ClientMachine {
  /** Checks the options, and gives what makes an engine of them. Throws as clientConfig(). */
  prepare(options: ClientOptions): () => TlsEngine
  readonly establish: typeof establish
}

export const clientMachine = (defaults: Defaults, feature: ClientFeature): ClientMachine => ({
  prepare: (options) => {
    const config = clientConfigWith(options, defaults, feature.config)
    return () => clientEngineWith(config, feature)
  },
  establish,
})
