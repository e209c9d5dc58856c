// HPKE in base mode (RFC 9180) out of a provider's groups, HMAC and AEADs: DHKEM (section 4.1), key schedule (5.1)
// and contexts that count their messages (5.2).

import { run, use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { AeadKey, CryptoProvider, HashAlgorithm, KeyExchange, MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { utf8Bytes } from '../wire/texts.ts'
import { hkdfExpand, hkdfExtract } from './hkdf.ts'
import { hpkeParts } from './hpke-suites.ts'
import type { HpkeParts, HpkeSuite } from './hpke-suites.ts'

/** The sender's end. Messages are numbered, so those of one context have to be sealed and opened in the same order. */
export interface HpkeSender {
  /** The encapsulated key: 32 bytes with X25519, 65 with P-256. */
  readonly enc: Uint8Array
  /** The ciphertext: plaintext.length + 16 bytes. */
  seal(additionalData: Uint8Array, plaintext: Uint8Array): MaybePromise<Uint8Array>
}

export interface HpkeReceiver {
  /** Undefined for what is not authentic; that does not count as a message. */
  open(additionalData: Uint8Array, sealed: Uint8Array): MaybePromise<Uint8Array | undefined>
}

/** Bytes that every AEAD here adds. */
export const HPKE_TAG_LENGTH = 16

/** Is given the KEM's shared secret, for key logs (RFC 9850 section 2.3). */
export type SecretListener = (sharedSecret: Uint8Array) => void

export interface HpkeSenderOptions {
  /** For test vectors. */
  readonly ephemeral?: KeyExchange
  readonly onSecret?: SecretListener
}

/** SetupBaseS (section 5.1.1). Throws `illegal_parameter` for a public key that is not one. */
export const hpkeSender = (
  provider: CryptoProvider,
  suite: HpkeSuite,
  publicKey: Uint8Array,
  info: Uint8Array,
  { ephemeral, onSecret }: HpkeSenderOptions = {},
): MaybePromise<HpkeSender> => run(setupSender(hpkeParts(provider, suite), suite, publicKey, info, ephemeral, onSecret))

function* setupSender(
  parts: HpkeParts,
  suite: HpkeSuite,
  publicKey: Uint8Array,
  info: Uint8Array,
  ephemeral: KeyExchange | undefined,
  onSecret: SecretListener | undefined,
): Steps<HpkeSender> {
  const key = ephemeral ?? (yield* use(parts.group.start()))
  const agreed = yield* use(key.complete(publicKey))
  const shared = sharedSecret(parts, suite, agreed, concat(key.share, publicKey))
  onSecret?.(shared)
  const context = yield* schedule(parts, suite, shared, info)
  return {
    enc: key.share,
    seal: (additionalData, plaintext) => {
      const out = new Uint8Array(plaintext.length + context.tagLength)
      const sealing = context.key.seal(context.nextNonce(), additionalData, plaintext, out)
      return run(after(sealing, out))
    },
  }
}

/**
 * SetupBaseR. `keys` is the receiver's key pair: what `restore` of the KEM's group gives. Throws `illegal_parameter`
 * for an encapsulated key that is not one. */
export const hpkeReceiver = (
  provider: CryptoProvider,
  suite: HpkeSuite,
  enc: Uint8Array,
  keys: KeyExchange,
  info: Uint8Array,
  onSecret?: SecretListener,
): MaybePromise<HpkeReceiver> => run(setupReceiver(hpkeParts(provider, suite), suite, enc, keys, info, onSecret))

function* setupReceiver(
  parts: HpkeParts,
  suite: HpkeSuite,
  enc: Uint8Array,
  keys: KeyExchange,
  info: Uint8Array,
  onSecret: SecretListener | undefined,
): Steps<HpkeReceiver> {
  const agreed = yield* use(keys.complete(enc))
  const shared = sharedSecret(parts, suite, agreed, concat(enc, keys.share))
  onSecret?.(shared)
  const context = yield* schedule(parts, suite, shared, info)
  return { open: (additionalData, sealed) => run(openNext(context, additionalData, sealed)) }
}

function* openNext(context: Context, additionalData: Uint8Array, sealed: Uint8Array): Steps<Uint8Array | undefined> {
  if (sealed.length < context.tagLength) return undefined
  const opened = yield* use(context.key.open(context.nonce(), additionalData, sealed))
  if (opened) context.nextNonce()
  return opened
}

function* after<T>(done: MaybePromise<void>, value: T): Steps<T> {
  yield* use(done)
  return value
}

/** An encapsulated key as a sender would make one, which nobody has the secret of (RFC 9849 section 6.2.1). */
export const someEncapsulatedKey = (provider: CryptoProvider, suite: HpkeSuite): MaybePromise<Uint8Array> =>
  run(
    (function* (): Steps<Uint8Array> {
      return (yield* use(hpkeParts(provider, suite).group.start())).share
    })(),
  )

interface Context {
  readonly key: AeadKey
  readonly tagLength: number
  /** For the next message. */
  nonce(): Uint8Array
  /** The same, and counts it. */
  nextNonce(): Uint8Array
}

const none = new Uint8Array(0)
const twoBytes = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff)
const VERSION = utf8Bytes('HPKE-v1')

/** LabeledExtract and LabeledExpand of one suite (section 4). */
const labelled = (hash: HashAlgorithm, suiteId: Uint8Array) => ({
  extract: (salt: Uint8Array, label: string, input: Uint8Array): Uint8Array =>
    hkdfExtract(hash, salt, concat(VERSION, suiteId, utf8Bytes(label), input)),
  expand: (key: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array =>
    hkdfExpand(hash, key, concat(twoBytes(length), VERSION, suiteId, utf8Bytes(label), info), length),
})

/** ExtractAndExpand (section 4.1). */
const sharedSecret = (
  { kemHash }: HpkeParts,
  { kem }: HpkeSuite,
  agreed: Uint8Array,
  kemContext: Uint8Array,
): Uint8Array => {
  const kdf = labelled(kemHash, concat(utf8Bytes('KEM'), twoBytes(kem)))
  return kdf.expand(kdf.extract(none, 'eae_prk', agreed), 'shared_secret', kemContext, kemHash.outputLength)
}

/** KeySchedule with mode_base (section 5.1). */
function* schedule({ hash, aead }: HpkeParts, suite: HpkeSuite, shared: Uint8Array, info: Uint8Array): Steps<Context> {
  const kdf = labelled(hash, concat(utf8Bytes('HPKE'), twoBytes(suite.kem), twoBytes(suite.kdf), twoBytes(suite.aead)))
  const scheduleContext = concat(
    Uint8Array.of(0),
    kdf.extract(none, 'psk_id_hash', none),
    kdf.extract(none, 'info_hash', info),
  )
  const secret = kdf.extract(shared, 'secret', none)
  const key = yield* use(aead.importKey(kdf.expand(secret, 'key', scheduleContext, aead.keyLength)))
  const base = kdf.expand(secret, 'base_nonce', scheduleContext, 12)
  let sequence = 0
  const nonce = (): Uint8Array => {
    const bytes = base.slice()
    // 2^32 messages are more than any caller has; ECH has two (section 5.2)
    for (let i = 0; i < 4; i++) bytes[11 - i] = (bytes[11 - i] ?? 0) ^ ((sequence >>> (8 * i)) & 0xff)
    return bytes
  }
  const nextNonce = (): Uint8Array => {
    const bytes = nonce()
    if (++sequence > 0xffffffff) throw new TlsError('key_limit_reached', 'HPKE: too many messages in one context')
    return bytes
  }
  return { key, tagLength: aead.tagLength, nonce, nextNonce }
}
