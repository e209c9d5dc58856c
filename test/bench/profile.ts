// `node test/bench/profile.ts own:tcp:resumed own:pair:resumed`: where handshakes spend their time, microseconds of
// the main thread's samples for one handshake, by part of the code and by function, the subjects side by side. They
// take short turns in one process, so that what differs between two columns is not the machine. The time of the threads
// of V8 is in the first line only, with all that the profiler takes.
//   SUBJECT            contender of contenders/index.ts, transport and kind (full, resumed), with colons
//   --rounds N --count N   rounds in turns and handshakes of one turn (default: 12 of 200)
//   --warm N           handshakes of each before the first round (default: 3000)
//   --top N            functions (default: 60)

import { Session } from 'node:inspector/promises'
import { parseArgs } from 'node:util'
import * as contenders from './contenders/index.ts'
import type { Contender, Opener, Transport } from './contenders/types.ts'
import { spent } from './measure.ts'
import { full13 } from './setups.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '12' },
    count: { type: 'string', default: '200' },
    warm: { type: 'string', default: '3000' },
    top: { type: 'string', default: '60' },
  },
})
const [rounds, count, warm] = [Number(options.rounds), Number(options.count), Number(options.warm)]

interface Subject {
  readonly name: string
  readonly opener: Opener
  /** Microseconds of samples, by function. */
  readonly samples: Map<string, number>
  milliseconds: number
}

const subjectOf = async (name: string): Promise<Subject> => {
  const [who = '', transport, kind] = name.split(':')
  const contender = (contenders as unknown as Readonly<Record<string, Contender | undefined>>)[who]
  const setup = { ...full13, resumed: kind === 'resumed' }
  const opener = await contender?.prepare(setup, transport as Transport)
  if (!opener) throw new Error(`no subject ${name}`)
  return { name, opener, samples: new Map(), milliseconds: 0 }
}

const run = async ({ opener }: Subject, times: number): Promise<void> => {
  for (let i = 0; i < times; i++) {
    await (await opener.open()).close()
    if (i % 10 === 9) await new Promise(setImmediate)
  }
}

const session = new Session()

const profile = async (subject: Subject): Promise<void> => {
  await session.post('Profiler.start')
  subject.milliseconds += await spent(() => run(subject, count))
  const { profile: found } = await session.post('Profiler.stop')
  const frames = new Map(found.nodes.map(({ id, callFrame }) => [id, callFrame]))
  found.samples?.forEach((id, i) => {
    const { functionName = '', url = '', lineNumber = 0 } = frames.get(id) ?? {}
    const place = url === '' ? '' : ` ${url.replace(/^.*\/(?=(?:src|test)\/)/, '')}:${lineNumber + 1}`
    const key = `${functionName}${place}`
    subject.samples.set(key, (subject.samples.get(key) ?? 0) + (found.timeDeltas?.[i] ?? 0))
  })
}

/** A folder of src/, a module of Node, or a function that is no JavaScript. */
const partOf = (key: string): string => {
  const [, place] = /^.* (\S+):\d+$/.exec(key) ?? []
  return place === undefined ? key : (/^src\/[^/.]+(?=\/)|^(?:src|test)|^.*/.exec(place)?.[0] ?? key)
}

const print = (subjects: readonly Subject[], nameOf: (key: string) => string, most: number): void => {
  const sums = new Map<string, number[]>()
  for (const [i, { samples }] of subjects.entries()) {
    for (const [key, microseconds] of samples) {
      const sum = sums.get(nameOf(key)) ?? subjects.map(() => 0)
      sum[i] = (sum[i] ?? 0) + microseconds / (rounds * count)
      sums.set(nameOf(key), sum)
    }
  }
  const order = [...sums].sort(([, a], [, b]) => Math.max(...b) - Math.max(...a)).slice(0, most)
  for (const [name, sum] of order) console.log(`${sum.map((value) => value.toFixed(1).padStart(9)).join('')}  ${name}`)
}

session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.setSamplingInterval', { interval: 150 })
const subjects: Subject[] = []
for (const name of positionals) subjects.push(await subjectOf(name))
for (const subject of subjects) await run(subject, warm)
for (let round = 0; round < rounds; round++) for (const subject of subjects) await profile(subject)
for (const { name, milliseconds } of subjects)
  console.log(
    `${name}: ${((milliseconds * 1000) / (rounds * count)).toFixed(0)} µs of processor time, profiler included`,
  )
print(subjects, partOf, 40)
console.log()
print(subjects, (key) => key, Number(options.top))
process.exit()
