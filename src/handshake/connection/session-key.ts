// What a session belongs to: the server's name and everything in the config that a change of must end resumption (RFC 9846
// section 4.7.1). The same text is the key in a client's cache and the fingerprint in the session.

import type { ClientConfig, ServerConfig } from '../../config.ts'
import type { Identity } from '../../options.ts'
import { pskDigest } from '../key-exchange/psk-digest.ts'

const verifierNumbers = new WeakMap<object, number>()
let verifiersSeen = 0

/** A verifier without a fingerprint is equal to itself only, for as long as this process lives. */
const verifierFingerprint = (verifier: ClientConfig['verifier']): string => {
  if (verifier.fingerprint !== undefined) return verifier.fingerprint
  const known = verifierNumbers.get(verifier) ?? ++verifiersSeen
  verifierNumbers.set(verifier, known)
  return `verifier ${known}`
}

/** With external keys, which vouch for the server as the verifier does otherwise, they are part of it. */
export const sessionKey = (config: ClientConfig): string =>
  `${config.serverName ?? ''}|${config.alpn.join(',')}|${verifierFingerprint(config.verifier)}` +
  config.psks.map(({ identity, key, imported }) => `|${pskDigest(config.provider, { identity, key, imported: imported !== undefined })}`).join('')

/** The server's side: what a ticket was made under. A change of certificate, protocols, or client-auth policy ends it. */
export const serverFingerprint = (config: ServerConfig, identity: Identity | undefined): string => {
  const { clientAuth } = config
  const clients = clientAuth ? `${clientAuth.mode} ${clientAuth.verifier ? verifierFingerprint(clientAuth.verifier) : ''}` : ''
  return `${identity?.digest ?? ''}|${config.alpn.join(',')}|${clients}`
}
