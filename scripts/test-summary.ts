// `node scripts/test-summary.ts FILE...`: reads vitest's JSON reports and prints one plain line over all of them, `N
// passed, N failed, N skipped`. Exits non-zero on a failure, on no tests, on a report that cannot be read and, where CI
// is set, on a skipped test.
import { readFileSync } from 'node:fs'

interface Report {
  readonly success: boolean
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

const report = merged(process.argv.slice(2).map(read))
if (report === undefined) {
  console.log('0 passed, 1 failed, 0 skipped')
  process.exitCode = 1
} else {
  const tests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ ...test, file: name })),
  )
  const passed = tests.filter(({ status }) => status === 'passed')
  const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed')
  // A file that failed to load has no test of its own: it counts as one failure. So does an error outside of any test.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  const known = tests.filter(({ status }) => status === 'failed').length + broken.length
  const failed = known === 0 && !report.success ? 1 : known
  for (const { name, message } of broken) console.log(`did not run: ${name}: ${message ?? ''}`)
  for (const { file, fullName } of skipped) console.log(`skipped: ${file}: ${fullName}`)
  console.log(`${passed.length} passed, ${failed} failed, ${skipped.length} skipped`)
  const skipsCount = process.env['CI'] !== undefined && skipped.length > 0
  process.exitCode = failed > 0 || passed.length === 0 || skipsCount ? 1 : 0
}

function merged(reports: readonly (Report | undefined)[]): Report | undefined {
  const found = reports.filter((each) => each !== undefined)
  if (found.length === 0 || found.length < reports.length) return undefined
  return {
    success: found.every(({ success }) => success),
    testResults: found.flatMap(({ testResults }) => testResults),
  }
}

function read(file: string | undefined): Report | undefined {
  try {
    return JSON.parse(readFileSync(file ?? '', 'utf8'))
  } catch {
    return undefined
  }
}
