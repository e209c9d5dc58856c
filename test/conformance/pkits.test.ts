// NIST PKITS (vectors/pkits): every case under the profile `path`, with CRLs required. What differs is listed with its
// reason.

import { expect, test } from 'vitest'
import { dsaCases, readPkits, runPkitsCase } from '../../scripts/pkits.ts'
import type { PkitsOutcome } from '../../scripts/pkits.ts'

const suite = readPkits(new URL('../../vectors/pkits/pkits.json.gz', import.meta.url).pathname)

test('all 249 cases agree but for DSA', async () => {
  const outcomes: PkitsOutcome[] = []
  for (const each of suite.cases) outcomes.push(await runPkitsCase(suite, each))
  expect(outcomes).toHaveLength(249)
  const different = outcomes.filter(({ test, accepted }) => accepted !== test.expected).map(({ test }) => test.id)
  expect(different).toEqual(dsaCases)
})
