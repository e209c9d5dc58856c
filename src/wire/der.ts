// Strict DER (X.690 section 10 and 11): a reader that refuses every BER form, without copying; the writer comes with
// it. Used by x509/ for certificates, CRLs and OCSP, and by crypto/keys.ts; times follow RFC 5280 section 4.1.2.5.

import { TlsError } from '../errors.ts'
import type { TlsErrorCode } from '../errors.ts'
import { oidText } from './der-oid.ts'
import { digits, instant } from './der-time.ts'
import { tags } from './der-writer.ts'

export { dotted } from './der-oid.ts'
export * from './der-writer.ts'

/** Constructed elements inside one another; certificates need about 10. */
const MAX_DEPTH = 32

/** Of what is to be read, which callers without types may have mistaken. */
const lengthOf = (bytes: Uint8Array, what: string): number => {
  if (bytes instanceof Uint8Array) return bytes.length
  throw new TlsError('bad_option', `${what}: expected its bytes (Uint8Array, DER)`)
}

/**
 * Reads one DER element after the other from a range of bytes. What it returns are subarrays of the input. Throws
 * TlsError with the code it was given (default `bad_certificate`); the message has the byte offset.
 */
export class DerReader {
  readonly bytes: Uint8Array
  readonly #input: ReaderInput
  readonly #depth: number
  readonly #limit: number
  #position: number

  /** `what` names the thing being read, for messages: "certificate", "CRL". A reader `within` another begins where
   * that one is, and ends at `limit`. */
  constructor(
    bytes: Uint8Array,
    code: TlsErrorCode = 'bad_certificate',
    what = 'certificate',
    within?: DerReader,
    limit: number = lengthOf(bytes, what),
  ) {
    this.bytes = bytes
    this.#input =
      within === undefined ? { code, what, text: undefined, deviations: undefined, isTold: true } : within.#input
    this.#position = within === undefined ? 0 : within.#position
    this.#limit = limit
    this.#depth = within === undefined ? 0 : within.#depth + 1
  }

  /** A reader that takes what DER or a profile of it forbids but what can be read in one way only (a default value
   * that is written out, zero bits at the end of a named bit list, a set out of order), and says so in
   * `deviations`; without them it is a reader like others. */
  static tolerant(bytes: Uint8Array, code: TlsErrorCode, what: string, deviations: string[] | undefined): DerReader {
    const reader = new DerReader(bytes, code, what)
    reader.#input.deviations = deviations
    return reader
  }

  /** Offset of the next element in `bytes`. */
  get position(): number {
    return this.#position
  }

  get done(): boolean {
    return this.#position === this.#limit
  }

  /** The next identifier octet, or -1 at the end. */
  peek(): number {
    return this.#position < this.#limit ? (this.bytes[this.#position] ?? -1) : -1
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#position !== this.#limit) this.fail(`has ${this.#limit - this.#position} bytes after its last field`)
  }

  /** What `read` gives, or undefined where it throws a TlsError. A failure of this reader or one within it costs no
   * more than to read: there can be very many of such parts, and nobody is told why. */
  attempt<T>(read: () => T): T | undefined {
    const { isTold } = this.#input
    this.#input.isTold = false
    try {
      return read()
    } catch (error) {
      if (error instanceof TlsError) return undefined
      throw error
    } finally {
      this.#input.isTold = isTold
    }
  }

  fail(sentence: string, position: number = this.#position): never {
    if (!this.#input.isTold) throw untold
    throw new TlsError(this.#input.code, `malformed ${this.#input.what}: ${sentence} (byte ${position})`)
  }

  /** How many rules for writers were broken so far, as a tolerant reader notes them. */
  get deviations(): number {
    return this.#input.deviations?.length ?? 0
  }

  /** A rule for writers is broken, and the meaning is clear: noted by a tolerant reader, refused by others. */
  deviate(sentence: string, position: number = this.#position): void {
    if (this.#input.deviations === undefined) this.fail(sentence, position)
    this.#input.deviations.push(sentence)
  }

  /** Reads the header of an element and returns the end of its content; `position` is then the content's start. */
  #header(tag: number, name: string): number {
    const { bytes } = this
    const start = this.#position
    const found = start < this.#limit ? (bytes[start] ?? -1) : -1
    if (found !== tag) this.#wrongTag(found, tag, name)
    const first = start + 1 < this.#limit ? (bytes[start + 1] ?? 0x80) : this.fail(`${name} is cut off in its header`)
    let length = first
    let content = start + 2
    if (first >= 0x80) {
      if (first === 0x80) this.fail(`${name} has an indefinite length, which DER forbids`)
      const count = first & 0x7f
      if (count > 4) this.fail(`${name} has a length of ${count} bytes`)
      if (content + count > this.#limit) this.fail(`${name} is cut off in its header`)
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + (bytes[content + i] ?? 0)
      content += count
      if (length < 0x80 || (count > 1 && length < 2 ** (8 * (count - 1)))) {
        this.fail(`${name} has a length that is not in its shortest form`)
      }
    }
    const end = content + length
    if (end > this.#limit) this.fail(`${name} is longer than what holds it`)
    this.#position = content
    return end
  }

  #wrongTag(found: number, tag: number, name: string): never {
    if (found === -1) this.fail(`${name} is missing`)
    this.fail(`expected ${name} (tag ${hexByte(tag)}), found tag ${hexByte(found)}`)
  }

  /** Steps into a constructed element; its reader must be read to its `end()`. */
  enter(tag: number, name: string): DerReader {
    if (this.#depth === MAX_DEPTH) this.fail(`${name} is nested too deeply`)
    const end = this.#header(tag, name)
    const reader = new DerReader(this.bytes, undefined, undefined, this, end)
    this.#position = end
    return reader
  }

  sequence(name: string): DerReader {
    return this.enter(tags.sequence, name)
  }

  set(name: string): DerReader {
    return this.enter(tags.set, name)
  }

  /** Steps into the SEQUENCE that is the last of what there is to read. */
  lastSequence(name: string): DerReader {
    const reader = this.sequence(name)
    this.end()
    return reader
  }

  /** What `read` gives of the content of an element, all of which it has to read. */
  within<T>(tag: number, name: string, read: (reader: DerReader) => T): T {
    const reader = this.enter(tag, name)
    const value = read(reader)
    reader.end()
    return value
  }

  /** The same of an element that may be left out. */
  optional<T>(tag: number, name: string, read: (reader: DerReader) => T): T | undefined {
    return this.peek() === tag ? this.within(tag, name, read) : undefined
  }

  /** What `read` gives of one element after the other, to the end. */
  rest<T>(read: (reader: this) => T): T[] {
    const all: T[] = []
    while (!this.done) all.push(read(this))
    return all
  }

  /** The content of an element with this tag. */
  content(tag: number, name: string): Uint8Array {
    const end = this.#header(tag, name)
    const content = this.bytes.subarray(this.#position, end)
    this.#position = end
    return content
  }

  /** The next element whole, header included, whatever it is. Its own content is not looked at. */
  element(name: string, tag?: number): Uint8Array {
    const start = this.#position
    if (tag === undefined) this.skip(name)
    else this.#position = this.#header(tag, name)
    return this.bytes.subarray(start, this.#position)
  }

  /** Steps over the next element, as `element` does; returns where its content begins. */
  skip(name: string): number {
    const found = this.peek()
    if (found === -1) this.fail(`${name} is missing`)
    if ((found & 0x1f) === 0x1f) this.fail(`${name} has a tag number of more than 30`)
    const end = this.#header(found, name)
    const content = this.#position
    this.#position = end
    return content
  }

  boolean(name: string): boolean {
    const start = this.#position
    const content = this.content(tags.boolean, name)
    const value = content[0]
    if (content.length !== 1 || (value !== 0 && value !== 0xff)) this.fail(`${name} is neither 00 nor FF`, start)
    return value === 0xff
  }

  /** BOOLEAN DEFAULT FALSE: absent or TRUE, since a default is never encoded (X.690 section 11.5). */
  flag(name: string): boolean {
    if (this.peek() !== tags.boolean) return false
    const value = this.boolean(name)
    if (!value) this.deviate(`${name} is encoded although it has its default value`)
    return value
  }

  /** Two's complement content of an INTEGER in its shortest form. */
  integer(name: string, tag: number = tags.integer): Uint8Array {
    const start = this.#position
    const content = this.content(tag, name)
    const [first = -1, second = 0] = content
    if (first === -1) this.fail(`${name} is an empty integer`, start)
    if (content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      this.fail(`${name} is an integer that is not in its shortest form`, start)
    }
    return content
  }

  /** A non-negative INTEGER, big-endian without a leading zero (zero itself is one zero byte). */
  unsigned(name: string, tag: number = tags.integer): Uint8Array {
    const start = this.#position
    const content = this.integer(name, tag)
    if ((content[0] ?? 0) >= 0x80) this.fail(`${name} is negative`, start)
    return content.length > 1 && content[0] === 0 ? content.subarray(1) : content
  }

  /** A non-negative INTEGER that fits in 31 bits; larger ones are refused, or answer Infinity with `saturate`. */
  smallInteger(name: string, tag: number = tags.integer, saturate = false): number {
    const start = this.#position
    const content = this.unsigned(name, tag)
    let value = 0
    for (const byte of content) value = value * 256 + byte
    if (value > 0x7fff_ffff) return saturate ? Number.POSITIVE_INFINITY : this.fail(`${name} is too large`, start)
    return value
  }

  octetString(name: string): Uint8Array {
    return this.content(tags.octetString, name)
  }

  /** A BIT STRING of whole octets: keys and signatures. */
  bitString(name: string, tag: number = tags.bitString): Uint8Array {
    const start = this.#position
    const content = this.content(tag, name)
    if (content[0] !== 0) this.fail(`${name} is not a bit string of whole octets`, start)
    return content.subarray(1)
  }

  /** A BIT STRING used as a named bit list (X.690 section 11.2.2): bit n of the answer is named bit n. At most 31
   * bits. */
  namedBits(name: string, tag: number = tags.bitString): number {
    const start = this.#position
    const content = this.content(tag, name)
    const [unused = this.fail(`${name} is an empty bit string`, start)] = content
    const last = content[content.length - 1] ?? 0
    if (content.length === 1 ? unused !== 0 : unused > 7 || (last & ((1 << unused) - 1)) !== 0) {
      this.fail(`${name} is not a bit string in DER`, start)
    }
    let bits = 0
    let highest = 0
    for (let i = 0; i < (content.length - 1) * 8; i++) {
      if (((content[1 + (i >> 3)] ?? 0) & (0x80 >> (i & 7))) === 0) continue
      if (i > 30) this.fail(`${name} has a bit that no one knows`, start)
      bits |= 1 << i
      highest = i + 1
    }
    if ((content.length - 1) * 8 - unused !== highest) {
      this.deviate(`${name} has zero bits at its end, which DER leaves out`, start)
    }
    return bits
  }

  null(name: string): void {
    const start = this.#position
    if (this.content(tags.null, name).length !== 0) this.fail(`${name} is a NULL with content`, start)
  }

  /** An IA5String, whose bytes are 7-bit: undefined for others, which are stepped over. */
  tryAscii(name: string, tag: number = tags.ia5String): string | undefined {
    const end = this.#header(tag, name)
    const { bytes } = this
    const content = this.#position
    this.#position = end
    for (let i = content; i < end; i++) if ((bytes[i] ?? 0) >= 0x80) return undefined
    this.#input.text ??= latin1.decode(bytes)
    return this.#input.text.slice(content, end)
  }

  /** An object identifier in dotted form. */
  oid(name: string, tag: number = tags.oid): string {
    const start = this.#position
    const end = this.#header(tag, name)
    const text = this.#shortOid(end) ?? oidText(this.bytes, this.#position, end)
    this.#position = end
    return text ?? this.fail(`${name} is not a well-formed object identifier`, start)
  }

  /** 2.5.29.n and 2.5.4.n, extensions and attributes, are most of what there is: their texts are made once. */
  #shortOid(end: number): string | undefined {
    const { bytes } = this
    const at = this.#position
    if (end - at !== 3 || bytes[at] !== 0x55) return undefined
    return (bytes[at + 1] === 0x1d ? extensionTexts : bytes[at + 1] === 0x04 ? attributeTexts : [])[bytes[at + 2] ?? 0]
  }

  /** Time ::= CHOICE { utcTime, generalTime } in the forms of RFC 5280 section 4.1.2.5; milliseconds since the epoch.
   * That a time before 2050 is a UTCTime is for the caller to ask (see `peek`): one root in use breaks it. */
  time(name: string): number {
    if (this.peek() === tags.generalizedTime) return this.generalizedTime(name)
    const start = this.#position
    const end = this.#header(tags.utcTime, name)
    const content = this.#position
    this.#position = end
    const year = digits(this.bytes, content, 2)
    const isWhole = end - content === 13
    const time = isWhole ? instant(year < 50 ? 2000 + year : 1900 + year, this.bytes, content + 2) : Number.NaN
    return Number.isNaN(time) ? this.fail(`${name} is not a UTCTime of the form YYMMDDHHMMSSZ`, start) : time
  }

  /** YYYYMMDDHHMMSSZ and no other form; milliseconds since the epoch. */
  generalizedTime(name: string, tag: number = tags.generalizedTime): number {
    const start = this.#position
    const end = this.#header(tag, name)
    const content = this.#position
    this.#position = end
    const year = digits(this.bytes, content, 4)
    const time = end - content === 15 ? instant(year, this.bytes, content + 4) : Number.NaN
    return Number.isNaN(time) ? this.fail(`${name} is not a GeneralizedTime of the form YYYYMMDDHHMMSSZ`, start) : time
  }
}

/** What readers within one another share. */
interface ReaderInput {
  readonly code: TlsErrorCode
  readonly what: string
  /** All bytes as text, one character each: decoded once for a list of names, and then only sliced. */
  text: string | undefined
  /** Where a tolerant reader notes what it took. */
  deviations: string[] | undefined
  /** Whether the sentence of a failure is for anybody. */
  isTold: boolean
}

/** Thrown instead of an error that nobody is told. */
const untold = new TlsError('internal_error', 'what was attempted to be read is malformed')

const latin1 = new TextDecoder('latin1')

const extensionTexts = Array.from({ length: 128 }, (_, n) => `2.5.29.${n}`)
const attributeTexts = Array.from({ length: 128 }, (_, n) => `2.5.4.${n}`)

const hexByte = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`
