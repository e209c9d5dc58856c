// Outgoing bytes in order, with providers that may answer later: each sealed buffer has its slot, and what is ready at the
// front can be taken. Called by the engine only.

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { Sealer } from '../record/protection.ts'

interface Slot {
  readonly bytes: Uint8Array
  ready: boolean
}

/** Told each record that is ready, for traces. */
export type Sealed = (wire: Uint8Array, content: Uint8Array) => void

const tell = (bytes: Uint8Array, pieces: readonly { readonly part: Uint8Array; readonly length: number }[], sealed: Sealed): void => {
  let offset = 0
  for (const { part, length } of pieces) {
    sealed(bytes.subarray(offset, offset + length), part)
    offset += length
  }
}

export class OutputQueue {
  #slots: Slot[] = []

  /** Everything ready so far. */
  take(): readonly Uint8Array[] {
    const waiting = this.#slots.findIndex(({ ready }) => !ready)
    const done = waiting < 0 ? this.#slots : this.#slots.slice(0, waiting)
    this.#slots = waiting < 0 ? [] : this.#slots.slice(waiting)
    return done.map(({ bytes }) => bytes)
  }

  /** Cuts `content` into records of at most `maxFragment` bytes and seals them into one buffer. */
  seal(sealer: Sealer, type: number, content: Uint8Array, maxFragment: number, sealed?: Sealed): MaybePromise<void> {
    const pieces: { readonly part: Uint8Array; readonly length: number }[] = []
    let total = 0
    for (let offset = 0; offset < content.length || offset === 0; offset += maxFragment) {
      const part = content.subarray(offset, offset + maxFragment)
      const length = sealer.sealedLength(part.length)
      pieces.push({ part, length })
      total += length
    }
    const slot: Slot = { bytes: new Uint8Array(total), ready: false }
    this.#slots.push(slot)
    const waits: Promise<void>[] = []
    let offset = 0
    for (const { part, length } of pieces) {
      const sealed = sealer.seal(type, part, slot.bytes.subarray(offset, offset + length))
      if (isPromise(sealed)) waits.push(sealed)
      offset += length
    }
    const done = (): void => {
      slot.ready = true
      if (sealed) tell(slot.bytes, pieces, sealed)
    }
    if (waits.length === 0) return done()
    return Promise.all(waits).then(() => done())
  }
}
