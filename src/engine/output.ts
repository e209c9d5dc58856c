// Outgoing bytes in order, with providers that may answer later: each sealed buffer has its slot, and what is ready at
// the front can be taken.

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { Sealer } from '../record/protection.ts'
import { unfilled } from '../wire/bytes.ts'

const nothing: readonly Uint8Array[] = []

interface Slot {
  readonly bytes: Uint8Array
  ready: boolean
  /** Tells the trace, once, when everything before it was told. */
  tell: (() => void) | undefined
}

/** Told each record, in the order in which they leave, for traces. */
export type Sealed = (wire: Uint8Array, content: Uint8Array) => void

interface Piece {
  readonly part: Uint8Array
  /** Of the record. */
  readonly length: number
}

export interface RecordLimits {
  /** Bytes of content in a record. */
  readonly maxFragment: number
  /** Bytes of content and padding in a record. */
  readonly maxContent: number
}

export class OutputQueue {
  #slots: Slot[] = []
  #sealing: Promise<unknown> | undefined

  /** Set while something is not sealed yet; resolves when everything so far is ready, or could not be sealed. */
  get sealing(): Promise<void> | undefined {
    return this.#slots.every(({ ready }) => ready) ? undefined : Promise.resolve(this.#sealing).then(() => {})
  }

  /** Everything ready so far. */
  take(): readonly Uint8Array[] {
    if (this.#slots.length === 0) return nothing
    const slots = this.#slots
    const waiting = slots.findIndex(({ ready }) => !ready)
    this.#slots = waiting < 0 ? [] : slots.slice(waiting)
    return (waiting < 0 ? slots : slots.slice(0, waiting)).map(({ bytes }) => bytes)
  }

  /** Cuts `content` into records and seals them into one buffer. */
  seal(sealer: Sealer, type: number, content: Uint8Array, limits: RecordLimits, sealed?: Sealed): MaybePromise<void> {
    if (sealer.immediate && !sealed && content.length <= limits.maxFragment) {
      const bytes = unfilled(sealer.sealedLength(content.length, limits.maxContent))
      const slot = this.#slot(bytes)
      void sealer.seal(type, content, bytes)
      return this.#ready(slot)
    }
    const pieces = cut(sealer, content, limits)
    const length = lengthOf(pieces)
    const bytes = sealer.immediate ? unfilled(length) : new Uint8Array(length)
    const slot = this.#slot(bytes)
    const waits: Promise<void>[] = []
    let offset = 0
    for (const { part, length } of pieces) {
      const done = sealer.seal(type, part, bytes.subarray(offset, offset + length))
      if (isPromise(done)) waits.push(done)
      offset += length
    }
    if (sealed) {
      // what is traced is traced later if it is sealed later: the caller may change its buffer meanwhile
      const kept = waits.length === 0 ? pieces : pieces.map(({ part, length }) => ({ part: part.slice(), length }))
      slot.tell = () => tell(bytes, kept, sealed)
    }
    if (waits.length === 0) return this.#ready(slot)
    const all = Promise.all(waits).then(() => this.#ready(slot))
    this.#sealing = Promise.allSettled([this.#sealing, all])
    return all
  }

  /** Taken before it is sealed: if the provider throws, what comes later never goes out in the place of what is
   * lost. */
  #slot(bytes: Uint8Array): Slot {
    const slot: Slot = { bytes, ready: false, tell: undefined }
    this.#slots.push(slot)
    return slot
  }

  #ready(slot: Slot): void {
    slot.ready = true
    if (!slot.tell) return
    for (const next of this.#slots) {
      if (!next.ready) return
      next.tell?.()
      next.tell = undefined
    }
  }
}

const cut = (sealer: Sealer, content: Uint8Array, { maxFragment, maxContent }: RecordLimits): readonly Piece[] => {
  const pieces: Piece[] = []
  for (let offset = 0; offset < content.length || offset === 0; offset += maxFragment) {
    const part = content.subarray(offset, offset + maxFragment)
    pieces.push({ part, length: sealer.sealedLength(part.length, maxContent) })
  }
  return pieces
}

const lengthOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { length }) => sum + length, 0)

const tell = (bytes: Uint8Array, pieces: readonly Piece[], sealed: Sealed): void => {
  let offset = 0
  for (const { part, length } of pieces) {
    sealed(bytes.subarray(offset, offset + length), part)
    offset += length
  }
}
