// The server's lookup of external pre-shared keys, and the sessions that began with one: they go on only as long as the key does.

import type { ServerConfig } from '../../config.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import type { FoundPsk } from '../../options.ts'
import { fromHex, toHex } from '../../wire/bytes.ts'
import { ask } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { pskDigest } from '../key-exchange/psk-digest.ts'
import type { KnownPsk } from '../key-exchange/psk-digest.ts'
import type { ReceivedHello } from './received-hello.ts'

/** What is added to the fingerprint of a server's session: which key it was, and whether it is still the same. */
export const pskBinding = (provider: CryptoProvider, origin: KnownPsk): string => {
  if (origin.identity.length > MAX_IDENTITY) return `${MARK}none` // goes on nowhere
  return `${MARK}${origin.imported ? 'imported' : 'plain'} ${toHex(origin.identity)} ${pskDigest(provider, origin)}`
}

const MARK = '|psk '
/** Bytes: a ticket has to hold it in hex. */
const MAX_IDENTITY = 1024

/** Whether a session of this fingerprint may go on under `now`: made under it, and by a key that the server still has, if by a key. */
export function* canResume(config: ServerConfig, hello: ReceivedHello, fingerprint: string, now: string): Flow<boolean> {
  const at = fingerprint.lastIndexOf(MARK)
  if (at < 0) return fingerprint === now
  if (fingerprint.slice(0, at) !== now) return false
  const binding = fingerprint.slice(at)
  const [kind, hex] = binding.slice(MARK.length).split(' ')
  if (hex === undefined) return false
  const identity = fromHex(hex)
  const imported = kind === 'imported'
  const found = yield* lookUpPsk(config, hello, identity, imported)
  return found !== undefined && pskBinding(config.provider, { identity, key: found.key, imported }) === binding
}

/** The application's key for this identity. */
export function* lookUpPsk(config: ServerConfig, hello: ReceivedHello, identity: Uint8Array, imported: boolean): Flow<FoundPsk | undefined> {
  return yield* ask(() => config.psk?.(identity, hello.info, imported))
}
