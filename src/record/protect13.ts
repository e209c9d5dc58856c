// Record protection of TLS 1.3 (RFC 9846 section 5.2 to 5.5): one AEAD call a record, no promise with a synchronous provider.
// Made by handshake/ when it installs keys, used by the engine.

import type { AeadCipher, MaybePromise } from '../crypto/provider.ts'
import { andThen as then } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import { trafficKeys } from '../keys/schedule13.ts'
import type { TrafficSecret } from '../keys/schedule13.ts'
import { contentTypes, TLS12 } from '../wire/registry.ts'
import { MAX_EXPANSION_13, MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from './framing.ts'
import { writeHeader } from './protection.ts'
import type { OpenedRecord, Opener, Sealer } from './protection.ts'

const LEGACY_RECORD_VERSION = TLS12

/** Pads records (section 5.4): the bytes of zeros to add to `length` bytes of content; they never exceed the room there is. */
export type Padding = (length: number) => number

export interface SealOptions {
  readonly padding?: Padding | undefined
  /** Most bytes of TLSInnerPlaintext that the peer takes (RFC 8449), type byte included. */
  readonly maxInner?: number
}

/** Records that one key may protect: AES-GCM 2^24.5 (section 5.5), AES-CCM far less, ChaCha20 no practical limit. */
const recordLimit = (cipher: AeadCipher): number =>
  cipher.name === 'chacha20-poly1305' ? 2 ** 48 : cipher.name.includes('gcm') ? 23_726_566 : 2 ** 23

export const sealer13 = (cipher: AeadCipher, secret: TrafficSecret, options: SealOptions = {}): MaybePromise<Sealer> => {
  const { key, iv } = trafficKeys(secret, cipher.keyLength)
  const sequence = nonces(iv)
  const maxInner = options.maxInner ?? MAX_PLAINTEXT + 1
  const padding = (length: number): number =>
    options.padding ? Math.max(0, Math.min(options.padding(length), maxInner - length - 1)) : 0
  let count = 0
  return then(cipher.importKey(key), (aead) => {
    key.fill(0)
    return {
      encrypted: true,
      get count() {
        return count
      },
      limit: recordLimit(cipher),
      sealedLength: (length) => RECORD_HEADER_LENGTH + length + 1 + padding(length) + cipher.tagLength,
      seal: (type, content, out) => {
        count++
        const innerEnd = out.length - cipher.tagLength
        writeHeader(out, contentTypes.application_data, LEGACY_RECORD_VERSION, out.length - RECORD_HEADER_LENGTH)
        out.set(content, RECORD_HEADER_LENGTH)
        out[RECORD_HEADER_LENGTH + content.length] = type
        const nonce = sequence.current()
        sequence.advance()
        return aead.seal(
          nonce, out.subarray(0, RECORD_HEADER_LENGTH), out.subarray(RECORD_HEADER_LENGTH, innerEnd),
          out.subarray(RECORD_HEADER_LENGTH),
        )
      },
    }
  })
}

export interface OpenOptions {
  /** Most bytes of TLSInnerPlaintext that we take (RFC 8449), type byte included. */
  readonly maxInner?: number
}

export const opener13 = (cipher: AeadCipher, secret: TrafficSecret, options: OpenOptions = {}): MaybePromise<Opener> => {
  const { key, iv } = trafficKeys(secret, cipher.keyLength)
  const sequence = nonces(iv)
  const maxInner = options.maxInner ?? MAX_PLAINTEXT + 1
  return then(cipher.importKey(key), (aead) => {
    key.fill(0)
    return {
      encrypted: true,
      open: ({ type, header, fragment }) => {
        if (type !== contentTypes.application_data) {
          throw new TlsError('unexpected_message', `a record of type ${type} where encrypted records are due`)
        }
        if (fragment.length > MAX_PLAINTEXT + MAX_EXPANSION_13) {
          throw new TlsError('record_overflow', `an encrypted record of ${fragment.length} bytes; the most is 16640`)
        }
        return then(aead.open(sequence.current(), header, fragment), (inner) => {
          if (!inner) throw new TlsError('bad_record_mac', 'a record failed authentication: it was changed, or sealed with another key')
          sequence.advance() // only now: early data that is skipped does not count (section 4.3.10)
          return innerPlaintext(inner, maxInner)
        })
      },
    }
  })
}

/** Strips padding and finds the content type (section 5.4). */
const innerPlaintext = (inner: Uint8Array, maxInner: number): OpenedRecord => {
  if (inner.length > maxInner) {
    throw new TlsError('record_overflow', `a record of ${inner.length} bytes inside; the most is ${maxInner}`)
  }
  let end = inner.length - 1
  while (end >= 0 && inner[end] === 0) end--
  if (end < 0) throw new TlsError('unexpected_message', 'a record that holds nothing but padding')
  return { type: inner[end] ?? 0, content: inner.subarray(0, end) }
}

interface NonceSequence {
  /** The nonce of the current sequence number; the array is reused. */
  current(): Uint8Array
  advance(): void
}

/** The nonces of section 5.3: the sequence number, big-endian, over the end of the IV. */
const nonces = (iv: Uint8Array): NonceSequence => {
  let sequence = 0
  const nonce = iv.slice()
  return {
    current: () => {
      for (let i = 11, rest = sequence; i >= 4; i--, rest = Math.floor(rest / 256)) nonce[i] = (iv[i] ?? 0) ^ (rest & 0xff)
      return nonce
    },
    advance: () => {
      sequence++
    },
  }
}
