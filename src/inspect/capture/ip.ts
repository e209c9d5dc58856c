// From IP packets to TCP segments: IPv4 (RFC 791) and IPv6 with extension headers (RFC 8200), fragments put together.

import type { IpPacket } from './link.ts'

/** What an IP packet carries, whole. */
export interface Datagram {
  readonly source: string
  readonly destination: string
  /** 6 is TCP. */
  readonly protocol: number
  readonly payload: Uint8Array
  /** Bytes at the end that the capture did not keep. */
  readonly cut: number
}

const MAX_FRAGMENTED = 256
const MAX_DATAGRAM = 65_535

interface Waiting {
  readonly parts: { readonly offset: number; readonly bytes: Uint8Array }[]
  total: number | undefined
}

const u16 = (bytes: Uint8Array, offset: number): number => (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0)

/** Puts fragments together. Holds at most 256 datagrams that are not whole. */
export class Defragmenter {
  readonly #waiting = new Map<string, Waiting>()

  /** Datagrams that were given up or never became whole. */
  get incomplete(): number {
    return this.#waiting.size + this.#dropped
  }
  #dropped = 0

  /** Undefined for a packet that is malformed, or a fragment that others are missing of. */
  add(packet: IpPacket): Datagram | undefined {
    return packet.family === 4 ? this.#ipv4(packet.bytes) : this.#ipv6(packet.bytes)
  }

  #ipv4(bytes: Uint8Array): Datagram | undefined {
    const headerLength = ((bytes[0] ?? 0) & 0x0f) * 4
    if ((bytes[0] ?? 0) >> 4 !== 4 || headerLength < 20 || bytes.length < headerLength) return undefined
    const total = u16(bytes, 2) || bytes.length // 0: left to the network card (segmentation offload)
    if (total < headerLength) return undefined
    const payload = bytes.subarray(headerLength, Math.min(total, bytes.length))
    const source = ipv4Text(bytes, 12)
    const destination = ipv4Text(bytes, 16)
    const protocol = bytes[9] ?? 0
    const flags = u16(bytes, 6)
    const offset = (flags & 0x1fff) * 8
    const more = (flags & 0x2000) !== 0
    const whole = { source, destination, protocol, payload, cut: Math.max(0, total - bytes.length) }
    if (offset === 0 && !more) return whole
    if (whole.cut > 0) return undefined
    return this.#fragment(`${source} ${destination} ${protocol} ${u16(bytes, 4)}`, whole, offset, more)
  }

  #ipv6(bytes: Uint8Array): Datagram | undefined {
    if ((bytes[0] ?? 0) >> 4 !== 6 || bytes.length < 40) return undefined
    const source = ipv6Text(bytes, 8)
    const destination = ipv6Text(bytes, 24)
    const total = u16(bytes, 4) === 0 ? bytes.length : 40 + u16(bytes, 4)
    const end = Math.min(total, bytes.length)
    const cut = Math.max(0, total - bytes.length)
    let next = bytes[6] ?? 59
    let offset = 40
    let fragment: { readonly at: number; readonly more: boolean; readonly id: string } | undefined
    for (let headers = 0; headers < 16; headers++) {
      const length = extensionLength(next, bytes, offset)
      if (length === undefined) break
      if (offset + 8 > end) return undefined
      if (next === 44) {
        const field = u16(bytes, offset + 2)
        if (fragment) return undefined
        fragment = {
          at: field & 0xfff8,
          more: (field & 1) !== 0,
          id: `${u16(bytes, offset + 4)}-${u16(bytes, offset + 6)}`,
        }
      }
      next = bytes[offset] ?? 59
      offset += length
      if (fragment && fragment.at > 0) break // what follows is the middle of something
    }
    if (offset > end) return undefined
    const whole = { source, destination, protocol: next, payload: bytes.subarray(offset, end), cut }
    if (!fragment || (fragment.at === 0 && !fragment.more)) return whole
    if (cut > 0) return undefined
    const joined = this.#fragment(`${source} ${destination} ${fragment.id}`, whole, fragment.at, fragment.more)
    return joined && this.#afterExtensions(joined)
  }

  /** Extension headers may be inside the fragmentable part too. */
  #afterExtensions(datagram: Datagram): Datagram | undefined {
    let { protocol, payload } = datagram
    for (let headers = 0; headers < 16; headers++) {
      const length = protocol === 44 ? undefined : extensionLength(protocol, payload, 0)
      if (length === undefined) break
      if (length > payload.length) return undefined
      protocol = payload[0] ?? 59
      payload = payload.subarray(length)
    }
    return { ...datagram, protocol, payload }
  }

  #fragment(key: string, datagram: Datagram, offset: number, more: boolean): Datagram | undefined {
    const { payload } = datagram
    if (offset + payload.length > MAX_DATAGRAM || (more && payload.length % 8 !== 0)) return undefined
    const waiting = this.#waiting.get(key) ?? { parts: [], total: undefined }
    if (!this.#waiting.has(key)) {
      const [oldest] = this.#waiting.keys()
      if (this.#waiting.size >= MAX_FRAGMENTED && oldest !== undefined) {
        this.#waiting.delete(oldest)
        this.#dropped++
      }
      this.#waiting.set(key, waiting)
    }
    if (waiting.parts.length >= MAX_DATAGRAM / 8) return undefined
    waiting.parts.push({ offset, bytes: payload })
    if (!more) waiting.total = offset + payload.length
    const whole = join(waiting)
    if (!whole) return undefined
    this.#waiting.delete(key)
    return { ...datagram, protocol: datagram.protocol, payload: whole }
  }
}

/** All bytes if none is missing; where fragments overlap, the first one counts. */
const join = ({ parts, total }: Waiting): Uint8Array | undefined => {
  if (total === undefined || parts.reduce((sum, { bytes }) => sum + bytes.length, 0) < total) return undefined
  const whole = new Uint8Array(total)
  const filled = new Uint8Array(total)
  for (const { offset, bytes } of parts) {
    for (let i = 0; i < bytes.length && offset + i < total; i++) {
      if (filled[offset + i] === 1) continue
      whole[offset + i] = bytes[i] ?? 0
      filled[offset + i] = 1
    }
  }
  return filled.includes(0) ? undefined : whole
}

/** Bytes of an extension header (RFC 8200 section 4); undefined for anything else. */
const extensionLength = (type: number, bytes: Uint8Array, offset: number): number | undefined => {
  if (type === 44) return 8
  if (type === 51) return ((bytes[offset + 1] ?? 0) + 2) * 4 // authentication header (RFC 4302)
  return [0, 43, 60, 135, 139, 140].includes(type) ? ((bytes[offset + 1] ?? 0) + 1) * 8 : undefined
}

const ipv4Text = (bytes: Uint8Array, offset: number): string => Array.from(bytes.subarray(offset, offset + 4)).join('.')

/** RFC 5952. */
const ipv6Text = (bytes: Uint8Array, offset: number): string => {
  const groups = Array.from({ length: 8 }, (_, i) => u16(bytes, offset + 2 * i).toString(16))
  const runs = [...groups.join(':').matchAll(/(?:^|:)(0(?::0)+)(?=:|$)/g)]
  const longest = runs.reduce<RegExpMatchArray | undefined>(
    (best, run) => ((run[1] ?? '').length > (best?.[1] ?? '').length ? run : best),
    undefined,
  )
  if (!longest) return groups.join(':')
  const text = groups.join(':')
  const start = longest.index ?? 0
  return `${text.slice(0, start)}::${text.slice(start + longest[0].length).replace(/^:/, '')}`
}
