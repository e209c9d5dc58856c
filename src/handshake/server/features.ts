// What a server may be built with or without, as features.ts of the client.

import { delegatedSchemes } from '../../config/delegated-schemes.ts'
import { everyServerPart } from '../../config/every.ts'
import { checkCodecs } from '../../compression/codec.ts'
import { echServerConfig } from '../../ech.ts'
import { compressionPart } from '../auth/certificate-compression.ts'
import { delegationPart } from '../auth/delegated.ts'
import { echPart } from './ech-server.ts'
import type { ServerFeature } from './server.ts'
import { serverHandshake12 } from './server12.ts'

/** TLS 1.2 beside 1.3. */
export const tls12: ServerFeature = { config: { tls12: true }, handshake: { tls12: serverHandshake12 } }

/** Encrypted Client Hello (RFC 9849): option `hello.ech`. */
export const ech: ServerFeature = { config: { ech: echServerConfig }, handshake: { ech: echPart } }

/** Certificate compression (RFC 8879): option `certificates.compression`. */
export const certificateCompression: ServerFeature = {
  config: { compression: checkCodecs },
  handshake: { compression: compressionPart },
}

/** Delegated credentials (RFC 9345): option `certificates.delegatedCredentials`, and identities that have one. */
export const delegatedCredentials: ServerFeature = {
  config: { delegation: delegatedSchemes },
  handshake: { delegation: delegationPart },
}

/** All of them. */
export const everyFeature: ServerFeature = {
  config: everyServerPart,
  handshake: {
    ...tls12.handshake,
    ...ech.handshake,
    ...certificateCompression.handshake,
    ...delegatedCredentials.handshake,
  },
}
