// What is done with connections over and over while the processor time is measured.

import { handshakes } from './checkouts.ts'
import type { Link, Opener } from './contenders/types.ts'
import { spent } from './measure.ts'

/** Plain data, for a process of a contender. */
export type Task =
  | { readonly kind: 'handshakes' }
  /** From server to client in writes of `size` bytes. */
  | { readonly kind: 'bulk'; readonly size: number }
  /** There and back, one of `size` bytes in flight. */
  | { readonly kind: 'echo'; readonly size: number }
  /** So many MiB at a time through one connection that stays, in writes of 64 KiB. */
  | { readonly kind: 'long'; readonly mebibytes: number }
  /** A handshake of both ends and one answer. */
  | { readonly kind: 'first-answer' }

/** One that is ready to be measured; a turn takes about so many milliseconds of processor time. */
export interface Measurement {
  measure(turn: number): Promise<number>
  end(): unknown
}

const MIB = 1 << 20

export const measurementOf = (task: Task, opener: Opener): Measurement => {
  if (task.kind === 'long') return long(opener, task.mebibytes)
  const { kind } = task
  if (kind === 'handshakes') return each((turn) => handshakesPerSecond(opener, turn))
  if (kind === 'first-answer') return each(() => firstAnswer(opener))
  return each((turn) => (kind === 'bulk' ? bulk : echo)(opener, task.size, turn))
}

const each = (measure: Measurement['measure']): Measurement => ({ measure, end: () => {} })

/** Handshakes per second, their ends included. */
const handshakesPerSecond = async (opener: Opener, turn: number): Promise<number> => {
  let time = 0
  let count = 0
  while (time < turn) {
    time += await spent(() => handshakes(opener, 10))
    count += 10
  }
  return (count * 1000) / time
}

/** MiB per second. */
const bulk = async ({ open }: Opener, size: number, turn: number): Promise<number> => {
  const link = await open()
  await link.transfer(Math.max(size, MIB / 4), size)
  let time = 0
  let bytes = 0
  const step = Math.max(size, MIB)
  while (time < turn) {
    time += await spent(() => link.transfer(step, size))
    bytes += step
  }
  await link.close()
  return (bytes / MIB) * (1000 / time)
}

/** Round trips per second. */
const echo = async ({ open }: Opener, size: number, turn: number): Promise<number> => {
  const link = await open()
  let time = 0
  let rounds = 0
  while (time < turn) {
    time += await spent(() => link.echo(200, size))
    rounds += 200
  }
  await link.close()
  return (rounds * 1000) / time
}

/** MiB per second. */
const long = (opener: Opener, mebibytes: number): Measurement => {
  let opened: Promise<Link> | undefined
  return {
    measure: async () => {
      opened ??= opener.open()
      const link = await opened
      const milliseconds = await spent(() => link.transfer(mebibytes * MIB, 65_536))
      return (mebibytes * 1000) / milliseconds
    },
    end: async () => (await opened)?.close(),
  }
}

/** Milliseconds by the clock: there is nothing but waiting in it. */
const firstAnswer = async ({ open }: Opener): Promise<number> => {
  const start = performance.now()
  const link = await open()
  await link.echo(1, 100)
  const time = performance.now() - start
  await link.close()
  return time
}
