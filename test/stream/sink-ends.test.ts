// Streams by sink and source, and Node sockets, whose other side stops, throws or has ended at each point where that
// can be.

import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { adapt } from '../../src/stream/adapt.ts'
import { Outbox } from '../../src/stream/outbox.ts'
import { pair } from '../../src/stream/pair.ts'
import type { NodeDuplexLike } from '../../src/stream/types.ts'
import { bytesOf, turns } from './compliance.ts'

type Sink = (source: AsyncIterable<Uint8Array>) => Promise<void>
async function* nothing(): AsyncGenerator<Uint8Array> {}

describe('a sink', () => {
  const given = async () => {
    let give = (_source: AsyncIterator<Uint8Array>): void => undefined
    const source = new Promise<AsyncIterator<Uint8Array>>((resolve) => (give = resolve))
    let finish = (): void => undefined
    const sink: Sink = (all) => {
      give(all[Symbol.asyncIterator]())
      return new Promise((resolve) => (finish = resolve))
    }
    const stream = adapt({ source: nothing(), sink })
    return { stream, source: await source, finish: () => finish() }
  }

  it('that reads on after it was told of the end is told again', async () => {
    const { stream, source, finish } = await given()
    const waiting = source.next()
    const closing = stream.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await source.next()).toEqual({ done: true, value: undefined })
    finish()
    await closing
  })

  it('that returns early is given nothing more, and the writes reject', async () => {
    const { stream, source } = await given()
    const writing = stream.write(bytesOf(1))
    expect(await source.return?.()).toEqual({ done: true, value: undefined })
    await expect(writing).rejects.toThrow('the sink stopped reading')
    await expect(stream.write(bytesOf(1))).rejects.toThrow('the sink stopped reading')
    expect(await source.next()).toEqual({ done: true, value: undefined })
  })

  it('takes what was written before the end, and then the end', async () => {
    const { stream, source, finish } = await given()
    const writing = stream.write(bytesOf(3))
    const closing = stream.close()
    expect(await source.next()).toEqual({ done: false, value: bytesOf(3) })
    await writing
    expect(await source.next()).toEqual({ done: true, value: undefined })
    finish()
    await closing
  })
})

describe('a Node socket', () => {
  const socketWith = (write: () => unknown): Duplex => {
    const socket = new Duplex({ read: () => undefined, writev: (_, done) => done() })
    socket.write = write as never
    return socket
  }

  it.each([
    ['an Error', () => new TypeError('no room'), 'no room'],
    ['something else', () => 'no room', 'the socket is closed'],
  ])('whose write() throws %s has failed', async (_, thrown, told) => {
    for (const chunks of [[20_000], [20_000, 30_000]]) {
      const reason = thrown()
      const stream = adapt(
        socketWith(() => {
          throw reason
        }),
      )
      const first = stream.writev?.(chunks.map(bytesOf))
      await expect(first).rejects.toBe(reason)
      await expect(stream.write(bytesOf(1))).rejects.toThrow(told)
      await expect(stream.read()).rejects.toThrow(told)
      await expect(stream.close()).rejects.toThrow(told)
    }
  })

  it('that is given no chunks writes nothing', async () => {
    let writes = 0
    const stream = adapt(socketWith(() => ++writes > 0))
    await stream.writev?.([])
    expect(writes).toBe(0)
  })

  it('whose own side has ended before is closed at once', async () => {
    const socket = new Duplex({ read: () => undefined, write: (_, __, done) => done() })
    socket.end()
    await turns(3)
    expect(socket.writableFinished).toBe(true)
    await adapt(socket).close()
  })

  it('that is one-way is named so', () => {
    const oneWay = { on: () => undefined, pause: () => undefined }
    expect(() => adapt(oneWay as unknown as NodeDuplexLike)).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringContaining('something one-way') }),
    )
  })
})

it('a pair that is given no chunks writes nothing', async () => {
  const [near, far] = pair()
  await near.writev?.([])
  await near.write(bytesOf(1))
  expect(await far.read()).toEqual(bytesOf(1))
})

it('an outbox whose chunks are all empty writes nothing', async () => {
  const written: number[] = []
  const [near] = pair()
  const outbox = new Outbox({ ...near, write: async (data) => void written.push(data.length) }, () => undefined)
  outbox.put([bytesOf(0), bytesOf(0)])
  await outbox.flush()
  await outbox.drained()
  expect(written).toEqual([])
})
