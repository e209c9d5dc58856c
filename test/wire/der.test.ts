// Strict DER (X.690) and the times of RFC 5280 section 4.1.2.5: each BER form is refused, with the code and the offset.

import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { TlsError } from '../../src/errors.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import {
  DerReader,
  compareBytes,
  contextTag,
  derBits,
  derBoolean,
  derElement,
  derGeneralizedTime,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
  derSet,
  sameBytes,
  tags,
} from '../../src/wire/der.ts'

const reader = (hex: string): DerReader => new DerReader(fromHex(hex))
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('lengths (X.690 section 10.1)', () => {
  test.each([
    ['an indefinite length', '3080 0000', /indefinite/],
    ['a long form for a short length', '308103 020100', /shortest/],
    ['a leading zero in the length', '30820080', /shortest/],
    ['a length of five bytes', '30850000000001', /length of 5/],
    ['a content that ends early', '3003 0201', /longer than what holds it/],
    ['a header that ends early', '30', /cut off/],
    ['a length that ends early', '3082 01', /cut off/],
  ])('%s is refused', (_, hex, message) => {
    expect(() => reader(hex.replaceAll(' ', '')).sequence('it')).toThrow(message)
  })
  test('128 bytes need the long form, and have it', () => {
    expect(toHex(derOctets(new Uint8Array(128)).subarray(0, 3))).toBe('048180')
    expect(new DerReader(derOctets(new Uint8Array(128))).octetString('it').length).toBe(128)
  })
  test('an inner element does not reach out of the outer one', () => {
    const inner = reader('3003020200aa').sequence('outer')
    expect(() => inner.integer('inner')).toThrow(/longer than what holds it/)
  })
})

test('errors have the code that was asked for, and the offset', () => {
  const keys = new DerReader(fromHex('3003020100'), 'bad_key', 'private key').sequence('it')
  expect(() => keys.octetString('version')).toThrow(TlsError)
  expect(() => keys.octetString('version')).toThrow(
    expect.objectContaining({
      code: 'bad_key',
      message: expect.stringMatching(/^malformed private key: .*\(byte 2\)$/),
    }),
  )
})

test('bytes after the last field are refused', () => {
  const sequence = reader('300602010002010000').sequence('it')
  sequence.integer('first')
  expect(() => sequence.end()).toThrow(/3 bytes after/)
})

test('nesting is bounded', () => {
  let deep: Uint8Array = new Uint8Array()
  for (let i = 0; i < 40; i++) deep = derSequence(deep)
  const dive = (at: DerReader): void => dive(at.sequence('level'))
  expect(() => dive(new DerReader(deep))).toThrow(/too deeply/)
})

describe('primitive types', () => {
  test('BOOLEAN is 00 or FF (11.1)', () => {
    expect(reader('0101ff').boolean('it')).toBe(true)
    expect(reader('010100').boolean('it')).toBe(false)
    for (const bad of ['010101', '0100', '0102ffff']) expect(() => reader(bad).boolean('it')).toThrow(/neither/)
  })
  test('a default is not encoded (11.5)', () => {
    expect(() => reader('010100').flag('it')).toThrow(/default/)
    expect(reader('0101ff').flag('it')).toBe(true)
    expect(reader('0500').flag('it')).toBe(false)
  })
  test('INTEGER is shortest (8.3.2)', () => {
    for (const bad of ['0200', '02020001', '0202ff80']) expect(() => reader(bad).integer('it')).toThrow(/integer/)
    expect(toHex(reader('02020080').integer('it'))).toBe('0080')
    expect(toHex(reader('02020080').unsigned('it'))).toBe('80')
    expect(() => reader('0201ff').unsigned('it')).toThrow(/negative/)
    expect(reader('02047fffffff').smallInteger('it')).toBe(0x7fffffff)
    expect(() => reader('02050080000000').smallInteger('it')).toThrow(/too large/)
    expect(reader('02050080000000').smallInteger('it', undefined, true)).toBe(Number.POSITIVE_INFINITY)
  })
  test('BIT STRING of whole octets', () => {
    expect(toHex(reader('030200aa').bitString('it'))).toBe('aa')
    expect(() => reader('030201aa').bitString('it')).toThrow(/whole octets/)
    expect(() => reader('0300').bitString('it')).toThrow(/whole octets/)
  })
  test('named bit lists have no trailing zero bits (11.2.2)', () => {
    expect(reader('03020780').namedBits('it')).toBe(1)
    expect(reader('0303070080').namedBits('it')).toBe(1 << 8)
    expect(reader('030100').namedBits('it')).toBe(0)
    for (const bad of ['0300', '030101', '03020880', '03020080', '03020600', '03020781', '030500ffffffff']) {
      expect(() => reader(bad).namedBits('it'), bad).toThrow(/bit/)
    }
  })
  test('NULL is empty', () => {
    reader('0500').null('it')
    expect(() => reader('050100').null('it')).toThrow(/NULL/)
  })
  test('IA5String is 7-bit', () => {
    expect(new DerReader(derElement(0x16, bytes('a.b'))).tryAscii('it')).toBe('a.b')
    expect(reader('1601e4').tryAscii('it')).toBeUndefined()
  })
  test('tags above 30 are refused', () => {
    expect(() => reader('1f1f00').element('it')).toThrow(/tag number/)
    expect(() => reader('').element('it')).toThrow(/missing/)
  })
})

describe('object identifiers (8.19)', () => {
  test.each([
    '2.5.29.19',
    '2.5.4.3',
    '1.2.840.113549.1.1.11',
    '0.9.2342.19200300.100.1.25',
    '2.999.3',
    '2.25.329800735698586629295641978511506172918',
    '2.329800735698586629295641978511506172918.1',
    '2.140737488355327',
  ])('%s', (oid) => {
    expect(new DerReader(derOid(oid)).oid('it')).toBe(oid)
  })
  test('malformed ones', () => {
    for (const bad of ['0600', '060180', '06028001', '0603551d80', `0681${(129).toString(16)}${'01'.repeat(129)}`]) {
      expect(() => reader(bad).oid('it'), bad).toThrow(/object identifier/)
    }
    expect(() => derOid('3')).toThrow(RangeError)
  })
})

describe('times (RFC 5280 section 4.1.2.5)', () => {
  const utc = (text: string): number => new DerReader(derElement(tags.utcTime, bytes(text))).time('it')
  const general = (text: string): number => new DerReader(derElement(tags.generalizedTime, bytes(text))).time('it')
  test('UTCTime is of 1950 to 2049', () => {
    expect(utc('500101000000Z')).toBe(Date.UTC(1950, 0, 1))
    expect(utc('491231235959Z')).toBe(Date.UTC(2049, 11, 31, 23, 59, 59))
  })
  test('GeneralizedTime is written for the years 0 to 9999, and for no other', () => {
    const [first, last] = [Date.UTC(2000, 0, 1), Date.UTC(9999, 11, 31, 23, 59, 59)]
    const year0 = new Date(first).setUTCFullYear(0)
    for (const [time, text] of [
      [year0, '00000101000000Z'],
      [last, '99991231235959Z'],
    ] as const)
      expect(Buffer.from(derGeneralizedTime(time).subarray(2)).toString()).toBe(text)
    for (const time of [year0 - 1, last + 1000, Number.NaN])
      expect(() => derGeneralizedTime(time)).toThrow(/can't be written in DER/)
  })

  test('GeneralizedTime', () => {
    expect(general('20500101000000Z')).toBe(Date.UTC(2050, 0, 1))
    expect(general('99991231235959Z')).toBe(Date.UTC(9999, 11, 31, 23, 59, 59))
    expect(general('00010101000000Z')).toBe(new Date('0001-01-01T00:00:00Z').getTime())
  })
  test.each([
    '2601010000Z',
    '260101000000',
    '260101000000+0000',
    '261301000000Z',
    '260230000000Z',
    '260101240000Z',
    '260101006000Z',
    '260101000060Z',
    '26O101000000Z',
    '260100000000Z',
    '2601010000:0Z',
    '26010100001/Z',
    '2/0101000000Z',
    '2:0101000000Z',
  ])('UTCTime %s is refused', (text) => {
    expect(() => utc(text)).toThrow(/UTCTime/)
  })
  test.each(['20260101000000.5Z', '202601010000Z', '20260101000000', '20250229000000Z', '21000229000000Z'])(
    'GeneralizedTime %s is refused',
    (text) => {
      expect(() => general(text)).toThrow(/GeneralizedTime/)
    },
  )
  test.each(['04', '06', '09', '11'])('month %s has 30 days', (month) => {
    expect(utc(`26${month}30000000Z`)).toBe(Date.UTC(2026, Number(month) - 1, 30))
    expect(() => utc(`26${month}31000000Z`)).toThrow(/UTCTime/)
    expect(() => general(`2026${month}31000000Z`)).toThrow(/GeneralizedTime/)
  })
  test.each(['01', '03', '05', '07', '08', '10', '12'])('month %s has 31 days', (month) => {
    expect(utc(`26${month}31000000Z`)).toBe(Date.UTC(2026, Number(month) - 1, 31))
    expect(() => utc(`26${month}32000000Z`)).toThrow(/UTCTime/)
  })
  test('29 February is there every four years but not every hundred', () => {
    expect(general('20240229000000Z')).toBe(Date.UTC(2024, 1, 29))
    expect(general('20000229000000Z')).toBe(Date.UTC(2000, 1, 29))
  })
})

describe('writer', () => {
  test('SET OF is sorted', () => {
    expect(toHex(derSet(derInteger(2), derInteger(1)))).toBe('3106020101020102')
  })
  test('what it writes, the reader reads', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 0x7fffffff }),
        (data, flag, small) => {
          const time = Date.UTC(2030, 0, 2, 3, 4, 5)
          const all = derSequence(
            derOctets(data),
            derBits(data),
            derBoolean(flag),
            derInteger(small),
            derInteger(data),
            derNull(),
            derGeneralizedTime(time),
          )
          const at = new DerReader(all).sequence('all')
          const first = data.findIndex((byte) => byte !== 0)
          const number = first === -1 ? Uint8Array.of(0) : data.subarray(first)
          return (
            sameBytes(at.octetString('octets'), data) &&
            sameBytes(at.bitString('bits'), data) &&
            at.boolean('flag') === flag &&
            at.smallInteger('small') === small &&
            sameBytes(at.unsigned('number'), number) &&
            at.null('null') === undefined &&
            at.generalizedTime('time') === time &&
            at.done
          )
        },
      ),
    )
  })
  test('context tags', () => {
    expect(contextTag(2)).toBe(0x82)
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0)
  })
})

test('arbitrary bytes are an error of the right kind or a value, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
      try {
        const at = new DerReader(data).sequence('it')
        while (!at.done) at.element('each')
      } catch (error) {
        return error instanceof TlsError && error.code === 'bad_certificate'
      }
      return true
    }),
  )
})
