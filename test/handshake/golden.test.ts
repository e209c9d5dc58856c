// Each golden flow of TLS 1.3 is what the engines say today, byte for byte: a change of the wire shows up as a change of
// vectors/golden.

import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts'
import { infoOf } from '../fixtures/engines.ts'
import { goldenClient, goldenPath, goldenServer, recorded, scenarios } from './golden.ts'
import type { Flow } from './golden.ts'

const play = (name: string): Flow => {
  const [client, server] = [goldenClient(name), goldenServer(name)]
  const flow: string[] = []
  for (let turn = 0; turn < 10; turn++) {
    const [from, to] = turn % 2 === 0 ? [client, server] : [server, client]
    const bytes = concat(...from.takeOutput())
    if (bytes.length === 0) break
    flow.push(toHex(bytes))
    to.receive(bytes)
  }
  infoOf(client.takeEvents())
  infoOf(server.takeEvents())
  return flow
}

const names = Object.keys(scenarios)
if (process.env['UPDATE_GOLDEN']) {
  writeFileSync(goldenPath, `${JSON.stringify(Object.fromEntries(names.map((name) => [name, play(name)])), null, 1)}\n`)
}

describe('golden flows of TLS 1.3', () => {
  it.each(names)('%s: both sides together', (name) => {
    expect(play(name)).toEqual(recorded()[name])
  })

  it.each(names)('%s: each side alone, byte by byte', (name) => {
    const flow = recorded()[name] ?? []
    for (const [engine, first] of [[goldenClient(name), 0], [goldenServer(name), 1]] as const) {
      for (const [turn, hex] of flow.entries()) {
        if (turn % 2 === first) expect(toHex(concat(...engine.takeOutput()))).toBe(hex)
        else for (const byte of fromHex(hex)) engine.receive(Uint8Array.of(byte))
      }
      expect(infoOf(engine.takeEvents()).version).toBe('TLS 1.3')
    }
  })
})
