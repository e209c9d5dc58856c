// How much memory idle connections take, both ends in this process: node --expose-gc idle-process.ts node|own tcp|pair
// COUNT prints the bytes of resident memory for each. Each connection has carried 1 KiB both ways.

import * as contenders from './contenders/index.ts'
import type { Link, Transport } from './contenders/types.ts'

const [, , who = 'own', transport = 'tcp', count = '500'] = process.argv
const identity = JSON.parse(process.env['BENCH_IDENTITY'] ?? '{}')
const contender = who === 'node' ? contenders.node : who === 'own' ? contenders.own : contenders.ownNode
const setup = { version: 'TLS 1.3', suite: 'TLS_AES_128_GCM_SHA256', group: 'X25519', identity } as const
const opener = await contender.prepare(setup, transport as Transport)
if (!opener) throw new Error(`${who} does not go over ${transport}`)

const links: Link[] = []
const open = async (number: number): Promise<void> => {
  for (let i = 0; i < number; i++) {
    const link = await opener.open()
    await link.echo(1, 1024)
    links.push(link)
  }
}

/** Bytes of resident memory after all garbage is gone. */
const settled = async (): Promise<number> => {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return process.memoryUsage.rss()
}

await open(100) // the code is warm, and the heap has its size
const before = await settled()
await open(Number(count))
console.log((await settled()) - before, links.length / Number(count))
process.exit()
