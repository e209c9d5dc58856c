// TLS connections out of a capture file: packets, IP, TCP, records, and what a key log opens.

import { checkOptions } from '../../checked-options.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import { RECORD_HEADER_LENGTH } from '../../record/limits.ts'
import { concat } from '../../wire/bytes.ts'
import { contentTypes } from '../../wire/registry.ts'
import { parseKeyLog } from '../key-log.ts'
import type { ConnectionSecrets } from '../key-log.ts'
import type { SeenRecord, Side } from '../seen.ts'
import { CaptureDecryptor } from './decrypt.ts'
import type { CapturedRecord } from './decrypt.ts'
import { Defragmenter } from './ip.ts'
import { ipPacketOf } from './link.ts'
import { readCapture } from './packets.ts'
import type { Packet } from './packets.ts'
import { TcpReassembler } from './tcp.ts'
import type { StreamChunk, TcpStream } from './tcp.ts'

/** One TLS connection of a capture. */
export interface CapturedConnection {
  /** `address:port`. */
  readonly client: string
  readonly server: string
  readonly records: readonly SeenRecord[]
  /** What the key log has of it. */
  readonly secrets: ConnectionSecrets | undefined
  /** What is missing or could not be read, in sentences. */
  readonly problems: readonly string[]
}

export interface CapturedConnections {
  readonly connections: readonly CapturedConnection[]
  readonly packets: number
  /** TCP streams in which no TLS was found. */
  readonly otherStreams: number
  readonly problems: readonly string[]
}

export interface CaptureOptions {
  /** Text of an SSLKEYLOGFILE; key logs that are embedded in the capture are used as well. */
  readonly keyLog?: string | undefined
  /** Decrypts. Without it, nothing is. */
  readonly provider?: CryptoProvider | undefined
}

/** Reads a pcap or pcapng. Throws `decode_error` for what is neither. */
export const captureConnections = async (
  file: Uint8Array,
  options: CaptureOptions = {},
): Promise<CapturedConnections> => {
  checkOptions(options, { keyLog: 'string', provider: 'object' })
  const { keyLog, provider } = options
  const { packets, keyLogs, problems } = readCapture(file)
  const texts = [...(keyLog === undefined ? [] : [keyLog]), ...keyLogs]
  const log = texts.length > 0 ? parseKeyLog(texts.join('\n')) : undefined
  const found: string[] = [...problems]
  const streams = tcpStreams(packets, found)
  const connections: CapturedConnection[] = []
  let otherStreams = 0
  for (const stream of streams) {
    const tls = findTls(stream)
    if (!tls) {
      if (stream.chunks.length > 0) otherStreams++
      continue
    }
    const decryptor = new CaptureDecryptor(log, provider)
    const records: SeenRecord[] = []
    const lost: string[] = []
    for (const record of recordsOf(tls.chunks, tls.client, lost)) {
      await decryptor.findByTrial(record)
      records.push(await decryptor.open(record))
    }
    const [first, second] = stream.endpoints
    const [client, server] = tls.client === 0 ? [first, second] : [second, first]
    connections.push({ client, server, records, secrets: decryptor.secrets, problems: lost })
  }
  return { connections, packets: packets.length, otherStreams, problems: found }
}

const tcpStreams = (packets: readonly Packet[], problems: string[]): readonly TcpStream[] => {
  const fragments = new Defragmenter()
  const tcp = new TcpReassembler()
  const sentences = new Set<string>()
  let cut = 0
  for (const { linkType, bytes, number, time } of packets) {
    const packet = ipPacketOf(linkType, bytes)
    if (typeof packet === 'string') sentences.add(packet)
    if (typeof packet !== 'object') continue
    const datagram = fragments.add(packet)
    if (!datagram) continue
    if (datagram.cut > 0) cut++
    tcp.add(datagram, number, time)
  }
  problems.push(...sentences)
  if (fragments.incomplete > 0) problems.push(`${fragments.incomplete} fragmented IP packets are not whole`)
  if (cut > 0) problems.push(`${cut} packets were cut when they were captured (snap length)`)
  return tcp.finish()
}

/** A TLS record that begins a handshake message of type ClientHello or ServerHello. */
const beginsHello = (bytes: Uint8Array, type: number): boolean =>
  bytes[0] === contentTypes.handshake && bytes[1] === 3 && (bytes[2] ?? 9) <= 4 && bytes[5] === type

/** Where TLS begins in a stream: after STARTTLS, say. */
const findTls = ({
  chunks,
}: TcpStream): { readonly client: 0 | 1; readonly chunks: readonly StreamChunk[] } | undefined => {
  const at = chunks.findIndex(({ bytes }) => beginsHello(bytes, 1))
  const hello = chunks[at]
  if (hello) return { client: hello.from, chunks: chunks.slice(at) }
  const split = firstBytes(chunks)
  if (split !== undefined) return { client: split, chunks }
  const answerAt = chunks.findIndex(({ bytes }) => beginsHello(bytes, 2))
  const answer = chunks[answerAt]
  return answer ? { client: answer.from === 0 ? 1 : 0, chunks: chunks.slice(answerAt) } : undefined
}

/** The side whose stream begins with a ClientHello that came in pieces. */
const firstBytes = (chunks: readonly StreamChunk[]): 0 | 1 | undefined => {
  for (const from of [0, 1] as const) {
    const start: Uint8Array[] = []
    for (const chunk of chunks) {
      if (chunk.from !== from) continue
      start.push(chunk.bytes.subarray(0, 16))
      if (start.length === 16) break
    }
    if (beginsHello(concat(...start), 1)) return from
  }
  return undefined
}

class Framer {
  buffer: Uint8Array = new Uint8Array(0)
  missing = 0
  lost = false
}

const isHeader = (bytes: Uint8Array): boolean =>
  (bytes[0] ?? 0) >= 20 && (bytes[0] ?? 0) <= 24 && bytes[1] === 3 && (bytes[2] ?? 9) <= 4

/** Records in the order in which they became whole. Behind a hole, reading goes on where a packet begins with a
 * record. */
function* recordsOf(chunks: readonly StreamChunk[], client: 0 | 1, lost: string[]): Generator<CapturedRecord> {
  const framers: readonly [Framer, Framer] = [new Framer(), new Framer()]
  for (const { from, bytes, packet, time, missing } of chunks) {
    const framer = framers[from]
    const sender: Side = from === client ? 'client' : 'server'
    if (missing > 0) {
      lost.push(`${missing} bytes from the ${sender} are missing before packet ${packet}`)
      framer.missing += missing + framer.buffer.length
      framer.buffer = new Uint8Array(0)
      framer.lost = true
    }
    if (framer.lost && !isHeader(bytes)) {
      framer.missing += bytes.length
      continue
    }
    framer.lost = false
    framer.buffer = framer.buffer.length === 0 ? bytes : concat(framer.buffer, bytes)
    let offset = 0
    for (; framer.buffer.length - offset >= RECORD_HEADER_LENGTH;) {
      const header = framer.buffer.subarray(offset, offset + RECORD_HEADER_LENGTH)
      if (!isHeader(header)) {
        lost.push(`packet ${packet}: what the ${sender} sent is no TLS record`)
        framer.missing += framer.buffer.length - offset
        offset = framer.buffer.length
        framer.lost = true
        break
      }
      const end = offset + RECORD_HEADER_LENGTH + (header[3] ?? 0) * 256 + (header[4] ?? 0)
      if (end > framer.buffer.length) break
      const wire = framer.buffer.slice(offset, end)
      yield {
        sender,
        type: wire[0] ?? 0,
        header: wire.subarray(0, RECORD_HEADER_LENGTH),
        fragment: wire.subarray(RECORD_HEADER_LENGTH),
        wire,
        packet,
        time,
        missing: framer.missing,
      }
      framer.missing = 0
      offset = end
    }
    framer.buffer = framer.buffer.subarray(offset)
  }
  for (const [from, { buffer }] of framers.entries()) {
    if (buffer.length > 0) lost.push(`the last record of the ${from === client ? 'client' : 'server'} is not whole`)
  }
}
