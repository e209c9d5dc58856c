// Captures in other shapes: a pcap of Ethernet frames is taken apart and written again with other link layers, formats,
// byte orders, IP versions, fragments and orders of segments. The bytes of the connection stay the same.

import { readCapture } from '../../src/inspect/capture-entry.ts'
import type { Packet } from '../../src/inspect/capture-entry.ts'
import { concat } from '../../src/wire/bytes.ts'

export interface Segment {
  readonly source: number
  readonly destination: number
  readonly sequence: number
  readonly acknowledgement: number
  readonly flags: number
  readonly bytes: Uint8Array
  /** From the side whose port is not `server`. */
  readonly up: boolean
}

/** The TCP segments of a capture of IPv4 over Ethernet. */
export const segmentsOf = (file: Uint8Array): readonly Segment[] =>
  readCapture(file).packets.map(({ bytes }, index, packets) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const ip = 14
    const tcp = ip + ((bytes[ip] ?? 0) & 15) * 4
    const server = portOf(packets[0])
    const source = view.getUint16(tcp)
    return {
      source,
      destination: view.getUint16(tcp + 2),
      sequence: view.getUint32(tcp + 4),
      acknowledgement: view.getUint32(tcp + 8),
      flags: bytes[tcp + 13] ?? 0,
      up: source !== server,
      bytes: bytes.slice(tcp + ((bytes[tcp + 12] ?? 0) >> 4) * 4, ip + view.getUint16(ip + 2)),
    }
  })

const portOf = (packet: Packet | undefined): number => {
  const { bytes } = packet ?? { bytes: new Uint8Array(60) }
  return (bytes[14 + 20 + 2] ?? 0) * 256 + (bytes[14 + 20 + 3] ?? 0)
}

const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255)
const u32 = (value: number): Uint8Array =>
  Uint8Array.of((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)

const tcpOf = ({ source, destination, sequence, acknowledgement, flags, bytes }: Segment): Uint8Array =>
  concat(
    u16(source),
    u16(destination),
    u32(sequence),
    u32(acknowledgement),
    Uint8Array.of(0x50, flags, 255, 255, 0, 0, 0, 0),
    bytes,
  )

const hosts = [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(192, 0, 2, 2)] as const

const ipv4 = (payload: Uint8Array, up: boolean, fragment = 0, id = 1): Uint8Array => {
  const header = concat(
    Uint8Array.of(0x45, 0),
    u16(20 + payload.length),
    u16(id),
    u16(fragment),
    Uint8Array.of(64, 6, 0, 0),
    hosts[up ? 0 : 1],
    hosts[up ? 1 : 0],
  )
  let sum = 0
  for (let i = 0; i < 20; i += 2) sum += (header[i] ?? 0) * 256 + (header[i + 1] ?? 0)
  const checksum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff
  header.set(u16(checksum), 10)
  return concat(header, payload)
}

export const ipv4Packet = (segment: Segment): Uint8Array => ipv4(tcpOf(segment), segment.up)

/** Two or more fragments, the last one first. */
export const ipv4Fragments = (segment: Segment, id: number): readonly Uint8Array[] => {
  const tcp = tcpOf(segment)
  if (tcp.length <= 24) return [ipv4(tcp, segment.up, 0, id)]
  const parts = [0, 16, 24].map((start, i, starts) => ({ start, end: starts[i + 1] ?? tcp.length }))
  return parts
    .toReversed()
    .map(({ start, end }) =>
      ipv4(tcp.subarray(start, end), segment.up, (start / 8) | (end < tcp.length ? 0x2000 : 0), id),
    )
}

const host6 = (last: number): Uint8Array =>
  concat(Uint8Array.of(0x20, 1, 0x0d, 0xb8), new Uint8Array(11), Uint8Array.of(last))
const ipv6 = (next: number, payload: Uint8Array, up: boolean): Uint8Array =>
  concat(
    Uint8Array.of(0x60, 0, 0, 0),
    u16(payload.length),
    Uint8Array.of(next, 64),
    host6(up ? 1 : 2),
    host6(up ? 2 : 1),
    payload,
  )

/** With hop-by-hop and destination options. */
export const ipv6Packet = (segment: Segment): Uint8Array =>
  ipv6(
    0,
    concat(Uint8Array.of(60, 0, 1, 4, 0, 0, 0, 0), Uint8Array.of(6, 0, 1, 4, 0, 0, 0, 0), tcpOf(segment)),
    segment.up,
  )

export const ipv6Fragments = (segment: Segment, id: number): readonly Uint8Array[] => {
  const tcp = tcpOf(segment)
  if (tcp.length <= 24) return [ipv6(6, tcp, segment.up)]
  return [
    { start: 0, end: 24 },
    { start: 24, end: tcp.length },
  ].map(({ start, end }) =>
    ipv6(
      44,
      concat(Uint8Array.of(6, 0), u16(start | (end < tcp.length ? 1 : 0)), u32(id), tcp.subarray(start, end)),
      segment.up,
    ),
  )
}

const etherType = (packet: Uint8Array): Uint8Array =>
  (packet[0] ?? 0) >> 4 === 6 ? Uint8Array.of(0x86, 0xdd) : Uint8Array.of(8, 0)

/** Link layers by their LINKTYPE_ number. */
export const framings: Readonly<
  Record<string, { readonly linkType: number; readonly frame: (packet: Uint8Array) => Uint8Array }>
> = {
  Ethernet: { linkType: 1, frame: (packet) => concat(new Uint8Array(12), etherType(packet), packet) },
  'Ethernet with padding': {
    linkType: 1,
    frame: (packet) => concat(new Uint8Array(12), etherType(packet), packet, new Uint8Array(7)),
  },
  VLAN: {
    linkType: 1,
    frame: (packet) => concat(new Uint8Array(12), Uint8Array.of(0x81, 0, 0, 5), etherType(packet), packet),
  },
  'two VLANs': {
    linkType: 1,
    frame: (packet) =>
      concat(new Uint8Array(12), Uint8Array.of(0x88, 0xa8, 0, 1, 0x81, 0, 0, 5), etherType(packet), packet),
  },
  'Linux cooked': {
    linkType: 113,
    frame: (packet) => concat(Uint8Array.of(0, 0, 3, 4, 0, 6), new Uint8Array(8), etherType(packet), packet),
  },
  'Linux cooked v2': {
    linkType: 276,
    frame: (packet) =>
      concat(etherType(packet), new Uint8Array(6), Uint8Array.of(3, 4, 0, 6), new Uint8Array(8), packet),
  },
  NULL: {
    linkType: 0,
    frame: (packet) => concat(Uint8Array.of((packet[0] ?? 0) >> 4 === 6 ? 30 : 2, 0, 0, 0), packet),
  },
  'NULL, big-endian': {
    linkType: 0,
    frame: (packet) => concat(Uint8Array.of(0, 0, 0, (packet[0] ?? 0) >> 4 === 6 ? 28 : 2), packet),
  },
  LOOP: {
    linkType: 108,
    frame: (packet) => concat(Uint8Array.of(0, 0, 0, (packet[0] ?? 0) >> 4 === 6 ? 24 : 2), packet),
  },
  raw: { linkType: 101, frame: (packet) => packet },
}

export interface Shape {
  readonly linkType: number
  readonly little?: boolean
  readonly nanoseconds?: boolean
}

const ordered = (little: boolean | undefined, bytes: Uint8Array): Uint8Array => (little ? bytes.toReversed() : bytes)

export const pcap = (frames: readonly Uint8Array[], { linkType, little, nanoseconds }: Shape): Uint8Array => {
  const n32 = (value: number): Uint8Array => ordered(little, u32(value))
  const n16 = (value: number): Uint8Array => ordered(little, u16(value))
  return concat(
    n32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4),
    n16(2),
    n16(4),
    n32(0),
    n32(0),
    n32(262144),
    n32(linkType),
    ...frames.flatMap((frame, i) => [n32(1700000000 + i), n32(0), n32(frame.length), n32(frame.length), frame]),
  )
}

/** With the key log in a Decryption Secrets Block, if there is one. */
export const pcapng = (frames: readonly Uint8Array[], { linkType, little }: Shape, keyLog?: string): Uint8Array => {
  const n32 = (value: number): Uint8Array => ordered(little, u32(value))
  const n16 = (value: number): Uint8Array => ordered(little, u16(value))
  const block = (type: number, ...parts: readonly Uint8Array[]): Uint8Array => {
    const body = concat(...parts)
    const padding = new Uint8Array((4 - (body.length % 4)) % 4)
    const length = n32(12 + body.length + padding.length)
    return concat(n32(type), length, body, padding, length)
  }
  const log = keyLog === undefined ? undefined : new TextEncoder().encode(keyLog)
  return concat(
    block(0x0a0d0d0a, n32(0x1a2b3c4d), n16(1), n16(0), n32(0xffffffff), n32(0xffffffff)),
    block(1, n16(linkType), n16(0), n32(0), n16(9), n16(1), Uint8Array.of(9, 0, 0, 0), n32(0)),
    ...(log ? [block(10, n32(0x544c534b), n32(log.length), log)] : []),
    ...frames.map((frame, i) => block(6, n32(0), n32(0), n32(i), n32(frame.length), n32(frame.length), frame)),
  )
}
