// The guard against replayed early data (RFC 9846 section 8.2, ClientHello recording): the first to come is let in, any
// other is not. What cannot be told is refused: refused early data costs a round trip, an accepted replay may cost
// money.

import { checkOptions } from '../checked-options.ts'
import { toHex } from '../wire/bytes.ts'
import type { ReplayGuard } from './interfaces.ts'
import { LinkedMap } from './linked-map.ts'

export interface MemoryReplayGuardOptions {
  /** Most ClientHellos remembered; early data is refused while it is full. Default 100000. */
  readonly capacity?: number
  /**
   * Milliseconds from now for which early data is refused: what a process before this one saw is not known here. Needed
   * where tickets outlive the process (given or shared keys); 22000 is longer than a replay stays fresh. Default 0.
   */
  readonly quarantine?: number
  /** Milliseconds since the epoch. Default: Date.now. */
  readonly clock?: () => number
}

/** For one process. */
export const memoryReplayGuard = (options: MemoryReplayGuardOptions = {}): ReplayGuard => {
  checkOptions(options, { capacity: 'number', quarantine: 'number', clock: 'function' })
  const { capacity = 100_000, quarantine = 0, clock = Date.now } = options
  const start = clock()
  /** Key to the time of its end; insertion order is the order of ends, since the ttl is the same for all. */
  const seen = new LinkedMap<number>()
  const forget = (now: number): void => {
    for (let first = seen.oldest(); first && first.value <= now; first = seen.oldest()) seen.delete(first.key)
  }
  return {
    firstSeen: (key, ttlSeconds) => {
      const now = clock()
      forget(now)
      const name = toHex(key)
      if (now - start < quarantine || seen.has(name) || seen.size >= capacity) return false
      seen.set(name, now + ttlSeconds * 1000)
      return true
    },
  }
}
