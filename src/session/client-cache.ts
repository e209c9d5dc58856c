// A client's sessions in memory: bounded, a TLS 1.3 ticket used once, and able to outlive the process.

import { TlsError } from '../errors.ts'
import { decode, encode, latin1, list, opaque, struct } from '../wire/codec.ts'
import type { Codec } from '../wire/codec.ts'
import { TLS13 } from '../wire/registry.ts'
import type { ClientSessionCache } from './interfaces.ts'
import { decodeSession, encodeSession } from './state.ts'
import type { SessionState } from './state.ts'

export interface MemorySessionCache extends ClientSessionCache {
  /** Sessions held. */
  readonly size: number
  /** All sessions as bytes, for memorySessionCache({ restore }). They are secrets. */
  serialize(): Uint8Array
}

export interface MemorySessionCacheOptions {
  /** Most servers remembered; the one used longest ago is dropped first. Default 256. */
  readonly servers?: number
  /** Most sessions for one server. Default 4. */
  readonly perServer?: number
  /** What serialize() gave. Throws `bad_option` if it is something else. */
  readonly restore?: Uint8Array
}

interface Entry {
  readonly key: string
  readonly session: Uint8Array
}
const entries: Codec<readonly Entry[]> = list(3, struct<Entry>({ key: latin1(opaque(2)), session: opaque(3, 1) }))

export const memorySessionCache = (options: MemorySessionCacheOptions = {}): MemorySessionCache => {
  const { servers = 256, perServer = 4 } = options
  /** In order of use, the oldest first; sessions newest first. */
  const sessions = new Map<string, readonly SessionState[]>()
  const touch = (key: string, held: readonly SessionState[]): void => {
    sessions.delete(key)
    if (held.length > 0) sessions.set(key, held)
    for (const oldest of sessions.keys()) {
      if (sessions.size <= servers) break
      sessions.delete(oldest)
    }
  }
  const put = (key: string, session: SessionState): void => {
    touch(key, [session, ...(sessions.get(key) ?? [])].slice(0, perServer))
  }
  if (options.restore) for (const { key, session } of readEntries(options.restore)) put(key, decodeSession(session))
  return {
    get size() {
      return [...sessions.values()].reduce((sum, { length }) => sum + length, 0)
    },
    take: (key) => {
      const [first, ...others] = sessions.get(key) ?? []
      if (first) touch(key, first.version === TLS13 ? others : [first, ...others])
      return first
    },
    put,
    serialize: () =>
      encode(
        entries,
        [...sessions].flatMap(([key, held]) => held.toReversed().map((session) => ({ key, session: encodeSession(session) }))),
      ),
  }
}

const readEntries = (bytes: Uint8Array): readonly Entry[] => {
  try {
    return decode(entries, bytes, 'session cache')
  } catch (error) {
    throw new TlsError('bad_option', 'restore: these are not the sessions that serialize() gave', { cause: error })
  }
}
