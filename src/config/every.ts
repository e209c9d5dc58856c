// All that can be done about options: the parts of every feature. features.ts of each side takes them apart.

import { checkCodecs } from '../compression/codec.ts'
import { echClientConfig, echServerConfig } from '../ech.ts'
import { clientIdentities } from '../identities.ts'
import { loadIdentity } from '../identity.ts'
import { pskConfigs } from '../psk.ts'
import { decodeSession } from '../session/state.ts'
import { clientAuthConfig } from './client-auth.ts'
import { delegatedSchemes } from './delegated-schemes.ts'
import { onlyWithPsk } from './only-with-psk.ts'
import type { ClientConfigParts, ServerConfigParts, SharedConfigParts } from './types.ts'

const shared: Required<SharedConfigParts> = { tls12: true, compression: checkCodecs, delegation: delegatedSchemes }

export const everyClientPart: Required<ClientConfigParts> = {
  ...shared,
  ech: echClientConfig,
  sessions: decodeSession,
  externalPsks: { read: pskConfigs, only: onlyWithPsk },
  identities: clientIdentities,
  loadIdentity,
  shaping: true,
}

export const everyServerPart: Required<ServerConfigParts> = {
  ...shared,
  ech: echServerConfig,
  sessions: true,
  externalPsks: true,
  clientAuth: clientAuthConfig,
}
