// A store that several machines share: what the replay guard and TLS 1.2 sessions by ID ask of it, and adapters that
// fit the usual clients by their shape. No client is imported.

import { requireObject } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { toHex } from '../wire/bytes.ts'
import type { ServerSessionStore } from './interfaces.ts'

export interface SharedStore {
  get(key: string): Promise<Uint8Array | undefined>
  set(key: string, value: Uint8Array, ttlSeconds: number): Promise<void>
  /** True only for the one caller that added the key. */
  addIfAbsent(key: string, ttlSeconds: number): Promise<boolean>
  delete(key: string): Promise<void>
  /** Changes when the store restarts, for stores that bring old data back from a disk. */
  instance?(): Promise<string>
}

/** `ioredis`: a client with call(). */
export interface IoredisLike {
  call(command: string, ...args: string[]): Promise<unknown>
}
/** `redis` (node-redis): a client with sendCommand(). */
export interface NodeRedisLike {
  sendCommand(args: string[]): Promise<unknown>
}

const toText = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))
const fromText = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
const textOf = (reply: unknown): string | undefined =>
  typeof reply === 'string' ? reply : reply instanceof Uint8Array ? new TextDecoder().decode(reply) : undefined

/**
 * Redis or Valkey through an `ioredis` or `redis` client. Values are base64 text, so either client's defaults will do.
 */
export const redisStore = (client: IoredisLike | NodeRedisLike): SharedStore => {
  const command = (...args: readonly [string, ...string[]]): Promise<unknown> =>
    'call' in client ? client.call(...args) : client.sendCommand([...args])
  return {
    get: async (key) => {
      const text = textOf(await command('GET', key))
      return text === undefined ? undefined : fromText(text)
    },
    set: async (key, value, ttlSeconds) => {
      await command('SET', key, toText(value), 'EX', String(Math.ceil(ttlSeconds)))
    },
    addIfAbsent: async (key, ttlSeconds) =>
      textOf(await command('SET', key, '1', 'NX', 'EX', String(Math.ceil(ttlSeconds)))) === 'OK',
    delete: async (key) => {
      await command('DEL', key)
    },
    instance: async () => /run_id:(\w+)/.exec(textOf(await command('INFO', 'server')) ?? '')?.[1] ?? '',
  }
}

/** `memjs`: promises, values as Buffers. */
export interface MemjsLike {
  get(key: string): Promise<{ readonly value: Uint8Array | null }>
  set(key: string, value: string, options: { readonly expires: number }): Promise<boolean>
  add(key: string, value: string, options: { readonly expires: number }): Promise<boolean>
  delete(key: string): Promise<boolean>
}

/** memcached, through a `memjs` client. */
export const memcachedStore = (client: MemjsLike): SharedStore => ({
  get: async (key) => {
    const { value } = await client.get(key)
    return value ? fromText(new TextDecoder().decode(value)) : undefined
  },
  set: async (key, value, ttlSeconds) => {
    await client.set(key, toText(value), { expires: expiry(ttlSeconds) })
  },
  addIfAbsent: (key, ttlSeconds) => client.add(key, '1', { expires: expiry(ttlSeconds) }),
  delete: async (key) => {
    await client.delete(key)
  },
})

/** memcached reads more than 30 days as a date. */
const expiry = (ttlSeconds: number): number => Math.min(Math.ceil(ttlSeconds), 30 * 86400)

/** Answers from the store within `milliseconds`, or rejects: a slow store costs a full handshake, not a slow one. */
export const withTimeout = (store: SharedStore, milliseconds: number): SharedStore => {
  requireObject(store, 'store')
  const limited = <T>(promise: Promise<T>): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new TlsError('timeout', `the shared store took over ${milliseconds} ms`)),
        milliseconds,
      )
    })
    return Promise.race([promise, late]).finally(() => clearTimeout(timer))
  }
  const { instance } = store
  return {
    get: (key) => limited(store.get(key)),
    set: (key, value, ttlSeconds) => limited(store.set(key, value, ttlSeconds)),
    addIfAbsent: (key, ttlSeconds) => limited(store.addIfAbsent(key, ttlSeconds)),
    delete: (key) => limited(store.delete(key)),
    ...(instance && { instance: () => limited(instance()) }),
  }
}

/**
 * TLS 1.2 sessions by ID in a shared store. They are secrets: seal them with a protector if others can read the store.
 * An answer that takes over `timeout` milliseconds costs a full handshake; wrap the store in withTimeout for a shorter
 * limit.
 */
export const sharedSessions = (store: SharedStore, prefix = 'puretls:session:', timeout = 1000): ServerSessionStore => {
  const limited = withTimeout(store, timeout)
  return {
    get: (sessionId) => limited.get(`${prefix}${toHex(sessionId)}`),
    set: (sessionId, session, ttlSeconds) => limited.set(`${prefix}${toHex(sessionId)}`, session, ttlSeconds),
    delete: (sessionId) => limited.delete(`${prefix}${toHex(sessionId)}`),
  }
}
