// Every feature of a server, apart from features.ts: what is computed of all of them keeps all of them in a bundle.

import { everyServerPart } from '../../config/every.ts'
import type { ServerFeature } from './server.ts'
import {
  certificateCompression,
  clientAuth,
  delegatedCredentials,
  ech,
  externalPsks,
  sessions,
  tls12,
} from './features.ts'

export const everyFeature: ServerFeature = {
  config: everyServerPart,
  handshake: {
    ...tls12.handshake,
    ...ech.handshake,
    ...sessions.handshake,
    ...externalPsks.handshake,
    ...clientAuth.handshake,
    ...certificateCompression.handshake,
    ...delegatedCredentials.handshake,
  },
}
