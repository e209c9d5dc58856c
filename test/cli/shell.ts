// Runs command lines as a terminal does: those of puretls in process, `... &` in the background, the others by bash.
// For the examples of the help texts and the worked sessions of the documentation.

import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { runCli, scratchFolder, startCli, wordsOf } from './harness.ts'
import type { CliOptions, Running } from './harness.ts'

export interface Step {
  readonly command: string
  /** What it prints; `...` stands for anything. */
  readonly prints: string
}

/** The steps of the ```console blocks of a text: lines with `$ `, and what follows each. */
export const stepsOf = (text: string): readonly Step[] =>
  [...text.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = '', ...lines] = part.replaceAll('\\\n', ' ').split('\n')
        return { command, prints: lines.join('\n').trim() }
      }),
  )

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** Runs the steps one after the other in one folder. Ports 8000 to 8999 of the text are others in truth, and so are
 * those of `known`: port of the text to port that is meant. */
export const runSteps = async (
  steps: readonly Step[],
  options: CliOptions = {},
  known: ReadonlyMap<string, string> = new Map(),
): Promise<void> => {
  const cwd = options.cwd ?? scratchFolder()
  const ports = new Map(known)
  for (const { command } of steps) {
    for (const [port] of command.matchAll(/\b8\d{3}\b/g))
      if (!ports.has(port)) ports.set(port, String(await freePort()))
  }
  const real = (text: string): string => text.replace(/(?<=:)\d{4,5}\b|\b8\d{3}\b/g, (port) => ports.get(port) ?? port)
  const told = (text: string): string => [...ports].reduce((sum, [port, other]) => sum.replaceAll(other, port), text)
  const env: Record<string, string> = { ...options.env }
  let background: Running[] = []
  for (const { command, prints } of steps) {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(command) ?? []
    if (name !== undefined) {
      env[name] = real(value ?? '').replace('$PWD', cwd)
    } else if (/^kill %/.test(command)) {
      for (const one of background) await one.stop()
      background = []
    } else if (command.endsWith(' &')) {
      const started = startCli(wordsOf(real(command.slice(0, -2))), { ...options, cwd, env })
      background.push(started)
      const firstLine = prints.split('\n')[0] ?? ''
      await started.waitFor(new RegExp(patternOf(real(firstLine)).source.replace(/^\^|\$$/g, '')))
    } else {
      expect(told(await outputOf(real(command), { ...options, cwd, env })), command).toMatch(patternOf(prints))
    }
  }
  for (const one of background) await one.stop()
}

/**
 * stdout, and under it stderr, as a terminal shows them; with `> FILE` and `< FILE`, and a last pipe or `; echo $?`.
 */
const outputOf = async (
  command: string,
  options: CliOptions & { readonly cwd: string; readonly env: Record<string, string> },
): Promise<string> => {
  const [, line = command, target] = /^(.*?) > (\S+)$/.exec(command) ?? []
  const [, words = line, source] = /^(.*?) < (\S+)$/.exec(line) ?? []
  const [, text, piped = words] = /^(?:printf|echo) (.*?) \| (puretls .*)$/.exec(words) ?? []
  if (!piped.startsWith('puretls ')) {
    const env = { ...process.env, HOME: options.cwd, ...options.env }
    return (await bash(command, { cwd: options.cwd, env })).stdout.trim()
  }
  const stdin =
    text !== undefined
      ? (await bash(words.slice(0, words.indexOf(' | puretls')), {})).stdout
      : source === undefined
        ? ''
        : readFileSync(join(options.cwd, source))
  const { stdout, stderr, bytes } = await runCli(wordsOf(piped), {
    ...options,
    ...(stdin === '' ? {} : { stdin: typeof stdin === 'string' ? stdin : new Uint8Array(stdin) }),
  })
  if (target !== undefined) writeFileSync(join(options.cwd, target), bytes)
  return `${target === undefined ? stdout : ''}${stderr}`.trim()
}

/** Not in this thread: it may talk to a server that runs here. */
const bash = (command: string, options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv }) =>
  promisify(execFile)('bash', ['-c', command], { ...options, encoding: 'utf8', timeout: 200_000 })

/** A text in which `...` stands for anything, a line of it for any lines. */
const patternOf = (prints: string): RegExp =>
  new RegExp(
    `^${prints
      .split('\n')
      .map((line) =>
        line.trim() === '...'
          ? '[^]*'
          : line
              .split('...')
              .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
              .join('.*')
              .trimEnd(),
      )
      .join('\n')}$`,
  )
