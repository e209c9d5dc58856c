// TCP streams out of segments (RFC 9293): retransmissions, segments out of order, overlaps and the wrap of sequence
// numbers are put right; bytes that the capture does not have are named, and the stream goes on behind them.

import type { Datagram } from './ip.ts'

/** Bytes of one direction in the order of the stream. */
export interface StreamChunk {
  /** Index of the endpoint that sent it, in `endpoints`. */
  readonly from: 0 | 1
  readonly bytes: Uint8Array
  /** Number of the packet that made them available, and its time. */
  readonly packet: number
  readonly time: number
  /** Bytes in front of these that the capture does not have. */
  readonly missing: number
}

export interface TcpStream {
  /** `address:port` of both ends; the first is the one that opened the connection, as far as the capture shows. */
  readonly endpoints: readonly [string, string]
  readonly chunks: StreamChunk[]
}

interface Segment {
  readonly sequence: number
  readonly bytes: Uint8Array
  readonly packet: number
  readonly time: number
}

/** Segments of one direction that wait for those in front of them. */
const MAX_WAITING = 1024
/** Distances of sequence numbers from here on are backwards (RFC 9293 section 3.4). */
const HALF = 0x8000_0000

const ahead = (sequence: number, of: number): number => {
  const distance = (sequence - of) >>> 0
  return distance >= HALF ? distance - 0x1_0000_0000 : distance
}

class Direction {
  next: number | undefined
  readonly waiting: Segment[] = []
  /** Packet and time of the last chunk: a chunk is not there before the one in front of it. */
  last = { packet: 0, time: 0 }
  /** The peer acknowledged up to here. */
  acknowledged: number | undefined
  closed = false
}

interface Connection extends TcpStream {
  readonly directions: readonly [Direction, Direction]
}

/** Sorts segments into streams. */
export class TcpReassembler {
  readonly #open = new Map<string, Connection>()
  readonly #streams: Connection[] = []

  /** In the order of their first packets. Bytes that never came are counted when this is asked for. */
  finish(): readonly TcpStream[] {
    for (const connection of this.#streams) {
      for (const from of [0, 1] as const) this.#flush(connection, from)
      connection.chunks.sort((a, b) => a.packet - b.packet)
    }
    return this.#streams
  }

  /** One TCP segment; others and malformed ones are ignored. */
  add(datagram: Datagram, packet: number, time: number): void {
    const { payload } = datagram
    const headerLength = ((payload[12] ?? 0) >> 4) * 4
    if (datagram.protocol !== 6 || payload.length < 20 || headerLength < 20 || headerLength > payload.length) return
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
    const flags = payload[13] ?? 0
    const [fin, syn, reset, ack] = [flags & 1, flags & 2, flags & 4, flags & 16].map((bit) => bit !== 0)
    const source = endpoint(datagram.source, view.getUint16(0))
    const destination = endpoint(datagram.destination, view.getUint16(2))
    const { connection, from } = this.#connection(source, destination, syn === true && ack !== true)
    const direction = connection.directions[from]
    const other = connection.directions[from === 0 ? 1 : 0]
    const sequence = view.getUint32(4)
    if (syn) direction.next = (sequence + 1) >>> 0
    const start = syn ? (sequence + 1) >>> 0 : sequence
    direction.next ??= other.acknowledged ?? start
    const bytes = payload.subarray(headerLength)
    if (bytes.length > 0 && !reset) {
      direction.waiting.push({ sequence: start, bytes, packet, time })
      this.#deliver(connection, from)
      if (direction.waiting.length > MAX_WAITING) this.#flush(connection, from)
    }
    if (ack) other.acknowledged = view.getUint32(8)
    if (fin || reset) direction.closed = true
  }

  #connection(
    source: string,
    destination: string,
    opens: boolean,
  ): { readonly connection: Connection; readonly from: 0 | 1 } {
    const key = source < destination ? `${source} ${destination}` : `${destination} ${source}`
    const known = this.#open.get(key)
    if (known && !(opens && known.directions.some(({ closed }) => closed))) {
      return { connection: known, from: known.endpoints[0] === source ? 0 : 1 }
    }
    const connection: Connection = {
      endpoints: [source, destination],
      chunks: [],
      directions: [new Direction(), new Direction()],
    }
    this.#open.set(key, connection)
    this.#streams.push(connection)
    return { connection, from: 0 }
  }

  /** Hands on what is next in the stream; bytes that were there already are dropped: the first ones count. */
  #deliver(connection: Connection, from: 0 | 1, missing = 0): void {
    const direction = connection.directions[from]
    for (let gap = missing; direction.next !== undefined; gap = 0) {
      const { next } = direction
      const at = direction.waiting.findIndex(({ sequence }) => ahead(sequence, next) <= 0)
      if (at < 0) return
      const [segment] = direction.waiting.splice(at, 1)
      if (!segment) return
      const known = -ahead(segment.sequence, next)
      if (known >= segment.bytes.length) continue
      const bytes = segment.bytes.subarray(known)
      if (segment.packet > direction.last.packet) direction.last = segment
      const { packet, time } = direction.last
      connection.chunks.push({ from, bytes, packet, time, missing: gap })
      direction.next = (next + bytes.length) >>> 0
    }
  }

  /** What is still waiting comes behind a hole. */
  #flush(connection: Connection, from: 0 | 1): void {
    const { waiting } = connection.directions[from]
    for (
      let next = connection.directions[from].next;
      waiting.length > 0 && next !== undefined;
      next = connection.directions[from].next
    ) {
      this.#skipTo(connection, from, earliest(waiting, next))
    }
  }

  #skipTo(connection: Connection, from: 0 | 1, { sequence }: Segment): void {
    const direction = connection.directions[from]
    const missing = ahead(sequence, direction.next ?? sequence)
    direction.next = sequence
    this.#deliver(connection, from, Math.max(0, missing))
  }
}

const earliest = (waiting: readonly Segment[], next: number): Segment =>
  waiting.reduce((best, segment) => (ahead(segment.sequence, next) < ahead(best.sequence, next) ? segment : best))

const endpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
