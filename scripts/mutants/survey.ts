// The run without a mutant: which test files pass, how long each takes, and which mutants each of them reaches.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Runner } from './runners.ts'
import { shareOut } from './runners.ts'

export interface Survey {
  /** Test files that pass without a mutant, with their milliseconds. Those that fail say nothing, and are not asked. */
  readonly passing: Readonly<Record<string, number>>
  /** Failed or hung without a mutant. */
  readonly failing: readonly string[]
  /** For each mutant's number, the test files that reach it. */
  readonly reached: Readonly<Record<number, readonly string[]>>
}

/** `place`: a folder where results are kept as they come, so that a survey which was stopped goes on. */
export const survey = async (
  runners: readonly Runner[],
  files: readonly string[],
  place: string,
  seconds: number,
): Promise<Survey> => {
  const log = join(place, 'reached.log')
  const store = join(place, 'survey.jsonl')
  const results = new Map(
    linesOf(store).map((line) => JSON.parse(line) as readonly [file: string, time: number | null]),
  )
  const ask = async (runner: Runner, file: string): Promise<void> => {
    const result = await runner.run({ files: [file], log, toTheEnd: true }, seconds)
    const [outcome] = result.files
    const failure = result.files.find((one) => one.failure !== undefined)?.failure
    const passed = outcome !== undefined && failure === undefined
    if (!passed) console.log(`without a mutant ${file}: ${failure ?? 'no result'}`)
    results.set(file, passed ? Math.ceil(outcome.milliseconds) : null)
    appendFileSync(store, `${JSON.stringify([file, results.get(file)])}\n`)
  }
  const left = files.filter((file) => !results.has(file))
  await shareOut(runners, left, ask)
  // Once more, one at a time: what failed may have failed for want of time.
  await shareOut(
    runners.slice(0, 1),
    left.filter((file) => results.get(file) === null),
    ask,
  )
  const passing = [...results].filter((result): result is [string, number] => result[1] !== null)
  const failing = [...results.keys()].filter((file) => results.get(file) === null)
  return { passing: Object.fromEntries(passing), failing, reached: reachedIn(log) }
}

const linesOf = (file: string): readonly string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []

const reachedIn = (log: string): Record<number, string[]> => {
  const sets = new Map<number, Set<string>>()
  for (const line of linesOf(log)) {
    const match = /^(\d+) (.*)$/.exec(line)
    if (!match) continue
    const [, id = '', file = ''] = match
    const set = sets.get(+id) ?? new Set()
    sets.set(+id, set.add(file))
  }
  return Object.fromEntries([...sets].map(([id, set]) => [id, [...set]]))
}

/** How many folders and words of its name a test file shares with the source. */
const nearness = (test: string, source: string): number => {
  const words = (path: string): Set<string> =>
    new Set(
      path
        .replace(/(\.test)?\.ts$/, '')
        .split(/[/-]/)
        .slice(1),
    )
  return [...words(source)].filter((word) => words(test).has(word)).length
}

/** The test files that reach the mutant, near and quick ones first, as many as `milliseconds` allow, one at least. */
export const testsFor = (
  { passing, reached }: Survey,
  id: number,
  source: string,
  milliseconds: number,
): readonly string[] => {
  const cost = (file: string): number => (passing[file] ?? 0) / (1 + 4 * nearness(file, source))
  const candidates = (reached[id] ?? []).filter((file) => passing[file] !== undefined)
  let spent = 0
  return candidates
    .toSorted((a, b) => cost(a) - cost(b))
    .filter((file, index) => {
      spent += passing[file] ?? 0
      return index === 0 || spent <= milliseconds
    })
}
