// One declaration of a message is its encoder, its decoder and its type.

import { describe, expect, expectTypeOf, it } from 'vitest'
import { concat } from '../../src/wire/bytes.ts'
import {
  decode,
  empty,
  encode,
  encodeAll,
  fixed,
  list,
  mapped,
  opaque,
  rest,
  struct,
  u16,
  u24,
  u32,
  u64,
  u8,
} from '../../src/wire/codec.ts'
import { latin1 } from '../../src/wire/texts.ts'
import { extensionList } from '../../src/wire/extensions.ts'
import type { Codec, Decoded } from '../../src/wire/codec.ts'
import type { ClientHelloExtensions } from '../../src/wire/extensions.ts'
import type { ClientHello, Message, Messages13 } from '../../src/wire/messages.ts'

const pair = struct({ id: u16, items: list(1, struct({ name: opaque(1), last: u8 })) })

describe('codecs', () => {
  it('infer the type of a value from its declaration', () => {
    expectTypeOf<Decoded<typeof pair>>().toEqualTypeOf<{
      readonly id: number
      readonly items: readonly { readonly name: Uint8Array; readonly last: number }[]
    }>()
    expectTypeOf<ClientHello['cipherSuites']>().toEqualTypeOf<readonly number[]>()
    expectTypeOf<Message<Messages13, 'Finished'>>().toExtend<{
      type: 'Finished'
      raw: Uint8Array
      verifyData: Uint8Array
    }>()
    expectTypeOf<ClientHelloExtensions>().toExtend<{ cookie?: Uint8Array | undefined; early_data?: true | undefined }>()
    // @ts-expect-error a field that the declaration lacks
    expect(() => encode(pair, { id: 1 })).toThrow()
  })

  it('write what they read, in the order of the declaration', () => {
    const value = { id: 0x0102, items: [{ name: Uint8Array.of(7), last: 9 }] }
    expect(encode(pair, value)).toEqual(Uint8Array.of(1, 2, 3, 1, 7, 9))
    expect(decode(pair, encode(pair, value), 'pair')).toEqual(value)
  })

  it('read a uint64 up to 2^53 and refuse more, which no number holds exactly', () => {
    expect(decode(u64, encode(u64, Number.MAX_SAFE_INTEGER), 'time')).toBe(Number.MAX_SAFE_INTEGER)
    expect(() => decode(u64, Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0), 'time')).toThrow(
      expect.objectContaining({
        code: 'decode_error',
        message: expect.stringContaining('time: a number of 2^53 or more'),
      }),
    )
  })
})

describe('bounds of the presentation language (RFC 9846 section 3)', () => {
  const none = new Uint8Array(0)
  const refused = (code: string) => expect.objectContaining({ code })

  it.each<readonly [string, Codec<Uint8Array>, number, number]>([
    ['opaque<1..255>', opaque(1, 1), 1, 255],
    ['opaque<2..5>', opaque(1, 2, 5), 2, 5],
    ['opaque<0..2^16-1>', opaque(2), 0, 65_535],
  ])('%s is read from its least to its greatest length', (_, codec, least, most) => {
    const [width, wide] = most > 255 ? [2, true] : [1, false]
    const written = (length: number): Uint8Array => {
      const bytes = new Uint8Array(width + length).fill(7)
      if (wide) new DataView(bytes.buffer).setUint16(0, length)
      else bytes[0] = length
      return bytes
    }
    for (const length of [least, most]) expect(decode(codec, written(length), 'x')).toHaveLength(length)
    if (least > 0) expect(() => decode(codec, written(least - 1), 'x')).toThrow(refused('decode_error'))
    if (most < 255) expect(() => decode(codec, written(most + 1), 'x')).toThrow(refused('decode_error'))
  })

  it('what does not fit its vector is not written', () => {
    for (const [width, most] of [
      [1, 255],
      [2, 65_535],
    ] as const) {
      expect(encode(opaque(width), new Uint8Array(most))).toHaveLength(width + most)
      expect(encode(list(width, u8), new Uint8Array(most) as unknown as number[])).toHaveLength(width + most)
      const long = new Uint8Array(most + 1)
      for (const codec of [opaque(width), list(width, u8)] as readonly Codec<unknown>[])
        expect(() => encode(codec, long)).toThrow(refused('bad_option'))
    }
  })

  it('a length in three bytes is a length', () => {
    const bytes = new Uint8Array(65_536).fill(3)
    expect(encode(opaque(3), bytes).subarray(0, 4)).toEqual(Uint8Array.of(1, 0, 0, 3))
    expect(decode(opaque(3), encode(opaque(3), bytes), 'x')).toEqual(bytes)
  })

  it('opaque[3] is three bytes, read and written', () => {
    expect(encode(fixed(3), Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(1, 2, 3))
    for (const length of [2, 4]) {
      expect(() => encode(fixed(3), new Uint8Array(length))).toThrow(refused('bad_option'))
      expect(() => decode(fixed(3), new Uint8Array(length), 'x')).toThrow(refused('decode_error'))
    }
  })

  it('a value is read whole: nothing is missing, nothing is left', () => {
    expect(() => decode(u16, Uint8Array.of(1), 'x')).toThrow('x: 2 bytes expected, 1 left')
    expect(() => decode(u16, Uint8Array.of(1, 2, 3), 'x')).toThrow('x: 1 bytes too many')
    expect(decode(u24, Uint8Array.of(1, 2, 3), 'x')).toBe(0x010203)
    expect(decode(u32, Uint8Array.of(0xff, 2, 3, 4), 'x')).toBe(0xff020304)
    expect(decode(empty, none, 'x')).toBe(true)
    expect(() => decode(empty, Uint8Array.of(0), 'x')).toThrow(refused('decode_error'))
  })

  it('an error and a note say which field it is, and where', () => {
    expect(() => decode(pair, Uint8Array.of(1, 2, 4, 1, 7, 9, 5), 'pair')).toThrow(/^pair \(items\.1\.name\): 5? ?/)
    const notes: unknown[] = []
    decode(pair, Uint8Array.of(1, 2, 3, 1, 7, 9), 'pair', (path, start, end) => notes.push([path, start, end]), 100)
    expect(notes).toEqual([
      ['id', 100, 102],
      ['items.0.name', 103, 105],
      ['items.0.last', 105, 106],
      ['items.0', 103, 106],
      ['items', 102, 106],
    ])
  })

  it('several values are written into memory that they share, each by its codec', () => {
    const codecs = [u8, empty, u16] as readonly Codec<unknown>[]
    expect(encodeAll(codecs, [1, true, 0x0203])).toEqual([Uint8Array.of(1), none, Uint8Array.of(2, 3)])
  })

  it('room is left in front, and what is longer than any buffer so far is written all the same', () => {
    expect(encode(u16, 0x0102, 3)).toEqual(Uint8Array.of(0, 0, 0, 1, 2))
    const large = Uint8Array.from({ length: 10_000 }, (_, i) => i & 0xff)
    expect(encode(opaque(2), large).subarray(2)).toEqual(large)
    expect(encode(u16, 0x0304, 1)).toEqual(Uint8Array.of(0, 3, 4)) // nothing of the one before is left
  })

  it('a codec that writes by encode() itself does not disturb the one around it', () => {
    const inner: Codec<number> = mapped(
      rest,
      ([value = 0]) => value,
      (value) => encode(u8, value),
    )
    expect(encode(struct({ a: u16, b: inner }), { a: 0x0102, b: 3 })).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('text stands for bytes, one character each, however long', () => {
    const text = latin1(opaque(2))
    const long = 'a\u00ff'.repeat(5000)
    expect(decode(text, encode(text, long), 'x')).toBe(long)
    expect(encode(text, '\u0000\u00ff')).toEqual(Uint8Array.of(0, 2, 0, 255))
    expect(() => encode(text, 'a\u0100')).toThrow(refused('bad_option'))
    expect(() => encode(text, '\u{1f600}')).toThrow('"\u{1f600}"')
  })

  it('a uint64 is written in full', () => {
    expect(encode(u64, 2 ** 40 + 2 ** 32 + 5)).toEqual(Uint8Array.of(0, 0, 1, 1, 0, 0, 0, 5))
  })
})

describe('a list of extensions (RFC 9846 section 4.3)', () => {
  const codec = extensionList(0)
  const extension = (type: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(4 + length)
    new DataView(bytes.buffer).setUint16(0, type)
    new DataView(bytes.buffer).setUint16(2, length)
    return bytes
  }
  const listed = (...items: readonly Uint8Array[]): Uint8Array => {
    const body = concat(...items)
    return concat(Uint8Array.of(body.length >> 8, body.length & 0xff), body)
  }

  it.each([0, 507, 508, 509, 2000])('may hold a type once, with %i bytes beside it', (length) => {
    const filler = extension(1, length)
    expect(decode(codec, listed(filler, extension(2, 0)), 'x').map(({ type }) => type)).toEqual([1, 2])
    for (const repeated of [
      [filler, extension(2, 0), extension(2, 0)],
      [extension(2, 3), filler, extension(2, 0)],
      [filler, extension(1, 0)],
    ])
      expect(() => decode(codec, listed(...repeated), 'x')).toThrow(/appears twice/)
  })

  it('fills its length exactly, and each extension too', () => {
    const whole = listed(extension(1, 3), extension(2, 0))
    expect(decode(codec, whole, 'x')).toHaveLength(2)
    for (const cut of [1, 2, 5, whole.length - 1])
      expect(() => decode(codec, whole.subarray(0, cut), 'x')).toThrow(
        expect.objectContaining({ code: 'decode_error' }),
      )
    expect(() => decode(codec, listed(extension(1, 3).subarray(0, 6)), 'x')).toThrow(/left/)
    expect(() => decode(codec, listed(extension(1, 3), Uint8Array.of(0)), 'x')).toThrow(/left/)
    expect(() => decode(codec, concat(whole, Uint8Array.of(0)), 'x')).toThrow(/too many/)
  })
})
