// What accept() runs, as client-machine.ts is what connect() does. The options of a server are checked before: it is
// made at once.

import type { Defaults, ServerConfig } from './config.ts'
import { establish } from './connection.ts'
import { serverEngineWith } from './engine/endpoints.ts'
import type { ServerFeature, TlsEngine } from './engine/endpoints.ts'
import type { HelloSource } from './options/hello-info.ts'

export interface ServerMachine {
  engine(config: ServerConfig, source: HelloSource): TlsEngine
  readonly establish: typeof establish
}

export const serverMachine = (defaults: Defaults, feature: ServerFeature): ServerMachine => ({
  engine: (config, source) => serverEngineWith(config, defaults, feature, source),
  establish,
})
