// Contenders in processes of their own, as subjects that take turns.

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ContenderId } from './contenders/index.ts'
import type { Setup, Transport } from './contenders/types.ts'
import type { Ready, Request } from './contender-process.ts'
import { figureOf, valuesInTurns, within } from './measure.ts'
import type { Figure, Subject } from './measure.ts'
import type { Task } from './tasks.ts'

interface ContenderProcess {
  readonly child: ChildProcess
  isWarm: boolean
}

const processes = new Map<ContenderId, ContenderProcess>()

/**
 * In a process that has been quiet for 100 s V8 collects all that it can, hidden classes of objects that come and go
 * too, and with them the compiled code of some 400 functions (docs/performance.md). Here that would be whoever waits
 * for the others' rows.
 */
const execArgv = [...process.execArgv, '--no-memory-reducer']

const processOf = async (id: ContenderId): Promise<ContenderProcess> => {
  const known = processes.get(id)
  if (known) return known
  const child = fork(fileURLToPath(new URL('contender-process.ts', import.meta.url)), [id], { execArgv })
  await next(child)
  const made = { child, isWarm: false }
  processes.set(id, made)
  return made
}

/** The next message, or an error where the process ends first. */
const next = async (child: ChildProcess): Promise<unknown> => {
  const ended = new AbortController()
  const { signal } = ended
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]: unknown[]) => message),
      once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`a contender ended with ${code}`))),
    ])
  } finally {
    ended.abort()
  }
}

const ask = async (child: ChildProcess, request: Request): Promise<unknown> => {
  const answer = next(child)
  child.send(request)
  return answer
}

export interface Conditions {
  readonly setup: Setup
  readonly transport: Transport
  readonly task: Task
  /** Milliseconds of processor time of one contender's turn. */
  readonly turn: number
  /**
   * The same of handshakes before the first turn of a row, and twice that in a process's first: V8 compiles some
   * functions after 10,000 only. Other tasks do with a seventh.
   */
  readonly warm: number
}

export interface ReadySubject extends Subject {
  end(): Promise<unknown>
}

/** Undefined for a contender that cannot do this; for one that should and fails as well, which is told of. */
export const readySubject = async (
  id: ContenderId,
  { setup, transport, task, turn, warm }: Conditions,
): Promise<ReadySubject | undefined> => {
  const own = await processOf(id)
  const { child } = own
  const before = task.kind !== 'handshakes' ? warm / 7 : own.isWarm ? warm : warm * 2
  const prepare = { setup, transport, task, warm: before }
  const ready = (await within(120_000, id, ask(child, { prepare }))) as Ready
  if (!('name' in ready)) {
    if (ready.reason !== undefined) console.error(`${id} over ${transport} left out: ${ready.reason}`)
    return undefined
  }
  own.isWarm ||= task.kind === 'handshakes'
  const { name } = ready
  const measure = async (): Promise<number> => Number(await within(120_000, name, ask(child, { turn })))
  return { name, measure, end: () => ask(child, { end: true }) }
}

/** The first is what the others are measured against. */
export type Contenders = readonly [ContenderId, ...ContenderId[]]

/**
 * The figures of all that can do this. The first takes turns with one other at a time: a process that waits for long
 * loses its compiled code (docs/performance.md).
 */
export const inPairs = async (
  [firstId, ...others]: Contenders,
  conditions: Conditions,
  rounds: number,
): Promise<readonly Figure[]> => {
  const first = await readySubject(firstId, conditions)
  if (!first) return []
  const figures: Figure[] = []
  const all: number[] = []
  for (const id of others) {
    const other = await readySubject(id, conditions)
    if (!other) continue
    const [values = [], otherValues = []] = await valuesInTurns([first, other], rounds)
    all.push(...values)
    figures.push(figureOf(other.name, otherValues, values))
    await other.end()
  }
  await first.end()
  return [figureOf(first.name, all, all), ...figures]
}

/** Ends the processes. */
export const endProcesses = (): void => {
  for (const { child } of processes.values()) child.disconnect()
  processes.clear()
}
