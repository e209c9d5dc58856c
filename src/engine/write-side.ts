// The writing direction: handshake messages that share records until the flight ends, records under the current keys,
// and an end after which nothing goes out (RFC 9846 sections 5.1 and 6).

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { CommonConfig } from '../config.ts'
import { TlsError } from '../errors.ts'
import { MAX_PLAINTEXT } from '../record/limits.ts'
import { plaintextSealer } from '../record/protection.ts'
import type { Sealer } from '../record/protection.ts'
import { concat } from '../wire/bytes.ts'
import { contentTypes, TLS10, TLS12 } from '../wire/registry.ts'
import { OutputQueue } from './output.ts'

/** Of a connection that failed: its key is gone, and nothing may go out in the clear instead. */
const noSealer: Sealer = {
  ...plaintextSealer(TLS12),
  encrypted: true,
  seal: () => {
    throw new TlsError('internal_error', 'the key is gone')
  },
}

export class WriteSide {
  readonly #config: CommonConfig
  readonly #watch: (sealed: Promise<void>) => void
  readonly #output = new OutputQueue()
  #sealer: Sealer = plaintextSealer(TLS10)
  #flight: Uint8Array[] = []
  #maxFragment: number
  /** Bytes of content and padding that the peer takes in a record. */
  #peerLimit = MAX_PLAINTEXT
  #versionKnown = false
  #closed = false

  /** `watch` sees the promise of each asynchronous sealing. */
  constructor(config: CommonConfig, watch: (sealed: Promise<void>) => void) {
    this.#config = config
    this.#maxFragment = config.maxRecordSize
    this.#watch = watch
  }

  /** The last alert was sealed: nothing goes out after it. */
  get closed(): boolean {
    return this.#closed
  }

  /** Set while an asynchronous provider seals; resolves when all that was written so far can be taken. */
  get sealing(): Promise<void> | undefined {
    return this.#output.sealing
  }

  /** Bytes for the transport. */
  take(): readonly Uint8Array[] {
    this.#flush()
    return this.#output.take()
  }

  /** Queues a handshake message: it goes out with the rest of its flight. */
  handshake(raw: Uint8Array): void {
    if (!this.#closed) this.#flight.push(raw)
  }

  /** Seals after whatever of a flight waits, so that bytes leave in the order they were made. */
  seal(type: number, content: Uint8Array): MaybePromise<void> {
    if (this.#closed) return
    this.#flush()
    return this.#seal(type, content)
  }

  /** Seals the alert that ends this direction. */
  close(alert: Uint8Array): MaybePromise<void> {
    const sealed = this.seal(contentTypes.alert, alert)
    this.#closed = true
    return sealed
  }

  /** The connection failed: what was sealed still goes out, and nothing else. The key is forgotten (section 6). */
  stop(): void {
    try {
      if (!this.#closed) this.#flush()
    } catch {
      // the provider can't seal it; why the connection failed is known already
    }
    this.#closed = true
    this.#sealer = noSealer
  }

  install(sealer: Sealer): void {
    this.#flush()
    if (this.#sealer !== noSealer) this.#sealer = sealer
  }

  /** Records say 3.3 from here on; only a first ClientHello says 3.1 (RFC 9846 section 5.1). */
  versionKnown(): void {
    this.#flush()
    this.#versionKnown = true
    if (!this.#sealer.encrypted) this.#sealer = plaintextSealer(TLS12)
  }

  setMaxFragment(bytes: number): void {
    this.#peerLimit = bytes
    this.#maxFragment = Math.min(this.#config.maxRecordSize, bytes)
  }

  /**
   * Bytes of application data that may still be sealed with the current key, one record kept back for its KeyUpdate.
   */
  get room(): number {
    const limit = Math.min(this.#sealer.limit, this.#config.recordsPerKey)
    return Math.max(0, limit - this.#sealer.count - 1) * this.#maxFragment
  }

  /** The sequence number of the next record. */
  get sequenceNumber(): number {
    this.#flush()
    return this.#sealer.count
  }

  #flush(): void {
    if (this.#flight.length === 0) return
    const content = concat(...this.#flight)
    this.#flight = []
    void this.#seal(contentTypes.handshake, content)
    if (!this.#versionKnown) this.#sealer = plaintextSealer(TLS12)
  }

  #seal(type: number, content: Uint8Array): MaybePromise<void> {
    const { encrypted } = this.#sealer
    const trace = this.#config.trace ?? this.#config.traceLater?.()
    const tell =
      trace &&
      ((wire: Uint8Array, part: Uint8Array) => {
        trace({ direction: 'sent', type, encrypted, wire: wire.slice(), content: part.slice() })
      })
    const limits = { maxFragment: this.#maxFragment, maxContent: this.#peerLimit }
    const sealed = this.#output.seal(this.#sealer, type, content, limits, tell)
    if (isPromise(sealed)) this.#watch(sealed)
    return sealed
  }
}
