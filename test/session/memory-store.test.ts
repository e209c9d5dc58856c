// How long memoryStore() keeps what it is given: seconds, by its clock, to the millisecond.

import { expect, it } from 'vitest'
import { memoryStore } from '../../src/session/index.ts'

it('an entry lives for its seconds, and no longer', async () => {
  let now = 1_000_000
  const store = memoryStore({ clock: () => now })
  await store.set('session', Uint8Array.of(1), 10)
  expect(await store.addIfAbsent('mark', 10)).toBe(true)
  now += 9_999
  expect(await store.get('session')).toEqual(Uint8Array.of(1))
  expect(await store.addIfAbsent('mark', 10)).toBe(false)
  now += 1
  expect(await store.get('session')).toBeUndefined()
  expect(await store.addIfAbsent('mark', 10)).toBe(true)
})

it('what is set again has its new value and time; what is deleted is gone', async () => {
  let now = 0
  const store = memoryStore({ clock: () => now })
  await store.set('a', Uint8Array.of(1), 1)
  await store.set('a', Uint8Array.of(2), 100)
  now = 50_000
  expect(await store.get('a')).toEqual(Uint8Array.of(2))
  await store.delete('a')
  expect(await store.get('a')).toBeUndefined()
})

/** One that lives long and was used first, and one that expires behind it, unseen by what looks at the oldest alone. */
const withHidden = async (capacity: number, filling = 0) => {
  let now = 1_000_000
  const store = memoryStore({ clock: () => now, capacity })
  const set = (key: string, seconds: number): Promise<void> => store.set(key, Uint8Array.of(1), seconds)
  await set('first', 1000)
  for (let i = 0; i < filling; i++) await set(`filling ${i}`, 1000)
  await set('hidden', 1)
  return { store, set, wait: (milliseconds: number) => (now += milliseconds) }
}

it.each([
  ['within a minute of the last look at all entries, the oldest makes room', 2000, undefined],
  ['after a minute, what has expired makes room wherever it is', 60_000, Uint8Array.of(1)],
])('a full store: %s', async (_, milliseconds, first) => {
  const { store, set, wait } = await withHidden(2)
  wait(milliseconds)
  await set('new', 1000)
  expect(await store.get('first')).toEqual(first)
  expect(await store.get('new')).toEqual(Uint8Array.of(1))
})

it('all entries are looked at after as many were added as were left the last time, and no more often', async () => {
  // The first look comes at 1,024 entries; the next at twice as many as there were, so 1,500 bring none.
  const { store, set, wait } = await withHidden(1502, 1499)
  wait(2000)
  await set('fits', 1000)
  await set('new', 1000)
  expect(await store.get('first')).toBeUndefined()
  const early = await withHidden(1024, 1020)
  early.wait(2000)
  for (const key of ['fits', 'fits as well', 'new']) await early.set(key, 1000)
  expect(await early.store.get('first')).toEqual(Uint8Array.of(1))
})
