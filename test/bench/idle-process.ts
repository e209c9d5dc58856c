// How much memory idle connections take, both ends in this process: node --expose-gc idle-process.ts node|own tcp|pair
// COUNT prints the bytes of resident memory for each. Each connection has carried 1 KiB both ways.

import * as contenders from './contenders/index.ts'
import type { Transport } from './contenders/types.ts'
import { openIdle, settle } from './idle.ts'

const [, , who = 'own', transport = 'tcp', count = '2000'] = process.argv
const identity = JSON.parse(process.env['BENCH_IDENTITY'] ?? '{}')
const contender = who === 'node' ? contenders.node : who === 'own' ? contenders.own : contenders.ownNode
const setup = { version: 'TLS 1.3', suite: 'TLS_AES_128_GCM_SHA256', group: 'X25519', identity } as const
const opener = await contender.prepare(setup, transport as Transport)
if (!opener) throw new Error(`${who} does not go over ${transport}`)

/** Bytes of resident memory after all garbage is gone. */
const resident = async (): Promise<number> => {
  await settle()
  return process.memoryUsage.rss()
}

const warm = await openIdle(opener, 100) // the code is warm, and the heap has its size
const before = await resident()
const links = await openIdle(opener, Number(count))
console.log((await resident()) - before, (warm.length + links.length) / Number(count))
process.exit()
