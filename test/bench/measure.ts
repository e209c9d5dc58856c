// Times by the processor: so many operations for each second of processor time of this process, all contenders in
// turns, so that what else the machine does hits all alike. Medians of rounds, with the spread; and a fixed job that
// tells how steady the machine was.

import { createHash } from 'node:crypto'
import { median, quantile } from './quantile.ts'

export interface Figure {
  readonly name: string
  /** Median of the rounds, in the row's unit. */
  readonly value: number
  /** Half of the distance between the quartiles, as a part of the median. */
  readonly spread: number
  /** To the first contender's, round by round; the median. */
  readonly ratio: number
}

const spreadOf = (values: readonly number[]): number =>
  (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values)

/** Milliseconds of processor time of this process, the kernel's share included. */
export const processorTime = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Milliseconds of processor time that the work takes. */
export const spent = async (work: () => unknown): Promise<number> => {
  const start = processorTime()
  await work()
  return processorTime() - start
}

export interface Subject {
  readonly name: string
  /** One round: the value in the row's unit. */
  measure(): Promise<number>
}

/** What each measured in each round, in turns after a round to warm up; every other round the other way round. */
export const valuesInTurns = async (subjects: readonly Subject[], rounds: number): Promise<readonly number[][]> => {
  const all = subjects.map((): number[] => [])
  for (let round = -1; round < rounds; round++) {
    const order = [...subjects.entries()]
    for (const [index, { measure }] of round % 2 === 0 ? order : order.toReversed()) {
      const value = await measure()
      if (round >= 0) all[index]?.push(value)
    }
  }
  return all
}

/** `first` is what the first contender measured in the same rounds. */
export const figureOf = (name: string, values: readonly number[], first: readonly number[]): Figure => ({
  name,
  value: median(values),
  spread: spreadOf(values),
  ratio: median(values.map((value, round) => value / (first[round] ?? Number.NaN))),
})

/** All subjects in turns. */
export const inTurns = async (subjects: readonly Subject[], rounds: number): Promise<readonly Figure[]> => {
  const all = await valuesInTurns(subjects, rounds)
  return subjects.map(({ name }, index) => figureOf(name, all[index] ?? [], all[0] ?? []))
}

const block = new Uint8Array(1 << 20)
const steady: number[] = []

/** The same work each time, between the rows: what it takes should not change. */
export const calibrate = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) {
    steady.push(
      await spent(() => {
        for (let n = 0; n < 40; n++) createHash('sha256').update(block).digest()
      }),
    )
  }
}

/** A part of the median that the fixed job may spread before the figures mean little. */
const NOISY = 0.05

/** What is wrong with the machine, or undefined. */
export const noise = (): string | undefined => {
  const spread = spreadOf(steady)
  if (!(spread > NOISY)) return undefined
  return (
    `the machine is too noisy: a fixed job spread by ${(spread * 100).toFixed(0)} % (at most ${NOISY * 100} ` +
    '%); ratios hold better than values'
  )
}

/** Rejects if it takes longer than a row may: a contender that hangs must not stop the bench. */
export const within = async <T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
