// connection.closed, and what becomes of a connection that nobody reads when its peer leaves.

import { Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect, createServer } from '../../src/index.node.ts'
import type { TlsConnection } from '../../src/index.node.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'
import { bytesOf, readAll, turns } from '../stream/compliance.ts'
import { iterables, memory, messageStreams, nodeDuplexes, sockets, webStreams } from '../stream/duplexes.ts'
import type { Line, LineKind } from '../stream/duplexes.ts'
import { pair } from '../../src/stream/pair.ts'
import type { ByteStream } from '../../src/stream/types.ts'

const lines: Line[] = []
afterEach(() => {
  vi.useRealTimers()
  for (const line of lines.splice(0)) line.release()
})

interface Ends {
  readonly line: Line
  readonly client: TlsConnection
  readonly server: TlsConnection
}

/** The client is at the near end. */
const connected = async (kind: LineKind, closeTimeout = 5000, ofServer = 5000): Promise<Ends> => {
  const line = await kind.make()
  lines.push(line)
  const accepting = createServer(ecdsa).accept(line.far, { closeTimeout: ofServer })
  const client = await connect(line.near, { serverName: 'server.test', verifier: anyCertificate, closeTimeout })
  return { line, client, server: await accepting }
}

const kinds = [memory(), sockets, nodeDuplexes, webStreams, messageStreams(true)]

describe.each(kinds.map((kind) => [kind.name, kind] as const))('closed, over %s', (_, kind) => {
  it('resolves with nothing at both ends when both were closed', async () => {
    const { client, server } = await connected(kind)
    await client.close()
    expect(await server.read()).toBeNull()
    await server.close()
    expect(await Promise.all([client.closed, server.closed])).toEqual([undefined, undefined])
  })

  it('resolves with what this end was aborted with, and at the peer with what it saw', async () => {
    // a stream.Duplex does not say that its peer would take no alert
    const { client, server } = await connected(kind, 5000, 50)
    client.abort(new Error('enough'))
    expect(await client.closed).toMatchObject({ code: 'aborted' })
    const seen = await server.closed
    // web streams hand the reason over
    expect(['truncated', 'transport_failed', 'aborted']).toContain(seen?.code)
    await expect(server.write(bytesOf(1))).rejects.toBe(seen)
  })

  it('resolves though nobody reads, when the line breaks; what came before can still be read', async () => {
    const { line, client, server } = await connected(kind)
    const { near } = line
    const before = near instanceof Socket ? near.bytesRead : 0
    await server.write(bytesOf(1000))
    while (near instanceof Socket && near.bytesRead < before + 1000) await turns(1)
    await turns(20)
    line.cut()
    const ended = await client.closed
    expect(['truncated', 'transport_failed']).toContain(ended?.code)
    await expect(client.write(bytesOf(1))).rejects.toBe(ended)
    expect(await client.read()).toEqual(bytesOf(1000))
    await expect(client.read()).rejects.toBe(ended)
  })

  it('resolves though nobody reads and all that is read ahead is full, when the line breaks', async () => {
    const { line, client, server } = await connected(kind)
    for (let i = 0; i < 40; i++) void server.write(bytesOf(65_536))
    await turns(40)
    line.cut()
    expect(['truncated', 'transport_failed']).toContain((await client.closed)?.code)
  })

  it('a peer that closed and is gone, unread: the transport is freed, and the data and the end are kept', async () => {
    const { client, server } = await connected(kind, 20)
    await server.write(bytesOf(1000))
    await server.close()
    expect(await client.closed).toBeUndefined()
    expect(await readAll(client)).toEqual(bytesOf(1000))
    await expect(client.write(bytesOf(1))).rejects.toMatchObject({ code: 'wrong_state' })
  })
})

describe('a peer that left', () => {
  it('may still be written to by whoever read its end, however long it takes (half-close)', async () => {
    const { line, client, server } = await connected(memory())
    await server.closeWrite()
    if ('read' in line.far) await line.far.close()
    expect(await client.read()).toBeNull()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await vi.advanceTimersByTimeAsync(3_600_000)
    await client.write(bytesOf(1))
    expect(await server.read()).toEqual(bytesOf(1))
    await client.close()
    await server.close()
    expect(await client.closed).toBeUndefined()
  })

  it('is noticed through TLS in TLS, with all that is read ahead full', async () => {
    const outer = await connected(memory())
    const accepting = createServer(ecdsa).accept(outer.server)
    const client = await connect(outer.client, { serverName: 'server.test', verifier: anyCertificate })
    const server = await accepting
    for (let i = 0; i < 20; i++) void server.write(bytesOf(65_536))
    await turns(40)
    outer.line.cut()
    expect(['truncated', 'transport_failed']).toContain((await client.closed)?.code)
  })

  it.each([
    ['{ source, sink }', iterables],
    ['a message stream without events', messageStreams(false)],
  ] as const)('is noticed over %s, though nobody reads', async (_, kind) => {
    const { line, client, server } = await connected(kind)
    await server.write(bytesOf(1000))
    await turns(20)
    line.cut()
    expect(['truncated', 'transport_failed']).toContain((await client.closed)?.code)
    expect(await client.read()).toEqual(bytesOf(1000))
  })

  it('is noticed over a stream that only pulls, with all that is read ahead full', async () => {
    for (const end of ['abort', 'close'] as const) {
      const [near, far] = pair()
      const { read, write, close, abort } = near
      const pulling: ByteStream = { read, write, close, abort }
      const accepting = createServer(ecdsa).accept(far)
      const client = await connect(pulling, { serverName: 'server.test', verifier: anyCertificate })
      const server = await accepting
      // As much as is read ahead, and nothing more.
      const sent = 65_536
      await server.write(bytesOf(sent))
      await turns(20)
      await far[end]()
      expect(['truncated', 'transport_failed']).toContain((await client.closed)?.code)
      let length = 0
      for (let chunk = await client.read(); chunk; chunk = length < sent ? await client.read() : null)
        length += chunk.length
      expect(length).toBe(sent)
    }
  })

  it('a stream that only pulls is read one call ahead of what may wait, and no further', async () => {
    const [near, far] = pair({ highWaterMark: 1 << 24 })
    const { write, close, abort } = near
    let reads = 0
    const read = (): ReturnType<ByteStream['read']> => {
      reads++
      return near.read()
    }
    const accepting = createServer(ecdsa).accept(far)
    const client = await connect({ read, write, close, abort }, { serverName: 'server.test', verifier: anyCertificate })
    const server = await accepting
    const chunks = 100
    for (let i = 0; i < chunks; i++) await server.write(bytesOf(16_384))
    await turns(20)
    const ahead = reads
    expect(ahead).toBeLessThan(15)
    await turns(20)
    expect(reads).toBe(ahead)
    let length = 0
    while (length < chunks * 16_384) length += (await client.read())?.length ?? 0
    expect(length).toBe(chunks * 16_384)
    expect(reads).toBeGreaterThan(ahead)
  })

  it('is noticed by read() over a stream whose `closed` is no promise', async () => {
    const [near, far] = pair()
    const accepting = createServer(ecdsa).accept(far)
    const odd: object = { ...near, closed: false }
    const client = await connect(odd as ByteStream, { serverName: 'server.test', verifier: anyCertificate })
    const server = await accepting
    server.abort()
    expect(await client.closed).toMatchObject({ code: 'transport_failed' })
  })

  it('by a reset is noticed on a TCP socket that is paused, which the system does not watch', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { line, client, server } = await connected(sockets)
    const { near, far } = line
    if (!(near instanceof Socket && far instanceof Socket)) throw new Error('sockets were expected')
    void server.write(bytesOf(4_000_000))
    while (!near.isPaused()) await turns(1)
    far.resetAndDestroy()
    await turns(20)
    expect(near.destroyed).toBe(false)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await client.closed).toMatchObject({ code: 'transport_failed' })
    expect(near.destroyed).toBe(true)
  })

  it('nothing goes out to a peer that stays, while its socket is paused', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { line, client, server } = await connected(sockets)
    const { near } = line
    if (!(near instanceof Socket)) throw new Error('a socket was expected')
    const writing = server.write(bytesOf(4_000_000))
    while (!near.isPaused()) await turns(1)
    const sent = near.bytesWritten
    await vi.advanceTimersByTimeAsync(60_000)
    expect(near.bytesWritten).toBe(sent)
    let got = 0
    while (got < 4_000_000) got += (await client.read())?.length ?? Infinity
    await writing
    expect(got).toBe(4_000_000)
  })
})
