// node test/bench/sessions.ts: what one operation on a cache of sessions costs with 256 entries and with 100,000. The
// ratio is the figure that counts: a cache costs the same however much it holds.

import { memoryReplayGuard, memorySessionCache, memoryStore } from '../../src/session/index.ts'
import { blankSession } from '../session/blank.ts'

const session = {
  ...blankSession,
  version: 0x0303,
  cipherSuite: 0x1301,
  secret: new Uint8Array(32),
  createdAt: 0,
  authenticatedAt: 0,
}
const OPERATIONS = 200_000

/** Nanoseconds for one operation, on a subject that is full before the clock starts. */
const measure = async (size: number, operation: (size: number) => (n: number) => unknown): Promise<number> => {
  const run = operation(size)
  for (let n = 0; n < size; n++) await run(n)
  const start = process.hrtime.bigint()
  for (let n = size; n < size + OPERATIONS; n++) await run(n)
  return Number(process.hrtime.bigint() - start) / OPERATIONS
}

const subjects: Readonly<Record<string, (size: number) => (n: number) => unknown>> = {
  'a plain Map: set and delete of a known key': (size) => {
    const map = new Map<string, object>()
    return (n) => {
      map.delete(`server ${n - size}`)
      map.set(`server ${n}`, { session })
    }
  },
  'memorySessionCache: put, the oldest dropped': (servers) => {
    const cache = memorySessionCache({ servers })
    return (n) => cache.put(`server ${n}`, session)
  },
  'memorySessionCache: take of a TLS 1.2 session': (servers) => {
    const cache = memorySessionCache({ servers })
    for (let n = 0; n < servers; n++) void cache.put(`server ${n}`, session)
    return (n) => cache.take(`server ${(n * 7919) % servers}`)
  },
  'memoryReplayGuard: firstSeen, the oldest expired': (size) => {
    let now = 0
    const guard = memoryReplayGuard({ capacity: size + 1, clock: () => now })
    return (n) => {
      now += 1000
      return guard.firstSeen(Uint8Array.of(n >> 24, n >> 16, n >> 8, n), size)
    }
  },
  'memoryStore: set, the oldest dropped': (capacity) => {
    const store = memoryStore({ capacity })
    return (n) => store.set(`key ${n}`, session.secret, 3600)
  },
}

console.log(
  `${'nanoseconds for one operation'.padEnd(52)}${'256'.padStart(8)}${'100,000'.padStart(10)}${'ratio'.padStart(8)}`,
)
for (const [name, operation] of Object.entries(subjects)) {
  await measure(256, operation) // a first run warms the code
  const [small, large] = [await measure(256, operation), await measure(100_000, operation)]
  console.log(
    [
      name.padEnd(52),
      small.toFixed(0).padStart(8),
      large.toFixed(0).padStart(10),
      (large / small).toFixed(2).padStart(8),
    ].join(''),
  )
}
