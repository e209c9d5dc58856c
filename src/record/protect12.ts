// Record protection of TLS 1.2: the AEAD suites here (RFC 5246 section 6.2.3.3, RFC 5288, RFC 6655, RFC 7905), CBC in
// cbc12.ts.

import type { AeadCipher, AeadKey, Cipher, MaybePromise } from '../crypto/provider.ts'
import { andThen } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import type { DirectionKeys, KeyLengths } from '../keys/prf12.ts'
import { contentTypes, TLS12 } from '../wire/registry.ts'
import { cbcOpener, cbcSealer } from './cbc12.ts'
import type { RawRecord } from './framing.ts'
import { MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from './limits.ts'
import { writeHeader } from './protection.ts'
import type { Opener, Sealer } from './protection.ts'
import { pseudoHeader } from './sequence12.ts'
import type { Protection12, RecordOpener, RecordSealer } from './sequence12.ts'

export type { Protection12 } from './sequence12.ts'

const EXPLICIT_NONCE = 8

/** Records that may be sealed with one key: AES-GCM 2^24.5 as in TLS 1.3 (RFC 9325 section 4.4), AES-CCM and CBC less,
 * ChaCha20-Poly1305 with no practical limit. */
const recordLimit = ({ name }: Cipher): number =>
  name === 'chacha20-poly1305' ? 2 ** 48 : name.includes('gcm') ? 23_726_566 : 2 ** 23

/** RFC 5246 section 6.3: what is taken from the key block. CBC suites have no IV in it: theirs is in each record. */
export const keyLengths = ({ cipher, mac }: Protection12): KeyLengths => ({
  mac: mac?.outputLength ?? 0,
  key: cipher.keyLength,
  iv: cipher.kind === 'cbc' ? 0 : cipher.name === 'chacha20-poly1305' ? 12 : 4,
})

export const sealer12 = (
  protection: Protection12,
  keys: DirectionKeys,
  limit: number = recordLimit(protection.cipher),
): MaybePromise<Sealer> => {
  const { cipher } = protection
  if (cipher.kind === 'cbc') {
    return andThen(cipher.importKey(keys.key), (key) => limited(cbcSealer(key, protection, keys), limit))
  }
  return andThen(cipher.importKey(keys.key), (key) => {
    keys.key.fill(0)
    return limited(aeadSealer(cipher, key, keys.iv), limit)
  })
}

/** `maxPlaintext` is the most bytes of content that we take (RFC 8449, RFC 6066 section 4). */
export const opener12 = (
  protection: Protection12,
  keys: DirectionKeys,
  maxPlaintext: number = MAX_PLAINTEXT,
): MaybePromise<Opener> => {
  const { cipher } = protection
  if (cipher.kind === 'cbc') {
    return andThen(cipher.importKey(keys.key), (key) => checked(cbcOpener(key, protection, keys), maxPlaintext, false))
  }
  return andThen(cipher.importKey(keys.key), (key) => {
    keys.key.fill(0)
    return checked(aeadOpener(cipher, key, keys.iv), maxPlaintext, key.immediate === true)
  })
}

/** TLS 1.2 has no key update: at the limit only alerts go out. */
const limited = (sealer: RecordSealer, limit: number): Sealer => {
  let count = 0
  const countOne = (type: number): void => {
    if (count >= limit && type !== contentTypes.alert) {
      throw new TlsError(
        'key_limit_reached',
        `${limit} records were sent with one key, and TLS 1.2 cannot change it: open a new connection`,
      )
    }
    count++
  }
  return {
    encrypted: true,
    immediate: sealer.immediate,
    get count() {
      return count
    },
    limit,
    sealedLength: (length) => sealer.sealedLength(length),
    seal: (type, content, out) => {
      countOne(type)
      return sealer.seal(type, content, out)
    },
  }
}

const checked = (opener: RecordOpener, maxPlaintext: number, immediate: boolean): Opener => ({
  encrypted: true,
  immediate,
  open: ({ type, header, fragment }: RawRecord) => {
    if (header[1] !== 3 || header[2] !== 3) {
      throw new TlsError('protocol_version', `a record of version ${header[1]}.${header[2]} in a TLS 1.2 connection`)
    }
    return andThen(opener.open(type, fragment), (content) => {
      if (!content)
        throw new TlsError(
          'bad_record_mac',
          'a record failed authentication: it was changed, or sealed with another key',
        )
      if (content.length > maxPlaintext) {
        throw new TlsError('record_overflow', `a record of ${content.length} bytes inside; the most is ${maxPlaintext}`)
      }
      return { type, content }
    })
  },
})

const isExplicit = (iv: Uint8Array): boolean => iv.length === 4

/**
 * GCM and CCM send half of the nonce with each record (RFC 5288 section 3); ours is the sequence number, so that it
 * never repeats. ChaCha20-Poly1305 has none to send (RFC 7905 section 2). */
const aeadSealer = (cipher: AeadCipher, key: AeadKey, iv: Uint8Array): RecordSealer => {
  const explicitLength = isExplicit(iv) ? EXPLICIT_NONCE : 0
  let sequence = 0
  return {
    immediate: key.immediate === true,
    sealedLength: (length) => RECORD_HEADER_LENGTH + explicitLength + length + cipher.tagLength,
    seal: (type, content, out) => {
      const additionalData = pseudoHeader(sequence, type, content.length)
      const explicit = additionalData.subarray(0, 8)
      sequence++
      writeHeader(out, type, TLS12, out.length - RECORD_HEADER_LENGTH)
      const start = RECORD_HEADER_LENGTH + explicitLength
      if (explicitLength > 0) out.set(explicit, RECORD_HEADER_LENGTH)
      out.set(content, start)
      return key.seal(
        nonceOf(iv, explicit),
        additionalData,
        out.subarray(start, start + content.length),
        out.subarray(start),
      )
    },
  }
}

const aeadOpener = (cipher: AeadCipher, key: AeadKey, iv: Uint8Array): RecordOpener => {
  const explicitLength = isExplicit(iv) ? EXPLICIT_NONCE : 0
  let sequence = 0
  return {
    open: (type, fragment) => {
      const length = fragment.length - explicitLength - cipher.tagLength
      if (length < 0) return undefined
      const additionalData = pseudoHeader(sequence++, type, length)
      const explicit = explicitLength > 0 ? fragment.subarray(0, explicitLength) : additionalData.subarray(0, 8)
      return key.open(nonceOf(iv, explicit), additionalData, fragment.subarray(explicitLength))
    },
  }
}

/** RFC 5288 section 3: salt and explicit part side by side; RFC 7905 section 2: the sequence number over the IV. */
const nonceOf = (iv: Uint8Array, varying: Uint8Array): Uint8Array => {
  const nonce = new Uint8Array(12)
  nonce.set(iv)
  for (let i = 0; i < 8; i++) nonce[4 + i] = (nonce[4 + i] ?? 0) ^ (varying[i] ?? 0)
  return nonce
}
