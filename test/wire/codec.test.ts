// One declaration of a message is its encoder, its decoder and its type.

import { describe, expect, expectTypeOf, it } from 'vitest'
import { decode, encode, list, opaque, struct, u16, u64, u8 } from '../../src/wire/codec.ts'
import type { Decoded } from '../../src/wire/codec.ts'
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
    expectTypeOf<ClientHelloExtensions>().toExtend<{ cookie?: Uint8Array; early_data?: true }>()
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
