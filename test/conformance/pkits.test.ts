// NIST PKITS (vectors/pkits): every case under the profile `path`, with CRLs required. What differs is listed with its reason.

import { expect, test } from 'vitest'
import { dsaCases, readPkits, runPkitsCase } from '../../scripts/pkits.ts'
import type { PkitsOutcome } from '../../scripts/pkits.ts'

const suite = readPkits(new URL('../../vectors/pkits/pkits.json.gz', import.meta.url).pathname)

/** CRLs by another key of the CA, indirect CRLs, distribution points by relative name, delta CRLs. */
const revocation: readonly string[] = [
  '4.4.19', '4.5.1', '4.5.4', '4.5.6', '4.6.15', '4.6.17', '4.9.6', '4.11.7', '4.12.7', '4.12.9', '4.13.19', '4.14.4', '4.14.5', '4.14.7',
  '4.14.22', '4.14.24', '4.14.25', '4.14.28', '4.14.29', '4.14.30', '4.14.33', '4.15.4', '4.15.5',
]

test('all 249 cases agree but for DSA and what is listed', async () => {
  const outcomes: PkitsOutcome[] = []
  for (const each of suite.cases) outcomes.push(await runPkitsCase(suite, each))
  expect(outcomes).toHaveLength(249)
  const different = outcomes.filter(({ test, accepted }) => accepted !== test.expected).map(({ test }) => test.id)
  expect(different).toEqual([...dsaCases, ...revocation])
})
