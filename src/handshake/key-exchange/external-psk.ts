// External pre-shared keys in TLS 1.3, as they are (RFC 9846 section 4.3.11) or through the importer of RFC 9258.

import type { ClientConfig } from '../../config.ts'
import type { CryptoProvider, HashAlgorithm } from '../../crypto/provider.ts'
import { TlsError } from '../../errors.ts'
import { expandLabel, hkdfExtract } from '../../keys/hkdf.ts'
import type { FoundPsk } from '../../options.ts'
import { keyOf } from '../../psk.ts'
import type { ExternalPskConfig } from '../../psk.ts'
import { decode, encode } from '../../wire/codec.ts'
import { importedIdentity } from '../../wire/extensions.ts'
import type { ImportedIdentity } from '../../wire/extensions.ts'
import { kdfIds } from '../../wire/numbers.ts'
import { TLS13 } from '../../wire/registry.ts'

const kdfs: Readonly<Record<string, number>> = kdfIds

/** A PSK as a connection uses it. */
export interface UsablePsk {
  readonly identity: Uint8Array
  readonly secret: Uint8Array
  readonly hash: HashAlgorithm
  readonly binder: 'ext' | 'imp'
}

const hashOf = (provider: CryptoProvider, name: 'sha256' | 'sha384' = 'sha256'): HashAlgorithm => {
  const hash = provider.hashes[name]
  if (!hash) throw new TlsError('unsupported', `the ${provider.name} provider has no ${name}`)
  return hash
}

/** The PSKs to offer for one external key: itself, or one for each KDF of our suites (RFC 9258 section 5.1). */
export const usablePsks = (config: ClientConfig): readonly UsablePsk[] => {
  const kdfHashes = new Map(
    config.suites.filter(({ version }) => version === 'TLS 1.3').map(({ hash }) => [hash.name, hash]),
  )
  return config.psks.flatMap((psk): readonly UsablePsk[] => {
    if (!psk.imported) {
      if (psk.identity.length === 0) return [] // PskIdentity has a byte at least (section 4.3.11)
      return [{ identity: psk.identity, secret: psk.key, hash: hashOf(config.provider, psk.hash), binder: 'ext' }]
    }
    const { context } = psk.imported
    return [...kdfHashes.values()].map((hash) => importPsk(config.provider, psk, context, hash))
  })
}

const importPsk = (
  provider: CryptoProvider,
  { identity, key, hash }: Pick<ExternalPskConfig, 'identity' | 'key' | 'hash'>,
  context: Uint8Array,
  target: HashAlgorithm,
): UsablePsk => {
  const imported = encode(importedIdentity, {
    externalIdentity: identity,
    context,
    targetProtocol: TLS13,
    targetKdf: kdfs[target.name] ?? 0,
  })
  const own = hashOf(provider, hash)
  const extracted = hkdfExtract(own, new Uint8Array(0), key)
  const secret = expandLabel(own, extracted, 'derived psk', own.digest(imported), target.outputLength)
  return { identity: imported, secret, hash: target, binder: 'imp' }
}

/** The ImportedIdentity in a PSK identity, if it is one for TLS 1.3 and this KDF. */
export const readImportedIdentity = (identity: Uint8Array, hash: HashAlgorithm): ImportedIdentity | undefined => {
  const imported = decodeImportedIdentity(identity)
  return imported?.targetProtocol === TLS13 && imported.targetKdf === kdfs[hash.name] ? imported : undefined
}

/** The ImportedIdentity in a PSK identity, if it is one, for whatever protocol. */
export const decodeImportedIdentity = (identity: Uint8Array): ImportedIdentity | undefined => {
  if (!looksImported(identity)) return undefined
  try {
    return decode(importedIdentity, identity, 'ImportedIdentity')
  } catch {
    return undefined
  }
}

/** Each ticket is asked whether it is one: the lengths tell, and an error for each would cost more than all else. */
const looksImported = (identity: Uint8Array): boolean => {
  const lengthAt = (at: number): number => ((identity[at] ?? 0) << 8) | (identity[at + 1] ?? 0)
  const context = 2 + lengthAt(0)
  return context + 2 + lengthAt(context) + 4 === identity.length
}

/** What the server's lookup gave, made usable under the suite's hash; undefined if it is for another hash. */
export const serverPsk = (
  provider: CryptoProvider,
  identity: Uint8Array,
  found: FoundPsk,
  target: HashAlgorithm,
  imported: ImportedIdentity | undefined,
): UsablePsk | undefined => {
  const key = keyOf(found, 'internal_error')
  if (imported) {
    return importPsk(provider, { identity: imported.externalIdentity, key, hash: found.hash }, imported.context, target)
  }
  const hash = hashOf(provider, found.hash)
  return hash.name === target.name ? { identity, secret: key, hash, binder: 'ext' } : undefined
}

/** The key that a client uses with TLS 1.2: the first that is not for the importer, which is for TLS 1.3 (RFC 9258). */
export const pskOf12 = (config: Pick<ClientConfig, 'psks'>): ExternalPskConfig | undefined =>
  config.psks.find(({ imported }) => !imported)
