import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { toHex } from '../../src/wire/bytes.ts'
import { ByteIndex } from '../../src/x509/byte-index.ts'

/** Few different bytes and lengths, so that keys are often the same or begin alike. */
const bytes = fc.array(fc.constantFrom(0, 1, 255), { minLength: 1, maxLength: 60 }).map((list) => Uint8Array.from(list))
const adding = fc.record({
  from: fc.nat(59),
  length: fc.nat(4),
  group: fc.nat(2),
  weight: fc.constantFrom(1, 2, 3),
})

describe('ranges of bytes as keys', () => {
  test('it keeps what a Map would', () => {
    fc.assert(
      fc.property(bytes, fc.array(adding, { maxLength: 200 }), bytes, (list, addings, other) => {
        const index = new ByteIndex(list)
        const map = new Map<string, [value: number, weight: number]>()
        const keyOf = (key: Uint8Array, group: number): string => `${group} ${toHex(key)}`
        for (const [value, { from, length, group, weight }] of addings.entries()) {
          const start = Math.min(from, list.length)
          const end = Math.min(start + length, list.length)
          index.add(start, end, group, value, weight)
          const key = keyOf(list.subarray(start, end), group)
          if (weight > (map.get(key)?.[1] ?? 0)) map.set(key, [value, weight])
        }
        for (const text of [list, other])
          for (let start = 0; start <= text.length; start++)
            for (const group of [0, 1, 2])
              for (let end = start; end <= Math.min(start + 5, text.length); end++)
                expect(index.find(text, start, end, group)).toEqual(map.get(keyOf(text.subarray(start, end), group)))
        for (const group of [0, 1, 2]) {
          const found = [...index.of(group)].map(([key, value]) => [keyOf(key, group), value])
          expect(found).toEqual(
            [...map].flatMap(([key, [value]]) => (key.startsWith(`${group} `) ? [[key, value]] : [])),
          )
        }
      }),
    )
  })

  test('it grows, and finds each of many', () => {
    const list = new Uint8Array(30_000)
    const view = new DataView(list.buffer)
    for (let at = 0; at < list.length; at += 3) view.setUint16(at, at / 3)
    const index = new ByteIndex(list)
    for (let at = 0; at < list.length; at += 3) index.add(at, at + 2, 0, at)
    for (let at = 0; at < list.length; at += 3) expect(index.find(list, at, at + 2, 0)).toEqual([at, 1])
    expect(index.find(Uint8Array.of(255, 255), 0, 2, 0)).toBeUndefined()
    expect(index.find(list, 0, 2, 1)).toBeUndefined()
  })
})
