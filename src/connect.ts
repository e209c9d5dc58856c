// connect() with all that a client can do. The entry points call it with what they supply by default.

import { clientMachine } from './client-machine.ts'
import type { Defaults } from './config.ts'
import { remembering } from './config/unchanged.ts'
import { connectBy } from './connect-base.ts'
import type { Connect } from './connect-base.ts'
import { everyFeature } from './handshake/client/every-feature.ts'
import type { Sockets } from './sockets.ts'

export type { Connect, ConnectOptions, DialOptions } from './connect-base.ts'

export const connectWith = (defaults: Defaults, sockets?: Sockets): Connect => {
  const machine = clientMachine(defaults, everyFeature, remembering())
  return connectBy(() => machine, sockets)
}
