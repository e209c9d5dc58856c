// Runner processes, seen from scripts/mutants.ts: each is the leader of a process group, which ends with it.

import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import type { FileReport, Order, Report } from './runner.ts'

/** What a run came to; `hung`: nothing was reported for the time limit, and the runner was ended. */
export interface RunResult {
  readonly files: readonly FileReport[]
  readonly hung: boolean
}

export class Runner {
  readonly #folder: string
  readonly #setup: string
  #child: ChildProcess | undefined

  constructor(folder: string, setup: string) {
    this.#folder = folder
    this.#setup = setup
  }

  /** Runs test files in the order given; `seconds`: how long it may go without a report. */
  run(order: Order, seconds: number): Promise<RunResult> {
    this.#child ??= this.#start()
    const child = this.#child
    const files: FileReport[] = []
    return new Promise((resolve) => {
      const finish = (hung: boolean): void => {
        clearTimeout(timer)
        child.removeAllListeners()
        if (hung) this.end()
        resolve({ files, hung })
      }
      const timer = setTimeout(() => finish(true), seconds * 1000)
      child.on('message', (message) => {
        const report = message as Report
        if (report.kind === 'end') return finish(false)
        files.push(report)
        timer.refresh()
      })
      child.on('exit', () => finish(true))
      child.send(order)
    })
  }

  #start(): ChildProcess {
    const program = new URL('runner.ts', import.meta.url).pathname
    return fork(program, [this.#folder, this.#setup], {
      cwd: this.#folder,
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }

  /** Ends the process and all that its tests started. */
  end(): void {
    const pid = this.#child?.pid
    this.#child = undefined
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

/** Hands each job to the next free runner. */
export const shareOut = async <T>(
  runners: readonly Runner[],
  jobs: readonly T[],
  work: (runner: Runner, job: T) => Promise<void>,
): Promise<void> => {
  const queue = [...jobs]
  const serve = async (runner: Runner): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await work(runner, job)
  }
  await Promise.all(runners.map(serve))
}
