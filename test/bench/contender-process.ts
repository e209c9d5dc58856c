// The process of one contender: `fork(contender-process.ts, [name of contenders/index.ts])`. It is told what to get
// ready for, then gets its turns. What else a process has run changes what its code and its collector cost: V8 compiles
// a function for all the values that it has seen, and whoever runs next pays for the garbage of the one before.

import process from 'node:process'
import { contenderNamed } from './contenders/index.ts'
import type { Opener, Setup, Transport } from './contenders/types.ts'
import { within } from './measure.ts'
import { measurementOf } from './tasks.ts'
import type { Measurement, Task } from './tasks.ts'

export interface Preparation {
  readonly setup: Setup
  readonly transport: Transport
  readonly task: Task
  /** Milliseconds of processor time to run before the first turn. */
  readonly warm: number
}

export type Request =
  | { readonly prepare: Preparation }
  /** Milliseconds of processor time. */
  | { readonly turn: number }
  | { readonly end: true }

/** What a row calls it, or why it is not there: undefined where it cannot do this. */
export type Ready = { readonly name: string } | { readonly reason: string | undefined }

const [, , id = ''] = process.argv
const contender = await contenderNamed(id)
let current: { readonly opener: Opener; readonly measurement: Measurement } | undefined

/** Milliseconds of processor time in a step, and by the clock for all: some peers mostly wait. */
const WARM_STEP = 500
const MAX_WARM = 45_000

const warmUp = async (measurement: Measurement, milliseconds: number): Promise<void> => {
  const end = performance.now() + MAX_WARM
  for (let done = 0; done < milliseconds && performance.now() < end; done += WARM_STEP)
    await measurement.measure(WARM_STEP)
}

const prepare = async ({ setup, transport, task, warm }: Preparation): Promise<Ready> => {
  try {
    const opener = await contender?.prepare(setup, transport)
    if (!contender || !opener) return { reason: undefined }
    await within(
      10_000,
      contender.name,
      opener.open().then((link) => link.close()),
    )
    const measurement = measurementOf(task, opener)
    await warmUp(measurement, warm)
    current = { opener, measurement }
    return { name: contender.name }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

const end = async (): Promise<void> => {
  await current?.measurement.end()
  current?.opener.end()
  current = undefined
}

process.on('message', (request: Request) => {
  const answer =
    'prepare' in request
      ? prepare(request.prepare)
      : 'turn' in request
        ? current?.measurement.measure(request.turn)
        : end().then(() => true)
  void answer?.then((value) => process.send?.(value))
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
