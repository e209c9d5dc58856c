// What a server may be built with or without, as features.ts of the client.
// Nothing is computed here, so that bundlers can leave out each of them.

import { clientAuthConfig } from '../../config/client-auth.ts'
import { delegatedSchemes } from '../../config/delegated-schemes.ts'
import { serverDefaults } from '../../config/server-defaults.ts'
import { checkCodecs } from '../../compression/codec.ts'
import { echServerConfig } from '../../ech.ts'
import { compressionPart } from '../auth/certificate-compression.ts'
import { delegationPart } from '../auth/delegated.ts'
import { clientAuthPart } from './certificate-requests13.ts'
import { echPart } from './ech-server.ts'
import { externalPsk } from './server-external-psk.ts'
import { selectPsk } from './server-psk.ts'
import { sessionsPart } from './server-sessions13.ts'
import type { ServerFeature } from './server.ts'
import { serverHandshake12 } from './server12.ts'

/** TLS 1.2 beside 1.3. */
export const tls12: ServerFeature = { config: { tls12: true }, handshake: { tls12: serverHandshake12 } }

/** Encrypted Client Hello (RFC 9849): option `hello.ech`. */
export const ech: ServerFeature = { config: { ech: echServerConfig }, handshake: { ech: echPart } }

/** Tickets, and early data with them: options `tickets`, `sessions`, `resumption` and `earlyData`. Without it, every
 * handshake is a full one. */
export const sessions: ServerFeature = {
  config: { sessions: true },
  handshake: { sessions: sessionsPart, selectPsk },
  defaults: serverDefaults,
}

/** External pre-shared keys: options `psk.lookup` and `psk.hint`. */
export const externalPsks: ServerFeature = {
  config: { externalPsks: true },
  handshake: { externalPsks: externalPsk, selectPsk },
}

/** Certificates of clients: option `clientAuth`, and `requestClientCertificate()`. */
export const clientAuth: ServerFeature = {
  config: { clientAuth: clientAuthConfig },
  handshake: { clientAuth: clientAuthPart },
}

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
