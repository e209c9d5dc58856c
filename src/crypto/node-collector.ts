// Keeps V8 from marking its whole heap for the plaintext of node:crypto. Part of crypto/node.ts.
//
// What a cipher of node:crypto returns is outside of V8's heap, and only its object is on it. V8 gives such memory back
// cheaply when it collects its young generation, but does so when there is enough garbage on the heap itself; when the
// memory outside has grown by 10 to 40 MiB, it marks everything. A record of 16 KiB leaves 3 to 5 KiB on the heap, so
// that a download can have a mark-compact each time and no young collection at all (docs/performance.md). While that
// is so, each plaintext leaves as much garbage on the heap as it has bytes outside.

import { inNode } from './runtime.ts'

/** Bytes from which on a plaintext counts: smaller ones leave enough on the heap. */
const MIN_COUNTED = 4096
/** A mark-compact is blamed on plaintext if there was at least so much since the one before, and less than NEAR. */
const MIN_BLAMED = 4 * 2 ** 20
const NEAR = 64 * 2 ** 20
/** So much plaintext leaves garbage before it is tried without again. */
const LASTING = 2 ** 30
/** After so many mark-compacts all the same it does not help, and no plaintext leaves garbage for as long. */
const GIVEN_UP = 16

/** Which plaintexts should leave as much garbage on the heap as they have bytes. */
export class CollectorBalance {
  #leaves = false
  /** Bytes of plaintext for which #leaves holds. */
  #left = 0
  /** Mark-compacts since it was set. */
  #marks = 0
  /** Bytes of plaintext since the last mark-compact. */
  #since = 0

  /** Whether the next plaintext should, of so many bytes. */
  next(length: number): boolean {
    this.#since += length
    if (this.#left <= 0) return false
    this.#left -= length
    return this.#leaves
  }

  /** V8 has marked the whole heap. */
  marked(): void {
    const since = this.#since
    this.#since = 0
    if (since < MIN_BLAMED || since >= NEAR) return
    if (this.#left <= 0) this.#set(true)
    else if (this.#leaves && ++this.#marks === GIVEN_UP) this.#set(false)
  }

  #set(leaves: boolean): void {
    this.#leaves = leaves
    this.#marks = 0
    this.#left = LASTING
  }
}

/** Garbage is a copy of this: V8 moves an array that `new Array()` makes to the old generation if it sees it often. */
const zeros: readonly number[] = new Array<number>(2048).fill(0)
const BYTES_EACH = 8

/** The last piece, so that making it is not optimised away. */
const latest: { garbage: readonly number[] } = { garbage: zeros }

const leaveGarbage = (bytes: number): void => {
  for (let left = bytes / BYTES_EACH; left >= 1; left -= zeros.length) latest.garbage = zeros.slice(0, left)
}

const balance = new CollectorBalance()

/** Made for the first plaintext; without a reference it would be collected itself. */
let registry: FinalizationRegistry<undefined> | undefined

/** Tells `balance` of each mark-compact: no other collection ends an object that is registered here. */
const watchMarking = (): FinalizationRegistry<undefined> => {
  const made = new FinalizationRegistry<undefined>(() => {
    made.register({}, undefined)
    balance.marked()
  })
  made.register({}, undefined)
  return made
}

/** To be called for each plaintext whose memory its receiver keeps. */
export const balancePlaintext = (length: number): void => {
  if (length < MIN_COUNTED || !inNode) return
  registry ??= watchMarking()
  if (balance.next(length)) leaveGarbage(length)
}
