// The one write order, as a property: see interleaving.ts. `npm run fuzz:interleaving -- --seconds 600 --seed 1` runs
// longer.

import fc from 'fast-check'
import { expect, it } from 'vitest'

import { interleave } from './interleaving.ts'

it('what is written arrives in order, whole, under fresh nonces, and nothing follows the last alert', async () => {
  let records = 0
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 0x7fffffff }), fc.integer({ min: 5, max: 60 }), async (seed, steps) => {
      records += await interleave({ seed, steps })
    }),
    { numRuns: 60, seed: 20261126 },
  )
  expect(records).toBeGreaterThan(1000)
})
