// What a server may be built with or without, as features.ts of the client.

import { echServerConfig } from '../../ech.ts'
import { echPart } from './ech-server.ts'
import type { ServerFeature } from './server.ts'
import { serverHandshake12 } from './server12.ts'

/** TLS 1.2 beside 1.3. */
export const tls12: ServerFeature = { config: { tls12: true }, handshake: { tls12: serverHandshake12 } }

/** Encrypted Client Hello (RFC 9849): option `hello.ech`. */
export const ech: ServerFeature = { config: { ech: echServerConfig }, handshake: { ech: echPart } }

/** All of them. */
export const everyFeature: ServerFeature = {
  config: { ...tls12.config, ...ech.config },
  handshake: { ...tls12.handshake, ...ech.handshake },
}
