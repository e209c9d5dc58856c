// Bytes out of a hexdump, in the forms that people paste: plain hex, xxd, hexdump -C, od -tx1, Wireshark, C arrays;
// and the records or the message in them.

import { requireText } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { RECORD_HEADER_LENGTH } from '../record/limits.ts'
import { HEADER_LENGTH } from '../wire/messages.ts'
import { concat, fromHex } from '../wire/bytes.ts'
import { contentTypes, handshakeTypes } from '../wire/registry.ts'
import { splitMessages } from './seen.ts'
import type { SeenRecord, Side } from './seen.ts'
import { beginsMessage } from './trace-data.ts'

/** Throws `decode_error` for text in which there is no hexdump. */
export const parseHexdump = (text: string): Uint8Array => {
  requireText(text, 'hexdump')
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !/^\s*(#|\/\/|\*\s*$)/.test(line))
  const withOffsets =
    lines.length > 0 && lines.every((line) => /^\s*(0x)?[0-9a-fA-F]{4,16}(:|\s|$)/.test(line)) && offsetsRise(lines)
  const parts = (withOffsets ? byOffsets(lines) : undefined) ?? lines.map((line) => hexOf(line))
  const bytes = parts.every((part) => part !== undefined) ? concat(...parts) : new Uint8Array(0)
  if (bytes.length === 0) throw new TlsError('decode_error', 'hexdump: no bytes in hex were found in it')
  return bytes
}

const offsetOf = (line: string): number => Number.parseInt(/^\s*(?:0x)?([0-9a-fA-F]+)/.exec(line)?.[1] ?? '', 16)
const afterOffset = (line: string): string => line.replace(/^\s*(0x)?[0-9a-fA-F]+:?/, '')

/**
 * Rows behind offsets: the offsets say how many bytes each has, so that a text column may hold anything. The last row
 * ends where the hex of the longest one does. One row alone is read by its looks.
 */
const byOffsets = (lines: readonly string[]): (Uint8Array | undefined)[] => {
  const rows = lines.map(afterOffset)
  if (rows.length === 1) return rows.map(hexOf)
  const offsets = lines.map(offsetOf)
  const widest = Math.max(...offsets.slice(1).map((offset, i) => offset - (offsets[i] ?? 0)))
  let hexEnd = 0
  return rows.map((row, i) => {
    const next = offsets[i + 1]
    const all = next === undefined
    const { bytes, end } = leadingBytes(all ? row.slice(0, hexEnd) : row, all ? widest : next - (offsets[i] ?? 0))
    hexEnd = Math.max(hexEnd, end)
    return all || bytes.length === next - (offsets[i] ?? 0) ? bytes : undefined
  })
}

/** At most `count` bytes from the front of a row, and the column behind them. */
const leadingBytes = (row: string, count: number): { readonly bytes: Uint8Array; readonly end: number } => {
  const pair = /[\s:]*([0-9a-fA-F]{2})/y
  let [digits, end] = ['', 0]
  for (let i = 0; i < count; i++) {
    const found = pair.exec(row)
    if (!found) break
    digits += found[1] ?? ''
    end = pair.lastIndex
  }
  return { bytes: fromHex(digits), end }
}

/** Offsets count up line by line, from zero or from anywhere. One line has an offset only if a colon or two spaces
 * say so. */
const offsetsRise = (lines: readonly string[]): boolean => {
  if (lines.length === 1) return /^\s*(0x)?0{4,16}(:|\s\s)/.test(lines[0] ?? '')
  const offsets = lines.map(offsetOf)
  return offsets.every(
    (offset, i) => i === 0 || (offset > (offsets[i - 1] ?? 0) && offset - (offsets[i - 1] ?? 0) <= 64),
  )
}

/** The bytes of a line; text columns of xxd, hexdump -C and Wireshark are left out. Undefined if there is something
 * else. */
const hexOf = (line: string): Uint8Array | undefined => {
  const withoutText = line
    .replace(/\s*\|.*\|\s*$/, '')
    .replace(/0x/gi, ' ')
    .replace(/[,;{}\\"']|\bx/g, ' ')
  const plain = withoutText.trim()
  if (/^[0-9a-fA-F\s:]*$/.test(plain)) return wholeBytes(plain)
  const [columns = ''] = plain.split(/ {2,}(?=\S*[^0-9a-fA-F\s:]|[^ ]+$)/)
  return /^[0-9a-fA-F\s:]*$/.test(columns) ? wholeBytes(columns) : undefined
}

const wholeBytes = (text: string): Uint8Array | undefined => {
  const digits = text.replace(/[\s:]/g, '')
  return digits.length % 2 === 0 ? fromHex(digits) : undefined
}

/** Bytes of one direction as records: records as they are, or handshake messages without records around them.
 * `sender` is told from the first message unless it is given. Throws `decode_error` for what is neither. */
export const recordsOfBytes = (bytes: Uint8Array, sender?: Side): readonly SeenRecord[] => {
  if (isRecord(bytes, 0)) return fromRecords(bytes, sender)
  if (beginsMessage(bytes)) {
    const wire = concat(Uint8Array.of(contentTypes.handshake, 3, 3, bytes.length >> 8, bytes.length & 0xff), bytes)
    return [
      {
        sender: sender ?? senderOf(bytes),
        type: contentTypes.handshake,
        encrypted: false,
        opened: true,
        wire,
        content: bytes,
      },
    ]
  }
  throw new TlsError('decode_error', 'these bytes begin with neither a TLS record nor a handshake message')
}

const isRecord = (bytes: Uint8Array, at: number): boolean =>
  (bytes[at] ?? 0) >= 20 && (bytes[at] ?? 0) <= 24 && bytes[at + 1] === 3 && (bytes[at + 2] ?? 9) <= 4

const clientTypes: readonly number[] = [
  handshakeTypes.client_hello,
  handshakeTypes.client_key_exchange,
  handshakeTypes.end_of_early_data,
]
const senderOf = (message: Uint8Array): Side => (clientTypes.includes(message[0] ?? 0) ? 'client' : 'server')

/** Both directions may follow one another: a hello tells whose records follow. */
const fromRecords = (bytes: Uint8Array, given: Side | undefined): readonly SeenRecord[] => {
  const records: SeenRecord[] = []
  let sender: Side = given ?? 'server'
  const sealed: Record<Side, boolean> = { client: false, server: false }
  let offset = 0
  while (bytes.length - offset >= RECORD_HEADER_LENGTH && isRecord(bytes, offset)) {
    const end = offset + RECORD_HEADER_LENGTH + (bytes[offset + 3] ?? 0) * 256 + (bytes[offset + 4] ?? 0)
    if (end > bytes.length)
      throw new TlsError(
        'decode_error',
        `the record at byte ${offset} has ${end - bytes.length} bytes more than there are here`,
      )
    const wire = bytes.subarray(offset, end)
    const type = wire[0] ?? 0
    const content = wire.subarray(RECORD_HEADER_LENGTH)
    const whole = type === contentTypes.handshake && !sealed[sender] ? splitMessages(content).messages[0] : undefined
    if (given === undefined && whole && whole.length >= HEADER_LENGTH && [1, 2, 16].includes(whole[0] ?? 0))
      sender = senderOf(whole)
    const encrypted = type === contentTypes.application_data || sealed[sender]
    records.push({ sender, type, encrypted, opened: !encrypted, wire, content })
    if (type === contentTypes.change_cipher_spec) sealed[sender] = true
    offset = end
  }
  if (offset < bytes.length) throw new TlsError('decode_error', `byte ${offset} does not begin a TLS record`)
  return records
}
