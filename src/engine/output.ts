// Outgoing bytes in order, with providers that may answer later: each sealed buffer has its slot, and what is ready at
// the front can be taken.

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { GatheredSealer, Sealer } from '../record/protection.ts'

/** Bytes of content from which on a copy costs more than pieces do. */
const MIN_GATHERED = 2048

interface Slot {
  chunks: readonly Uint8Array[]
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
  #sealing: Promise<unknown> = Promise.resolve()

  /** Set while something is not sealed yet; resolves when everything so far is ready, or could not be sealed. */
  get sealing(): Promise<void> | undefined {
    return this.#slots.every(({ ready }) => ready) ? undefined : this.#sealing.then(() => {})
  }

  /** Everything ready so far. */
  take(): readonly Uint8Array[] {
    const waiting = this.#slots.findIndex(({ ready }) => !ready)
    const done = waiting < 0 ? this.#slots : this.#slots.slice(0, waiting)
    this.#slots = waiting < 0 ? [] : this.#slots.slice(waiting)
    return done.flatMap(({ chunks }) => chunks)
  }

  /** Cuts `content` into records and seals them into one buffer. */
  seal(sealer: Sealer, type: number, content: Uint8Array, limits: RecordLimits, sealed?: Sealed): MaybePromise<void> {
    if (sealer.gathered && !sealed && content.length >= MIN_GATHERED)
      return this.#gather(sealer.gathered, type, content, limits)
    const pieces = cut(sealer, content, limits)
    const bytes = new Uint8Array(lengthOf(pieces))
    const slot: Slot = { chunks: [bytes], ready: false, tell: undefined }
    this.#slots.push(slot)
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

  /**
   * The same from the caller's bytes, each ciphertext in the memory that the provider made for it: between two of them
   * are the end of one record and the beginning of the next.
   */
  #gather(
    { headerLength, trailerLength, seal }: GatheredSealer,
    type: number,
    content: Uint8Array,
    { maxFragment }: RecordLimits,
  ): void {
    const slot: Slot = { chunks: [], ready: false, tell: undefined }
    this.#slots.push(slot)
    const count = Math.ceil(content.length / maxFragment)
    const edges = new Uint8Array(count * (headerLength + trailerLength))
    const chunks: Uint8Array[] = []
    let start = 0
    for (let header = 0, offset = 0; offset < content.length; offset += maxFragment) {
      const trailer = header + headerLength
      const end = trailer + trailerLength
      const part = content.subarray(offset, offset + maxFragment)
      const sealed = seal(type, part, edges.subarray(header, trailer), edges.subarray(trailer, end))
      chunks.push(edges.subarray(start, trailer), sealed)
      start = trailer
      header = end
    }
    chunks.push(edges.subarray(start))
    slot.chunks = chunks
    this.#ready(slot)
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
