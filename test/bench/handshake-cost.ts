// `node test/bench/handshake-cost.ts`: microseconds of processor time for a handshake, both ends and their close
// included, next to node:tls and to a floor: the primitives of node:crypto that the handshake cannot do without.
//   --kinds KIND[,KIND]   full, resumed, full12, resumed12, rsa, hybrid, client (with a certificate of the client's);
//                         default: the first four
//   --over pair,tcp       transports (default: both)
//   --rounds N --count N  rounds in turns and handshakes of one turn (default: 7 of 200)
//   --warm N              handshakes of each before the first round (default: 2500; V8 goes on compiling until then)
//   --only NAME[,NAME]    node:tls, puretls, engine, floor (default: all); for profiles

import { parseArgs } from 'node:util'
import * as contenders from './contenders/index.ts'
import type { Contender, Setup, Transport } from './contenders/types.ts'
import { floors } from './floor.ts'
import { spent, within } from './measure.ts'
import { median, quantile } from './quantile.ts'
import { setupsByKind as setups } from './setups.ts'

const { values: options } = parseArgs({
  options: {
    kinds: { type: 'string', default: 'full,resumed,full12,resumed12' },
    over: { type: 'string', default: 'pair,tcp' },
    rounds: { type: 'string', default: '7' },
    count: { type: 'string', default: '200' },
    warm: { type: 'string', default: '2500' },
    only: { type: 'string', default: 'node:tls,puretls,engine,floor' },
  },
})

const wanted = options.only.split(',')
const rounds = Number(options.rounds)
const count = Number(options.count)
const warm = Number(options.warm)

interface Subject {
  readonly name: string
  measure(handshakes: number): Promise<number>
}

const subjectOf = async (
  name: string,
  contender: Contender,
  setup: Setup,
  transport: Transport,
): Promise<Subject | undefined> => {
  const opener = await within(10_000, name, contender.prepare(setup, transport))
  return (
    opener && {
      name,
      measure: (handshakes) =>
        spent(async () => {
          for (let i = 0; i < handshakes; i++) {
            await (await opener.open()).close()
            if (i % 10 === 9) await new Promise(setImmediate)
          }
        }),
    }
  )
}

const subjectsOf = async (kind: string, transport: Transport): Promise<readonly Subject[]> => {
  const setup = setups[kind]
  if (!setup) throw new Error(`no kind ${kind}: there are ${Object.keys(setups).join(', ')}`)
  const subjects: (Subject | undefined)[] = []
  const all = { 'node:tls': contenders.node, puretls: contenders.own, engine: contenders.ownEngine }
  for (const [name, contender] of Object.entries(all)) {
    if (wanted.includes(name)) subjects.push(await subjectOf(name, contender, setup, transport))
  }
  const floor = floors[kind]
  if (floor && wanted.includes('floor') && transport === 'pair') {
    const once = floor()
    subjects.push({
      name: 'floor',
      measure: (handshakes) =>
        spent(() => {
          for (let i = 0; i < handshakes; i++) once()
        }),
    })
  }
  return subjects.filter((subject) => subject !== undefined)
}

for (const transport of options.over.split(',') as Transport[]) {
  for (const kind of options.kinds.split(',')) {
    const subjects = await subjectsOf(kind, transport)
    const all = subjects.map((): number[] => [])
    for (const subject of subjects) await subject.measure(warm)
    for (let round = 0; round < rounds; round++) {
      for (const [i, subject] of subjects.entries()) all[i]?.push(((await subject.measure(count)) / count) * 1000)
    }
    const first = all[0] ?? []
    const line = subjects.map(({ name }, i) => {
      const values = all[i] ?? []
      const ratio = median(values.map((value, round) => (first[round] ?? 0) / value))
      return `${name} ${median(values).toFixed(0)} (least ${quantile(values, 0).toFixed(0)}; ${ratio.toFixed(2)})`
    })
    console.log(`${kind} over ${transport}: ${line.join(', ')}`)
  }
}
process.exit()
