// From a link layer's frame to the IP packet in it: Ethernet with VLAN tags, Linux cooked captures, loopback of the
// BSDs, raw IP.

/** An IP packet, and which version the link layer says it is. */
export interface IpPacket {
  readonly family: 4 | 6
  readonly bytes: Uint8Array
}

/** LINKTYPE_ numbers. */
export const linkTypes = {
  null: 0,
  ethernet: 1,
  raw12: 12,
  raw14: 14,
  raw: 101,
  loop: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const

const IPV4 = 0x0800
const IPV6 = 0x86dd
const vlanTypes: readonly number[] = [0x8100, 0x88a8, 0x9100, 0x9200]
/** AF_INET6 of NetBSD and Linux, FreeBSD, macOS, Windows; AF_INET is 2 everywhere. */
const ipv6Families: readonly number[] = [10, 24, 28, 30, 23]

const u16 = (bytes: Uint8Array, offset: number): number => (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0)

/** Undefined for frames that carry no IP; a sentence for a link type that is not known here. */
export const ipPacketOf = (linkType: number, frame: Uint8Array): IpPacket | undefined | string => {
  switch (linkType) {
    case linkTypes.ethernet:
      return byEtherType(frame, 12)
    case linkTypes.linuxCooked:
      return byEtherType(frame, 14)
    case linkTypes.linuxCooked2:
      return byEtherType(frame, 0, 20)
    case linkTypes.null:
      return byFamily(frame)
    case linkTypes.loop:
      return byFamily(frame)
    case linkTypes.raw:
    case linkTypes.raw12:
    case linkTypes.raw14:
      return byVersion(frame)
    case linkTypes.ipv4:
      return { family: 4, bytes: frame }
    case linkTypes.ipv6:
      return { family: 6, bytes: frame }
    default:
      return `link type ${linkType} is not one of Ethernet, Linux cooked, loopback and raw IP`
  }
}

/** The EtherType is at `at`, the packet behind it, or at `start`; VLAN tags and a PPPoE session may come first. */
const byEtherType = (frame: Uint8Array, at: number, start = at + 2): IpPacket | undefined => {
  let type = u16(frame, at)
  let offset = start
  for (let tags = 0; vlanTypes.includes(type) && tags < 4; tags++) {
    type = u16(frame, offset + 2)
    offset += 4
  }
  if (type === 0x8864) {
    // PPPoE session (RFC 2516): six bytes, then PPP's protocol
    const protocol = u16(frame, offset + 6)
    type = protocol === 0x0021 ? IPV4 : protocol === 0x0057 ? IPV6 : 0
    offset += 8
  }
  if (offset >= frame.length) return undefined
  if (type === IPV4) return { family: 4, bytes: frame.subarray(offset) }
  return type === IPV6 ? { family: 6, bytes: frame.subarray(offset) } : undefined
}

/** The address family comes first, in the order of the machine that captured (NULL) or of the network (LOOP). */
const byFamily = (frame: Uint8Array): IpPacket | undefined => {
  if (frame.length < 4) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, 4)
  const families = [view.getUint32(0), view.getUint32(0, true)]
  if (families.includes(2)) return { family: 4, bytes: frame.subarray(4) }
  return families.some((family) => ipv6Families.includes(family)) ? { family: 6, bytes: frame.subarray(4) } : undefined
}

const byVersion = (frame: Uint8Array): IpPacket | undefined => {
  const family = (frame[0] ?? 0) >> 4
  return family === 4 || family === 6 ? { family, bytes: frame } : undefined
}
