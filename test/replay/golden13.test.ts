// Each golden flow of TLS 1.3 is what the engines say today, byte for byte: a change of the wire shows up as a change
// of vectors/golden.

import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../../src/wire/bytes.ts'
import { infoOf } from '../fixtures/engines.ts'
import { goldenClient, goldenServer, play, recorded, scenarios } from './golden13.ts'

const names = Object.keys(scenarios)

describe('golden flows of TLS 1.3', () => {
  it.each(names)('%s: both sides together', (name) => {
    expect(play(name)).toEqual(recorded()[name])
  })

  it.each(names)('%s: each side alone, byte by byte', (name) => {
    const flow = recorded()[name] ?? []
    for (const [engine, first] of [
      [goldenClient(name), 0],
      [goldenServer(name), 1],
    ] as const) {
      for (const [turn, hex] of flow.entries()) {
        if (turn % 2 === first) expect(toHex(concat(...engine.takeOutput()))).toBe(hex)
        else for (const byte of fromHex(hex)) engine.receive(Uint8Array.of(byte))
      }
      expect(infoOf(engine.takeEvents()).version).toBe('TLS 1.3')
    }
  })
})
