// Child processes of interop tests: started by id, watched line by line, ended by id. Nothing outlives its test.

import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createServer } from 'node:net'

const running = new Set<Child>()

export class Child {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #exit: Promise<number | null>
  readonly #name: string
  #output = ''
  #ended = false
  #waiting = new Set<() => void>()

  constructor(
    command: string,
    args: readonly string[],
    options: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
  ) {
    this.#name = command
    this.#process = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: 'pipe' })
    running.add(this)
    const take = (chunk: Buffer): void => {
      this.#output += chunk.toString('latin1')
      this.#wake()
    }
    this.#process.stdout.on('data', take)
    this.#process.stderr.on('data', take)
    this.#process.stdin.on('error', () => {}) // the child may be gone already
    this.#exit = new Promise((resolve) => {
      const ended = (code: number | null): void => {
        this.#ended = true
        running.delete(this)
        this.#wake()
        resolve(code)
      }
      this.#process.on('close', ended)
      this.#process.on('error', (error) => {
        this.#output += `\n${error.message}`
        ended(null)
      })
    })
  }

  /** Everything on stdout and stderr so far. */
  get output(): string {
    return this.#output
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look()
  }

  write(text: string): void {
    this.#process.stdin.write(text)
  }

  endInput(): void {
    this.#process.stdin.end()
  }

  /** The match of `pattern` in the output after `from`; rejects, with the output, if the process ends without it. */
  waitFor(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.#output.slice(from))
        if (!match && !this.#ended) return
        this.#waiting.delete(look)
        if (match) resolve(match)
        else reject(new Error(`${this.#name} ended without ${pattern}:\n${this.#output}`))
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** The exit code; null if it was killed or could not be started. */
  exited(): Promise<number | null> {
    return this.#exit
  }

  async stop(): Promise<void> {
    if (!this.#ended) this.#process.kill('SIGKILL')
    await this.#exit
  }
}

/** Ends whatever is left, for afterAll. */
export const stopChildren = async (): Promise<void> => {
  await Promise.all([...running].map((child) => child.stop()))
}

/** Runs to the end: exit code and output. */
export const run = async (
  command: string,
  args: readonly string[],
  options: ConstructorParameters<typeof Child>[2] = {},
): Promise<{ readonly code: number | null; readonly output: string }> => {
  const child = new Child(command, args, options)
  child.endInput()
  return { code: await child.exited(), output: child.output }
}

/** Whether a command runs here. One that does not is an error with CI=true, and otherwise skips its tests. */
export const present = async (command: string, ...args: readonly string[]): Promise<boolean> => {
  const found = await run(command, [...args]).then(
    ({ code }) => code === 0,
    () => false,
  )
  if (!found && process.env['CI'] === 'true') throw new Error(`CI needs the ${command} command`)
  return found
}

/**
 * A port of 127.0.0.1 for a program that takes no 0. Not one that the system chooses: those it gives to whoever asks
 * next, perhaps before the program has it. It is below the range that the system chooses from, the one after the last
 * that was given here, and apart from those of other test workers.
 */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < 100; tries++) {
    const port = LOWEST_PORT + (next++ % (PORTS / WORKERS)) * WORKERS + worker
    if (await isFree(port)) return port
  }
  throw new Error('no port is free')
}

const [LOWEST_PORT, PORTS, WORKERS] = [12_000, 20_000, 8]
const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % WORKERS
let next = Math.floor((Math.random() * PORTS) / WORKERS)

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
