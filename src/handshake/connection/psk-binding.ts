// Sessions that began with an external pre-shared key go on only as long as the key does: what ties one to the other,
// on both sides.

import type { ServerConfig } from '../../config.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import type { FoundPsk } from '../../options.ts'
import { fromHex, toHex } from '../../wire/bytes.ts'
import { ask } from '../flow.ts'
import type { Flow } from '../flow.ts'
import type { ReceivedHello } from '../server/negotiate.ts'

/** The key by which an application knows it: before the importer, if it is for that. */
export interface PskOrigin {
  readonly identity: Uint8Array
  readonly key: Uint8Array
  readonly imported: boolean
}

/** Tells keys apart, and nothing about them to who does not have them. */
export const pskDigest = (provider: CryptoProvider, { identity, key, imported }: PskOrigin): string => {
  const hash = provider.hashes.sha256
  if (!hash) throw new TlsError('unsupported', `the ${provider.name} provider has no sha256`)
  return toHex(hash.hmac(key, Uint8Array.of(imported ? 1 : 0), identity))
}

/** What is added to the fingerprint of a server's session: which key it was, and whether it is still the same. */
export const pskTie = (provider: CryptoProvider, origin: PskOrigin): string => {
  if (origin.identity.length > LONGEST) return `${MARK}none` // goes on nowhere
  return `${MARK}${origin.imported ? 'imported' : 'plain'} ${toHex(origin.identity)} ${pskDigest(provider, origin)}`
}

const MARK = '|psk '
/** Bytes: a ticket has to hold it in hex. */
const LONGEST = 1024

/** Whether a session of this fingerprint may go on under `now`: made under it, and by a key that the server still has, if by a key. */
export function* mayGoOn(config: ServerConfig, hello: ReceivedHello, fingerprint: string, now: string): Flow<boolean> {
  const at = fingerprint.lastIndexOf(MARK)
  if (at < 0) return fingerprint === now
  if (fingerprint.slice(0, at) !== now) return false
  const tied = fingerprint.slice(at)
  const [kind, hex] = tied.slice(MARK.length).split(' ')
  if (hex === undefined) return false
  const identity = fromHex(hex)
  const imported = kind === 'imported'
  const found = yield* lookUp(config, hello, identity, imported)
  return found !== undefined && pskTie(config.provider, { identity, key: found.key, imported }) === tied
}

/** The application's key for this identity. */
export function* lookUp(config: ServerConfig, hello: ReceivedHello, identity: Uint8Array, imported: boolean): Flow<FoundPsk | undefined> {
  return yield* ask(() => config.psk?.(identity, hello.info, imported))
}
