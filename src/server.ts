// createServer() with all that a server can do. The entry points call it with what they supply by default.

import type { Defaults } from './config.ts'
import { everyFeature } from './handshake/server/every-feature.ts'
import { createServerBy } from './server-base.ts'
import type { CreateServer } from './server-base.ts'
import { serverMachine } from './server-machine.ts'
import type { Sockets } from './sockets.ts'

export type {
  AcceptOptions,
  CreateServer,
  CreateServerOptions,
  ListenOptions,
  OnConnection,
  TlsListener,
  TlsServer,
} from './server-base.ts'

export const createServerWith = (defaults: Defaults, sockets?: Sockets): CreateServer => {
  const machine = serverMachine(defaults, everyFeature)
  return createServerBy({ defaults, parts: everyFeature.config, machine: () => machine, ...(sockets && { sockets }) })
}
