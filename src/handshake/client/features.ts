// What a client may be built with or without. Each feature has its part in making configs and its part in handshakes;
// what is not named anywhere does not get into a bundle.

import { echClientConfig } from '../../ech.ts'
import { loadIdentity } from '../../identity.ts'
import type { ClientFeature } from './client.ts'
import { resumable12 } from './client-session12.ts'
import { clientHandshake12 } from './client12.ts'
import { echExtension, startEch } from './ech-client.ts'

/** TLS 1.2 beside 1.3: servers that have no 1.3, sessions of 1.2, renegotiation by option. */
export const tls12: ClientFeature = {
  config: { tls12: true },
  handshake: { tls12: { handshake: clientHandshake12, resumable: resumable12 } },
}

/** Encrypted Client Hello (RFC 9849): option `hello.ech`. */
export const ech: ClientFeature = {
  config: { ech: echClientConfig },
  handshake: { ech: { start: startEch, extension: echExtension } },
}

/** Certificate and key of a client as options (`cert` and `key`); without it, identities come loaded. */
export const identityOptions: ClientFeature = { config: { loadIdentity }, handshake: {} }

/** All of them. */
export const everyFeature: ClientFeature = {
  config: { ...tls12.config, ...ech.config, ...identityOptions.config },
  handshake: { ...tls12.handshake, ...ech.handshake },
}
