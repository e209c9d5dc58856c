// Whether the tests that docs/rfc-musts*.md name notice it when their rule is broken: `npm run rules -- --page
// rfc-musts`. Each rule is broken in a temporary copy of the project as scripts/rules/breaks.ts says, one change at a
// time, and the test that its row names is run alone.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { placeOf } from '../test/docs/quoted.ts'
import { quoteOf, rowsOf } from '../test/docs/rfc-rows.ts'
import type { Quote, RuleRow } from '../test/docs/rfc-rows.ts'
import { compileIn, copyOf, describe } from './mutants/copy.ts'
import type { Numbered } from './mutants/instrument.ts'
import { Runner } from './mutants/runners.ts'
import { mutantsFor, structureOf } from './rules/breaks.ts'

const { values } = parseArgs({
  options: {
    /** Of docs/; default all three. */
    page: { type: 'string' },
    /** Only rows whose rule has this text, or one of several. */
    only: { type: 'string', multiple: true, default: [''] },
    /** After so many seconds without an answer a run hangs. */
    limit: { type: 'string', default: '60' },
    root: { type: 'string', default: '.' },
  },
})
const root = resolve(values.root)
const limit = Number(values.limit)
const pages = values.page === undefined ? ['rfc-musts', 'rfc-musts-tls12', 'rfc-musts-ech'] : [values.page]

interface Job {
  readonly page: string
  readonly row: RuleRow
  /** Each a way to break the rule: one change, or several with the same number. */
  readonly breaks: readonly (readonly Numbered[])[]
}

let ids = 0
const jobs: readonly Job[] = pages.flatMap((page) =>
  rowsOf(readFileSync(join(root, `docs/${page}.md`), 'utf8'))
    .filter((row) => quoteOf(row.line) !== undefined && values.only.some((text) => row.rule.includes(text)))
    .map((row) => ({
      page,
      row,
      breaks: mutantsFor(root, row).map((mutants) => {
        const id = ids++
        return mutants.map((mutant) => ({ id, mutant }))
      }),
    })),
)

/** What of a test's full name the quote of a row tells: its title, a name in a table, or the title that the table is
 * for. */
const titlesOf = (file: string, quote: string): readonly string[] => {
  const text = readFileSync(join(root, file), 'utf8')
  const place = placeOf(text, quote)
  const named = [...quote.matchAll(/(['"`])(.+?)\1/g)].map(([, , name]) => name ?? '')
  const [, , each = ''] = /\}?\)\(\s*(['"`])(.+?)\1/.exec(text.slice(place?.end)) ?? []
  const [eachStart = ''] = each.split(/[%$]/)
  const [quoteStart = ''] = quote.split(/[%$]/)
  return [
    quote,
    quoteStart.length > 5 ? quoteStart.trim() : '',
    ...named.map((name) => name.split('${')[0] ?? ''),
    eachStart.trim(),
  ]
    .map((title) => title.replaceAll(/\\(?=['"`])/g, ''))
    .filter((title) => title !== '')
}

const place = mkdtempSync(join(tmpdir(), 'puretls-rules-'))
const project = copyOf(root, place)
compileIn(
  project,
  jobs.flatMap(({ breaks }) => breaks.flat()),
)
const runner = new Runner(project.folder, join(project.folder, 'scripts/mutants/setup.ts'))

/** The first title under which the test runs and passes unbroken; undefined if there is none. */
const titleOf = async ({ path, quote }: Quote): Promise<string | undefined> => {
  for (const title of titlesOf(path, quote)) {
    const { files } = await runner.run({ files: [path], title }, limit)
    const [file] = files
    if (file && file.ran > 0 && file.failure === undefined) return title
  }
  return undefined
}

/** Undefined: the rule's test passes. */
const failureWith = async (id: number, file: string, title: string): Promise<string | undefined> => {
  const { files, hung } = await runner.run({ files: [file], mutant: id, title }, limit)
  return hung ? 'hangs' : files[0]?.failure
}

const counts = { noticed: 0, 'by structure': 0, 'NOT NOTICED': 0, 'no break': 0, 'no test': 0 }

const judge = async ({ row, breaks }: Job): Promise<readonly [keyof typeof counts, readonly string[]]> => {
  const test = quoteOf(row.test)
  const structure = structureOf(row)
  if (structure !== undefined) return ['by structure', [structure]]
  if (!test || breaks.length === 0) return ['no break', [row.line]]
  const title = await titleOf(test)
  if (title === undefined) return ['no test', [row.test]]
  const passed: string[] = []
  for (const [first, ...others] of breaks)
    if (first && (await failureWith(first.id, test.path, title)) === undefined)
      passed.push([first, ...others].map(({ mutant }) => describe(project, mutant)).join(' and '))
  return [passed.length < breaks.length ? 'noticed' : 'NOT NOTICED', passed]
}

try {
  for (const job of jobs) {
    const [verdict, lines] = await judge(job)
    counts[verdict]++
    console.log(`${verdict}: ${job.page} ${job.row.section}: ${job.row.rule}`)
    for (const line of lines) console.log(`  ${line}`)
  }
} finally {
  runner.end()
  rmSync(place, { recursive: true, force: true })
}
const { noticed, 'by structure': byStructure, ...rest } = counts
console.log(
  `rules: ${noticed} noticed, ${byStructure} by structure, ${rest['NOT NOTICED']} not noticed, ` +
    `${rest['no break']} without a break, ${rest['no test']} without a test of that title`,
)
if (noticed + byStructure < jobs.length) process.exitCode = 1
