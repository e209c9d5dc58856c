// Record protection of TLS 1.3 (RFC 9846 section 5.2 to 5.5): one AEAD call per record, no promise with a synchronous
// provider.

import type { AeadCipher, MaybePromise } from '../crypto/provider.ts'
import { andThen as then } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import { trafficKeys } from '../keys/schedule13.ts'
import type { TrafficSecret } from '../keys/schedule13.ts'
import { contentTypes, TLS12 } from '../wire/registry.ts'
import { MAX_EXPANSION_13, MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from './limits.ts'
import { writeHeader } from './protection.ts'
import type { OpenedRecord, Opener, Sealer } from './protection.ts'

const LEGACY_RECORD_VERSION = TLS12

/**
 * Pads records (section 5.4): how many zero bytes to add to `length` bytes of content. It is cut to what fits the
 * record.
 */
export type Padding = (length: number) => number

export interface SealOptions {
  readonly padding?: Padding | undefined
}

/** Records that one key may protect: AES-GCM 2^24.5 (section 5.5), AES-CCM far less, ChaCha20 no practical limit. */
const recordLimit = (cipher: AeadCipher): number =>
  cipher.name === 'chacha20-poly1305' ? 2 ** 48 : cipher.name.includes('gcm') ? 23_726_566 : 2 ** 23

export const sealer13 = (
  cipher: AeadCipher,
  secret: TrafficSecret,
  { padding }: SealOptions = {},
): MaybePromise<Sealer> => {
  const { key, iv } = trafficKeys(secret, cipher.keyLength)
  const padded = (length: number, maxContent: number): number =>
    padding ? Math.max(length, Math.min(length + (Math.trunc(padding(length)) || 0), maxContent)) : length
  let count = 0
  return then(cipher.importKey(key), (aead) => {
    key.fill(0)
    const immediate = aead.immediate === true
    const nonces = noncesOf(iv, immediate)
    const reused = immediate ? new Uint8Array(RECORD_HEADER_LENGTH) : undefined
    return {
      encrypted: true,
      immediate,
      get count() {
        return count
      },
      limit: recordLimit(cipher),
      sealedLength: (length, maxContent = MAX_PLAINTEXT) =>
        RECORD_HEADER_LENGTH + padded(length, maxContent) + 1 + cipher.tagLength,
      seal: (type, content, out) => {
        const nonce = nonces(count++)
        const innerEnd = out.length - cipher.tagLength
        const contentEnd = RECORD_HEADER_LENGTH + content.length
        writeHeader(out, contentTypes.application_data, LEGACY_RECORD_VERSION, out.length - RECORD_HEADER_LENGTH)
        out.set(content, RECORD_HEADER_LENGTH)
        out[contentEnd] = type
        if (padding) out.fill(0, contentEnd + 1, innerEnd)
        return aead.seal(
          nonce,
          headerOf(out, reused),
          out.subarray(RECORD_HEADER_LENGTH, innerEnd),
          out.subarray(RECORD_HEADER_LENGTH),
        )
      },
    }
  })
}

export const opener13 = (cipher: AeadCipher, secret: TrafficSecret): MaybePromise<Opener> => {
  const { key, iv } = trafficKeys(secret, cipher.keyLength)
  let sequence = 0
  return then(cipher.importKey(key), (aead) => {
    key.fill(0)
    const immediate = aead.immediate === true
    const nonces = noncesOf(iv, immediate)
    return {
      encrypted: true,
      immediate,
      open: ({ type, header, fragment }, maxContent = MAX_PLAINTEXT) => {
        if (type !== contentTypes.application_data) {
          throw new TlsError('unexpected_message', `expected an encrypted record, got one of type ${type} in the clear`)
        }
        if (fragment.length > MAX_PLAINTEXT + MAX_EXPANSION_13) {
          throw new TlsError(
            'record_overflow',
            `an encrypted record of ${fragment.length} bytes; at most 16640 are allowed`,
          )
        }
        return then(aead.open(nonces(sequence), header, fragment), (inner) => {
          if (!inner)
            throw new TlsError(
              'bad_record_mac',
              'a record failed authentication: it was changed, or sealed with another key',
            )
          sequence++ // only now: skipped early data does not count (section 4.3.10)
          return innerPlaintext(inner, maxContent)
        })
      },
    }
  })
}

/** Strips padding and finds the content type (section 5.4). */
const innerPlaintext = (inner: Uint8Array, maxContent: number): OpenedRecord => {
  if (inner.length > maxContent + 1) {
    throw new TlsError(
      'record_overflow',
      `a record with ${inner.length} bytes inside; at most ${maxContent + 1} are allowed`,
    )
  }
  let end = inner.length - 1
  while (end >= 0 && inner[end] === 0) end--
  if (end < 0) throw new TlsError('unexpected_message', 'a record that holds nothing but padding')
  return { type: inner[end] ?? 0, content: inner.subarray(0, end) }
}

/**
 * The nonces of section 5.3: the sequence number, big-endian, over the end of the IV. A new array each time for a
 * provider that answers later, because it may also read later.
 */
const noncesOf = (iv: Uint8Array, reused: boolean): ((sequence: number) => Uint8Array) => {
  const one = reused ? iv.slice() : undefined
  return (sequence) => {
    const nonce = one ?? iv.slice()
    for (let i = 11, rest = sequence; i >= 4; i--, rest = Math.floor(rest / 256)) {
      nonce[i] = (iv[i] ?? 0) ^ (rest & 0xff)
    }
    return nonce
  }
}

/** Type, version and length of a record: its additional data (section 5.2). */
const headerOf = (record: Uint8Array, reused: Uint8Array | undefined): Uint8Array => {
  if (!reused) return record.subarray(0, RECORD_HEADER_LENGTH)
  for (let i = 0; i < RECORD_HEADER_LENGTH; i++) reused[i] = record[i] ?? 0
  return reused
}
