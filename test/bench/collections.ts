// `node test/bench/collections.ts [CHECKOUT ...]`: what V8's collector does in a download. Each contender has fresh
// processes, one after the other, with both ends of a TCP connection: some handshakes and 192 MiB first, then 512 MiB
// that are measured. For each: microseconds of processor time a MiB, and in brackets mark-compacts and collections of
// the young generation (`--trace-gc`). With checkouts of this repository (paths) their contenders are compared.
//   --sizes N[,N]           bytes of a write (default: 16384,1048576)
//   --runs N                processes of each (default: 4)
//   --handshakes N          before the data (default: 300)

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { handshakes, openerOf } from './checkouts.ts'
import { spent } from './measure.ts'
import { full13 } from './setups.ts'
import { begin, compareTraced, end } from './traced.ts'

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
  begin()
  end(await spent(() => link.transfer(MEASURED * MIB, size)), MEASURED)
}

const compare = async (size: string): Promise<void> => {
  console.log(`writes of ${size} bytes`)
  await compareTraced({
    script: fileURLToPath(import.meta.url),
    args: ['--sizes', size, '--handshakes', options.handshakes],
    ids: ['node', 'own', 'ownInto', 'ownHanded', 'ownNode'],
    checkouts: positionals,
    runs: Number(options.runs),
  })
}

if (options.of === undefined) for (const size of options.sizes.split(',')) await compare(size)
else await download(positionals[0] ?? '.', options.of)
process.exit()
