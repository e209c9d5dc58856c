// External pre-shared keys as options give them: checked for length (RFC 9257 section 6), identities as bytes.
// config.ts calls it for clients, the handshakes for what a server's lookup found.

import { checkOptions } from './options/check.ts'
import { TlsError } from './errors.ts'
import { externalPskNames } from './options/names.ts'
import type { ClientPskOptions, ExternalPsk, FoundPsk } from './options.ts'
import { utf8Bytes } from './wire/texts.ts'

export interface ExternalPskConfig {
  /** Without bytes: for TLS 1.2 only. */
  readonly identity: Uint8Array
  readonly key: Uint8Array
  readonly hash: 'sha256' | 'sha384' | undefined
  /** Undefined: used as it is; otherwise through the importer of RFC 9258. */
  readonly imported: { readonly context: Uint8Array } | undefined
}

export const pskConfigs = (psk: ClientPskOptions['keys']): readonly ExternalPskConfig[] => {
  const list: readonly ExternalPsk[] = psk === undefined ? [] : 'key' in psk ? [psk] : psk
  return list.map((one) => {
    checkOptions(one, externalPskNames, 'psk.keys')
    const { identity, hash, imported } = one
    const bytes = typeof identity === 'string' ? utf8Bytes(identity) : identity
    if (bytes.length > 0xffff || (bytes.length === 0 && imported)) {
      throw new TlsError('bad_option', 'psk.keys: an identity has at most 65535 bytes, and at least 1 outside TLS 1.2')
    }
    const context = typeof imported === 'object' ? imported.context : new Uint8Array(0)
    return { identity: bytes, key: keyOf(one), hash, imported: imported ? { context } : undefined }
  })
}

/** A server's hint; empty for none. */
export const hintOf = (hint: string | Uint8Array = new Uint8Array(0)): Uint8Array => {
  const bytes = typeof hint === 'string' ? utf8Bytes(hint) : hint
  if (bytes.length > 0xffff) throw new TlsError('bad_option', `psk.hint: ${bytes.length} bytes; the most is 65535`)
  return bytes
}

/** Bytes: 128 bits. */
const MIN_KEY_LENGTH = 16

/** The key, if it is long enough or said to be short; `bad_option` otherwise, with `alert` inside a handshake. */
export const keyOf = (
  { key, allowShort }: Pick<FoundPsk, 'key' | 'allowShort'>,
  alert?: 'internal_error',
): Uint8Array => {
  if (key.length >= MIN_KEY_LENGTH || (allowShort && key.length > 0)) return key
  throw new TlsError(
    'bad_option',
    `psk: a key of ${key.length} bytes; it has to have 16 at least (RFC 9257 section 6)`,
    alert && { alert },
  )
}
