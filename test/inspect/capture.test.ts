// Captures of OpenSSL's connections (scripts/record-captures.ts): every shape of a capture file gives the same
// connections, a key log opens them, and what is wrong with a capture is said.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { captureConnections, readCapture } from '../../src/inspect/capture-entry.ts'
import { traceData } from '../../src/inspect/trace-entry.ts'
import type { CapturedConnections } from '../../src/inspect/capture-entry.ts'
import { concat } from '../../src/wire/bytes.ts'
import { framings, ipv4Fragments, ipv4Packet, ipv6Fragments, ipv6Packet, pcap, pcapng, segmentsOf } from './reshape.ts'
import type { Segment } from './reshape.ts'

const folder = new URL('captures/', import.meta.url)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.pcap'))
  .map((name) => name.slice(0, -5))
const captureOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`${name}.pcap`, folder)))
const keysOf = (name: string): string => readFileSync(new URL(`${name}.keys`, folder), 'utf8')
const provider = nodeProvider

/** What each side said, in the ladder's words. */
const told = ({ connections }: CapturedConnections): readonly string[] =>
  connections.flatMap(({ records, secrets }) =>
    traceData(records, { secrets, provider }).items.map(({ sender, name, summary }) => `${sender} ${name} ${summary}`),
  )

const dataOf = ({ connections }: CapturedConnections, side: 'client' | 'server'): string =>
  connections
    .flatMap(({ records }) => records)
    .filter(({ sender, type, opened }) => sender === side && type === 23 && opened)
    .map(({ content }) => new TextDecoder().decode(content))
    .join('')

const read = (file: Uint8Array, keyLog?: string) => captureConnections(file, { keyLog, provider })

describe.each(names)('%s', (name) => {
  it('is decrypted with the key log', async () => {
    const result = await read(captureOf(name), keysOf(name))
    expect(result.problems).toEqual([])
    expect(
      result.connections
        .flatMap(({ problems, records }) => [...problems, ...records.map(({ problem }) => problem)])
        .filter(Boolean),
    ).toEqual([])
    expect(dataOf(result, 'client')).toContain('hello capture\n')
    expect(dataOf(result, 'server')).toContain('hello from the server\n')
    const finished = told(result).filter((line) => / Finished /.test(line))
    expect(finished.length).toBe(2 * result.connections.length)
  })

  it('shows what is in the clear without one', async () => {
    const result = await read(captureOf(name))
    expect(dataOf(result, 'client')).toBe('')
    expect(told(result)[0]).toMatch(/^client ClientHello localhost/)
    expect(
      told(result).some(
        (line) => line.includes('the key log has no secrets of this connection') || /encrypted/.test(line),
      ),
    ).toBe(true)
  })
})

it('early data, a refused group and a key update are followed', async () => {
  const early = await read(captureOf('tls13-early-data'), keysOf('tls13-early-data'))
  expect(early.connections.length).toBe(2)
  expect(dataOf(early, 'client')).toContain('early hello\n')
  expect(told(early).some((line) => line.startsWith('client EndOfEarlyData'))).toBe(true)
  const update = await read(captureOf('tls13-retry-update'), keysOf('tls13-retry-update'))
  expect(dataOf(update, 'client')).toContain('after the update\n')
  expect(told(update).filter((line) => /HelloRetryRequest|KeyUpdate/.test(line)).length).toBe(3)
  const { secrets } = traceData(update.connections[0]?.records ?? [], {
    secrets: update.connections[0]?.secrets,
    provider,
  })
  expect(secrets.find(({ name }) => name === 'client_application_traffic_secret_1')?.value?.length).toBe(32)
})

describe('every shape of a capture file gives the same connections', async () => {
  const name = 'tls13-early-data'
  const segments = segmentsOf(captureOf(name))
  const expected = told(await read(captureOf(name), keysOf(name)))
  const ethernet = framings.Ethernet
  if (!ethernet) throw new Error('no Ethernet')

  it.each(Object.keys(framings))('%s', async (framing) => {
    const { frame, linkType } = framings[framing] ?? ethernet
    for (const packet of [ipv4Packet, ipv6Packet]) {
      const frames = segments.map((segment) => frame(packet(segment)))
      for (const little of [true, false]) {
        expect(told(await read(pcap(frames, { linkType, little, nanoseconds: little }), keysOf(name)))).toEqual(
          expected,
        )
        expect(told(await read(pcapng(frames, { linkType, little }, keysOf(name))))).toEqual(expected)
      }
    }
  })

  const shape = async (given: readonly Segment[]): Promise<readonly string[]> =>
    told(
      await read(
        pcap(
          given.map((segment) => ethernet.frame(ipv4Packet(segment))),
          ethernet,
        ),
        keysOf(name),
      ),
    )

  it('IPv4 and IPv6 fragments, the last one first', async () => {
    const four = segments.flatMap((segment, i) => ipv4Fragments(segment, i)).map(ethernet.frame)
    expect(told(await read(pcap(four, ethernet), keysOf(name)))).toEqual(expected)
    const six = segments.flatMap((segment, i) => ipv6Fragments(segment, i)).map(ethernet.frame)
    expect(told(await read(pcap(six, ethernet), keysOf(name)))).toEqual(expected)
  })

  it('retransmissions', async () => {
    expect(await shape(segments.flatMap((segment) => [segment, segment]))).toEqual(expected)
  })

  /** Each segment as pieces of `size` bytes. */
  const pieces = (size: number): readonly Segment[] =>
    segments.flatMap((segment) => {
      if (segment.bytes.length === 0) return [segment]
      return Array.from({ length: Math.ceil(segment.bytes.length / size) }, (_, i) => ({
        ...segment,
        sequence: (segment.sequence + i * size) >>> 0,
        bytes: segment.bytes.slice(i * size, (i + 1) * size),
      }))
    })

  it('small segments, in order and with each pair the other way round', async () => {
    expect(await shape(pieces(7))).toEqual(expected)
    const swapped = [...pieces(50)]
    for (let i = 0; i + 1 < swapped.length; i++) {
      const [a, b] = [swapped[i], swapped[i + 1]]
      if (!a || !b || a.up !== b.up || a.bytes.length === 0 || b.bytes.length === 0) continue
      swapped.splice(i, 2, b, a)
      i++
    }
    expect(await shape(swapped)).toEqual(expected)
  })

  it('overlaps: segments that begin in what was there already', async () => {
    const overlapping = pieces(40).map((segment, i, all) => {
      const before = all[i - 1]
      const follows =
        before &&
        before.bytes.length > 5 &&
        before.up === segment.up &&
        (before.sequence + before.bytes.length) >>> 0 === segment.sequence &&
        segment.bytes.length > 0
      return follows
        ? {
            ...segment,
            sequence: (segment.sequence - 5) >>> 0,
            bytes: concat(before.bytes.subarray(-5), segment.bytes),
          }
        : segment
    })
    expect(await shape(overlapping)).toEqual(expected)
  })

  it('sequence numbers that wrap', async () => {
    const first = segments.find(({ up }) => up)?.sequence ?? 0
    const answer = segments.find(({ up }) => !up)?.sequence ?? 0
    const shift = (number: number, start: number): number => (number - start + 0xffffff80) >>> 0
    expect(
      await shape(
        segments.map((segment) => ({
          ...segment,
          sequence: shift(segment.sequence, segment.up ? first : answer),
          acknowledgement: shift(segment.acknowledgement, segment.up ? answer : first),
        })),
      ),
    ).toEqual(expected)
  })

  it('a capture that began in the middle of a handshake, without SYN', async () => {
    expect(await shape(segments.filter(({ flags }) => (flags & 2) === 0))).toEqual(expected)
  })

  it('bytes that are missing are named, and what follows is told as far as it goes', async () => {
    const lost = segments.findIndex(({ up, bytes }) => !up && bytes.length > 500)
    const result = await read(
      pcap(
        segments.filter((_, i) => i !== lost).map((segment) => ethernet.frame(ipv4Packet(segment))),
        ethernet,
      ),
      keysOf(name),
    )
    expect(result.connections[0]?.problems.join()).toMatch(/\d+ bytes from the server are missing before packet \d+/)
    expect(told(result).some((line) => line.includes('bytes are missing in the capture'))).toBe(true)
  })
})

describe('bad captures', () => {
  const good = captureOf('tls12-ecdhe-gcm')

  it.each([
    [new Uint8Array(0)],
    [new TextEncoder().encode('hello, world, this is no capture')],
    [good.subarray(0, 20)],
  ])('%#: decode_error', (bytes) => {
    expect(() => readCapture(bytes)).toThrow(expect.objectContaining({ code: 'decode_error' }))
  })

  it('a file that breaks off says so, and gives what it has', () => {
    const { packets, problems } = readCapture(good.subarray(0, good.length - 3))
    expect(packets.length).toBeGreaterThan(3)
    expect(problems).toEqual([expect.stringMatching(/^the file breaks off in packet \d+$/)])
  })

  it('an unknown link type says so', async () => {
    const result = await read(pcap([new Uint8Array(60)], { linkType: 147 }))
    expect(result.problems).toEqual([expect.stringContaining('link type 147')])
  })

  it('whatever bytes are flipped or cut off: TlsError or a result', async () => {
    const log = keysOf('tls12-ecdhe-gcm')
    let seed = 1
    const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below
    for (let round = 0; round < 300; round++) {
      const bytes = good.slice(0, round % 3 === 0 ? random(good.length) : good.length)
      for (let flips = random(8); flips >= 0; flips--) if (bytes.length > 0) bytes[random(bytes.length)] = random(256)
      const outcome = await read(bytes, log).then(
        (result) => told(result),
        (error: unknown) => error,
      )
      expect(Array.isArray(outcome) || (outcome instanceof Error && outcome.name === 'TlsError')).toBe(true)
    }
  })
})
