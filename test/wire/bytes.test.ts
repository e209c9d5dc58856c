// Memory that is given back, and memory that is not ours to give.

import { describe, expect, it } from 'vitest'
import { fromHex, release, toHex, unfilled } from '../../src/wire/bytes.ts'

describe('release()', () => {
  it('gives the memory of a large array back at once', () => {
    const large = unfilled(4096)
    release(large)
    expect(large.length).toBe(0)
  })

  it.each([
    ['a small array', new Uint8Array(4095)],
    ['a part of a larger one, from its start', new Uint8Array(8192).subarray(0, 4096)],
    ['a part of a larger one, to its end', new Uint8Array(8192).subarray(4096)],
    ['memory that workers share', new Uint8Array(new SharedArrayBuffer(4096))],
  ])('leaves %s as it is', (_, bytes) => {
    const { length } = bytes
    release(bytes)
    expect(bytes.length).toBe(length)
  })
})

describe('hexadecimal', () => {
  it('is read with an even number of digits of either case, and nothing else', () => {
    expect(fromHex('00fFaB')).toEqual(Uint8Array.of(0, 255, 171))
    expect(toHex(Uint8Array.of(0, 255, 171))).toBe('00ffab')
    for (const text of ['0', '000', '0g', '0x', ' 00', '00\n1']) expect(() => fromHex(text)).toThrow(RangeError)
  })
})
