// The running transcript hash (RFC 9846 section 4.1): one per connection, every handshake
// message hashed once. Until the suite is known messages wait; TLS 1.2 keeps them longer, for CertificateVerify.

import type { HashAlgorithm, RunningHash } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import { handshakeTypes } from '../wire/registry.ts'

export class Transcript {
  #algorithm: HashAlgorithm | undefined
  #running: RunningHash | undefined
  #messages: Uint8Array[] | undefined = []
  /** Of all so far, if it was asked for: a hash is read up to three times between two messages. */
  #digest: Uint8Array | undefined

  /** Adds one message with its header. */
  add(raw: Uint8Array): void {
    this.#running?.update(raw)
    this.#messages?.push(raw)
    this.#digest = undefined
  }

  /** The hash is known now: everything added so far is hashed. */
  start(algorithm: HashAlgorithm): void {
    this.#algorithm = algorithm
    this.#running = algorithm.create()
    this.#digest = undefined
    for (const message of this.#messages ?? []) this.#running.update(message)
  }

  /** After start(): no more need of the messages themselves. */
  forgetMessages(): void {
    this.#messages = undefined
  }

  /** After the handshake, where nothing is hashed any more. */
  forget(): void {
    this.#messages = undefined
    this.#running = undefined
    this.#digest = undefined
  }

  /** All messages so far, for signatures over them (TLS 1.2 CertificateVerify). */
  messages(): Uint8Array {
    if (!this.#messages) throw new TlsError('internal_error', 'the transcript was dropped')
    return concat(...this.#messages)
  }

  /** A copy that goes its own way. */
  fork(): Transcript {
    const copy = new Transcript()
    copy.#algorithm = this.#algorithm
    copy.#running = this.#running?.clone()
    copy.#messages = undefined
    return copy
  }

  hash(): Uint8Array {
    if (!this.#running) throw new TlsError('internal_error', 'the transcript hash is not known yet')
    return (this.#digest ??= this.#running.digest())
  }

  /**
   * The hash with `more` at the end, which is not added: for binders over a truncated ClientHello (section 4.3.11.2).
   */
  hashWith(algorithm: HashAlgorithm, more: Uint8Array): Uint8Array {
    if (this.#running && this.#algorithm?.name === algorithm.name) {
      const copy = this.#running.clone()
      copy.update(more)
      return copy.digest()
    }
    return algorithm.digest(...(this.#messages ?? []), more)
  }

  /**
   * The hash of everything before `message`, and of its first `length` bytes: for binders in a ClientHello that was
   * read.
   */
  hashUpTo(algorithm: HashAlgorithm, message: Uint8Array, length: number): Uint8Array {
    const before = (this.#messages ?? []).filter((candidate) => candidate !== message)
    return algorithm.digest(...before, message.subarray(0, length))
  }

  /** A HelloRetryRequest came or went: ClientHello1, which is all before it, becomes a message_hash (section 4.1). */
  retry(algorithm: HashAlgorithm, firstHello: Uint8Array): void {
    const replaced = messageHash(algorithm, firstHello)
    this.#messages = (this.#messages ?? []).map((message) => (message === firstHello ? replaced : message))
    this.start(algorithm)
  }
}

/** What stands for ClientHello1 after a HelloRetryRequest (section 4.1). */
export const messageHash = (algorithm: HashAlgorithm, firstHello: Uint8Array): Uint8Array => {
  const digest = algorithm.digest(firstHello)
  return concat(Uint8Array.of(handshakeTypes.message_hash, 0, 0, digest.length), digest)
}
