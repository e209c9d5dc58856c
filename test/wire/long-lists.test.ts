// Lists as long as a peer can make them are read in one go, and come to the same as field by field; what is wrong in
// them is refused with the same alert.

import { describe, expect, it } from 'vitest'
import { areAllIn, firstRepeated } from '../../src/wire/code-points.ts'
import { decode, encode, list, opaque, struct, u16, u8 } from '../../src/wire/codec.ts'
import type { Codec } from '../../src/wire/codec.ts'
import { clientHelloExtensions, extensionList } from '../../src/wire/extensions.ts'

const COUNT = 16_000
const ids = Array.from({ length: COUNT }, (_, i) => (i * 40_503) & 0xffff)
const { supported_groups: groups, server_name: names } = clientHelloExtensions
const { application_layer_protocol_negotiation: protocols } = clientHelloExtensions
const extensions = ids.map((type, i) => ({ type, data: new Uint8Array(i % 3 === 0 && i < 4000 ? 1 : 0) }))
const texts = ids.map((id) => String.fromCharCode(97 + (id & 15), id & 255))

const rows: readonly (readonly [string, Codec<never>, readonly unknown[]])[] = [
  ['extensions', extensionList() as never, extensions.slice(0, 15_000)],
  ['groups', groups as never, ids],
  ['protocols', protocols as never, texts],
]

describe('long lists', () => {
  it.each(rows)('%s are what they are field by field', (_, codec, value) => {
    const bytes = encode(codec, value as never)
    expect(decode(codec, bytes, 'x')).toEqual(value)
    const notes: string[] = []
    expect(decode(codec, bytes, 'x', (path) => notes.push(path))).toEqual(value)
    expect(notes.length).toBeGreaterThanOrEqual(value.length)
  })

  it.each(rows)('%s that end too early are decode_error', (_, codec, value) => {
    const bytes = encode(codec, value as never)
    const short = bytes.slice(0, -1)
    short[0] = (short.length - 2) >> 8
    short[1] = (short.length - 2) & 255
    for (const wrong of [bytes.slice(0, -1), short]) {
      expect(() => decode(codec, wrong, 'x')).toThrow(expect.objectContaining({ code: 'decode_error' }))
    }
  })

  it('RFC 7301 section 3.1: an empty name among 16,000 is decode_error', () => {
    const bytes = encode(
      list(2, opaque(1)),
      [...texts, ''].map((text) => new TextEncoder().encode(text).slice(0, 2)),
    )
    expect(() => decode(protocols, bytes, 'x')).toThrow(expect.objectContaining({ code: 'decode_error' }))
  })

  it.each([0, 7999, 14_999])('RFC 9846 section 4.3: the type of extension %i a second time at the end', (place) => {
    const { type } = extensions[place] ?? { type: 0 }
    const twice = [...extensions.slice(0, 15_000), { type, data: new Uint8Array(0) }]
    const raw = encode(list(2, struct({ type: u16, data: opaque(2) })), twice)
    expect(() => decode(extensionList(), raw, 'x')).toThrow(/appears twice/)
    expect(() => decode(extensionList(), raw, 'x', () => {})).toThrow(/appears twice/)
  })

  it('RFC 6066 section 3: more names than there are types are two of one type', () => {
    const listed = (count: number): Uint8Array =>
      encode(
        list(2, struct({ nameType: u8, name: opaque(2) })),
        Array.from({ length: count }, (_, i) => ({ nameType: i & 255, name: Uint8Array.of(97) })),
      )
    expect(decode(names, listed(256), 'x')).toHaveLength(256)
    for (const count of [3000, 15_000]) {
      expect(() => decode(names, listed(count), 'x')).toThrow(expect.objectContaining({ code: 'illegal_parameter' }))
    }
  })
})

describe('code points', () => {
  it('are found when they are there twice, 0 and 65535 too', () => {
    expect(firstRepeated([])).toBeUndefined()
    expect(firstRepeated([0, 65_535, 1, 8, 9])).toBeUndefined()
    expect(firstRepeated([0, 1, 0])).toBe(0)
    expect(firstRepeated([65_535, 7, 65_535, 7])).toBe(65_535)
    expect(firstRepeated([0, 65_535])).toBeUndefined() // nothing is left of the calls before
  })

  it('are in a list, or are not', () => {
    expect(areAllIn([], [])).toBe(true)
    expect(areAllIn([3, 0], [0, 1, 2, 3])).toBe(true)
    expect(areAllIn([3, 4], [0, 1, 2, 3])).toBe(false)
    expect(areAllIn([0], [])).toBe(false)
  })
})
