// HKDF (RFC 5869) and HKDF-Expand-Label (RFC 9846 section 7.1) over the provider's HMAC.

import type { HashAlgorithm } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { utf8Bytes } from '../wire/texts.ts'

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
  if (length <= hash.outputLength) return hash.hmac(key, info, FIRST).subarray(0, length)
  const blocks: Uint8Array[] = []
  let block: Uint8Array = none
  for (let counter = 1; (counter - 1) * hash.outputLength < length; counter++) {
    block = hash.hmac(key, block, info, Uint8Array.of(counter))
    blocks.push(block)
  }
  return concat(...blocks).subarray(0, length)
}

const FIRST = Uint8Array.of(1)
const none = new Uint8Array(0)

/** What comes before the context in an HkdfLabel: the length, "tls13 " and the label, the context's length. */
interface LabelHead {
  readonly length: number
  readonly contextLength: number
  readonly bytes: Uint8Array
}

const makeHead = (label: string, length: number, contextLength: number): Uint8Array => {
  const name = utf8Bytes(`tls13 ${label}`)
  if (name.length > 255 || contextLength > 255 || length > 0xffff)
    throw new TlsError('bad_option', 'HKDF label: too long')
  return concat(Uint8Array.of(length >> 8, length & 0xff, name.length), name, Uint8Array.of(contextLength))
}

/** A handshake derives fifty secrets, always by the same labels: the heads that came first are kept. */
const labelHead = (label: string, length: number, contextLength: number): Uint8Array => {
  const known = heads.get(label)
  if (known) {
    for (const head of known) if (head.length === length && head.contextLength === contextLength) return head.bytes
  }
  const bytes = makeHead(label, length, contextLength)
  if (known && known.length < MAX_LENGTHS) known.push({ length, contextLength, bytes })
  else if (!known && heads.size < MAX_LABELS) heads.set(label, [{ length, contextLength, bytes }])
  return bytes
}
const heads = new Map<string, LabelHead[]>()
const MAX_LABELS = 32
const MAX_LENGTHS = 8

/** HKDF-Expand-Label: `label` is given without its "tls13 " prefix. */
export const expandLabel = (
  hash: HashAlgorithm,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array => {
  const head = labelHead(label, length, context.length)
  if (length > hash.outputLength) return hkdfExpand(hash, secret, concat(head, context), length)
  // the first block is all of it
  const block = context.length === 0 ? hash.hmac(secret, head, FIRST) : hash.hmac(secret, head, context, FIRST)
  return length === block.length ? block : block.subarray(0, length)
}

/** Derive-Secret, with the transcript hash already taken. */
export const deriveSecret = (
  hash: HashAlgorithm,
  secret: Uint8Array,
  label: string,
  transcriptHash: Uint8Array,
): Uint8Array => expandLabel(hash, secret, label, transcriptHash, hash.outputLength)
