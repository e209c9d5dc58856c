// Which shape is taken for what, what is refused, and the small parts: web locks, odd chunks, sinks that fail, the
// pair.

import { describe, expect, it } from 'vitest'

import { adapt } from '../../src/stream/adapt.ts'
import { Outbox } from '../../src/stream/outbox.ts'
import { pair } from '../../src/stream/pair.ts'
import type { AnyDuplex, ByteStream } from '../../src/stream/types.ts'
import { bytesOf, turns } from './compliance.ts'

const asDuplex = (value: unknown): AnyDuplex => value as AnyDuplex

describe('adapt', () => {
  it.each([
    ['nothing', undefined],
    ['a URL', 'https://example.com'],
    ['an object without streams', { hostname: 'example.com' }],
    ['a readable only', { readable: new ReadableStream() }],
    ['half a ByteStream', { read: () => null, write: () => null }],
  ])('refuses %s', (_, value) => {
    expect(() => adapt(asDuplex(value))).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringMatching(/^stream: /) }),
    )
  })

  it('leaves a ByteStream as it is', () => {
    const [near] = pair()
    expect(adapt(near)).toBe(near)
  })

  it('refuses web streams that somebody reads or writes, naming the side', () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    expect(() => adapt({ readable, writable })).toThrow(
      expect.objectContaining({ code: 'wrong_state', message: expect.stringContaining('writable') }),
    )
    writer.releaseLock()
    readable.getReader()
    expect(() => adapt({ readable, writable })).toThrow(
      expect.objectContaining({ code: 'wrong_state', message: expect.stringContaining('readable') }),
    )
  })

  it('takes ArrayBuffers and views of a web stream for bytes, and refuses text', async () => {
    const chunks: unknown[] = [new Uint8Array([1]).buffer, new DataView(new Uint8Array([9, 2, 9]).buffer, 1, 1), 'text']
    const readable = new ReadableStream<unknown>({ pull: (controller) => controller.enqueue(chunks.shift()) })
    const stream = adapt(asDuplex({ readable, writable: new WritableStream() }))
    expect(await stream.read()).toEqual(Uint8Array.of(1))
    expect(await stream.read()).toEqual(Uint8Array.of(2))
    await expect(stream.read()).rejects.toMatchObject({ code: 'bad_option', message: expect.stringContaining('text') })
  })

  it('reports a web writable that fails to the next write', async () => {
    const writable = new WritableStream({ write: () => Promise.reject(new Error('line lost')) })
    const stream = adapt({ readable: new ReadableStream(), writable })
    await expect(stream.write(bytesOf(1)).then(() => stream.write(bytesOf(1)))).rejects.toThrow('line lost')
  })

  it('reports a sink that fails, and one that stops early', async () => {
    const source = (async function* (): AsyncGenerator<Uint8Array> {})()
    const failing = adapt({ source, sink: () => Promise.reject(new Error('no route')) })
    await turns(1)
    await expect(failing.write(bytesOf(1))).rejects.toThrow('no route')
    await expect(failing.close()).rejects.toThrow('no route')
    const early = adapt({ source, sink: async (outgoing) => void (await outgoing[Symbol.asyncIterator]().next()) })
    await early.write(bytesOf(1))
    await turns(1)
    await expect(early.write(bytesOf(1))).rejects.toThrow('stopped reading')
  })
})

describe('pair', () => {
  it('cuts into the fragments asked for, and copies', async () => {
    const [a, b] = pair({ fragment: 2 })
    const sent = Uint8Array.of(1, 2, 3)
    await a.write(sent)
    sent.fill(0)
    expect(await b.read()).toEqual(Uint8Array.of(1, 2))
    expect(await b.read()).toEqual(Uint8Array.of(3))
  })

  it('makes the writer wait above its mark', async () => {
    const [a, b] = pair({ highWaterMark: 10 })
    await a.write(bytesOf(9))
    let written = false
    const second = a.write(bytesOf(9)).then(() => (written = true))
    await turns(2)
    expect(written).toBe(false)
    await b.read()
    await second
    expect(written).toBe(true)
  })

  it('ends one direction at a time, and tells an abort to the other end', async () => {
    const [a, b] = pair()
    await a.close()
    expect(await b.read()).toBeNull()
    await expect(a.write(bytesOf(1))).rejects.toThrow('closed')
    await b.write(bytesOf(1))
    expect((await a.read())?.length).toBe(1)
    const reading = a.read()
    b.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('the other end was aborted')
    await expect(b.read().then(() => b.write(bytesOf(1)))).rejects.toThrow('enough')
  })
})

describe('the outbox', () => {
  const recording = (): { writes: number[]; release: () => void; stream: ByteStream } => {
    const writes: number[] = []
    let release = (): void => undefined
    const stream: ByteStream = {
      read: () => Promise.resolve(null),
      write: (data) => {
        writes.push(data.length)
        return new Promise((resolve) => (release = resolve))
      },
      close: () => Promise.resolve(),
      abort: () => undefined,
    }
    return { writes, stream, release: () => release() }
  }

  it('joins what came while a write was under way, up to 64 KiB, and leaves what is large alone', async () => {
    const { writes, stream, release } = recording()
    const outbox = new Outbox(stream, () => undefined)
    outbox.put([bytesOf(5)])
    const first = outbox.flush()
    for (let i = 0; i < 5; i++) outbox.put([bytesOf(10), bytesOf(20)])
    outbox.put([bytesOf(100_000), bytesOf(7)])
    const second = outbox.flush()
    expect(writes).toEqual([5])
    release()
    await first
    for (let i = 0; i < 3; i++) {
      await turns(1)
      release()
    }
    await second
    expect(writes).toEqual([5, 150, 100_000, 7])
  })
})
