// Two ByteStreams joined in memory, with a bound: for tests, benches, and TLS inside one process.

import { checkOptions } from '../checked-options.ts'
import { quietly } from '../errors.ts'
import { joinedAndFreed } from './chunk.ts'
import { asError, defer, done, handled } from './defer.ts'
import type { Deferred } from './defer.ts'
import { Inbox } from './inbox.ts'
import { release } from '../wire/bytes.ts'
import type { ByteStream } from './types.ts'

export interface PairOptions {
  /** Bytes that may wait in one direction before write() waits. Default 65536. */
  readonly highWaterMark?: number
  /** The most bytes that one read() gives, or a function that gives the number for each; to try fragmentation out. */
  readonly fragment?: number | (() => number)
}

/** What is written to one is read from the other. Bytes are copied, so that the two ends share no memory. */
export const pair = (options: PairOptions = {}): [ByteStream, ByteStream] => {
  checkOptions(options, { highWaterMark: 'number', fragment: 'any' })
  const there = new Pipe(options)
  const back = new Pipe(options)
  return [new End(there, back), new End(back, there)]
}

/**
 * writev() and release() are of the class: whoever spreads the stream to replace write() or read() sees every chunk,
 * and may keep it.
 */
class End implements ByteStream {
  readonly closed: Promise<void>
  readonly read: ByteStream['read']
  readonly write: ByteStream['write']
  readonly close: ByteStream['close']
  readonly abort: ByteStream['abort']
  /** What writev() hands to write(), and nobody else has. */
  #own: Uint8Array | undefined

  constructor(outgoing: Pipe, incoming: Pipe) {
    this.closed = incoming.closed
    this.read = () => incoming.read()
    this.write = (data) => outgoing.write(data === this.#own ? data : data.slice())
    this.close = () => outgoing.close()
    this.abort = (reason) => {
      const error = asError(reason, 'this end was aborted')
      const other = quietly(() => new Error('the other end was aborted'))
      incoming.abort(error, other)
      outgoing.abort(other, error)
    }
  }

  writev(chunks: readonly Uint8Array[]): Promise<void> {
    this.#own = chunks.length === 1 ? chunks[0] : joinedAndFreed(chunks)
    if (!this.#own) return done
    const written = this.write(this.#own)
    this.#own = undefined
    return written
  }

  release(bytes: Uint8Array): void {
    release(bytes)
  }
}

/** One direction. */
class Pipe {
  readonly #highWaterMark: number
  readonly #fragment: (() => number) | undefined
  readonly #inbox = new Inbox(() => this.#wake())
  #writers: Deferred<void>[] = []
  #writeError: Error | undefined

  constructor({ highWaterMark = 65_536, fragment }: PairOptions) {
    this.#highWaterMark = highWaterMark
    this.#fragment = typeof fragment === 'number' ? () => fragment : fragment
  }

  /** Resolves when nothing more is written to it. */
  get closed(): Promise<void> {
    return this.#inbox.whenEnded
  }

  read(): Promise<Uint8Array | null> {
    return this.#inbox.read()
  }

  /** The bytes are the pipe's own. */
  write(data: Uint8Array): Promise<void> {
    if (this.#writeError) return handled(Promise.reject(this.#writeError))
    this.#push(data)
    if (this.#inbox.bytes < this.#highWaterMark) return done
    const writer = defer()
    this.#writers.push(writer)
    return writer.promise
  }

  close(): Promise<void> {
    this.#writeError ??= new Error('this end was closed')
    this.#inbox.end()
    return done
  }

  abort(readError: Error, writeError: Error): void {
    this.#writeError = writeError
    this.#inbox.drop(readError)
    for (const writer of this.#writers.splice(0)) writer.reject(writeError)
  }

  #push(bytes: Uint8Array): void {
    if (!this.#fragment) return this.#inbox.push(bytes)
    let start = 0
    while (start < bytes.length) {
      const stop = start + Math.max(1, Math.floor(this.#fragment()))
      this.#inbox.push(bytes.subarray(start, stop))
      start = stop
    }
  }

  #wake(): void {
    if (this.#inbox.bytes >= this.#highWaterMark) return
    for (const writer of this.#writers.splice(0)) writer.resolve()
  }
}
