// `node test/bench/collections.ts [CHECKOUT ...]`: what V8's collector does in a download. Each contender has fresh
// processes, one after the other, with both ends of a TCP connection: some handshakes and 192 MiB first, then 512 MiB
// that are measured. For each: microseconds of processor time a MiB, and in brackets mark-compacts and collections of
// the young generation (`--trace-gc`). With checkouts of this repository (paths) their contenders are compared.
//   --sizes N[,N]           bytes of a write (default: 16384,1048576)
//   --runs N                processes of each (default: 4)
//   --handshakes N          before the data (default: 300)

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { handshakes, openerOf } from './checkouts.ts'
import { spent } from './measure.ts'
import { median } from './quantile.ts'
import { full13 } from './setups.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: 'string', default: '16384,1048576' },
    runs: { type: 'string', default: '4' },
    handshakes: { type: 'string', default: '300' },
    of: { type: 'string' }, // in a process of one contender
  },
})

const MIB = 1 << 20
const FIRST = 192
const MEASURED = 512

/** In the process of one contender. */
const download = async (checkout: string, id: string): Promise<void> => {
  const opener = await openerOf(checkout, id, full13, 'tcp')
  await handshakes(opener, Number(options.handshakes))
  const link = await opener.open()
  const size = Number(options.sizes)
  await link.transfer(FIRST * MIB, size)
  console.log('BEGIN')
  const milliseconds = await spent(() => link.transfer(MEASURED * MIB, size))
  console.log(`END ${(milliseconds * 1000) / MEASURED}`)
}

interface Run {
  readonly time: number
  readonly marked: number
  readonly young: number
}

const run = async (checkout: string, id: string, size: string): Promise<Run> => {
  const args = [checkout, '--of', id, '--sizes', size, '--handshakes', options.handshakes]
  const child = spawn(process.execPath, ['--trace-gc', fileURLToPath(import.meta.url), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (text) => (output += String(text)))
  await once(child, 'close')
  const measured = output.slice(output.indexOf('BEGIN'))
  const time = /END ([\d.]+)/.exec(measured)?.[1]
  if (time === undefined) throw new Error(`${id} of ${checkout} did not end: ${output.slice(-300)}`)
  const count = (kind: RegExp): number => [...measured.matchAll(kind)].length
  return { time: Number(time), marked: count(/Mark-Compact/g), young: count(/Scavenge/g) }
}

const compare = async (size: string): Promise<void> => {
  const checkouts = positionals.length > 0 ? positionals : ['.']
  const ids = ['node', 'own', 'ownInto', 'ownNode']
  const all = ids.flatMap((id) => (id === 'node' ? ['.'] : checkouts).map((checkout) => ({ id, checkout })))
  const runs = all.map((): Run[] => [])
  for (let round = 0; round < Number(options.runs); round++) {
    const order = [...all.keys()]
    if (round % 2 === 1) order.reverse()
    for (const i of order) {
      const contender = all[i]
      if (contender) runs[i]?.push(await run(contender.checkout, contender.id, size))
    }
  }
  console.log(`writes of ${size} bytes`)
  for (const [i, { id, checkout }] of all.entries()) {
    const each = runs[i] ?? []
    const list = each.map(({ time, marked, young }) => `${time.toFixed(0)} (${marked}, ${young})`)
    console.log(`${checkout} ${id}: ${median(each.map(({ time }) => time)).toFixed(0)} of ${list.join(', ')}`)
  }
}

if (options.of === undefined) for (const size of options.sizes.split(',')) await compare(size)
else await download(positionals[0] ?? '.', options.of)
process.exit()
