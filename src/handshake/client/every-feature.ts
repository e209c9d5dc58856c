// Every feature of a client, apart from features.ts: what is computed of all of them keeps all of them in a bundle.

import { everyClientPart } from '../../config/every-client.ts'
import type { ClientFeature } from './client.ts'
import {
  certificateCompression,
  delegatedCredentials,
  ech,
  externalPsks,
  helloShaping,
  identityOptions,
  sessions,
  tls12,
} from './features.ts'

export const everyFeature: ClientFeature = {
  config: everyClientPart,
  handshake: {
    ...tls12.handshake,
    ...ech.handshake,
    ...sessions.handshake,
    ...externalPsks.handshake,
    ...identityOptions.handshake,
    ...certificateCompression.handshake,
    ...delegatedCredentials.handshake,
    ...helloShaping.handshake,
  },
}
