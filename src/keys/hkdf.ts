// HKDF (RFC 5869) and HKDF-Expand-Label (RFC 9846 section 7.1) over the provider's HMAC.

import type { HashAlgorithm } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { utf8Bytes } from '../wire/codec.ts'

/** RFC 5869 section 2.2. An empty salt stands for outputLength zero bytes. */
export const hkdfExtract = (hash: HashAlgorithm, salt: Uint8Array, inputKey: Uint8Array): Uint8Array =>
  hash.hmac(salt.length === 0 ? new Uint8Array(hash.outputLength) : salt, inputKey)

/** RFC 5869 section 2.3. `length` is at most 255 times the hash's output length. */
export const hkdfExpand = (hash: HashAlgorithm, key: Uint8Array, info: Uint8Array, length: number): Uint8Array => {
  if (length > 255 * hash.outputLength) {
    throw new TlsError(
      'bad_option',
      `HKDF with ${hash.name} gives at most ${255 * hash.outputLength} bytes, not ${length}`,
    )
  }
  if (length <= hash.outputLength) return hash.hmac(key, concat(info, FIRST)).subarray(0, length)
  const blocks: Uint8Array[] = []
  let block: Uint8Array = new Uint8Array(0)
  for (let counter = 1; (counter - 1) * hash.outputLength < length; counter++) {
    block = hash.hmac(key, block, info, Uint8Array.of(counter))
    blocks.push(block)
  }
  return concat(...blocks).subarray(0, length)
}

const FIRST = Uint8Array.of(1)

/** Labels of the protocol come again and again: those that came first are kept. */
const labelBytes = (label: string): Uint8Array => {
  const known = labels.get(label)
  if (known) return known
  const bytes = utf8Bytes(label)
  if (labels.size < MAX_LABELS) labels.set(label, bytes)
  return bytes
}
const labels = new Map<string, Uint8Array>()
const MAX_LABELS = 32

/** HkdfLabel: the length, "tls13 " and the label, the context. Written by hand, for a handshake makes fifty of them. */
const hkdfLabel = (length: number, label: string, context: Uint8Array): Uint8Array => {
  const name = labelBytes(`tls13 ${label}`)
  if (name.length > 255 || context.length > 255 || length > 0xffff)
    throw new TlsError('bad_option', 'HKDF label: too long')
  const info = new Uint8Array(4 + name.length + context.length)
  info[0] = length >> 8
  info[1] = length & 0xff
  info[2] = name.length
  info.set(name, 3)
  info[3 + name.length] = context.length
  info.set(context, 4 + name.length)
  return info
}

/** HKDF-Expand-Label: `label` is given without its "tls13 " prefix. */
export const expandLabel = (
  hash: HashAlgorithm,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array => hkdfExpand(hash, secret, hkdfLabel(length, label, context), length)

/** Derive-Secret, with the transcript hash already taken. */
export const deriveSecret = (
  hash: HashAlgorithm,
  secret: Uint8Array,
  label: string,
  transcriptHash: Uint8Array,
): Uint8Array => expandLabel(hash, secret, label, transcriptHash, hash.outputLength)
