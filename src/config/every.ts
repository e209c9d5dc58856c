// All that can be done about a server's options: the parts of every feature. features.ts of each side takes them apart.

import { checkCodecs } from '../compression/codec.ts'
import { echServerConfig } from '../ech.ts'
import { clientAuthConfig } from './client-auth.ts'
import { delegatedSchemes } from './delegated-schemes.ts'
import type { ServerConfigParts, SharedConfigParts } from './types.ts'

export const everySharedPart: Required<SharedConfigParts> = {
  tls12: true,
  compression: checkCodecs,
  delegation: delegatedSchemes,
}

export const everyServerPart: Required<ServerConfigParts> = {
  ...everySharedPart,
  ech: echServerConfig,
  sessions: true,
  externalPsks: true,
  clientAuth: clientAuthConfig,
}
