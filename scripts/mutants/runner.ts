// A process that runs test files as scripts/mutants.ts asks for, with one mutant turned on or with none. One vitest
// serves all runs, so that sources are compiled once; each test file has a process of its own, which reads the switch.

import { relative } from 'node:path'
import type { Reporter, TestModule, TestSequencer } from 'vitest/node'
import { createVitest } from 'vitest/node'

/**
 * `mutant` undefined: the original. `log`: where the switch notes what is reached. `toTheEnd`: after failures too.
 * `timeout`: milliseconds for a test or a hook that states none. `title`: only tests whose full name has this text.
 */
export interface Order {
  readonly files: readonly string[]
  readonly mutant?: number
  readonly log?: string
  readonly toTheEnd?: boolean
  readonly timeout?: number
  readonly title?: string
}

/** The path is relative to the folder, the duration in milliseconds; `ran`: how many tests did. */
export interface FileReport {
  readonly file: string
  readonly milliseconds: number
  readonly ran: number
  readonly failure?: string
}

export type Report = ({ readonly kind: 'file' } & FileReport) | { readonly kind: 'end' }

const [folder = '.', setup = ''] = process.argv.slice(2)

const send = (report: Report): void => void process.send?.(report)

class AsGiven implements TestSequencer {
  shard<T>(files: T): T {
    return files
  }
  sort<T>(files: T): T {
    return files
  }
}

/** The first failed test of a file, or the error that kept it from running. */
const failureOf = (module: TestModule): string | undefined => {
  for (const test of module.children.allTests('failed'))
    return `${test.fullName}: ${test.result().errors?.[0]?.message ?? ''}`
  const error = module.errors()[0] ?? [...module.children.allSuites()].flatMap((suite) => suite.errors())[0]
  return module.state() === 'failed' ? (error?.message ?? 'failed') : undefined
}

const ranOf = (module: TestModule): number =>
  [...module.children.allTests()].filter((test) => ['passed', 'failed'].includes(test.result().state)).length

const messageOf = (error: unknown): string =>
  error instanceof Object && 'message' in error ? String(error.message) : ''

let order: Order = { files: [] }
let failed = false
const reporter: Reporter = {
  onTestCaseResult(test) {
    if (test.result().state === 'failed') stop()
  },
  onTestModuleEnd(module) {
    // A file that was cancelled before it ran ends too, without a result.
    if (module.state() !== 'passed' && module.state() !== 'failed' && module.state() !== 'skipped') return
    const failure = failureOf(module)
    const file = relative(folder, module.moduleId)
    const milliseconds = module.diagnostic().duration
    send({ kind: 'file', file, milliseconds, ran: ranOf(module), ...(failure !== undefined && { failure }) })
    if (failure !== undefined) stop()
  },
}

const stop = (): void => {
  if (order.toTheEnd || failed) return
  failed = true
  void vitest.cancelCurrentRun('test-failure')
}

const vitest = await createVitest({
  root: folder,
  watch: false,
  maxWorkers: 1,
  setupFiles: [setup],
  reporters: [reporter],
  sequence: { sequencer: AsGiven },
})
await vitest.standalone()
const { testTimeout, hookTimeout } = vitest.getRootProject().config
const standard = { testTimeout, hookTimeout }

const setVariable = (name: string, value: string | undefined): void => {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

process.on('message', (message) => {
  order = message as Order
  failed = false
  setVariable('PURETLS_MUTANT', order.mutant?.toString())
  setVariable('PURETLS_MUTANT_LOG', order.log)
  if (order.title === undefined) vitest.resetGlobalTestNamePattern()
  else vitest.setGlobalTestNamePattern(order.title.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
  const project = vitest.getRootProject()
  Object.assign(project.config, {
    testTimeout: order.timeout ?? standard.testTimeout,
    hookTimeout: order.timeout ?? standard.hookTimeout,
  })
  void vitest.runTestSpecifications(order.files.map((file) => project.createSpecification(file))).then(
    ({ unhandledErrors: [error] }) => {
      // As vitest has it, an error that nobody handled fails the run, whichever test it came from.
      const file = order.files.at(-1) ?? ''
      if (error !== undefined && !failed)
        send({ kind: 'file', file, milliseconds: 0, ran: 0, failure: `unhandled: ${messageOf(error)}` })
      send({ kind: 'end' })
    },
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
// Nothing outlives the command, however it ended.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
