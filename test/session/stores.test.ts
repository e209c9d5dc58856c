// Caches, guards and shared stores: their bounds, the clients that fit them, and what they cost when they fail.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { ClientOptions, ServerOptions } from '../../src/options.ts'
import {
  decodeSession,
  memcachedStore,
  memoryReplayGuard,
  memorySessionCache,
  memoryStore,
  redisStore,
  rotatingTicketKeys,
  sharedReplayGuard,
  sharedSessions,
  withTimeout,
} from '../../src/session/index.ts'
import type { MemjsLike, SessionState, SharedStore, TicketProtector } from '../../src/session/index.ts'
import { eventsOf, infoOf, meet } from '../fixtures/engines.ts'

const tls12: Partial<ClientOptions> & ServerOptions = { versions: { max: 'TLS 1.2' } }
const tls13: Partial<ClientOptions> & ServerOptions = { versions: { min: 'TLS 1.3' } }
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes)
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
const never = (): Promise<never> => new Promise(() => {})
const failing = (): Promise<never> => Promise.reject(new Error('down'))
const storeOf = (answer: () => Promise<never>): SharedStore => ({
  get: answer,
  set: answer,
  addIfAbsent: answer,
  delete: answer,
  instance: answer,
})

const made = async (options: Partial<ClientOptions> & ServerOptions): Promise<SessionState> => {
  const { clientEvents } = await meet(options, {
    ...options,
    tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
  })
  return decodeSession(eventsOf(clientEvents, 'session')[0]?.session ?? new Uint8Array(0))
}
const [session13, session12] = [await made(tls13), await made(tls12)]

describe('a session', () => {
  it.each([
    ['TLS 1.3', session13],
    ['TLS 1.2', session12],
  ])('has nothing where the connection had nothing (%s)', (_, session) => {
    const { sessionId, pskIdentity, ocspResponse, applicationData, ownIdentity, asked, scts, alpn } = session
    expect([pskIdentity, ocspResponse, applicationData].map(({ length }) => length)).toEqual([0, 0, 0])
    expect([ownIdentity, asked, scts, alpn]).toEqual(['', undefined, [], ''])
    expect([0, 32]).toContain(sessionId.length)
  })
})

describe('a client cache', () => {
  it('forgets the server that was used longest ago', () => {
    const cache = memorySessionCache({ servers: 2 })
    for (const key of ['a', 'b']) void cache.put(key, session12)
    expect(cache.take('a')).toEqual(session12) // now b is the oldest
    void cache.put('c', session12)
    expect([cache.take('a'), cache.take('b'), cache.take('c')]).toEqual([session12, undefined, session12])
  })

  it('keeps the newest sessions of each server', () => {
    const cache = memorySessionCache({ perServer: 2 })
    for (const lifetime of [1, 2, 3]) void cache.put('a', { ...session13, lifetime })
    expect(cache.size).toBe(2)
    const lifetimes = [0, 0, 0].map(() => (cache.take('a') as SessionState | undefined)?.lifetime)
    expect(lifetimes).toEqual([3, 2, undefined])
  })

  it('gives a TLS 1.3 ticket once and a TLS 1.2 session again (RFC 9846 appendix C.4)', () => {
    const cache = memorySessionCache()
    void cache.put('13', session13)
    void cache.put('12', session12)
    expect([cache.take('13'), cache.take('13')]).toEqual([session13, undefined])
    expect([cache.take('12'), cache.take('12')]).toEqual([session12, session12])
  })
})

describe('a replay guard in memory (RFC 9846 section 8.2)', () => {
  const key = (n: number): Uint8Array => Uint8Array.of(n)

  it('refuses what it saw, for as long as it was told', () => {
    let now = 0
    const guard = memoryReplayGuard({ clock: () => now })
    expect([guard.firstSeen(key(1), 20), guard.firstSeen(key(1), 20)]).toEqual([true, false])
    now = 19_999
    expect(guard.firstSeen(key(1), 20)).toBe(false)
    now = 20_000
    expect(guard.firstSeen(key(1), 20)).toBe(true)
  })

  it('accepts nothing while it is full, and forgets nobody for it', () => {
    let now = 0
    const guard = memoryReplayGuard({ capacity: 2, clock: () => now })
    expect([1, 2, 3, 1].map((n) => guard.firstSeen(key(n), 20))).toEqual([true, true, false, false])
    now = 20_000
    expect(guard.firstSeen(key(3), 20)).toBe(true)
  })
})

/** A Redis as far as the adapter knows one. */
const fakeRedis = (binary: boolean) => {
  const held = new Map<string, string>()
  const seen: string[] = []
  const answer = (reply: string | null): unknown => (binary && reply !== null ? bytes(reply) : reply)
  const run = (args: readonly string[]): unknown => {
    seen.push(args.join(' '))
    const [command, key = '', value = ''] = args
    if (command === 'GET') return answer(held.get(key) ?? null)
    if (command === 'DEL') return held.delete(key) ? 1 : 0
    if (command === 'INFO') return answer('# Server\r\nredis_version:7\r\nrun_id:abc123\r\n')
    if (args.includes('NX') && held.has(key)) return null
    held.set(key, value)
    return answer('OK')
  }
  return { run, seen }
}

/** memjs, as far as the adapter knows it. */
const fakeMemjs = (): { readonly client: MemjsLike; readonly expiries: number[] } => {
  const held = new Map<string, string>()
  const expiries: number[] = []
  return {
    expiries,
    client: {
      get: async (key) => ({ value: held.has(key) ? bytes(held.get(key) ?? '') : null }),
      set: async (key, value, { expires }) => (expiries.push(expires), held.set(key, value), true),
      add: async (key, value, { expires }) => !held.has(key) && (expiries.push(expires), held.set(key, value), true),
      delete: async (key) => held.delete(key),
    },
  }
}

describe('a shared store', () => {
  const stores: readonly [string, () => SharedStore][] = [
    ['in memory', () => memoryStore()],
    [
      'of ioredis',
      () => redisStore({ call: async (command: string, ...args: string[]) => fake.run([command, ...args]) }),
    ],
    ['of node-redis', () => redisStore({ sendCommand: async (args: string[]) => fake.run(args) })],
    ['of node-redis with buffers', () => redisStore({ sendCommand: async (args: string[]) => fakeBinary.run(args) })],
    ['of memjs', () => memcachedStore(fakeMemjs().client)],
  ]
  let fake = fakeRedis(false)
  let fakeBinary = fakeRedis(true)

  it.each(stores)('%s keeps bytes, and adds a key once', async (_, make) => {
    fake = fakeRedis(false)
    fakeBinary = fakeRedis(true)
    const store = make()
    const value = Uint8Array.from({ length: 256 }, (_, index) => index)
    expect(await store.get('k')).toBeUndefined()
    await store.set('k', value, 10)
    expect(await store.get('k')).toEqual(value)
    await store.delete('k')
    expect(await store.get('k')).toBeUndefined()
    expect([await store.addIfAbsent('once', 10), await store.addIfAbsent('once', 10)]).toEqual([true, false])
  })

  it('of Redis sends one command for add-if-absent, with its end, in whole seconds', async () => {
    const { run, seen } = fakeRedis(false)
    const store = redisStore({ sendCommand: async (args: string[]) => run(args) })
    await store.addIfAbsent('k', 20.2)
    expect(seen).toEqual(['SET k 1 NX EX 21'])
    expect(await store.instance?.()).toBe('abc123')
    for (const info of ['# Server', null])
      expect(await redisStore({ sendCommand: async () => info }).instance?.()).toBe('')
  })

  it('of memcached never asks for over 30 days, which would be a date', async () => {
    const { client, expiries } = fakeMemjs()
    const store = memcachedStore(client)
    await store.set('a', Uint8Array.of(1), 365 * 86400)
    await store.addIfAbsent('b', 20.2)
    expect(expiries).toEqual([30 * 86400, 21])
  })

  it('in memory forgets in time', async () => {
    let now = 0
    const store = memoryStore({ clock: () => now })
    await store.set('k', bytes('v'), 1)
    now = 999
    expect(text(await store.get('k'))).toBe('v')
    now = 1000
    expect([await store.get('k'), await store.addIfAbsent('k', 1)]).toEqual([undefined, true])
  })

  it('with a time limit rejects instead of waiting', async () => {
    const store = withTimeout(storeOf(never), 1)
    const all = [
      store.get('k'),
      store.set('k', Uint8Array.of(1), 1),
      store.addIfAbsent('k', 1),
      store.delete('k'),
      store.instance?.(),
    ]
    for (const answer of all) await expect(answer).rejects.toMatchObject({ code: 'timeout' })
    expect(await withTimeout(memoryStore(), 1000).addIfAbsent('k', 1)).toBe(true)
  })
})

describe('a shared replay guard', () => {
  const key = Uint8Array.of(1)

  it('accepts nothing until the store is as old as the quarantine, and again after a restart', async () => {
    let now = 0
    let run = 'first'
    const guard = sharedReplayGuard({
      store: { ...memoryStore({ clock: () => now }), instance: async () => run },
      quarantine: 30_000,
      clock: () => now,
    })
    expect(await guard.firstSeen(Uint8Array.of(1), 20)).toBe(false)
    now = 30_000
    expect(await guard.firstSeen(Uint8Array.of(2), 20)).toBe(true)
    expect(await guard.firstSeen(Uint8Array.of(2), 20)).toBe(false)
    run = 'second'
    expect(await guard.firstSeen(Uint8Array.of(3), 20)).toBe(false)
  })

  it('keeps its mark of the store for a year, under the name of the store', async () => {
    const marks: unknown[] = []
    const set: SharedStore['set'] = async (name, value, seconds) => {
      marks.push([name, new TextDecoder().decode(value), seconds])
    }
    const store = { ...memoryStore(), set, instance: async () => 'abc' }
    expect(await sharedReplayGuard({ store, clock: () => 77 }).firstSeen(key, 20)).toBe(false)
    expect(marks).toEqual([['puretls:0rtt:since:abc', '77', 365 * 24 * 60 * 60]])
  })

  it.each([
    ['is down', failing],
    ['never answers', never],
  ])('refuses when its store %s', async (_, answer) => {
    expect(await sharedReplayGuard({ store: storeOf(answer), timeout: 1 }).firstSeen(key, 20)).toBe(false)
  })
})

describe('TLS 1.2 sessions by ID (RFC 5246 section 7.4.1.2)', () => {
  const server = (store: SharedStore, timeout?: number): ServerOptions => ({
    ...tls12,
    tickets: false,
    sessions: sharedSessions(store, 's:', timeout),
  })

  it('go on at another server with the same store', async () => {
    const store = memoryStore()
    const sessions = memorySessionCache()
    expect(infoOf((await meet({ ...tls12, sessions }, server(store))).clientEvents).resumed).toBe(false)
    expect(infoOf((await meet({ ...tls12, sessions }, server(store))).clientEvents).resumed).toBe(true)
  })

  it.each([
    ['is down', failing],
    ['never answers', never],
  ])('a store that %s costs a full handshake', async (_, answer) => {
    const sessions = memorySessionCache()
    await meet({ ...tls12, sessions }, server(memoryStore()))
    const { clientEvents, serverEvents } = await meet({ ...tls12, sessions }, server(storeOf(answer), 5))
    expect(infoOf(clientEvents).resumed).toBe(false)
    expect(infoOf(serverEvents).resumed).toBe(false)
  })

  it('a store that gives something else costs a full handshake', async () => {
    const sessions = memorySessionCache()
    await meet({ ...tls12, sessions }, server(memoryStore()))
    const odd: SharedStore = { ...memoryStore(), get: async () => Uint8Array.of(1, 2, 3) }
    expect(infoOf((await meet({ ...tls12, sessions }, server(odd))).clientEvents).resumed).toBe(false)
  })
})

describe('early data with a shared guard (RFC 9846 section 8)', () => {
  it.each([
    ['is down', failing],
    ['never answers', never],
  ])('a store that %s costs the early data, not the handshake', async (_, answer) => {
    const server: ServerOptions = {
      ...tls13,
      earlyData: { maxBytes: 1024, replayGuard: sharedReplayGuard({ store: storeOf(answer), timeout: 5 }) },
      tickets: { protector: rotatingTicketKeys({ provider: nodeProvider }) },
    }
    const sessions = memorySessionCache()
    await meet({ ...tls13, sessions }, server)
    const { clientEvents, serverEvents } = await meet({ ...tls13, sessions, earlyData: bytes('GET /') }, server)
    expect(infoOf(clientEvents)).toMatchObject({ resumed: true, earlyData: 'rejected' })
    expect(eventsOf(serverEvents, 'earlyData')).toEqual([])
  })
})

describe('a ticket protector around another', () => {
  it.each([
    ['TLS 1.3', tls13],
    ['TLS 1.2', tls12],
  ])('sees what goes into a ticket and what comes out, in %s', async (_, version) => {
    const inner = rotatingTicketKeys({ provider: nodeProvider })
    const seen: string[] = []
    let refused = false
    const protector: TicketProtector = {
      seal: (session, time) => {
        seen.push(`seal ${decodeSession(session).version}`)
        return inner.seal(session, time)
      },
      open: async (ticket, time) => {
        const session = await inner.open(ticket, time)
        seen.push(`open ${session !== undefined}`)
        return refused ? undefined : session
      },
    }
    const sessions = memorySessionCache()
    const server: ServerOptions = { ...version, tickets: { protector, count: 1 } }
    await meet({ ...version, sessions }, server)
    expect(infoOf((await meet({ ...version, sessions }, server)).clientEvents).resumed).toBe(true)
    expect(seen.slice(0, 2)).toEqual([`seal ${version === tls13 ? 0x0304 : 0x0303}`, 'open true'])
    refused = true
    expect(infoOf((await meet({ ...version, sessions }, server)).clientEvents).resumed).toBe(false)
  })
})

describe('a memory guard after a restart (RFC 9846 section 8.2)', () => {
  it('refuses for the quarantine: a process before may have seen the flight', async () => {
    let now = 1_000_000
    const guard = memoryReplayGuard({ quarantine: 22_000, clock: () => now })
    expect(await guard.firstSeen(Uint8Array.of(1), 21)).toBe(false)
    now += 22_000
    expect(await guard.firstSeen(Uint8Array.of(1), 21)).toBe(true)
    expect(await guard.firstSeen(Uint8Array.of(1), 21)).toBe(false)
  })
})

it('sessions in a shared store go under their prefix, and are deleted there', async () => {
  const store = memoryStore()
  const sessions = sharedSessions(store, 'mine:')
  const id = Uint8Array.of(1, 0xab)
  await sessions.set(id, Uint8Array.of(7), 10)
  expect(await store.get('mine:01ab')).toEqual(Uint8Array.of(7))
  expect(await sessions.get(id)).toEqual(Uint8Array.of(7))
  await sessions.delete?.(id)
  expect(await store.get('mine:01ab')).toBeUndefined()
  await sharedSessions(store).set(id, Uint8Array.of(8), 10)
  expect(await store.get('puretls:session:01ab')).toEqual(Uint8Array.of(8))
})
