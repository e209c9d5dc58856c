// npm run conformance:bogo -- BORINGSSL: builds the runner out of a checkout of BoringSSL and our shim, runs all tests
// that config.json does not leave out, judges by pins.ts those in which ours differs on purpose, and prints one line of
// counts.
//
//   --runner FILE    a runner that is built already
//   --test GLOBS     these tests only, separated by semicolons
//   --workers N      shims at a time; default 2

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, matchesGlob } from 'node:path'
import { parseArgs } from 'node:util'
import './build.ts'
import { type Pin, pins } from './pins.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runner: { type: 'string' }, test: { type: 'string' }, workers: { type: 'string', default: '2' } },
})
const [checkout] = positionals
if (checkout === undefined)
  throw new Error('usage: npm run conformance:bogo -- BORINGSSL [--runner FILE] [--test GLOBS]')

const here = import.meta.dirname
const folder = mkdtempSync(join(tmpdir(), 'puretls-bogo-'))
const sources = join(checkout, 'ssl/test/runner')

const run = (command: string, args: readonly string[]): string => {
  const { stdout, error } = spawnSync(command, args, { cwd: sources, encoding: 'utf8', maxBuffer: 2 ** 30 })
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

try {
  const runner = values.runner ?? join(folder, 'runner')
  if (values.runner === undefined) run('go', ['test', '-c', '-o', runner, '.'])
  const results = join(folder, 'results.json')
  const shim = join(here, '../../../dist-bogo/shim')
  const log = run(runner, [
    ...['-shim-path', shim, '-shim-config', join(here, 'config.json'), '-allow-unimplemented'],
    ...['-num-workers', values.workers, '-json-output', results],
    ...(values.test === undefined ? [] : ['-test', values.test]),
  ])
  const { tests }: Results = JSON.parse(readFileSync(results, 'utf8'))
  const failures = failuresIn(log)
  const named = (wanted: string): readonly string[] =>
    Object.entries(tests).flatMap(([name, { actual }]) => (actual === wanted ? [name] : []))
  const [asPinned, failed] = [named('FAIL').filter((name) => isAsPinned(name, failures.get(name))), named('FAIL')]
  const wrong = failed.filter((name) => !asPinned.includes(name))
  const loose = named('PASS').filter((name) => pinOf(name) !== undefined)
  for (const name of wrong) console.log(failures.get(name)?.text ?? `FAILED (${name})`)
  for (const name of loose) console.log(`${name} passes: its pin is out of date`)
  console.log(
    `bogo: ${named('PASS').length} passed, ${asPinned.length} as pinned, ${wrong.length} failed, ` +
      `${named('SKIP').length} unimplemented`,
  )
  process.exitCode = wrong.length > 0 || loose.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true })
}
