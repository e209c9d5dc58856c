// npm run conformance:bogo -- BORINGSSL: builds the runner out of a checkout of BoringSSL and our shim, runs all tests
// that config.json does not leave out, judges by pins.ts those in which ours differs on purpose, and prints one line of
// counts.
//
//   --runner FILE    a runner that is built already
//   --test GLOBS     these tests only, separated by semicolons
//   --workers N      shims at a time; default 2
//   --flags          prints what the unimplemented tests asked for, and how many of them

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, matchesGlob } from 'node:path'
import { parseArgs } from 'node:util'
import './build.ts'
import { alsoRun, type Pin, pins } from './pins.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runner: { type: 'string' },
    test: { type: 'string' },
    workers: { type: 'string', default: '2' },
    flags: { type: 'boolean', default: false },
  },
})
const [checkout] = positionals
if (checkout === undefined)
  throw new Error('usage: npm run conformance:bogo -- BORINGSSL [--runner FILE] [--test GLOBS]')

const here = import.meta.dirname
const folder = mkdtempSync(join(tmpdir(), 'puretls-bogo-'))
const sources = join(checkout, 'ssl/test/runner')

const unimplemented = join(folder, 'unimplemented')
const env = { ...process.env, BOGO_UNIMPLEMENTED: unimplemented }

const run = (command: string, args: readonly string[]): string => {
  const { stdout, error } = spawnSync(command, args, { cwd: sources, encoding: 'utf8', maxBuffer: 2 ** 30, env })
  if (error) throw error
  return stdout
}

interface Results {
  readonly tests: Readonly<Record<string, { readonly actual: 'PASS' | 'FAIL' | 'SKIP' }>>
}

/** How a test that failed went: the runner's block about it. */
interface Failure {
  readonly outcome: string
  readonly ours: string
  readonly runner: string
  readonly text: string
}

const failuresIn = (log: string): ReadonlyMap<string, Failure> =>
  new Map(
    log.split(/^(?=(?:PASSED|FAILED|UNIMPLEMENTED) \()/m).flatMap((text): [string, Failure][] => {
      const [, name, outcome] = /^FAILED \((.*)\)\n(.*)\n/.exec(text) ?? []
      if (name === undefined || outcome === undefined) return []
      const ours = /\tstderr:\n\t\t(.*)\n/.exec(text)?.[1] ?? ''
      const runner = /\n\tlocal: "(.*)"\n\tchild:/.exec(text)?.[1] ?? ''
      return [[name, { outcome, ours, runner, text }]]
    }),
  )

const pinOf = (name: string): Pin | undefined => pins.find(({ tests }) => tests.some((glob) => matchesGlob(name, glob)))

const isAsPinned = (name: string, failure: Failure | undefined): boolean => {
  const pin = pinOf(name)
  if (pin === undefined || failure === undefined || failure.outcome !== pin.outcome) return false
  return failure.ours.startsWith(pin.ours) && failure.runner === pin.runner
}

/** `flag -x`, and in how many tests, most first. */
const askedFor = (log: string): readonly (readonly [string, number])[] => {
  const counts = new Map<string, number>()
  for (const line of log.split('\n')) if (line !== '') counts.set(line, (counts.get(line) ?? 0) + 1)
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
}

try {
  const runner = values.runner ?? join(folder, 'runner')
  if (values.runner === undefined) run('go', ['test', '-c', '-o', runner, '.'])
  const results = join(folder, 'results.json')
  const shim = join(here, '../../../dist-bogo/shim')
  const tested = (config: string, only: string | undefined): { readonly log: string } & Results => {
    rmSync(results, { force: true })
    const log = run(runner, [
      ...['-shim-path', shim, '-shim-config', config, '-allow-unimplemented'],
      ...['-num-workers', values.workers, '-json-output', results],
      ...(only === undefined ? [] : ['-test', only]),
    ])
    const { tests }: Results = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : { tests: {} }
    return { log, tests }
  }
  const ofConfig = tested(join(here, 'config.json'), values.test)
  const open = join(folder, 'open.json')
  writeFileSync(
    open,
    JSON.stringify({ ...JSON.parse(readFileSync(join(here, 'config.json'), 'utf8')), DisabledTests: {} }),
  )
  const more = values.test === undefined ? tested(open, alsoRun.join(';')) : { log: '', tests: {} }
  const tests = { ...ofConfig.tests, ...more.tests }
  const failures = failuresIn(ofConfig.log + more.log)
  const named = (wanted: string): readonly string[] =>
    Object.entries(tests).flatMap(([name, { actual }]) => (actual === wanted ? [name] : []))
  const [asPinned, failed] = [named('FAIL').filter((name) => isAsPinned(name, failures.get(name))), named('FAIL')]
  const wrong = failed.filter((name) => !asPinned.includes(name))
  const loose = named('PASS').filter((name) => pinOf(name) !== undefined)
  for (const name of wrong) console.log(failures.get(name)?.text ?? `FAILED (${name})`)
  for (const name of loose) console.log(`${name} passes: its pin is out of date`)
  if (values.flags && existsSync(unimplemented)) {
    for (const [what, count] of askedFor(readFileSync(unimplemented, 'utf8'))) console.log(`${count} ${what}`)
  }
  console.log(
    `bogo: ${named('PASS').length} passed, ${asPinned.length} as pinned, ${wrong.length} failed, ` +
      `${named('SKIP').length} unimplemented`,
  )
  process.exitCode = wrong.length > 0 || loose.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true })
}
