// The same of a client's options. Apart from every.ts: on Node they are first read when there is a connection.

import { echClientConfig } from '../ech.ts'
import { clientIdentities } from '../identities.ts'
import { loadIdentity } from '../identity.ts'
import { pskConfigs } from '../psk.ts'
import { decodeSession } from '../session/state.ts'
import { everySharedPart } from './every.ts'
import { explanations } from './explanations.ts'
import { onlyWithPsk } from './only-with-psk.ts'
import type { ClientConfigParts } from './types.ts'

export const everyClientPart: Required<ClientConfigParts> = {
  ...everySharedPart,
  explain: explanations,
  ech: echClientConfig,
  sessions: decodeSession,
  externalPsks: { read: pskConfigs, only: onlyWithPsk },
  identities: clientIdentities,
  loadIdentity,
  shaping: true,
}
