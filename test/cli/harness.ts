// Runs the command in process: `runCli('cert show x.pem')` gives what it printed and its exit code; `startCli()` one
// that runs until it is stopped. Nothing of the user's environment is seen.

import { mkdtempSync, rmSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { Readable } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Ajv from 'ajv/dist/2020.js'
import { afterAll, afterEach, expect } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'
import { isGroup, schemaOf } from '../../src/cli/command.ts'
import type { Command } from '../../src/cli/command.ts'
import type { Io, Sink } from '../../src/cli/io.ts'
import { run } from '../../src/cli/run.ts'

export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly bytes: Uint8Array
}

export interface CliOptions {
  readonly stdin?: string | Uint8Array | Readable
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly isTTY?: boolean
  readonly columns?: number
  readonly clock?: () => number
  readonly dial?: (host: string, port: number, signal: AbortSignal) => Promise<Duplex>
  readonly platform?: string
}

const folders: string[] = []

/** A folder that is gone after the tests of this file. */
export const scratchFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'puretls-cli-'))
  folders.push(folder)
  return folder
}

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

class MemorySink implements Sink {
  readonly isTTY: boolean
  readonly columns: number
  readonly chunks: Uint8Array[] = []
  readonly #waiting = new Set<() => void>()

  constructor(isTTY: boolean, columns: number) {
    this.isTTY = isTTY
    this.columns = columns
  }

  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.chunks))
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8')
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.chunks.push(typeof data === 'string' ? new TextEncoder().encode(data) : data.slice())
    for (const look of this.#waiting) look()
  }

  waitFor(pattern: RegExp, ended: Promise<unknown>): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.text)
        if (match === null) return
        this.#waiting.delete(look)
        resolve(match)
      }
      this.#waiting.add(look)
      look()
      void ended.then(() => {
        look()
        reject(new Error(`it ended without ${pattern}:\n${this.text}`))
      })
    })
  }
}

/** A command that runs. */
export interface Running {
  /** Waits for a match on stdout. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
  waitForError(pattern: RegExp): Promise<RegExpExecArray>
  readonly stdout: string
  /** What Ctrl-C does; resolves when it has ended. */
  stop(): Promise<CliResult>
  readonly ended: Promise<CliResult>
}

const running = new Set<Running>()
afterEach(async () => {
  await Promise.all([...running].map((one) => one.stop()))
})

export const startCli = (argv: string | readonly string[], options: CliOptions = {}): Running => {
  const { isTTY = false, columns = 100, env = {}, stdin = '' } = options
  const stdout = new MemorySink(isTTY, columns)
  const stderr = new MemorySink(isTTY, columns)
  const stop = new AbortController()
  const input =
    stdin instanceof Readable
      ? stdin
      : Readable.from(stdin.length === 0 ? [] : [typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin])
  const cwd = options.cwd ?? scratchFolder()
  const io: Io = {
    stdin: Object.assign(input, { isTTY }),
    stdinIsPiped: options.stdin !== undefined && !isTTY,
    stdout,
    stderr,
    cwd,
    signal: stop.signal,
    platform: options.platform ?? 'linux',
    env: { HOME: cwd, XDG_CONFIG_HOME: join(cwd, '.config'), PATH: process.env['PATH'], ...env },
    clock: options.clock ?? Date.now,
    dial: options.dial,
  }
  const words = typeof argv === 'string' ? wordsOf(argv) : argv
  const ended = run(words, io).then((code) => ({ code, stdout: stdout.text, stderr: stderr.text, bytes: stdout.bytes }))
  const made: Running = {
    ended,
    get stdout() {
      return stdout.text
    },
    waitFor: (pattern) =>
      stdout.waitFor(
        pattern,
        ended.then(({ stderr: text }) => text),
      ),
    waitForError: (pattern) => stderr.waitFor(pattern, ended),
    stop: () => {
      running.delete(made)
      stop.abort()
      return ended
    },
  }
  running.add(made)
  void ended.then(() => running.delete(made))
  return made
}

export const runCli = (argv: string | readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  startCli(argv, options).ended

/** The words of a command line as a shell has them: quotes, no expansions. A leading `puretls` is dropped. */
export const wordsOf = (line: string): string[] => {
  const words = [...line.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
  )
  return words[0] === 'puretls' ? words.slice(1) : words
}

export const leaves = (): readonly Command[] => commands.flatMap((node) => (isGroup(node) ? node.commands : [node]))

export const commandNamed = (name: string): Command => {
  const found = leaves().find((command) => command.name === name)
  if (found === undefined) throw new Error(`no command ${name}`)
  return found
}

/** What `--json` printed, each line checked against the command's schema. */
// oxlint-disable-next-line typescript/no-explicit-any
export const jsonOf = (name: string, { stdout }: Pick<CliResult, 'stdout'>): any[] => {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  const validate = ajv.compile(schemaOf(commandNamed(name)))
  const values = stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
  for (const value of values) {
    validate(value)
    expect(validate.errors ?? [], JSON.stringify(value)).toEqual([])
  }
  return values
}
