// `npm run bench:pki`: what a certificate costs that is made while a connection waits: with a fresh key, as a leaf
// cache makes it (one key for all), and when the cache has it. Medians of rounds, after one to warm up.

import { createCa, createLeafCache } from '../../src/pki/index.ts'

const ROUNDS = 7
const COUNT = 200

const ca = await createCa({ name: 'bench' })
const leaves = createLeafCache(ca, { capacity: COUNT * (ROUNDS + 1) })
let serial = 0

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const milliseconds = async (run: (index: number) => Promise<unknown>): Promise<number> => {
  const rounds: number[] = []
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now()
    for (let index = 0; index < COUNT; index++) await run(index)
    if (round >= 0) rounds.push((performance.now() - start) / COUNT)
  }
  return median(rounds)
}

const rows = [
  ['ca.issue, a fresh P-256 key each', await milliseconds(() => ca.issue({ names: [`${serial++}.example`] }))],
  ['leaf cache, a new name', await milliseconds(() => leaves.issue(`${serial++}.example`))],
  ['leaf cache, a name it has', await milliseconds(() => leaves.issue('again.example'))],
] as const
for (const [name, value] of rows) console.log(`${name.padEnd(36)}${value.toFixed(4)} ms`)
