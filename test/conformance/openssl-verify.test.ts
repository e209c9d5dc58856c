// OpenSSL's own table of verifications (vectors/openssl-verify): every applicable case agrees or is listed with its
// reason.

import { expect, test } from 'vitest'
import { differences } from './openssl-verify/differences.ts'
import { readSuite, runCase, summary } from './openssl-verify/run.ts'
import type { Outcome } from './openssl-verify/run.ts'

const suite = readSuite(new URL('../../vectors/openssl-verify/suite.json.gz', import.meta.url).pathname)

test('each of the 176 cases agrees, or is among the differences and what does not apply', async () => {
  const outcomes: Outcome[] = []
  for (const each of suite.cases) outcomes.push(await runCase(suite, each))
  const differing = outcomes.filter(({ verdict }) => verdict === 'differs').map((outcome) => outcome.test.title)
  expect(differing.toSorted()).toEqual([...differences.keys()].toSorted())
  expect(summary(outcomes)).toBe('openssl-verify: agree 133 of 152, differ 19, not applicable 24')
})
