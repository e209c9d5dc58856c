// The writing direction: handshake messages that share records until the flight ends, records under the current keys, and the
// order of it all. Called by engine.ts.

import type { MaybePromise } from '../crypto/provider.ts'
import type { CommonConfig } from '../config.ts'
import { alertNumbers } from '../errors.ts'
import { plaintextSealer } from '../record/protection.ts'
import type { Sealer } from '../record/protection.ts'
import { concat } from '../wire/bytes.ts'
import { contentTypes, TLS10, TLS12 } from '../wire/registry.ts'
import { OutputQueue } from './output.ts'

export class WriteSide {
  readonly #config: CommonConfig
  readonly #watch: (sealed: MaybePromise<void>) => void
  readonly #output = new OutputQueue()
  #sealer: Sealer = plaintextSealer(TLS10)
  #flight: Uint8Array[] = []
  #maxFragment: number
  #versionKnown = false
  #held: { readonly type: number; readonly content: Uint8Array }[] | undefined

  /** `watch` sees what every sealing answers, so that a promise is waited for. */
  constructor(config: CommonConfig, watch: (sealed: MaybePromise<void>) => void) {
    this.#config = config
    this.#maxFragment = config.maxRecordSize
    this.#watch = watch
  }

  /** Bytes for the transport. */
  take(): readonly Uint8Array[] {
    this.#flush()
    return this.#output.take()
  }

  /** Queues a handshake message: it goes out with the rest of its flight. */
  handshake(raw: Uint8Array): void {
    this.#flight.push(raw)
  }

  /** Seals after whatever of a flight waits, so that bytes leave in the order they were made. */
  seal(type: number, content: Uint8Array): MaybePromise<void> {
    if (this.#held && waitsForHandshake(type, content)) {
      this.#held.push({ type, content: content.slice() })
      return
    }
    this.#flush()
    return this.#seal(type, content)
  }

  /** TLS 1.2 renegotiation: application data waits, and goes out under the keys that come of it. */
  hold(on: boolean): void {
    const held = this.#held ?? []
    this.#held = on ? held : undefined
    if (!on) for (const { type, content } of held) void this.seal(type, content)
  }

  install(sealer: Sealer): void {
    this.#flush()
    this.#sealer = sealer
  }

  /** Records say 3.3 from here on; only a first ClientHello says 3.1 (RFC 9846 section 5.1). */
  versionKnown(): void {
    this.#flush()
    this.#versionKnown = true
    if (!this.#sealer.encrypted) this.#sealer = plaintextSealer(TLS12)
  }

  setMaxFragment(bytes: number): void {
    this.#maxFragment = Math.min(this.#config.maxRecordSize, bytes)
  }

  /** Bytes of application data that may still be sealed with the current key, one record kept back for its KeyUpdate. */
  get room(): number {
    const limit = Math.min(this.#sealer.limit, this.#config.recordsPerKey)
    return Math.max(0, limit - this.#sealer.count - 1) * this.#maxFragment
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
    const { trace } = this.#config
    const tell = trace && ((wire: Uint8Array, part: Uint8Array) => {
      trace({ direction: 'sent', type, encrypted, wire: wire.slice(), content: part.slice() })
    })
    const sealed = this.#output.seal(this.#sealer, type, content, this.#maxFragment, tell)
    this.#watch(sealed)
    return sealed
  }
}

/** Application data, and the close_notify after it. */
const waitsForHandshake = (type: number, content: Uint8Array): boolean =>
  type === contentTypes.application_data || (type === contentTypes.alert && content[1] === alertNumbers.close_notify)
