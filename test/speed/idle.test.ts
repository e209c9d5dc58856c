// What an idle connection may keep, and a closed one until the next full collection of garbage. The bound leaves room
// for versions of V8, not for another closure per connection: whoever makes it larger has to say why.

import { expect, it } from 'vitest'

import { own, ownNode } from '../bench/contenders/index.ts'
import { heapPerConnection, promotedPerConnection } from '../bench/idle.ts'
import { full12, full13 } from '../bench/setups.ts'
import type { Setup } from '../bench/contenders/types.ts'

/** KiB of heap, both ends and the pair between them. */
const bounds: readonly (readonly [string, Setup, number])[] = [
  ['TLS 1.3', full13, 33],
  ['TLS 1.2', full12, 38],
]

it.each(bounds)('an idle connection of %s keeps so much heap and no more', async (_, setup, kibibytes) => {
  const opener = await own.prepare(setup, 'pair')
  if (!opener) throw new Error('no opener')
  expect((await heapPerConnection(opener, 150)) / 1024).toBeLessThan(kibibytes)
})

/** A generator function or an accessor that is made for each connection keeps all of it: 25 KiB. */
it.each([
  ['TLS 1.3', full13],
  ['TLS 1.3, resumed', { ...full13, resumed: true }],
  ['TLS 1.2', full12],
  ['TLS 1.2, resumed', { ...full12, resumed: true }],
])('nothing keeps a closed connection of %s until the next full collection', async (_, setup) => {
  const opener = await own.prepare(setup, 'pair')
  if (!opener) throw new Error('no opener')
  expect((await promotedPerConnection(opener, 250)) / 1024).toBeLessThan(8)
})

/** Node keeps its streams until then, and what they lead to: with its engine, a closed socket would be 20 to 25 KiB. */
it.each([
  ['TLS 1.3', full13],
  ['TLS 1.3, resumed', { ...full13, resumed: true }],
])(
  'a closed socket of puretls/node does not keep its engine of %s until the next full collection',
  async (_, setup) => {
    const opener = await ownNode.prepare(setup, 'pair')
    if (!opener) throw new Error('no opener')
    expect((await promotedPerConnection(opener, 250)) / 1024).toBeLessThan(17)
  },
)
