// Properties of the codecs, of the framer and of the joiner, over random values: what is written reads back the same,
// what reads writes back the same, and no bytes make any of them throw anything but a TlsError.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TlsError } from '../../src/errors.ts'
import { RecordFramer } from '../../src/record/framing.ts'
import { HandshakeJoiner } from '../../src/record/joiner.ts'
import { concat } from '../../src/wire/bytes.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import type { Codec } from '../../src/wire/codec.ts'
import * as extensions from '../../src/wire/extensions.ts'
import {
  decodeMessage,
  encodeMessage,
  HEADER_LENGTH,
  messageName,
  messages12,
  messages13,
} from '../../src/wire/messages.ts'
import * as arbitrary from './arbitraries.ts'

const RUNS = { numRuns: 150, seed: 9846 }

interface Row {
  readonly name: string
  readonly codec: Codec<unknown>
  readonly values: fc.Arbitrary<unknown>
}

const rowsOf = (prefix: string, codecs: object, values: object): readonly Row[] => {
  const arbitraries = new Map<string, unknown>(Object.entries(values))
  return Object.entries(codecs).map(([name, codec]: [string, unknown]) => {
    const found = arbitraries.get(name)
    if (!found) throw new Error(`${prefix}.${name} has no random values: add it to arbitraries.ts`)
    return { name: `${prefix}.${name}`, codec: codec as Codec<unknown>, values: found as fc.Arbitrary<unknown> }
  })
}

const tables = Object.entries(extensions).filter(
  ([name, table]) => /Extensions$/.test(name) && typeof table === 'object',
)
const rows: readonly Row[] = [
  ...rowsOf('messages13', messages13, arbitrary.messages13),
  ...rowsOf('messages12', messages12, arbitrary.messages12),
  ...tables.flatMap(([name, table]) => rowsOf(name, table, arbitrary.extensionValues[name] ?? {})),
]

/** The value, or undefined if a TlsError was thrown; anything else thrown goes on. */
const attempt = <T>(action: () => T): T | undefined => {
  try {
    return action()
  } catch (error) {
    if (error instanceof TlsError) return undefined
    throw error
  }
}

describe('codecs', () => {
  it('there are random values for every table of extensions', () => {
    expect(tables.map(([name]) => name).sort()).toEqual(Object.keys(arbitrary.extensionValues).sort())
  })

  it.each(rows)('$name: decode(encode(value)) = value, and the bytes again', ({ codec, values }) => {
    fc.assert(
      fc.property(values, (value) => {
        const raw = encode(codec, value)
        const read = decode(codec, raw, 'test')
        expect(read).toEqual(value)
        expect(encode(codec, read)).toEqual(raw)
      }),
      RUNS,
    )
  })

  it.each(rows)(
    '$name: damaged bytes give a TlsError, or a value that is written as those bytes',
    ({ codec, values }) => {
      const raw = arbitrary.damaged(values.map((value) => encode(codec, value)))
      fc.assert(
        fc.property(raw, (bytes) => {
          const value = attempt(() => decode(codec, bytes, 'test'))
          if (value !== undefined) expect(encode(codec, value)).toEqual(bytes)
        }),
        RUNS,
      )
    },
  )

  it.each(rows)('$name: any bytes at all', ({ codec }) => {
    fc.assert(
      fc.property(arbitrary.bytes(0, 200), (bytes) => {
        const value = attempt(() => decode(codec, bytes, 'test'))
        if (value !== undefined) expect(encode(codec, value)).toEqual(bytes)
      }),
      RUNS,
    )
  })

  it.each(Object.keys(messages13) as (keyof typeof messages13)[])('%s with its header', (type) => {
    fc.assert(
      fc.property(arbitrary.messages13[type] as fc.Arbitrary<never>, (fields) => {
        const raw = encodeMessage(messages13, type, fields)
        expect(messageName(raw[0] ?? -1)).toBe(type)
        expect(decodeMessage(messages13, type, raw)).toEqual({ ...(fields as object), type, raw })
      }),
      RUNS,
    )
  })

  it.each(tables)('decodeExtensions by %s: lists with anything in them', (_, table) => {
    const list = fc.array(fc.record({ type: fc.nat({ max: 60 }), data: arbitrary.bytes(0, 40) }), { maxLength: 5 })
    fc.assert(
      fc.property(list, (raw) => {
        const values = attempt(() => extensions.decodeExtensions(table as extensions.ExtensionTable, raw, 'test'))
        if (values) expect(Object.keys(values).length).toBeLessThanOrEqual(raw.length)
      }),
      RUNS,
    )
  })
})

/** Pieces of `bytes` with lengths of `cuts`, over and over. */
const cut = (bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] => {
  const pieces: Uint8Array[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = cuts[i % cuts.length] ?? 1
    pieces.push(bytes.slice(at, at + length))
    at += length
  }
  return pieces
}
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })

const record = fc
  .tuple(fc.integer({ min: 20, max: 24 }), arbitrary.bytes(0, 120))
  .map(([type, fragment]) => concat(Uint8Array.of(type, 3, 3, fragment.length >> 8, fragment.length & 0xff), fragment))

const framed = (pieces: readonly Uint8Array[]): readonly Uint8Array[] => {
  const framer = new RecordFramer()
  const records: Uint8Array[] = []
  for (const piece of pieces) {
    framer.push(piece)
    for (let next = framer.next(); next; next = framer.next()) records.push(concat(next.header, next.fragment))
  }
  return records
}

const joined = (pieces: readonly Uint8Array[]): readonly Uint8Array[] => {
  const joiner = new HandshakeJoiner(1 << 17)
  const messages: Uint8Array[] = []
  for (const piece of pieces) {
    joiner.push(piece)
    for (let next = joiner.next(); next; next = joiner.next()) messages.push(next)
  }
  return messages
}

/** Bytes moved by `action`, and how often: each Uint8Array.set and slice is counted. */
const movedBy = (action: () => void): { readonly calls: number; readonly bytes: number } => {
  const { set, slice } = Uint8Array.prototype
  let calls = 0
  let bytes = 0
  Uint8Array.prototype.set = function (source, offset) {
    calls++
    bytes += source.length
    set.call(this, source, offset)
  }
  Uint8Array.prototype.slice = function (start, end) {
    const copy = slice.call(this, start, end)
    calls++
    bytes += copy.length
    return copy
  }
  try {
    action()
  } finally {
    Object.assign(Uint8Array.prototype, { set, slice })
  }
  return { calls, bytes }
}

describe('framer (RFC 9846 section 5.1)', () => {
  it('gives the same records however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), cuts, (records, lengths) => {
        expect(framed(cut(concat(...records), lengths))).toEqual(records)
      }),
      RUNS,
    )
  })

  it('any bytes give records or a TlsError', () => {
    fc.assert(
      fc.property(arbitrary.bytes(0, 300), cuts, (bytes, lengths) => {
        const records = attempt(() => framed(cut(bytes, lengths)))
        if (records) expect(concat(...records)).toEqual(bytes.slice(0, concat(...records).length))
      }),
      RUNS,
    )
  })

  it.each([1, 2, 7, 1460])('costs the same for each byte, in pieces of %i', (length) => {
    const one = concat(Uint8Array.of(23, 3, 3, 0x40, 0), new Uint8Array(16384))
    const moved = (count: number) => {
      const pieces = cut(concat(...Array.from({ length: count }, () => one)), [length])
      const framer = new RecordFramer()
      let taken = 0
      const cost = movedBy(() => {
        for (const piece of pieces) {
          framer.push(piece)
          while (framer.next()) taken++
        }
      })
      expect(taken).toBe(count)
      return { bytes: cost.bytes / (count * one.length), calls: cost.calls / pieces.length }
    }
    const [few, many] = [moved(4), moved(64)]
    expect(many.bytes).toBeLessThan(4)
    expect(many.calls).toBeLessThan(2)
    expect(many.bytes).toBeLessThan(few.bytes * 1.2)
  })
})

describe('joiner (RFC 9846 section 5.1)', () => {
  const message = fc
    .tuple(fc.integer({ min: 0, max: 255 }), arbitrary.bytes(0, 120))
    .map(([type, body]) => concat(Uint8Array.of(type, 0, body.length >> 8, body.length & 0xff), body))

  it('gives the same messages however they lie in records', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), cuts, (messages, lengths) => {
        expect(joined(cut(concat(...messages), lengths))).toEqual(messages)
      }),
      RUNS,
    )
  })

  it('is aligned exactly when no bytes wait', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 6 }), cuts, (messages, lengths) => {
        const joiner = new HandshakeJoiner(1 << 17)
        let [pushed, taken] = [0, 0]
        for (const piece of cut(concat(...messages), lengths)) {
          joiner.push(piece)
          pushed += piece.length
          for (let next = joiner.next(); next; next = joiner.next()) taken += next.length
          expect(joiner.aligned).toBe(pushed === taken)
        }
      }),
      RUNS,
    )
  })

  it.each([1, 3, 1000])('costs the same for each byte, in records of %i', (length) => {
    const one = concat(Uint8Array.of(11, 1, 0, 0), new Uint8Array(0x10000))
    const moved = (count: number): number => {
      const pieces = cut(concat(...Array.from({ length: count }, () => one)), [length])
      const joiner = new HandshakeJoiner(1 << 17)
      const { bytes } = movedBy(() => {
        for (const piece of pieces) {
          joiner.push(piece)
          while (joiner.next()) {
            /* taken */
          }
        }
      })
      expect(joiner.aligned).toBe(true)
      return bytes / (count * one.length)
    }
    const [few, many] = [moved(2), moved(16)]
    expect(many).toBeLessThan(6)
    expect(many).toBeLessThan(few * 1.2)
  })

  it('refuses a message over its limit before the message is there', () => {
    const joiner = new HandshakeJoiner(1000)
    joiner.push(Uint8Array.of(11, 0, 3, 0xe9))
    expect(() => joiner.next()).toThrow(expect.objectContaining({ code: 'message_too_large' }))
    expect(HEADER_LENGTH).toBe(4)
  })
})
