// HKDF (RFC 5869) and HKDF-Expand-Label (RFC 9846 section 7.1) over the provider's HMAC. Called by keys/schedule13.ts, session/
// and the PSK importer.

import type { HashAlgorithm } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { encode, opaque, struct, u16, utf8Bytes } from '../wire/codec.ts'
import type { Codec } from '../wire/codec.ts'

/** RFC 5869 section 2.2. An empty salt stands for outputLength zero bytes. */
export const hkdfExtract = (hash: HashAlgorithm, salt: Uint8Array, inputKey: Uint8Array): Uint8Array =>
  hash.hmac(salt.length === 0 ? new Uint8Array(hash.outputLength) : salt, inputKey)

/** RFC 5869 section 2.3. `length` is at most 255 times the hash's output length. */
export const hkdfExpand = (hash: HashAlgorithm, key: Uint8Array, info: Uint8Array, length: number): Uint8Array => {
  if (length > 255 * hash.outputLength) {
    throw new TlsError('bad_option', `HKDF with ${hash.name} gives at most ${255 * hash.outputLength} bytes, not ${length}`)
  }
  const blocks: Uint8Array[] = []
  let block: Uint8Array = new Uint8Array(0)
  for (let counter = 1; (counter - 1) * hash.outputLength < length; counter++) {
    block = hash.hmac(key, block, info, Uint8Array.of(counter))
    blocks.push(block)
  }
  return concat(...blocks).subarray(0, length)
}

interface HkdfLabel {
  readonly length: number
  readonly label: Uint8Array
  readonly context: Uint8Array
}
const hkdfLabel: Codec<HkdfLabel> = struct<HkdfLabel>({ length: u16, label: opaque(1, 7), context: opaque(1) })

/** HKDF-Expand-Label: `label` is given without its "tls13 " prefix. */
export const expandLabel = (
  hash: HashAlgorithm, secret: Uint8Array, label: string, context: Uint8Array, length: number,
): Uint8Array => hkdfExpand(hash, secret, encode(hkdfLabel, { length, label: utf8Bytes(`tls13 ${label}`), context }), length)

/** Derive-Secret, with the transcript hash already taken. */
export const deriveSecret = (hash: HashAlgorithm, secret: Uint8Array, label: string, transcriptHash: Uint8Array): Uint8Array =>
  expandLabel(hash, secret, label, transcriptHash, hash.outputLength)
