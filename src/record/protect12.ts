// Record protection of TLS 1.2: the AEAD suites here (RFC 5246 section 6.2.3.3, RFC 5288, RFC 6655, RFC 7905), CBC in
// cbc12.ts.

import type { AeadCipher, AeadKey, Cipher, MaybePromise } from '../crypto/provider.ts'
import { andThen, isPromise } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import type { DirectionKeys, KeyLengths } from '../keys/prf12.ts'
import { contentTypes, TLS12 } from '../wire/registry.ts'
import { cbcOpener, cbcSealer } from './cbc12.ts'
import type { RawRecord } from './framing.ts'
import { MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from './limits.ts'
import { writeHeader } from './protection.ts'
import type { OpenedRecord, Opener, Sealer } from './protection.ts'
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
    return andThen(cipher.importKey(keys.key), (key) => new Sealer12(cbcSealer(key, protection, keys), limit))
  }
  return andThen(cipher.importKey(keys.key), (key) => {
    keys.key.fill(0)
    return new Sealer12(new AeadSealer(cipher, key, keys.iv), limit)
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
    return andThen(cipher.importKey(keys.key), (key) => {
      return new Opener12(cbcOpener(key, protection, keys), maxPlaintext, false)
    })
  }
  return andThen(cipher.importKey(keys.key), (key) => {
    keys.key.fill(0)
    return new Opener12(new AeadOpener(cipher, key, keys.iv), maxPlaintext, key.immediate === true)
  })
}

/** TLS 1.2 has no key update: at the limit only alerts go out. */
class Sealer12 implements Sealer {
  readonly encrypted = true
  readonly immediate: boolean
  readonly limit: number
  readonly #sealer: RecordSealer
  #count = 0

  constructor(sealer: RecordSealer, limit: number) {
    this.immediate = sealer.immediate
    this.limit = limit
    this.#sealer = sealer
  }

  get count(): number {
    return this.#count
  }

  sealedLength(length: number): number {
    return this.#sealer.sealedLength(length)
  }

  seal(type: number, content: Uint8Array, out: Uint8Array): MaybePromise<void> {
    if (this.#count >= this.limit && type !== contentTypes.alert) {
      throw new TlsError(
        'key_limit_reached',
        `${this.limit} records were sent with one key, and TLS 1.2 cannot change it: open a new connection`,
      )
    }
    this.#count++
    return this.#sealer.seal(type, content, out)
  }
}

class Opener12 implements Opener {
  readonly encrypted = true
  readonly immediate: boolean
  readonly #opener: RecordOpener
  readonly #maxPlaintext: number

  constructor(opener: RecordOpener, maxPlaintext: number, immediate: boolean) {
    this.immediate = immediate
    this.#opener = opener
    this.#maxPlaintext = maxPlaintext
  }

  open({ type, header, fragment }: RawRecord): MaybePromise<OpenedRecord> {
    if (header[1] !== 3 || header[2] !== 3) {
      throw new TlsError('protocol_version', `a record of version ${header[1]}.${header[2]} in a TLS 1.2 connection`)
    }
    const content = this.#opener.open(type, fragment)
    return isPromise(content) ? content.then((bytes) => this.#opened(type, bytes)) : this.#opened(type, content)
  }

  #opened(type: number, content: Uint8Array | undefined): OpenedRecord {
    if (!content)
      throw new TlsError('bad_record_mac', 'a record failed authentication: it was changed, or sealed with another key')
    if (content.length > this.#maxPlaintext) {
      const message = `a record of ${content.length} bytes inside; the most is ${this.#maxPlaintext}`
      throw new TlsError('record_overflow', message)
    }
    return { type, content }
  }
}

/**
 * Nonce and additional data of one direction's records. GCM and CCM send half of the nonce with each record (RFC 5288
 * section 3); ours is the sequence number, so that it never repeats. ChaCha20-Poly1305 has none to send (RFC 7905
 * section 2).
 */
class Aead12 {
  readonly key: AeadKey
  /** Bytes of the nonce that are in each record. */
  readonly explicitLength: number
  readonly tagLength: number
  readonly #iv: Uint8Array
  #sequence = 0

  constructor({ tagLength }: AeadCipher, key: AeadKey, iv: Uint8Array) {
    this.key = key
    this.explicitLength = iv.length === 4 ? EXPLICIT_NONCE : 0
    this.tagLength = tagLength
    this.#iv = iv
  }

  /** Begins with the sequence number of the next record. */
  nextHeader(type: number, length: number): Uint8Array {
    return pseudoHeader(this.#sequence++, type, length)
  }

  /** RFC 5288 section 3: salt and explicit part side by side; RFC 7905 section 2: the sequence number over the IV. */
  nonceOf(varying: Uint8Array): Uint8Array {
    const nonce = new Uint8Array(12)
    nonce.set(this.#iv)
    for (let i = 0; i < 8; i++) nonce[4 + i] = (nonce[4 + i] ?? 0) ^ (varying[i] ?? 0)
    return nonce
  }
}

class AeadSealer extends Aead12 implements RecordSealer {
  get immediate(): boolean {
    return this.key.immediate === true
  }

  sealedLength(length: number): number {
    return RECORD_HEADER_LENGTH + this.explicitLength + length + this.tagLength
  }

  seal(type: number, content: Uint8Array, out: Uint8Array): MaybePromise<void> {
    const additionalData = this.nextHeader(type, content.length)
    writeHeader(out, type, TLS12, out.length - RECORD_HEADER_LENGTH)
    const start = RECORD_HEADER_LENGTH + this.explicitLength
    for (let i = RECORD_HEADER_LENGTH; i < start; i++) out[i] = additionalData[i - RECORD_HEADER_LENGTH] ?? 0
    out.set(content, start)
    const plaintext = out.subarray(start, start + content.length)
    return this.key.seal(this.nonceOf(additionalData), additionalData, plaintext, out.subarray(start))
  }
}

class AeadOpener extends Aead12 implements RecordOpener {
  open(type: number, fragment: Uint8Array): MaybePromise<Uint8Array | undefined> {
    const length = fragment.length - this.explicitLength - this.tagLength
    if (length < 0) return undefined
    const additionalData = this.nextHeader(type, length)
    const nonce = this.nonceOf(this.explicitLength > 0 ? fragment : additionalData)
    return this.key.open(nonce, additionalData, fragment.subarray(this.explicitLength))
  }
}
