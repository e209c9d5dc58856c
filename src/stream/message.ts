// Message streams with the shape of libp2p 3's MessageStream as a ByteStream. Where the stream is an event target that
// can pause, messages are taken as events: its own async iterator buffers without a bound.

import { asChunks } from './chunk.ts'
import { asError, done, handled, ignore } from './defer.ts'
import { Inbox } from './inbox.ts'
import { pullChunks } from './iterable.ts'
import type { ByteStream, MessageStreamLike } from './types.ts'

/** Bytes that may wait here before the stream is paused. */
const highWaterMark = 65_536

export const fromMessageStream = (stream: MessageStreamLike): ByteStream => {
  const incoming = isPausable(stream) ? fromEvents(stream) : fromIterator(stream)
  return {
    ...(incoming.closed && { closed: incoming.closed }),
    read: incoming.read,
    write: (data) => {
      try {
        return stream.send(data) ? done : handled(stream.onDrain().then(ignore))
      } catch (thrown) {
        return handled(Promise.reject(thrown))
      }
    },
    close: () => handled(stream.close().then(ignore)),
    abort: (reason) => {
      const error = asError(reason, 'the stream was aborted')
      incoming.drop(error)
      stream.abort(error)
    },
  }
}

interface Incoming {
  readonly closed?: Promise<void>
  read(): Promise<Uint8Array | null>
  drop(error: Error): void
}

const fromIterator = (stream: MessageStreamLike): Incoming => {
  const iterator = stream[Symbol.asyncIterator]()
  return { read: pullChunks(iterator), drop: () => void Promise.resolve(iterator.return?.()).catch(ignore) }
}

interface Pausable extends MessageStreamLike {
  addEventListener(type: string, listener: (event: object) => void): void
  pause(): void
  resume(): void
  readonly readBufferLength?: number
  readonly remoteWriteStatus?: string
  readonly status?: string
}

const isPausable = (stream: object): stream is Pausable =>
  ['addEventListener', 'pause', 'resume'].every((name) => typeof Reflect.get(stream, name) === 'function')

const fromEvents = (stream: Pausable): Incoming => {
  let paused = false
  const setPaused = (wanted: boolean): void => {
    if (paused === wanted || inbox.ended) return
    paused = wanted
    try {
      if (paused) stream.pause()
      else stream.resume()
    } catch {
      // its reading end is closed already: an event says so
    }
  }
  const inbox = new Inbox(() => {
    if (inbox.bytes < highWaterMark) setPaused(false)
  })
  const endIfDrained = (): void => {
    if (stream.remoteWriteStatus === 'closed' && !stream.readBufferLength) inbox.end()
  }
  stream.addEventListener('message', (event) => {
    try {
      for (const chunk of asChunks('data' in event ? event.data : undefined)) inbox.push(chunk)
    } catch (thrown) {
      inbox.fail(asError(thrown, 'it delivered something else than bytes'))
    }
    endIfDrained()
    if (inbox.bytes >= highWaterMark) setPaused(true)
  })
  stream.addEventListener('remoteCloseWrite', () => {
    // What it holds back while paused comes out now, before the end; its own limit bounds that.
    setPaused(false)
    if (stream.readBufferLength) queueMicrotask(() => inbox.end())
    else inbox.end()
  })
  stream.addEventListener('close', (event) => {
    const error = 'error' in event ? event.error : undefined
    if (!error) setPaused(false)
    if (error instanceof Error) inbox.fail(error)
    else inbox.end()
  })
  if (
    stream.status !== undefined &&
    stream.status !== 'open' &&
    stream.status !== 'closing' &&
    !stream.readBufferLength
  ) {
    if (stream.status === 'closed') inbox.end()
    else inbox.fail(new Error(`the stream was ${stream.status}`))
  } else endIfDrained()
  return { closed: inbox.whenEnded, read: () => inbox.read(), drop: (error) => inbox.drop(error) }
}
