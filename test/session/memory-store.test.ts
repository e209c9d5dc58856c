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
