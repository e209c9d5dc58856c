// `node test/bench/compare.ts BEFORE AFTER`: microseconds of processor time for a handshake of two checkouts of this
// repository (paths), both ends and their close included; or for a round or a MiB of one connection. Each has a process
// of its own, and they take short turns: two versions in one process collect each other's garbage, and two runs one
// after the other see two different machines.
//   --kinds KIND[,KIND]     full, resumed, full12, resumed12, rsa, hybrid, client (default: full,resumed); echo: a
//                           round of 1 KiB;
//                           bulk-1k, bulk-16k, bulk-64k, bulk-1m: a MiB in writes of that size
//   --of own,ownNode        contender: puretls itself, or puretls/node (default: own)
//   --over pair,tcp         transports (default: pair)
//   --rounds N --count N    rounds, and handshakes of one turn, rounds or MiB (default: 60 of 40)
//   --warm N                handshakes of each before the first round (default: 1500)

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { handshakes, openerOf } from './checkouts.ts'
import type { Link, Setup, Transport } from './contenders/types.ts'
import { spent } from './measure.ts'
import { median, quantile } from './quantile.ts'
import { setupsByKind } from './setups.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kinds: { type: 'string', default: 'full,resumed' },
    of: { type: 'string', default: 'own' },
    over: { type: 'string', default: 'pair' },
    rounds: { type: 'string', default: '60' },
    count: { type: 'string', default: '40' },
    warm: { type: 'string', default: '1500' },
  },
})

const MIB = 1 << 20

/** What is done over and over on one connection. */
const works: Readonly<Record<string, (link: Link, times: number) => Promise<void>>> = {
  echo: (link, rounds) => link.echo(rounds, 1024),
  'bulk-1k': (link, mebibytes) => link.transfer(mebibytes * MIB, 1024),
  'bulk-16k': (link, mebibytes) => link.transfer(mebibytes * MIB, 16_384),
  'bulk-64k': (link, mebibytes) => link.transfer(mebibytes * MIB, 65_536),
  'bulk-1m': (link, mebibytes) => link.transfer(mebibytes * MIB, MIB),
}

/** A process that answers a number of handshakes (or rounds, or MiB) with what one of them took. */
const serve = async (checkout: string, kind: string, transport: Transport): Promise<void> => {
  const asked = once(process, 'message')
  const work = works[kind]
  const [setup] = (await asked) as [Setup]
  const opener = await openerOf(checkout, options.of, setup, transport)
  const link = work && (await opener.open())
  const run = async (times: number): Promise<void> => {
    const milliseconds = await spent(() => (link ? work(link, times) : handshakes(opener, times)))
    process.send?.((milliseconds * 1000) / times)
  }
  process.on('message', (times) => void run(Number(times)))
  process.send?.('ready')
}

const ask = async (child: ChildProcess, handshakes: number): Promise<number> => {
  const answer = once(child, 'message')
  child.send(handshakes)
  return Number((await answer)[0])
}

const compare = async (checkouts: readonly string[], kind: string, transport: string): Promise<string> => {
  const children = checkouts.map((checkout) =>
    fork(fileURLToPath(import.meta.url), ['child', checkout, kind, transport, '--of', options.of]),
  )
  const setup = kind in works ? setupsByKind['full'] : setupsByKind[kind]
  if (!setup) throw new Error(`no kind ${kind}`)
  for (const child of children) child.send(setup)
  await Promise.all(children.map((child) => once(child, 'message')))
  await Promise.all(children.map((child) => ask(child, Number(options.warm))))
  const all = children.map((): number[] => [])
  for (let round = 0; round < Number(options.rounds); round++) {
    const order = [...children.keys()]
    for (const i of round % 2 === 0 ? order : order.toReversed()) {
      const child = children[i]
      if (child) all[i]?.push(await ask(child, Number(options.count)))
    }
  }
  for (const child of children) child.kill()
  const [first = []] = all
  const columns = all.map((values) => {
    const ratio = median(values.map((value, round) => (first[round] ?? 0) / value))
    return `${median(values).toFixed(0)} (least ${quantile(values, 0).toFixed(0)}; ${ratio.toFixed(3)})`
  })
  return `${kind} over ${transport}: ${columns.join(', ')}`
}

const [role, checkout = '', kind = '', transport] = positionals
if (role === 'child') await serve(checkout, kind, transport === 'tcp' ? 'tcp' : 'pair')
else {
  if (positionals.length < 2) throw new Error('two checkouts are needed: BEFORE and AFTER')
  for (const over of options.over.split(',')) {
    for (const each of options.kinds.split(',')) console.log(await compare(positionals, each, over))
  }
}
