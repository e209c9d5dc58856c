// The shared store for one process, and for tests: bounded, and never full of what has expired.

import { checkOptions } from '../checked-options.ts'
import type { SharedStore } from './shared-store.ts'
import { LinkedMap } from './linked-map.ts'

export interface MemoryStoreOptions {
  /** Most keys held. When it is full, set() drops the value that was set longest ago; what addIfAbsent() added is never
   * dropped before its time, and it answers false while there is no room. Default 100000. */
  readonly capacity?: number
  /** Most bytes of values held, likewise. Default 67108864 (64 MiB). */
  readonly capacityBytes?: number
  /** Milliseconds since the epoch. Default: Date.now. */
  readonly clock?: () => number
}

interface Held {
  readonly value: Uint8Array
  /** Milliseconds since the epoch. */
  readonly end: number
}

/** Milliseconds between two looks at all entries for those that have expired. */
const SWEEP_INTERVAL = 60_000
/** Entries added between two looks, at the least. */
const MIN_SWEEP = 1024

/** In memory, for one process and for tests. */
export const memoryStore = (options: MemoryStoreOptions = {}): SharedStore => {
  checkOptions(options, { capacity: 'number', capacityBytes: 'number', clock: 'function' })
  const { capacity = 100_000, capacityBytes = 2 ** 26, clock = Date.now } = options
  const values = new LinkedMap<Held>()
  const added = new LinkedMap<Held>()
  let bytes = 0
  let sweptAt = clock()
  let sweepAtSize = MIN_SWEEP

  const drop = (key: string): void => {
    bytes -= values.get(key)?.value.length ?? 0
    if (!values.delete(key)) added.delete(key)
  }
  /** What was added first has usually expired first. */
  const forgetOldest = (now: number): void => {
    for (const map of [values, added]) {
      for (let first = map.oldest(); first && first.value.end <= now; first = map.oldest()) drop(first.key)
    }
  }
  /** Looks at every entry, but only once a minute or after as many were added as were left the last time. */
  const sweep = (now: number): void => {
    forgetOldest(now)
    if (now - sweptAt < SWEEP_INTERVAL && values.size + added.size < sweepAtSize) return
    for (const map of [values, added]) for (const [key, { end }] of map.entries()) if (end <= now) drop(key)
    sweptAt = now
    sweepAtSize = Math.max(MIN_SWEEP, 2 * (values.size + added.size))
  }
  const live = (key: string): Uint8Array | undefined => {
    const now = clock()
    sweep(now)
    const entry = values.get(key) ?? added.get(key)
    if (!entry || entry.end > now) return entry?.value
    drop(key)
    return undefined
  }
  const isFull = (extra: number): boolean => values.size + added.size >= capacity || bytes + extra > capacityBytes

  return {
    get: async (key) => live(key),
    set: async (key, value, ttlSeconds) => {
      const now = clock()
      sweep(now)
      drop(key)
      while (isFull(value.length)) {
        const oldest = values.oldest()
        if (!oldest) return // no room, and nothing that may be dropped for it
        drop(oldest.key)
      }
      bytes += value.length
      values.set(key, { value, end: now + ttlSeconds * 1000 })
    },
    addIfAbsent: async (key, ttlSeconds) => {
      if (live(key) || isFull(0)) return false
      added.set(key, { value: MARK, end: clock() + ttlSeconds * 1000 })
      return true
    },
    delete: async (key) => {
      drop(key)
    },
  }
}

const MARK = Uint8Array.of(1)
