// External pre-shared keys told apart by a digest: what ties a session to the key that it began with, on both sides.

import type { CryptoProvider } from '../../crypto/provider.ts'
import { sha256From } from '../../crypto/sha256.ts'
import { toHex } from '../../wire/bytes.ts'
import { encode, opaque, struct } from '../../wire/codec.ts'
import type { Codec } from '../../wire/codec.ts'

/** The key by which an application knows it: before the importer, if it is for that. */
export interface KnownPsk {
  readonly identity: Uint8Array
  readonly key: Uint8Array
  readonly imported: { readonly context: Uint8Array } | undefined
}

interface DigestInput {
  readonly identity: Uint8Array
  readonly context: Uint8Array
}
const digestInput: Codec<DigestInput> = struct({ identity: opaque(2), context: opaque(2) })

/** Tells keys apart, and nothing about them to who does not have them. */
export const pskDigest = (provider: CryptoProvider, { identity, key, imported }: KnownPsk): string => {
  const input = encode(digestInput, { identity, context: imported?.context ?? new Uint8Array(0) })
  return toHex(sha256From(provider).hmac(key, Uint8Array.of(imported ? 1 : 0), input))
}
