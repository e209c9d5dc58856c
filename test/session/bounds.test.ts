// What sessions may cost: every cache and store is bounded, forgets what has expired without being asked for it, and
// finds a ticket's key without a search.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { LinkedMap } from '../../src/session/linked-map.ts'
import {
  givenTicketKeys,
  memorySessionCache,
  memoryStore,
  rotatingTicketKeys,
  sharedReplayGuard,
  sharedTicketKeys,
} from '../../src/session/index.ts'
import type { SessionState } from '../../src/session/index.ts'
import { decodeSession, encodeSession } from '../../src/session/state.ts'
import { blankSession } from './blank.ts'

const sessionOf = (version: number, secret: number, fields: Partial<SessionState> = {}): SessionState => ({
  ...blankSession,
  version,
  cipherSuite: 0x1301,
  secret: new Uint8Array(32).fill(secret),
  createdAt: 0,
  authenticatedAt: 0,
  ...fields,
})
const megabyte = new Uint8Array(2 ** 20)

describe('a map that knows its oldest entry', () => {
  it('keeps the order of the last set, whatever is deleted', () => {
    const map = new LinkedMap<number>()
    for (const key of ['a', 'b', 'c', 'd']) map.set(key, 1)
    map.set('a', 2)
    expect([map.delete('c'), map.delete('c')]).toEqual([true, false])
    expect([...map.entries()]).toEqual([
      ['b', 1],
      ['d', 1],
      ['a', 2],
    ])
    expect([map.size, map.oldest()?.key, map.get('a'), map.has('c')]).toEqual([3, 'b', 2, false])
    map.delete('a')
    map.set('e', 3)
    expect([...map.entries()].map(([key]) => key)).toEqual(['b', 'd', 'e'])
    for (const [key] of map.entries()) map.delete(key)
    expect([map.size, map.oldest()]).toEqual([0, undefined])
  })
})

describe('a session as bytes', () => {
  const [leaf, issuer, root] = [1, 2, 3].map((fill) => new Uint8Array(1000).fill(fill)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]

  it('has each certificate once, whether it was sent, verified, or both', () => {
    const base = encodeSession(sessionOf(0x0304, 1)).length
    const session = sessionOf(0x0304, 1, { peerCertificates: [leaf, issuer], verifiedChain: [leaf, issuer, root] })
    const written = encodeSession(session)
    expect(decodeSession(written)).toEqual(session)
    expect(written.length - base).toBeLessThan(3100)
  })

  it('of another format, cut, or with something behind it, is refused', () => {
    const written = encodeSession(sessionOf(0x0304, 1))
    expect(() => decodeSession(Uint8Array.of(written[0] ?? 0, ...written.subarray(1), 0))).toThrow(/is not one/)
    expect(() => decodeSession(written.subarray(0, -1))).toThrow(/is not one/)
    expect(() => decodeSession(Uint8Array.of((written[0] ?? 0) + 1, ...written.subarray(1)))).toThrow(/another version/)
    expect(() => decodeSession(new Uint8Array(0))).toThrow(/another version/)
  })

  it('a certificate whose place does not fit a byte is written out', () => {
    const many = Array.from({ length: 300 }, (_, i) => Uint8Array.of(i >> 8, i & 255))
    const session = sessionOf(0x0304, 1, { peerCertificates: many, verifiedChain: many.slice(250, 260) })
    expect(decodeSession(encodeSession(session))).toEqual(session)
  })
})

describe('a store in memory', () => {
  it('drops what has expired, though nobody asks for it', async () => {
    let now = 0
    const store = memoryStore({ clock: () => now, capacityBytes: 2 ** 22 })
    await store.set('long', megabyte, 3600)
    for (let i = 0; i < 3; i++) await store.set(`short ${i}`, megabyte, 10)
    now = 120_000
    for (let i = 0; i < 3; i++) await store.set(`other ${i}`, megabyte, 3600)
    expect(await store.get('long')).toBe(megabyte) // the expired ones made the room
  })

  it('drops the oldest value when it is full, by number and by bytes', async () => {
    const few = memoryStore({ capacity: 2 })
    for (const key of ['a', 'b', 'c']) await few.set(key, Uint8Array.of(1), 60)
    expect([await few.get('a'), await few.get('b')]).toEqual([undefined, Uint8Array.of(1)])
    const small = memoryStore({ capacityBytes: 2 * megabyte.length })
    for (const key of ['a', 'b', 'c']) await small.set(key, megabyte, 60)
    expect([await small.get('a'), await small.get('c')]).toEqual([undefined, megabyte])
    await small.set('too large', new Uint8Array(3 * megabyte.length), 60)
    expect(await small.get('too large')).toBeUndefined()
    await small.set('c', Uint8Array.of(2), 60)
    expect(await small.get('c')).toEqual(Uint8Array.of(2))
  })

  it('never drops what marks a replay: while it is full, nothing is new (RFC 9846 section 8.2)', async () => {
    let now = 0
    const store = memoryStore({ capacity: 2, clock: () => now })
    expect(await store.addIfAbsent('a', 20)).toBe(true)
    expect(await store.addIfAbsent('b', 20)).toBe(true)
    expect(await store.addIfAbsent('c', 20)).toBe(false)
    await store.set('value', Uint8Array.of(1), 20)
    expect(await store.addIfAbsent('a', 20)).toBe(false)
    now = 20_000
    expect(await store.addIfAbsent('c', 20)).toBe(true)
    const guard = sharedReplayGuard({
      store: memoryStore({ capacity: 1, clock: () => now }),
      quarantine: 0,
      clock: () => now,
    })
    expect([await guard.firstSeen(Uint8Array.of(1), 20), await guard.firstSeen(Uint8Array.of(1), 20)]).toEqual([
      false,
      false,
    ])
  })
})

describe('a client cache', () => {
  it('serializes more than 16 MiB', () => {
    const cache = memorySessionCache()
    for (let i = 0; i < 20; i++) void cache.put(`server ${i}`, sessionOf(0x0303, i, { peerCertificates: [megabyte] }))
    const written = cache.serialize()
    expect(written.length).toBeGreaterThan(20 * megabyte.length)
    expect(memorySessionCache({ restore: written }).size).toBe(20)
    expect(() => memorySessionCache({ restore: written.subarray(0, written.length - 1) })).toThrow(/serialize/)
  })

  it('serializes more sessions than a call takes arguments', () => {
    const cache = memorySessionCache({ servers: 200_000 })
    for (let i = 0; i < 200_000; i++) void cache.put(`server ${i}`, sessionOf(0x0303, 1))
    expect(memorySessionCache({ servers: 200_000, restore: cache.serialize() }).size).toBe(200_000)
  })

  it('removes a session that failed, and only that one (RFC 5246 section 7.2.2)', () => {
    const cache = memorySessionCache()
    for (const secret of [1, 2]) void cache.put('a', sessionOf(0x0303, secret))
    void cache.remove?.('a', sessionOf(0x0303, 2))
    void cache.remove?.('b', sessionOf(0x0303, 1))
    expect(cache.take('a')).toMatchObject({ secret: new Uint8Array(32).fill(1) })
    void cache.remove?.('a', sessionOf(0x0303, 1))
    expect([cache.take('a'), cache.size]).toEqual([undefined, 0])
  })
})

/** Counts the hash calls of a provider. */
const counted = (): { readonly provider: CryptoProvider; readonly calls: () => number } => {
  const { sha256 } = nodeProvider.hashes
  if (!sha256) throw new Error('no SHA-256')
  let calls = 0
  const hmac: typeof sha256.hmac = (...given) => {
    calls++
    return sha256.hmac(...given)
  }
  return {
    provider: { ...nodeProvider, hashes: { ...nodeProvider.hashes, sha256: { ...sha256, hmac } } },
    calls: () => calls,
  }
}

describe('ticket keys', () => {
  const week = 604_800
  const state = Uint8Array.of(1, 2, 3)

  it('that are shared are found without a search, however many there are', async () => {
    const { provider, calls } = counted()
    const secret = new Uint8Array(32).fill(7)
    const [one, other] = [0, 1].map(() =>
      sharedTicketKeys({ provider, secret, periodSeconds: 1, lifetimeSeconds: week }),
    )
    const ticket = await one?.seal(state, 1e12)
    const before = calls()
    expect(await other?.open(ticket ?? state, 1e12 + 1000 * (week - 1))).toEqual(state)
    expect(await other?.open(ticket ?? state, 1e12 + 1000 * (week + 3602))).toBeUndefined()
    expect(await other?.open(ticket ?? state, 1e12 - 3_600_000)).toEqual(state) // an hour behind
    expect(await other?.open(ticket ?? state, 1e12 - 3_602_000)).toBeUndefined()
    expect(calls() - before).toBeLessThan(10)
  })

  it('of another fleet, or of another period, open nothing', async () => {
    const ticket = await sharedTicketKeys({ provider: nodeProvider, secret: new Uint8Array(32).fill(7) }).seal(
      state,
      1e12,
    )
    for (const options of [
      { secret: new Uint8Array(32).fill(8) },
      { secret: new Uint8Array(32).fill(7), periodSeconds: 3600 },
    ]) {
      expect(await sharedTicketKeys({ provider: nodeProvider, ...options }).open(ticket ?? state, 1e12)).toBeUndefined()
    }
  })

  it('that rotate open tickets for their lifetime, and not one period longer', async () => {
    const keys = rotatingTicketKeys({ provider: nodeProvider, periodSeconds: 10, lifetimeSeconds: 100 })
    const ticket = await keys.seal(state, 0)
    for (let time = 10_000; time < 100_000; time += 10_000) await keys.seal(state, time)
    expect(await keys.open(ticket ?? state, 109_000)).toEqual(state)
    expect(await keys.open(ticket ?? state, 110_000)).toBeUndefined()
  })

  it('that were given open by name, the first of two alike', async () => {
    const name = new Uint8Array(16).fill(1)
    const [first, second] = [1, 2].map((byte) => ({ name, secret: new Uint8Array(32).fill(byte) }))
    if (!first || !second) throw new Error('no keys')
    const ticket = await givenTicketKeys(nodeProvider, [first]).seal(state, 0)
    expect(await givenTicketKeys(nodeProvider, [first, second]).open(ticket ?? state, 0)).toEqual(state)
    expect(await givenTicketKeys(nodeProvider, [second]).open(ticket ?? state, 0)).toBeUndefined()
  })
})
