// The presentation language of RFC 9846 section 3, as codecs: one declaration reads and writes. A codec reads from a
// Reader that never runs over its end and, if asked, notes the name and place of each field it reads: that is all that
// the annotated trace needs. Everything in wire/messages.ts and wire/extensions.ts is made of these.

import { TlsError } from '../errors.ts'

export interface Codec<T> {
  encode(writer: Writer, value: T): void
  decode(reader: Reader): T
}

/** The value of a codec: `Decoded<typeof clientHello>`. */
export type Decoded<C> = C extends Codec<infer T> ? T : never

/** Receives each field that a Reader reads: its path, its offset in the outermost buffer, and its value. */
export type Note = (path: string, start: number, end: number, value: unknown) => void

/** A bounded cursor. `what` names the thing being read in errors. */
export class Reader {
  readonly bytes: Uint8Array
  readonly what: string
  readonly note: Note | undefined
  /** Distance of bytes[0] from the start of the outermost buffer, for notes. */
  readonly base: number
  offset = 0
  path = ''

  constructor(bytes: Uint8Array, what: string, note?: Note, base = 0) {
    this.bytes = bytes
    this.what = what
    this.note = note
    this.base = base
  }

  get remaining(): number {
    return this.bytes.length - this.offset
  }

  fail(problem: string): TlsError {
    return new TlsError('decode_error', `${this.what}${this.path && ` (${this.path.slice(1)})`}: ${problem}`)
  }

  take(length: number): Uint8Array {
    if (length > this.remaining) throw this.fail(`${length} bytes expected, ${this.remaining} left`)
    const start = this.offset
    this.offset += length
    return this.bytes.subarray(start, this.offset)
  }

  uint(length: 1 | 2 | 3 | 4): number {
    const { bytes, offset } = this
    if (length > bytes.length - offset) throw this.fail(`${length} bytes expected, ${this.remaining} left`)
    this.offset = offset + length
    if (length === 1) return bytes[offset] ?? 0
    if (length === 2) return u16At(bytes, offset)
    let value = 0
    for (let i = offset; i < offset + length; i++) value = value * 256 + (bytes[i] ?? 0)
    return value
  }

  /** A reader of the next `length` bytes, which inherits path and notes. */
  sub(length: number): Reader {
    const start = this.offset
    const reader = new Reader(this.take(length), this.what, this.note, this.base + start)
    reader.path = this.path
    return reader
  }

  end(): void {
    if (this.remaining > 0) throw this.fail(`${this.remaining} bytes too many`)
  }

  /** Reads with `codec` under a name. */
  field<T>(name: string, codec: Codec<T>): T {
    const outer = this.path
    const start = this.offset
    this.path = `${outer}.${name}`
    const value = codec.decode(this)
    this.note?.(this.path.slice(1), this.base + start, this.base + this.offset, value)
    this.path = outer
    return value
  }
}

/**
 * Where the outermost encode() writes first: most messages are small, and a buffer for each costs more than writing it.
 */
const scratch = new Uint8Array(2048)
let scratchFree = true

/** A growing buffer. */
export class Writer {
  #bytes: Uint8Array
  #length = 0

  constructor(bytes: Uint8Array = new Uint8Array(256)) {
    this.#bytes = bytes
  }

  #room(length: number): number {
    const start = this.#length
    this.#length += length
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    return start
  }

  get length(): number {
    return this.#length
  }

  uint(value: number, length: 1 | 2 | 3 | 4): void {
    const start = this.#room(length)
    this.#put(start, value, length)
  }

  #put(start: number, value: number, length: number): void {
    const bytes = this.#bytes
    for (let i = start + length - 1, rest = value; i >= start; i--, rest >>>= 8) bytes[i] = rest & 0xff
  }

  /** Zeros, for the caller to fill in. */
  skip(length: number): void {
    this.#room(length)
  }

  raw(bytes: Uint8Array): void {
    const start = this.#room(bytes.length)
    this.#bytes.set(bytes, start)
  }

  /** Leaves room for a length of `width` bytes, which end() fills in; the answer is for end(). */
  begin(width: Width): number {
    return this.#room(width)
  }

  /** Fills in how much was written since begin(). */
  end(start: number, width: Width): void {
    const length = this.#length - start - width
    if (length > max(width)) throw tooLong(length, width)
    this.#put(start, length, width)
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

/** Lends the shared memory to the outermost writer, and wipes what was written: it may have been a secret. */
const written = (write: (writer: Writer) => void): Uint8Array => {
  if (!scratchFree) {
    const writer = new Writer()
    write(writer)
    return writer.done()
  }
  scratchFree = false
  const writer = new Writer(scratch)
  try {
    write(writer)
    return writer.done()
  } finally {
    scratch.fill(0, 0, writer.length)
    scratchFree = true
  }
}

/** `room`: bytes that are left free before it. */
export const encode = <T>(codec: Codec<T>, value: T, room = 0): Uint8Array =>
  written((writer) => {
    writer.skip(room)
    codec.encode(writer, value)
  })

/** Each value by the codec at its place, all in memory that they share. */
export const encodeAll = (codecs: readonly Codec<unknown>[], values: readonly unknown[]): readonly Uint8Array[] => {
  const ends: number[] = []
  const all = written((writer) => {
    for (let i = 0; i < codecs.length; i++) {
      codecs[i]?.encode(writer, values[i])
      ends.push(writer.length)
    }
  })
  return ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end))
}

/** Reads exactly one value. Throws `decode_error` for anything short, long or out of bounds. */
export const decode = <T>(codec: Codec<T>, bytes: Uint8Array, what: string, note?: Note, base = 0): T => {
  if (note) return decodeNoted(codec, bytes, what, note, base)
  try {
    const reader = new Reader(bytes, what)
    const value = codec.decode(reader)
    reader.end()
    return value
  } catch (error) {
    if (bytes.length > MAX_LOCATED) throw error
    // once more, field by field: the error names the place
    return decodeNoted(codec, bytes, what, unnoted, base)
  }
}

/** Bytes up to which an error names the place: what a peer makes large may hold 20,000 fields. */
const MAX_LOCATED = 8192

const decodeNoted = <T>(codec: Codec<T>, bytes: Uint8Array, what: string, note: Note, base: number): T => {
  const reader = new Reader(bytes, what, note, base)
  const value = codec.decode(reader)
  reader.end()
  return value
}

const unnoted: Note = () => {}

type Width = 1 | 2 | 3
const max = (width: Width): number => (1 << (8 * width)) - 1
const tooLong = (length: number, width: Width): TlsError =>
  new TlsError('bad_option', `${length} bytes do not fit a vector of at most ${max(width)}`)

const uint = (length: 1 | 2 | 3 | 4): Codec<number> => ({
  encode: (writer, value) => writer.uint(value, length),
  decode: (reader) => reader.uint(length),
})
export const u8: Codec<number> = uint(1)
export const u16: Codec<number> = uint(2)
export const u24: Codec<number> = uint(3)
export const u32: Codec<number> = uint(4)
/** `uint64`, as far as a number is exact: below 2^53. */
export const u64: Codec<number> = {
  encode: (writer, value) => {
    writer.uint(Math.floor(value / 2 ** 32), 4)
    writer.uint(value % 2 ** 32, 4)
  },
  decode: (reader) => {
    const value = reader.uint(4) * 2 ** 32 + reader.uint(4)
    if (!Number.isSafeInteger(value)) throw reader.fail('a number of 2^53 or more')
    return value
  },
}

/** `opaque name[length]` */
export const fixed = (length: number): Codec<Uint8Array> => ({
  encode: (writer, value) => {
    if (value.length !== length) throw new TlsError('bad_option', `${length} bytes expected, ${value.length} given`)
    writer.raw(value)
  },
  decode: (reader) => reader.take(length),
})

/** All bytes to the end. */
export const rest: Codec<Uint8Array> = {
  encode: (writer, value) => writer.raw(value),
  decode: (reader) => reader.take(reader.remaining),
}

/** Nothing at all: extensions whose presence is the message. */
export const empty: Codec<true> = { encode: () => {}, decode: () => true }

const readLength = (reader: Reader, width: Width, least: number, most: number): number => {
  const length = reader.uint(width)
  if (length < least || length > most)
    throw reader.fail(`a length of ${length} bytes; it has to be ${least} to ${most}`)
  return length
}

/** A reader of the next vector: its length, and so many bytes. */
export const vector = (reader: Reader, width: Width, least: number, most: number = max(width)): Reader =>
  reader.sub(readLength(reader, width, least, most))

/** `opaque name<least..most>`; the width of the length follows from `most` in the RFC. */
export const opaque = (width: Width, least = 0, most: number = max(width)): Codec<Uint8Array> => ({
  encode: (writer, value) => {
    if (value.length > max(width)) throw tooLong(value.length, width)
    writer.uint(value.length, width)
    writer.raw(value)
  },
  decode: (reader) => reader.take(readLength(reader, width, least, most)),
})

/** `Item name<least..most>`, in bytes as the RFC counts. */
export const list = <T>(width: Width, item: Codec<T>, least = 0, most: number = max(width)): Codec<readonly T[]> => ({
  encode: (writer, values) => {
    const start = writer.begin(width)
    for (const value of values) item.encode(writer, value)
    writer.end(start, width)
  },
  decode: (reader) => {
    const inner = vector(reader, width, least, most)
    const values: T[] = []
    while (inner.remaining > 0) values.push(inner.note ? inner.field(`${values.length}`, item) : item.decode(inner))
    return values
  },
})

/**
 * The same codec, read in one go where nobody wants to know the fields: a peer may send lists of 32,000 items. `quick`
 * gives undefined for what is wrong: item by item that is found.
 */
export const quickly = <T>(codec: Codec<T>, quick: (reader: Reader) => T | undefined): Codec<T> => ({
  encode: codec.encode,
  decode: (reader) => {
    const { offset } = reader
    const value = reader.note ? undefined : quick(reader)
    if (value) return value
    reader.offset = offset
    return codec.decode(reader)
  },
})

/** `uint16 name<least..most>`. */
export const u16s = (width: Width): Codec<readonly number[]> =>
  quickly(list(width, u16, 2), (reader) => {
    const { bytes } = vector(reader, width, 2)
    if (bytes.length & 1) return undefined
    // an array that grows costs several times as much
    const values = new Array<number>(bytes.length >> 1)
    for (let i = 0; i < values.length; i++) values[i] = u16At(bytes, 2 * i)
    return values
  })

export const u16At = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

/** Codecs by name: the fields of a struct, or the messages or extensions of a table. */
export type Fields = Readonly<Record<string, Codec<unknown>>>

/** What `fields` read, by name. */
export type DecodedFields<F> = { readonly [K in keyof F]: Decoded<F[K]> }

/** `struct { ... }`: fields in the order of the declaration. */
export const struct = <F extends Fields>(fields: F): Codec<DecodedFields<F>> => {
  const entries = Object.entries(fields)
  const names = Object.keys(fields)
  const codecs = Object.values(fields)
  const blank: Record<string, unknown> = Object.fromEntries(names.map((name) => [name, undefined]))
  return {
    encode: (writer, value) => {
      for (let i = 0; i < codecs.length; i++) codecs[i]?.encode(writer, value[names[i] ?? ''])
    },
    decode: (reader) => {
      // a copy of all names at once, so that values go into an object that has them; a spread takes twice as long
      const value: Record<string, unknown> = Object.assign({}, blank)
      if (reader.note) for (const [name, codec] of entries) value[name] = reader.field(name, codec)
      else for (let i = 0; i < codecs.length; i++) value[names[i] ?? ''] = codecs[i]?.decode(reader)
      return value as DecodedFields<F>
    },
  }
}

/** A codec seen through a pair of functions; `from` may throw `reader.fail(...)`. */
export const mapped = <A, B>(codec: Codec<A>, from: (a: A, reader: Reader) => B, to: (b: B) => A): Codec<B> => ({
  encode: (writer, value) => codec.encode(writer, to(value)),
  decode: (reader) => from(codec.decode(reader), reader),
})
