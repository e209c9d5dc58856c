// The server's lookup of external pre-shared keys, and the sessions that began with one: they go on only as long as the
// key does.

import type { ServerConfig } from '../../config.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import type { FoundPsk } from '../../options.ts'
import type { SessionState } from '../../session/state.ts'
import { ask } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { decodeImportedIdentity } from '../key-exchange/external-psk.ts'
import { pskDigest } from '../key-exchange/psk-digest.ts'
import type { KnownPsk } from '../key-exchange/psk-digest.ts'
import type { ReceivedHello } from './received-hello.ts'

/**
 * How an application knows a key: by its identity, and the context of the importer if it came through that (RFC 9258).
 */
export type PskName = Pick<KnownPsk, 'identity' | 'imported'>

/** What is added to the fingerprint of a server's session: which key it was, and whether it is still the same. */
export const pskBinding = (provider: CryptoProvider, origin: KnownPsk): string => {
  const bytes = origin.identity.length + (origin.imported?.context.length ?? 0)
  if (bytes > MAX_IDENTITY) return `${MARK}${UNBOUND}` // canResume() refuses it
  return `${MARK}${origin.imported ? IMPORTED : 'plain '}${pskDigest(provider, origin)}`
}

const MARK = '|psk '
const IMPORTED = 'imported '
const UNBOUND = 'none'
/** Bytes: a ticket has to hold it. */
const MAX_IDENTITY = 1024

/** Whether the session of this fingerprint began with an external key. */
export const isBoundToPsk = (fingerprint: string): boolean => fingerprint.includes(MARK)

/** Whether a session may go on under `now`: made under it, and by a key that the server still has, if by a key. */
export function* canResume(
  config: ServerConfig,
  hello: ReceivedHello,
  { fingerprint, pskIdentity }: Pick<SessionState, 'fingerprint' | 'pskIdentity'>,
  now: string,
): Flow<boolean> {
  const at = fingerprint.lastIndexOf(MARK)
  if (at < 0) return fingerprint === now
  if (fingerprint.slice(0, at) !== now) return false
  const binding = fingerprint.slice(at)
  if (binding === `${MARK}${UNBOUND}`) return false
  const name = binding.startsWith(`${MARK}${IMPORTED}`)
    ? importedName(pskIdentity)
    : { identity: pskIdentity, imported: undefined }
  const found = name && (yield* lookUpPsk(config, hello, name))
  return (
    name !== undefined && found !== undefined && pskBinding(config.provider, { ...name, key: found.key }) === binding
  )
}

const importedName = (identity: Uint8Array): PskName | undefined => {
  const imported = decodeImportedIdentity(identity)
  return imported && { identity: imported.externalIdentity, imported: { context: imported.context } }
}

/** The application's key for this identity. */
export function* lookUpPsk(
  { psk }: ServerConfig,
  { info }: ReceivedHello,
  { identity, imported }: PskName,
): Flow<FoundPsk | undefined> {
  return yield* ask(() => psk?.(identity, info, imported))
}
