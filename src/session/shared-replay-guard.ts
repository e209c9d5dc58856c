// The guard against replayed early data (RFC 9846 section 8.2) of a fleet, over a store that all its servers ask.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { toHex } from '../wire/bytes.ts'
import type { ReplayGuard } from './interfaces.ts'
import { withTimeout } from './shared-store.ts'
import type { SharedStore } from './shared-store.ts'

const sharedNames = {
  store: 'object',
  prefix: 'string',
  quarantine: 'number',
  timeout: 'number',
  clock: 'function',
} satisfies Names<SharedReplayGuardOptions>

export interface SharedReplayGuardOptions {
  readonly store: SharedStore
  /** Put before every key. Default 'puretls:0rtt:'. */
  readonly prefix?: string
  /**
   * Milliseconds for which early data is refused after the store was found empty or restarted: it may have lost what it
   * knew. Default 30000, which is longer than a replay stays fresh.
   */
  readonly quarantine?: number
  /** Milliseconds that one answer of the store may take; a later one counts as "seen". Default 1000. */
  readonly timeout?: number
  readonly clock?: () => number
}

/**
 * For a fleet: one store, asked by every machine, with add-if-absent. A store that fails, is slow, or was restarted
 * makes it answer "seen". The key is added first and the store's identity looked at after, so a restart between the two
 * is noticed.
 */
export const sharedReplayGuard = (options: SharedReplayGuardOptions): ReplayGuard => {
  checkOptions(options, sharedNames, { required: ['store'] })
  const { prefix = 'puretls:0rtt:', quarantine = 30_000, timeout = 1000, clock = Date.now } = options
  const store = withTimeout(options.store, timeout)
  return {
    firstSeen: async (key, ttlSeconds) => {
      try {
        const added = await store.addIfAbsent(`${prefix}${toHex(key)}`, ttlSeconds)
        return added && (await storeIsSettled(store, prefix, quarantine, clock))
      } catch {
        return false
      }
    },
  }
}

const YEAR = 365 * 86400

/** True if this very store has held its mark for as long as the quarantine. */
const storeIsSettled = async (
  store: SharedStore,
  prefix: string,
  quarantine: number,
  clock: () => number,
): Promise<boolean> => {
  const name = `${prefix}since:${(await store.instance?.()) ?? ''}`
  const mark = await store.get(name)
  if (mark) return clock() - Number(new TextDecoder().decode(mark)) >= quarantine
  await store.set(name, new TextEncoder().encode(String(clock())), YEAR)
  return false
}
