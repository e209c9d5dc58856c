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

it('a sink whose stream is aborted hears why', async () => {
  const source = (async function* (): AsyncGenerator<Uint8Array> {})()
  let outgoing: AsyncIterator<Uint8Array> | undefined
  const sink = (given: AsyncIterable<Uint8Array>): Promise<void> => {
    outgoing = given[Symbol.asyncIterator]()
    return new Promise(() => undefined)
  }
  const stream = adapt({ source, sink })
  const reason = new Error('enough')
  stream.abort(reason)
  await expect(outgoing?.next()).rejects.toBe(reason)
})

it('a source whose stream is aborted is ended, and what it says to that is of no account', async () => {
  const ended: string[] = []
  const sink = (): Promise<void> => new Promise(() => undefined)
  const sourceWith = (answer: () => Promise<IteratorResult<Uint8Array>>): AsyncIterable<Uint8Array> => ({
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined), return: answer }),
  })
  const ends = (): Promise<IteratorResult<Uint8Array>> => {
    ended.push('ended')
    return Promise.resolve({ done: true, value: undefined })
  }
  const fails = (): Promise<never> => {
    ended.push('failed')
    return Promise.reject(new Error('not now'))
  }
  for (const answer of [ends, fails]) adapt({ source: sourceWith(answer), sink }).abort()
  adapt({ source: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }, sink }).abort()
  await turns(1)
  expect(ended).toEqual(['ended', 'failed'])
})

describe('a message stream', () => {
  /** By the shape of libp2p 3's, with events; what it does is told by the test. */
  class Messages extends EventTarget {
    readBufferLength = 0
    status = 'open'
    remoteWriteStatus = 'writable'
    paused = 0
    resumed = 0
    send = (_data: Uint8Array): boolean => true
    onDrain = async (): Promise<void> => undefined
    close = async (): Promise<void> => undefined
    abort: (reason?: unknown) => void = () => undefined
    pause = (): void => void this.paused++
    resume = (): void => void this.resumed++
    async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {}
    message(data: unknown): void {
      this.dispatchEvent(Object.assign(new Event('message'), { data }))
    }
    closed(error?: Error): void {
      this.dispatchEvent(Object.assign(new Event('close'), { error }))
    }
  }
  const made = (change: Partial<Messages> = {}) => {
    const messages = Object.assign(new Messages(), change)
    return { messages, stream: adapt(asDuplex(messages)) }
  }

  it('whose send() throws rejects the write, and one without room makes it wait', async () => {
    const { messages, stream } = made()
    await stream.write(bytesOf(1))
    messages.send = () => {
      throw new Error('no room at all')
    }
    await expect(stream.write(bytesOf(1))).rejects.toThrow('no room at all')
    let drain = (): void => undefined
    messages.send = () => false
    messages.onDrain = () => new Promise((resolve) => (drain = resolve))
    let written = false
    const writing = stream.write(bytesOf(1)).then(() => (written = true))
    await turns(2)
    expect(written).toBe(false)
    drain()
    await writing
  })
  it('ends when its peer has closed its direction, after what is held back', async () => {
    for (const held of [0, 5]) {
      const { messages, stream } = made({ readBufferLength: held })
      messages.message(bytesOf(3))
      messages.dispatchEvent(new Event('remoteCloseWrite'))
      expect(await stream.read()).toEqual(bytesOf(3))
      expect(await stream.read()).toBeNull()
      await stream.closed
    }
    const { messages, stream } = made()
    messages.remoteWriteStatus = 'closed'
    messages.readBufferLength = 1
    messages.message(bytesOf(1))
    messages.readBufferLength = 0
    messages.message(bytesOf(2))
    expect([await stream.read(), await stream.read(), await stream.read()]).toEqual([bytesOf(1), bytesOf(2), null])
  })
  it('that was over before gives an end, or why there is none', async () => {
    expect(await made({ remoteWriteStatus: 'closed' }).stream.read()).toBeNull()
    expect(await made({ status: 'closed' }).stream.read()).toBeNull()
    await expect(made({ status: 'reset' }).stream.read()).rejects.toThrow('the stream was reset')
    for (const status of ['open', 'closing']) {
      const { messages, stream } = made({ status })
      messages.message(bytesOf(4))
      expect(await stream.read()).toEqual(bytesOf(4))
    }
    const { messages, stream } = made({ status: 'reset', readBufferLength: 2 })
    messages.message(bytesOf(2))
    expect(await stream.read()).toEqual(bytesOf(2))
  })
  it('that is closed ends, with its error if it has one', async () => {
    const clean = made()
    clean.messages.closed()
    expect(await clean.stream.read()).toBeNull()
    const broken = made()
    broken.messages.closed(new Error('reset by peer'))
    await expect(broken.stream.read()).rejects.toThrow('reset by peer')
  })
  it('that delivers no bytes fails', async () => {
    const { messages, stream } = made()
    messages.message('text')
    await expect(stream.read()).rejects.toMatchObject({ code: 'bad_option' })
  })
  it('is paused at 64 KiB, and goes on below', async () => {
    const { messages, stream } = made()
    messages.message(bytesOf(65_535))
    expect(messages.paused).toBe(0)
    messages.message(bytesOf(1))
    messages.message(bytesOf(1))
    expect([messages.paused, messages.resumed]).toEqual([1, 0])
    await stream.read()
    expect([messages.paused, messages.resumed]).toEqual([1, 1])
  })
  it('is aborted with an error, and what waits is dropped', async () => {
    const reasons: unknown[] = []
    const { messages, stream } = made({ abort: (reason) => void reasons.push(reason) })
    messages.message(bytesOf(1))
    stream.abort('enough')
    expect(reasons).toEqual([expect.objectContaining({ message: expect.stringMatching(/aborted|enough/) })])
    await expect(stream.read()).rejects.toBe(reasons[0])
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
