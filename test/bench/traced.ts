// Fresh processes that are measured with `--trace-gc`: what each costs, and how often V8's collector ran meanwhile. The
// process says when with begin() and end().

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { median } from './quantile.ts'

interface Run {
  /** Microseconds of processor time a MiB. */
  readonly time: number
  /** Mark-compacts. */
  readonly marked: number
  /** Collections of the young generation. */
  readonly young: number
}

export const begin = (): void => console.log('BEGIN')
export const end = (milliseconds: number, mebibytes: number): void =>
  console.log(`END ${(milliseconds * 1000) / mebibytes}`)

const run = async (args: readonly string[]): Promise<Run> => {
  const child = spawn(process.execPath, ['--trace-gc', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (text) => (output += String(text)))
  await once(child, 'close')
  const measured = output.slice(output.indexOf('BEGIN'))
  const time = /END ([\d.]+)/.exec(measured)?.[1]
  if (time === undefined) throw new Error(`${args.join(' ')} did not end: ${output.slice(-300)}`)
  const count = (kind: RegExp): number => [...measured.matchAll(kind)].length
  return { time: Number(time), marked: count(/Mark-Compact/g), young: count(/Scavenge/g) }
}

export interface Comparison {
  /** Run as `script CHECKOUT --of ID ...args`, for each contender. */
  readonly script: string
  readonly args: readonly string[]
  /** Those of node:tls begin with `node`, and are the same in each checkout. */
  readonly ids: readonly string[]
  /** Paths; none for this one. */
  readonly checkouts: readonly string[]
  /** Processes of each. */
  readonly runs: number
}

/** In turns, every other round the other way round; prints the medians. */
export const compareTraced = async ({ script, args, ids, checkouts, runs }: Comparison): Promise<void> => {
  const all = ids.flatMap((id) =>
    (id.startsWith('node') || checkouts.length === 0 ? ['.'] : checkouts).map((checkout) => ({
      name: `${checkout} ${id}`,
      args: [script, checkout, '--of', id, ...args],
      runs: new Array<Run>(),
    })),
  )
  for (let round = 0; round < runs; round++) {
    for (const contender of round % 2 === 0 ? all : all.toReversed()) contender.runs.push(await run(contender.args))
  }
  for (const { name, runs: each } of all) {
    const list = each.map(({ time, marked, young }) => `${time.toFixed(0)} (${marked}, ${young})`)
    console.log(`${name}: ${median(each.map(({ time }) => time)).toFixed(0)} of ${list.join(', ')}`)
  }
}
