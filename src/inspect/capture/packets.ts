// Packets out of capture files: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), in either byte
// order, with the key logs that a Decryption Secrets Block embeds. What is cut off at the end of a file is told, not
// thrown.

import { requireBytes } from '../../checked-options.ts'
import { TlsError } from '../../errors.ts'

/** One packet as a link layer carried it. */
export interface Packet {
  /** From 1, as capture programs count. */
  readonly number: number
  /** Seconds since the epoch; 0 where the file has no time for it. */
  readonly time: number
  /** LINKTYPE_ number. */
  readonly linkType: number
  readonly bytes: Uint8Array
  /** Bytes that the packet had before it was cut to `bytes`. */
  readonly originalLength: number
}

/** What a capture file holds. */
export interface CaptureFile {
  readonly format: 'pcap' | 'pcapng'
  readonly packets: readonly Packet[]
  /** Texts of embedded SSLKEYLOGFILEs. */
  readonly keyLogs: readonly string[]
  /** What could not be read, in sentences. */
  readonly problems: readonly string[]
}

const MAX_PACKET = 0x1000000

const malformed = (sentence: string): TlsError => new TlsError('decode_error', `capture file: ${sentence}`)

/** Whether these bytes begin a capture file. */
export const isCapture = (bytes: Uint8Array): boolean => formatOf(bytes) !== undefined

const formatOf = (bytes: Uint8Array): 'pcap' | 'pcapng' | undefined => {
  requireBytes(bytes, 'capture')
  if (bytes.length < 4) return undefined
  const magic = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
  if (magic === 0x0a0d0d0a) return 'pcapng'
  return [0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0xa1b2cd34, 0x34cdb2a1].includes(magic) ? 'pcap' : undefined
}

/** Throws `decode_error` for what is neither pcap nor pcapng, or breaks off in its header. */
export const readCapture = (bytes: Uint8Array): CaptureFile => {
  const format = formatOf(bytes)
  if (format === undefined) throw malformed('it begins with neither the magic number of pcap nor that of pcapng')
  return format === 'pcap' ? readPcap(bytes) : readPcapng(bytes)
}

const readPcap = (bytes: Uint8Array): CaptureFile => {
  if (bytes.length < 24) throw malformed(`${bytes.length} bytes; the header of a pcap has 24`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const big = view.getUint32(0)
  const little = big === 0xd4c3b2a1 || big === 0x4d3cb2a1 || big === 0x34cdb2a1
  const nanoseconds = big === 0xa1b23c4d || big === 0x4d3cb2a1
  const modified = big === 0xa1b2cd34 || big === 0x34cdb2a1 // Kuznetzov's: 8 bytes more in each packet's header
  const linkType = view.getUint32(20, little) & 0xffff
  const packets: Packet[] = []
  const problems: string[] = []
  const headerLength = modified ? 24 : 16
  for (let offset = 24; offset < bytes.length;) {
    if (offset + headerLength > bytes.length) {
      problems.push(`the file breaks off in the header of packet ${packets.length + 1}`)
      break
    }
    const captured = view.getUint32(offset + 8, little)
    const end = offset + headerLength + captured
    if (captured > MAX_PACKET || end > bytes.length) {
      problems.push(`the file breaks off in packet ${packets.length + 1}`)
      break
    }
    packets.push({
      number: packets.length + 1,
      time: view.getUint32(offset, little) + view.getUint32(offset + 4, little) / (nanoseconds ? 1e9 : 1e6),
      linkType,
      bytes: bytes.subarray(offset + headerLength, end),
      originalLength: view.getUint32(offset + 12, little),
    })
    offset = end
  }
  return { format: 'pcap', packets, keyLogs: [], problems }
}

interface Interface {
  readonly linkType: number
  /** Units of time in a second. */
  readonly resolution: number
  /** Seconds to add. */
  readonly offset: number
  readonly snapLength: number
}

const blocks = {
  section: 0x0a0d0d0a,
  interface: 1,
  packet: 2,
  simplePacket: 3,
  enhancedPacket: 6,
  secrets: 10,
} as const
/** 'TLSK' (draft-ietf-opsawg-pcapng section 4.7). */
const TLS_KEY_LOG = 0x544c534b

const readPcapng = (bytes: Uint8Array): CaptureFile => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const packets: Packet[] = []
  const keyLogs: string[] = []
  const problems: string[] = []
  let interfaces: Interface[] = []
  let little = true
  for (let offset = 0; offset < bytes.length;) {
    if (offset + 12 > bytes.length) {
      problems.push('the file breaks off in the header of a block')
      break
    }
    const type = view.getUint32(offset, little)
    if (view.getUint32(offset) === blocks.section) {
      const order = view.getUint32(offset + 8)
      if (order !== 0x1a2b3c4d && order !== 0x4d3c2b1a) throw malformed('a section without a byte-order magic')
      little = order === 0x4d3c2b1a
      interfaces = []
    }
    const length = view.getUint32(offset + 4, little)
    if (length < 12 || length % 4 !== 0) throw malformed(`a block of ${length} bytes (byte ${offset})`)
    if (offset + length > bytes.length) {
      problems.push(`the file breaks off in a block (byte ${offset})`)
      break
    }
    const body = new DataView(bytes.buffer, bytes.byteOffset + offset + 8, length - 12)
    if (type === blocks.interface) interfaces.push(readInterface(body, little))
    else if (type === blocks.secrets) {
      const text = readSecrets(body, little)
      if (text !== undefined) keyLogs.push(text)
    } else if (type === blocks.enhancedPacket || type === blocks.packet || type === blocks.simplePacket) {
      const packet = readPacket(type, body, little, interfaces, packets.length + 1)
      if (typeof packet === 'string') problems.push(packet)
      else packets.push(packet)
    }
    offset += length
  }
  return { format: 'pcapng', packets, keyLogs, problems }
}

const bytesOf = (view: DataView, start: number, length: number): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + start, length)

const readInterface = (body: DataView, little: boolean): Interface => {
  if (body.byteLength < 8) throw malformed('an Interface Description Block of less than 20 bytes')
  let resolution = 1e6
  let offset = 0
  for (let at = 8; at + 4 <= body.byteLength;) {
    const code = body.getUint16(at, little)
    const length = body.getUint16(at + 2, little)
    if (code === 0 || at + 4 + length > body.byteLength) break
    if (code === 9 && length === 1) {
      const value = body.getUint8(at + 4)
      resolution = value & 0x80 ? 2 ** (value & 0x7f) : 10 ** value
    }
    if (code === 14 && length === 8) offset = Number(body.getBigInt64(at + 4, little))
    at += 4 + Math.ceil(length / 4) * 4
  }
  return { linkType: body.getUint16(0, little), resolution, offset, snapLength: body.getUint32(4, little) }
}

const readSecrets = (body: DataView, little: boolean): string | undefined => {
  if (body.byteLength < 8 || body.getUint32(0, little) !== TLS_KEY_LOG) return undefined
  const length = Math.min(body.getUint32(4, little), body.byteLength - 8)
  return new TextDecoder('latin1').decode(bytesOf(body, 8, length))
}

const readPacket = (
  type: number,
  body: DataView,
  little: boolean,
  interfaces: readonly Interface[],
  number: number,
): Packet | string => {
  const simple = type === blocks.simplePacket
  const fixed = simple ? 4 : 20
  if (body.byteLength < fixed) return `packet ${number}: its block is too short`
  const index = simple ? 0 : type === blocks.packet ? body.getUint16(0, little) : body.getUint32(0, little)
  const from = interfaces[index]
  if (!from) return `packet ${number}: there is no interface ${index}`
  const originalLength = body.getUint32(simple ? 0 : 16, little)
  const limit = from.snapLength === 0 ? originalLength : Math.min(originalLength, from.snapLength)
  const captured = simple ? Math.min(limit, body.byteLength - fixed) : body.getUint32(12, little)
  if (fixed + captured > body.byteLength) return `packet ${number}: it is longer than its block`
  const units = simple ? 0 : body.getUint32(4, little) * 2 ** 32 + body.getUint32(8, little)
  return {
    number,
    linkType: from.linkType,
    originalLength,
    bytes: bytesOf(body, fixed, captured),
    time: simple ? 0 : from.offset + units / from.resolution,
  }
}
