// What a session belongs to: the server's name and everything in the config that a change of must end resumption (RFC
// 9846 section 4.7.1). The same text is the key in a client's cache and the fingerprint in the session.

import type { ClientConfig, CommonConfig, ServerConfig } from '../../config.ts'
import type { Identity } from '../../options.ts'
import { toHex } from '../../wire/bytes.ts'
import { utf8Bytes } from '../../wire/texts.ts'
import { randomNameOf } from '../../x509/fingerprint.ts'
import type { CertificateVerifier } from '../../x509/verifier.ts'
import { pskDigest } from '../key-exchange/psk-digest.ts'

/** A verifier without a fingerprint is equal to itself only, for as long as this process lives. */
const verifierFingerprint = (verifier: CertificateVerifier): string => verifier.fingerprint ?? randomNameOf(verifier)

/** What peers may sign with, by their certificates and by delegated credentials. */
const schemesOf = ({ schemes, certificateSchemes, delegatedSchemes }: CommonConfig): string =>
  [schemes, certificateSchemes ?? [], delegatedSchemes]
    .map((list) => list.map(({ id }) => id.toString(16)).join(','))
    .join(';')

/** All but the name, by config; of copies of one, which may have other verifiers, once. */
const keys = new WeakMap<object, { readonly verifier: string; readonly digest: string }>()

/**
 * Whom we take for the server, and who we are ourselves. External keys vouch for both. An identity that a function
 * chooses is not in it: the function is asked again (client-psk.ts). */
export const sessionKey = (config: ClientConfig): string => {
  const { serverName = '', alpn, verifier, identityKey, psks, provider, copyOf = config } = config
  const by = verifierFingerprint(verifier)
  let known = keys.get(copyOf)
  if (known?.verifier !== by) {
    const parts = [
      alpn,
      by,
      schemesOf(config),
      identityKey ?? 'a function',
      psks.map(({ identity, key, imported }) => pskDigest(provider, { identity, key, imported })),
    ]
    known = { verifier: by, digest: digest(config, JSON.stringify(parts)) }
    keys.set(copyOf, known)
  }
  return `${serverName}|${known.digest}`
}

/**
 * The server's side: what a ticket was made under. A change of certificate, protocols, or client-auth policy ends it.
 */
export const serverFingerprint = (config: ServerConfig, identity: Identity | undefined): string => {
  const clients = config.clientAuth?.verifier?.fingerprint
  const { copyOf = config } = config
  const known = fingerprints.get(copyOf)
  if (known && known.identity === identity && known.clients === clients) return known.fingerprint
  const fingerprint = makeFingerprint(config, identity)
  fingerprints.set(copyOf, { identity, clients, fingerprint })
  return fingerprint
}

/** By what they were made of last. */
const fingerprints = new WeakMap<
  object,
  { readonly identity: Identity | undefined; readonly clients: string | undefined; readonly fingerprint: string }
>()

const makeFingerprint = (config: ServerConfig, identity: Identity | undefined): string => {
  const { clientAuth, alpn } = config
  const { mode = '', verifier } = clientAuth ?? {}
  const clients = clientAuth ? [mode, verifier ? verifierFingerprint(verifier) : '', schemesOf(config)] : []
  return digest(config, JSON.stringify([identity?.digest ?? '', alpn, clients]))
}

/** Short: it is in every ticket. */
const digest = ({ provider }: CommonConfig, text: string): string => {
  const { sha256 } = provider.hashes
  return sha256 ? toHex(sha256.digest(utf8Bytes(text))) : text
}
