// Contenders in processes of their own, as subjects that take turns.

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ContenderId } from './contenders/index.ts'
import type { Setup, Transport } from './contenders/types.ts'
import type { Ready, Request } from './contender-process.ts'
import { within } from './measure.ts'
import type { Subject } from './measure.ts'
import type { Task } from './tasks.ts'

interface ContenderProcess {
  readonly child: ChildProcess
  isWarm: boolean
}

const processes = new Map<ContenderId, ContenderProcess>()

const processOf = async (id: ContenderId): Promise<ContenderProcess> => {
  const known = processes.get(id)
  if (known) return known
  const child = fork(fileURLToPath(new URL('contender-process.ts', import.meta.url)), [id])
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
   * The same of handshakes before the first turn of a row, and six times that in a process's first: V8 compiles some
   * functions after 10,000 only.
   */
  readonly warm: number
}

/** Those that can do this, in the same order; one that should and fails is told of. */
export const readySubjects = async (
  who: readonly ContenderId[],
  { setup, transport, task, turn, warm }: Conditions,
): Promise<readonly (Subject & { end(): Promise<unknown> })[]> => {
  const subjects: (Subject & { end(): Promise<unknown> })[] = []
  for (const id of who) {
    const own = await processOf(id)
    const { child } = own
    const before = task.kind === 'handshakes' ? (own.isWarm ? warm : warm * 6) : 0
    const prepare = { setup, transport, task, warm: before }
    const ready = (await within(120_000, id, ask(child, { prepare }))) as Ready
    if ('name' in ready) {
      own.isWarm ||= task.kind === 'handshakes'
      const measure = async (): Promise<number> => Number(await within(120_000, ready.name, ask(child, { turn })))
      subjects.push({ name: ready.name, measure, end: () => ask(child, { end: true }) })
    } else if (ready.reason !== undefined) console.error(`${id} over ${transport} left out: ${ready.reason}`)
  }
  return subjects
}

/** Ends the processes. */
export const endProcesses = (): void => {
  for (const { child } of processes.values()) child.disconnect()
  processes.clear()
}
