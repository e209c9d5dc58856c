// How a server says that it took the ClientHelloInner: eight bytes out of the transcript, in ServerHello.random or in
// an extension of HelloRetryRequest (RFC 9849 section 7.2).

import type { HashAlgorithm } from '../crypto/provider.ts'
import { expandLabel, hkdfExtract } from '../keys/hkdf.ts'
import { encodeMessage, messages13 } from '../wire/messages.ts'
import type { ServerHello } from '../wire/messages.ts'
import { extensionTypes } from '../wire/registry.ts'
import { messageHash } from './transcript.ts'
import type { Transcript } from './transcript.ts'

export const CONFIRMATION_LENGTH = 8

const confirmation = (
  hash: HashAlgorithm,
  innerRandom: Uint8Array,
  label: string,
  transcriptHash: Uint8Array,
): Uint8Array =>
  expandLabel(hash, hkdfExtract(hash, new Uint8Array(0), innerRandom), label, transcriptHash, CONFIRMATION_LENGTH)

/** The last 8 bytes of ServerHello.random. `transcript` goes up to before this ServerHello. */
export const helloConfirmation = (
  hash: HashAlgorithm,
  innerRandom: Uint8Array,
  transcript: Transcript,
  hello: ServerHello,
): Uint8Array => {
  const zeroed = encodeMessage(messages13, 'ServerHello', {
    ...hello,
    random: withTail(hello.random, new Uint8Array(CONFIRMATION_LENGTH)),
  })
  return confirmation(hash, innerRandom, 'ech accept confirmation', transcript.hashWith(hash, zeroed))
}

/** The extension of HelloRetryRequest. `innerHello` is the first ClientHelloInner, a whole message (section 7.2.1). */
export const retryConfirmation = (
  hash: HashAlgorithm,
  innerRandom: Uint8Array,
  innerHello: Uint8Array,
  request: ServerHello,
): Uint8Array => {
  const extensions = (request.extensions ?? []).map((extension) =>
    extension.type === extensionTypes.encrypted_client_hello
      ? { ...extension, data: new Uint8Array(CONFIRMATION_LENGTH) }
      : extension,
  )
  const zeroed = encodeMessage(messages13, 'ServerHello', { ...request, extensions })
  return confirmation(
    hash,
    innerRandom,
    'hrr ech accept confirmation',
    hash.digest(messageHash(hash, innerHello), zeroed),
  )
}

/** A random with other last bytes. */
export const withTail = (random: Uint8Array, tail: Uint8Array): Uint8Array => {
  const changed = random.slice()
  changed.set(tail, random.length - tail.length)
  return changed
}
