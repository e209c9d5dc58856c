// A client's sessions in memory: bounded, a TLS 1.3 ticket used once, and able to outlive the process.

import { checkOptions } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { equalBytes, joined } from '../wire/bytes.ts'
import { encode, opaque, Reader, struct } from '../wire/codec.ts'
import type { Decoded } from '../wire/codec.ts'
import { latin1 } from '../wire/texts.ts'
import { TLS13 } from '../wire/registry.ts'
import type { ClientSessionCache } from './interfaces.ts'
import { LinkedMap } from './linked-map.ts'
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

/** One entry. Many are written one behind the other, so that their number has no bound. */
const entry = struct({ key: latin1(opaque(2)), session: opaque(3, 1) })
type Entry = Decoded<typeof entry>

/**
 * A client's sessions in memory: 256 servers with 4 sessions each, unless `servers` and `perServer` say otherwise. Each
 * ticket of TLS 1.3 is given once. What serialize() gives is secret.
 */
export const memorySessionCache = (options: MemorySessionCacheOptions = {}): MemorySessionCache => {
  checkOptions(options, { servers: 'number', perServer: 'number', restore: 'bytes' })
  const { servers = 256, perServer = 4 } = options
  /** By server, in order of use; the sessions of one newest first. */
  const sessions = new LinkedMap<readonly SessionState[]>()
  const touch = (key: string, held: readonly SessionState[]): void => {
    if (held.length > 0) sessions.set(key, held)
    else sessions.delete(key)
    while (sessions.size > servers) sessions.delete(sessions.oldest()?.key ?? '')
  }
  const put = (key: string, session: SessionState): void => {
    touch(key, [session, ...(sessions.get(key) ?? [])].slice(0, perServer))
  }
  if (options.restore) for (const { key, session } of readEntries(options.restore)) put(key, decodeSession(session))
  return {
    get size() {
      let size = 0
      for (const [, held] of sessions.entries()) size += held.length
      return size
    },
    take: (key) => {
      const [first, ...others] = sessions.get(key) ?? []
      if (first) touch(key, first.version === TLS13 ? others : [first, ...others])
      return first
    },
    put,
    remove: (key, session) => {
      const held = sessions.get(key)
      if (held)
        touch(
          key,
          held.filter(({ secret }) => !equalBytes(secret, session.secret)),
        )
    },
    serialize: () => {
      const written: Uint8Array[] = []
      for (const [key, held] of sessions.entries()) {
        for (const session of held.toReversed()) written.push(encode(entry, { key, session: encodeSession(session) }))
      }
      return joined(written)
    },
  }
}

const readEntries = (bytes: Uint8Array): readonly Entry[] => {
  try {
    const reader = new Reader(bytes, 'session cache')
    const read: Entry[] = []
    while (reader.remaining > 0) read.push(entry.decode(reader))
    return read
  } catch (error) {
    throw new TlsError('bad_option', 'restore: these are not the sessions that serialize() gave', { cause: error })
  }
}
