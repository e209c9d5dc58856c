// Whether the tests miss a fault in src outside x509, pki and roots: `npm run mutants -- --seed 1 --count 20`. Each
// mutant is one change to one place, drawn by the seed. All are compiled into a temporary copy, each behind a switch
// (scripts/mutants/); a first run without a mutant tells which test files pass and what they reach. Then each mutant is
// turned on for the files that reach it, near and quick ones first, until a test fails.

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Numbered } from './mutants/instrument.ts'
import { compileIn, copyOf, describe, filesIn, placesOf } from './mutants/copy.ts'
import { draw } from './mutants/places.ts'
import { Runner, shareOut } from './mutants/runners.ts'
import type { Survey } from './mutants/survey.ts'
import { survey, testsFor } from './mutants/survey.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '20' },
    /** Leaves out the first so many of those drawn. */
    from: { type: 'string', default: '0' },
    /** Only this one of those drawn, by its number. */
    only: { type: 'string' },
    /** Seconds of tests for one mutant, as long as they took without it; 0: all that reach it. */
    budget: { type: 'string', default: '0' },
    /** After so many seconds without an answer a run hangs. */
    limit: { type: 'string', default: '240' },
    /** Mutants that run at the same time. */
    jobs: { type: 'string', default: '2' },
    /** A folder that keeps the copy and all results: the same command again goes on where it stopped. */
    keep: { type: 'string' },
    /** Test files left out: a regular expression of their paths. Leaving out slow ones can only lower the score. */
    without: { type: 'string' },
    /** Sources that are not changed: a regular expression of their paths. */
    outside: { type: 'string', default: '^src/(x509|pki|roots)/' },
    /** The project, where it is not this folder. */
    root: { type: 'string', default: '.' },
  },
})
const [seed = 1, count = 20, from = 0, budget = 0, limit = 240, jobs = 2] = [
  values.seed,
  values.count,
  values.from,
  values.budget,
  values.limit,
  values.jobs,
].map(Number)
const root = resolve(values.root)
const without = values.without === undefined ? undefined : new RegExp(values.without)

type Verdict = 'killed' | 'survived' | 'not reached' | 'timed out'

interface Outcome {
  readonly id: number
  readonly verdict: Verdict
  /** The place and the change. */
  readonly text: string
  /** The test that failed, or how many files passed. */
  readonly by: string
}

/** Milliseconds for a test with a mutant, with twice what the slowest file took without it: it might only be slow. */
const SHORTEST_TIMEOUT = 8000
const FACTOR = 2

const timedOut = (failure: string): boolean => /timed out/i.test(failure)

const judge = async (runner: Runner, { id, mutant }: Numbered, known: Survey): Promise<Outcome> => {
  const text = describe(project, mutant)
  const files = testsFor(known, id, mutant.file, budget === 0 ? Infinity : budget * 1000)
  if (files.length === 0) return { id, verdict: 'not reached', text, by: '' }
  const slow = Math.max(...files.map((file) => known.passing[file] ?? 0))
  const timeout = SHORTEST_TIMEOUT + FACTOR * slow
  const patience = Math.min(limit, (2 * timeout) / 1000 + 30)
  const result = await runner.run({ files, mutant: id, timeout }, patience)
  const failed = result.files.find(({ failure }) => failure !== undefined)
  if (failed?.failure !== undefined && !timedOut(failed.failure))
    return { id, verdict: 'killed', text, by: `${failed.file}: ${failed.failure}`.slice(0, 600) }
  const hanging = failed?.file ?? (result.hung ? files[result.files.length] : undefined)
  if (hanging === undefined)
    return { id, verdict: 'survived', text, by: `${files.length} of ${known.reached[id]?.length ?? 0} files` }
  // A hang counts where the same file passes without the mutant, now, and hangs or fails once more with it.
  const original = await runner.run({ files: [hanging], timeout }, patience)
  if (original.hung || original.files.some(({ failure }) => failure !== undefined))
    return { id, verdict: 'timed out', text, by: `${hanging}, without the mutant as well` }
  const again = await runner.run({ files: [hanging], mutant: id, timeout }, patience)
  const still = again.hung || again.files.some(({ failure }) => failure !== undefined)
  return { id, verdict: still ? 'killed' : 'timed out', text, by: `${hanging}: hangs (${failed?.failure ?? ''})` }
}

const place = values.keep === undefined ? mkdtempSync(join(tmpdir(), 'puretls-mutants-')) : resolve(values.keep)
const project = copyOf(root, place)
const seedFile = join(place, 'seed')
const asGiven = `seed ${seed}, count ${count}, outside ${values.outside}`
if (!existsSync(seedFile)) writeFileSync(seedFile, asGiven)
if (readFileSync(seedFile, 'utf8') !== asGiven)
  throw new Error(`${place} is of ${readFileSync(seedFile, 'utf8')}: other mutants want a folder of their own`)
const all = placesOf(project, new RegExp(values.outside))
const drawn = draw(all, seed, count).map((mutant, id) => ({ id, mutant }))
const asked = values.only === undefined ? drawn.slice(from) : drawn.filter(({ id }) => id === Number(values.only))
compileIn(project, drawn)

const outcomesFile = join(place, 'outcomes.jsonl')
const setup = new URL('mutants/setup.ts', import.meta.url).pathname
const runners = Array.from({ length: jobs }, () => new Runner(project.folder, setup))
const outcomes: Outcome[] = []
try {
  const tests = filesIn(project.folder, 'test', '.test.ts').filter(
    (file) => !/^test[/\\]programs[/\\]/.test(file) && !without?.test(file),
  )
  const known = await survey(runners, tests, place, limit * 2)
  for (const file of known.failing) console.log(`set aside, as it fails without a mutant: ${file}`)
  if (existsSync(outcomesFile) && values.only === undefined)
    for (const line of readFileSync(outcomesFile, 'utf8').trim().split('\n')) outcomes.push(JSON.parse(line) as Outcome)
  const left = asked.filter(({ id }) => !outcomes.some((outcome) => outcome.id === id))
  await shareOut(runners, left, async (runner, numbered) => {
    const outcome = await judge(runner, numbered, known)
    outcomes.push(outcome)
    appendFileSync(outcomesFile, `${JSON.stringify(outcome)}\n`)
    console.log(`${outcome.id} ${outcome.verdict} ${outcome.text}    ${outcome.by.split('\n')[0] ?? ''}`)
  })
} finally {
  for (const runner of runners) runner.end()
  if (values.keep === undefined) rmSync(place, { recursive: true, force: true })
}
const tally = (verdict: Verdict): number => outcomes.filter((outcome) => outcome.verdict === verdict).length
console.log(
  `mutants: ${tally('killed')} killed, ${tally('survived')} survived, ${tally('not reached')} not reached, ` +
    `${tally('timed out')} timed out of ${outcomes.length}, drawn from ${all.length} by seed ${seed}`,
)
