// The x509-limbo cases of vectors/limbo/: every one agrees, with the node provider and (a sample) with noble. What
// docs/limbo.md lists as decided otherwise would be in `decided`.

import { expect, test } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { readLimbo, runLimboCase, summary } from '../../scripts/limbo.ts'
import type { LimboOutcome } from '../../scripts/limbo.ts'

const cases = readLimbo(new URL('../../vectors/limbo/limbo.json.gz', import.meta.url).pathname)

/** Ids of cases whose expected result we decided against. */
const decided: readonly string[] = []

const disagreeing = (outcomes: readonly LimboOutcome[]): string[] =>
  outcomes.filter(({ expected, actual }) => expected !== actual).map(({ id, message }) => `${id} ${message}`)

test('every case agrees', async () => {
  const outcomes: LimboOutcome[] = []
  for (const each of cases) outcomes.push(await runLimboCase(each))
  expect(disagreeing(outcomes).filter((line) => !decided.some((id) => line.startsWith(`${id} `)))).toEqual([])
  expect(summary(outcomes)).toBe(
    `limbo: agree ${242 - decided.length} of 242, wrongly accepted 0, wrongly rejected 0, skipped 0`,
  )
})

test('the noble provider agrees as well, on every fifth case', async () => {
  const outcomes: LimboOutcome[] = []
  for (const each of cases.filter((_, i) => i % 5 === 0)) outcomes.push(await runLimboCase(each, nobleProvider))
  expect(disagreeing(outcomes)).toEqual([])
})
