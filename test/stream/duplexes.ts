// Pairs of connected duplexes of every shape that adapt() knows, each with a way to cut the line.

import { createServer, connect as netConnect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import { duplexPair } from 'node:stream'

import { pair } from '../../src/stream/pair.ts'
import type { AnyDuplex, ByteStream, MessageStreamLike } from '../../src/stream/types.ts'

export interface Line {
  readonly near: AnyDuplex
  readonly far: AnyDuplex
  /** The near end breaks under us, with an error. */
  cut(): void
  /** Whether the near end is gone, where one can tell. */
  gone?(): boolean
  /** Lets go of what the line holds. */
  release(): void
}

export interface LineKind {
  readonly name: string
  /** Bytes that may lie between a writer and a reader who does not read, buffers of the system included. */
  readonly buffered: number
  make(): Promise<Line>
}

const kiB = 1024
const nothing = (): void => undefined

export const memory = (fragment?: number | (() => number)): LineKind => ({
  name: fragment === undefined ? 'pair()' : 'pair() in fragments',
  buffered: 1024 * kiB,
  make: async () => {
    const [near, far] = pair(fragment === undefined ? {} : { fragment })
    return { near, far, cut: () => near.abort(new Error('cable cut')), release: nothing }
  },
})

/** Both ends of a connection over TCP. */
export const connectedSockets = async (
  options: { readonly allowHalfOpen?: boolean } = {},
): Promise<[Socket, Socket]> => {
  const server = createServer(options)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const near = netConnect({ ...options, port, host: '127.0.0.1' })
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown]
  server.close()
  return [near, far]
}

export const sockets: LineKind = {
  name: 'net.Socket',
  buffered: 24 * 1024 * kiB,
  make: async () => {
    const [near, far] = await connectedSockets()
    return {
      near,
      far,
      cut: () => near.destroy(new Error('cable cut')),
      gone: () => near.destroyed && far.destroyed,
      release: () => {
        near.destroy()
        far.destroy()
      },
    }
  },
}

export const nodeDuplexes: LineKind = {
  name: 'stream.Duplex',
  buffered: 1024 * kiB,
  make: async () => {
    const [near, far] = duplexPair()
    return { near, far, cut: () => near.destroy(new Error('cable cut')), release: nothing }
  },
}

export const webStreams: LineKind = {
  name: 'web streams',
  buffered: 1024 * kiB,
  make: async () => {
    const there = new TransformStream<Uint8Array, Uint8Array>()
    let controller: TransformStreamDefaultController<Uint8Array> | undefined
    const back = new TransformStream<Uint8Array, Uint8Array>({ start: (c) => void (controller = c) })
    return {
      near: { readable: back.readable, writable: there.writable },
      far: { readable: there.readable, writable: back.writable },
      cut: () => controller?.error(new Error('cable cut')),
      release: nothing,
    }
  },
}

/** { source, sink } over an in-memory pair. */
export const iterables: LineKind = {
  name: '{ source, sink }',
  buffered: 1024 * kiB,
  make: async () => {
    const [a, b] = pair()
    return {
      near: sourceAndSink(a),
      far: sourceAndSink(b),
      cut: () => a.abort(new Error('cable cut')),
      release: nothing,
    }
  },
}

const sourceAndSink = (stream: ByteStream): AnyDuplex => ({
  source: (async function* () {
    for (let chunk = await stream.read(); chunk; chunk = await stream.read()) yield chunk
  })(),
  sink: async (source) => {
    try {
      for await (const chunk of source) await stream.write(chunk)
    } catch (error) {
      stream.abort(error)
      throw error
    }
    await stream.close()
  },
})

export const messageStreams = (events: boolean): LineKind => ({
  name: events ? 'message stream' : 'message stream without events',
  buffered: events ? 1024 * kiB : Infinity, // an iterator without a pause buffers all that comes
  make: async () => {
    const near = new FakeMessageStream()
    const far = new FakeMessageStream()
    near.connect(far)
    far.connect(near)
    const cut = (): void => near.reset(new Error('cable cut'))
    if (events) return { near, far, cut, release: nothing }
    return { near: near.withoutEvents(), far: far.withoutEvents(), cut, release: nothing }
  },
})

/** A list of byte arrays, as Uint8ArrayList is one. */
const listOf = (bytes: Uint8Array): Iterable<Uint8Array> => {
  const middle = bytes.length >> 1
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

/** By the shape and the behaviour of libp2p 3's AbstractMessageStream: pause, drain, limits, close per direction. */
class FakeMessageStream extends EventTarget implements MessageStreamLike {
  status = 'open'
  remoteWriteStatus = 'writable'
  maxReadBufferLength = 4 * 1024 * kiB
  writableNeedsDrain = false
  #peer: FakeMessageStream | undefined
  #held: Uint8Array[] = []
  #heldBytes = 0
  #paused = false
  #listening = false
  #writeClosed = false

  get readBufferLength(): number {
    return this.#heldBytes
  }

  connect(peer: FakeMessageStream): void {
    this.#peer = peer
  }

  send(data: Uint8Array): boolean {
    if (this.#writeClosed || this.status !== 'open') throw new Error(`cannot write: ${this.status}`)
    this.#peer?.deliver(data.slice())
    this.writableNeedsDrain = (this.#peer?.readBufferLength ?? 0) > 64 * kiB
    return !this.writableNeedsDrain
  }

  onDrain(): Promise<void> {
    if (!this.writableNeedsDrain) return Promise.resolve()
    const settled = new AbortController()
    const { signal } = settled
    return new Promise<void>((resolve, reject) => {
      this.addEventListener('drain', () => resolve(), { signal })
      this.addEventListener('close', () => reject(new Error('closed while waiting to drain')), { signal })
    }).finally(() => settled.abort())
  }

  async close(): Promise<void> {
    if (this.#writeClosed) return
    this.#writeClosed = true
    this.#peer?.remoteClosed()
    this.#closeIfBothEnded()
  }

  abort(error: Error): void {
    this.#end('aborted', error)
    this.#peer?.reset(new Error('stream reset'))
  }

  reset(error: Error): void {
    this.#end('reset', error)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#dispatch()
  }

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    super.addEventListener(...args)
    if (args[0] !== 'message') return
    this.#listening = true
    queueMicrotask(() => this.#dispatch())
  }

  deliver(data: Uint8Array): void {
    if (this.status !== 'open') return
    this.#held.push(data)
    this.#heldBytes += data.length
    queueMicrotask(() => this.#dispatch())
    if (this.#heldBytes > this.maxReadBufferLength) this.abort(new Error('read buffer limit exceeded'))
  }

  remoteClosed(): void {
    queueMicrotask(() => {
      this.remoteWriteStatus = 'closed'
      this.dispatchEvent(new Event('remoteCloseWrite'))
      this.#closeIfBothEnded()
    })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array | Iterable<Uint8Array>> {
    const items: unknown[] = []
    let wake = (): void => undefined
    let ended: { readonly error?: unknown } | undefined
    const end = (event: Event): void => {
      ended ??= 'error' in event && event.error ? { error: event.error } : {}
      wake()
    }
    this.addEventListener('message', (event) => {
      items.push('data' in event ? event.data : undefined)
      wake()
    })
    this.addEventListener('remoteCloseWrite', end)
    this.addEventListener('close', end)
    for (;;) {
      while (items.length > 0) yield items.shift() as Uint8Array
      if (ended?.error) throw ended.error
      if (ended) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  withoutEvents(): MessageStreamLike {
    const iterator = this[Symbol.asyncIterator]()
    const first = iterator.next() // starts listening
    first.catch(() => undefined) // nobody may ever ask for it
    let started = false
    return {
      send: (data) => this.send(data),
      onDrain: () => this.onDrain(),
      close: () => this.close(),
      abort: (error) => this.abort(error),
      [Symbol.asyncIterator]: () => ({
        next: () => {
          if (started) return iterator.next()
          started = true
          return first
        },
      }),
    }
  }

  #dispatch(): void {
    if (this.#paused || !this.#listening) return
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const data of held) this.dispatchEvent(Object.assign(new Event('message'), { data: listOf(data) }))
    const peer = this.#peer
    if (!peer?.writableNeedsDrain) return
    peer.writableNeedsDrain = false
    peer.dispatchEvent(new Event('drain'))
  }

  #closeIfBothEnded(): void {
    if (this.#writeClosed && this.remoteWriteStatus === 'closed') this.#end('closed')
  }

  #end(status: string, error?: Error): void {
    if (this.status !== 'open') return
    this.status = status
    this.#writeClosed = true
    this.dispatchEvent(Object.assign(new Event('close'), { error }))
  }
}

export const lineKinds: readonly LineKind[] = [
  memory(),
  memory(() => 1 + Math.floor(Math.random() * 3000)),
  sockets,
  nodeDuplexes,
  webStreams,
  iterables,
  messageStreams(true),
  messageStreams(false),
]
