// A queue between somebody who pushes bytes and somebody who pulls them, with an end that is either clean or an error.
// The adapters use it towards the transport, the pump towards the application. There, small chunks are packed into
// blocks: each would otherwise keep an object, and the buffer that it was cut from, for a few bytes.

import { defer, signal } from './defer.ts'
import type { Deferred, Signal } from './defer.ts'
import { releaseContent } from '../wire/bytes.ts'
import { limited } from './limits.ts'
import type { ReadOptions } from './limits.ts'

/** Chunks up to this many bytes are packed while nobody waits for them. */
const SMALL = 1024
/** Bytes of a block; the first ones are smaller. */
const BLOCK = 16_384

interface Chunk {
  readonly bytes: Uint8Array
  /** Nobody else has its memory. */
  readonly isOwn: boolean
}

interface Reader {
  readonly answer: Deferred<Uint8Array | null>
  readonly into: Uint8Array | undefined
}

export class Inbox {
  #chunks: Chunk[] = []
  /** Index of the next chunk to read: shift() on a long array is not free. */
  #next = 0
  #bytes = 0
  #block: { readonly bytes: Uint8Array; used: number } | undefined
  /** Those who wait; undefined rather than an empty list, which would keep room for many. */
  #readers: Reader[] | undefined
  #end: { readonly error: Error | undefined } | undefined
  #endSeen = false
  #whenEnded: Signal | undefined
  readonly #onTaken: () => void
  readonly #packed: boolean

  /**
   * `onTaken` is called whenever a read took bytes or waits for some: the moment to let the source flow. `packed`:
   * small chunks that nobody has read yet are joined. */
  constructor(onTaken: () => void, { packed = false }: { readonly packed?: boolean } = {}) {
    this.#onTaken = onTaken
    this.#packed = packed
  }

  /** Bytes that nobody has read yet. */
  get bytes(): number {
    return this.#bytes
  }

  /** Nothing will be added any more. */
  get ended(): boolean {
    return this.#end !== undefined
  }

  /** A reader was told of the end, clean or not. */
  get endSeen(): boolean {
    return this.#endSeen
  }

  /** Resolves when nothing will be added any more. */
  get whenEnded(): Promise<void> {
    this.#whenEnded ??= signal()
    if (this.#end) this.#whenEnded.resolve()
    return this.#whenEnded.promise
  }

  /** `isOwn`: nobody else has its memory. */
  push(bytes: Uint8Array, isOwn = false): void {
    if (this.#end || bytes.length === 0) return
    let rest: Chunk | undefined = { bytes, isOwn }
    while (rest && this.#readers) {
      const reader = this.#readers.shift()
      if (this.#readers.length === 0) this.#readers = undefined
      reader?.answer.resolve(given(rest, reader.into))
      rest = leftOf(rest, reader?.into)
    }
    if (!rest) return
    if (!this.#packed || rest.bytes.length > SMALL) this.#append(rest)
    else this.#pack(rest.bytes)
    this.#bytes += rest.bytes.length
  }

  /** A clean end, after all that was pushed. The first end counts. */
  end(): void {
    this.#finish(undefined)
  }

  /** An error, after all that was pushed. */
  fail(error: Error): void {
    this.#finish(error)
  }

  /** An error at once: what nobody has read is gone. A clean end that the reader has not seen yet is kept. */
  drop(error: Error): void {
    if (this.#end && !this.#end.error && this.#bytes === 0) return
    this.#chunks = []
    this.#block = undefined
    this.#next = 0
    this.#bytes = 0
    this.#end = { error: this.#end?.error ?? error }
    this.#settleReaders()
  }

  /**
   * The next chunk, or null at the end. Several may wait at once: they are answered in order. A call that its limits
   * end takes nothing.
   */
  read(options?: ReadOptions): Promise<Uint8Array | null> {
    if (!options) return this.#read()
    const { into } = options
    let reading: Promise<Uint8Array | null> | undefined
    const start = (): Promise<Uint8Array | null> => (reading = this.#read(into))
    return limited(start, 'read', options, () => reading && this.#cancel(reading))
  }

  #read(into?: Uint8Array): Promise<Uint8Array | null> {
    const chunk = this.#take(into)
    if (chunk) {
      this.#onTaken()
      return Promise.resolve(chunk)
    }
    if (this.#end) this.#endSeen = true
    if (this.#end) return this.#end.error ? Promise.reject(this.#end.error) : Promise.resolve(null)
    const reader: Reader = { answer: defer<Uint8Array | null>(), into }
    if (this.#readers) this.#readers.push(reader)
    else this.#readers = [reader]
    this.#onTaken()
    return reader.answer.promise
  }

  /** Whoever waits with this promise waits no more; bytes that come go to the next one. */
  #cancel(reading: Promise<Uint8Array | null>): void {
    const left = this.#readers?.filter(({ answer }) => answer.promise !== reading)
    this.#readers = left && left.length > 0 ? left : undefined
  }

  #append(chunk: Chunk): void {
    this.#block = undefined
    this.#chunks.push(chunk)
  }

  /** Copies a small chunk behind the last one. The block that is being filled is always the last chunk. */
  #pack(chunk: Uint8Array): void {
    const block = this.#block
    if (!block || block.used + chunk.length > block.bytes.length) {
      const bytes = new Uint8Array(Math.min(BLOCK, Math.max(chunk.length, this.#bytes)))
      bytes.set(chunk)
      this.#block = { bytes, used: chunk.length }
      this.#chunks.push(shared(bytes.subarray(0, chunk.length)))
      return
    }
    block.bytes.set(chunk, block.used)
    block.used += chunk.length
    this.#chunks[this.#chunks.length - 1] = shared(block.bytes.subarray(0, block.used))
  }

  #take(into: Uint8Array | undefined): Uint8Array | undefined {
    const chunk = this.#chunks[this.#next]
    if (!chunk) return undefined
    const rest = leftOf(chunk, into)
    if (rest) {
      this.#block = undefined // what is packed next would bring back what is read now
      this.#chunks[this.#next] = rest
      this.#bytes -= chunk.bytes.length - rest.bytes.length
      return given(chunk, into)
    }
    this.#next++
    this.#bytes -= chunk.bytes.length
    if (this.#next === this.#chunks.length) this.#block = undefined // it belongs to the reader now
    if (this.#next === this.#chunks.length || this.#next === 1024) {
      this.#chunks.splice(0, this.#next)
      this.#next = 0
    }
    return given(chunk, into)
  }

  #finish(error: Error | undefined): void {
    if (this.#end) return
    this.#end = { error }
    this.#settleReaders()
  }

  #settleReaders(): void {
    const readers = this.#readers ?? []
    this.#readers = undefined
    this.#whenEnded?.resolve()
    if (readers.length > 0) this.#endSeen = true
    for (const { answer } of readers) {
      if (this.#end?.error) answer.reject(this.#end.error)
      else answer.resolve(null)
    }
  }
}

const shared = (bytes: Uint8Array): Chunk => ({ bytes, isOwn: false })

/** A chunk, or of it what there is room for. */
const given = ({ bytes, isOwn }: Chunk, into: Uint8Array | undefined): Uint8Array => {
  if (!into) return bytes
  const part = into.subarray(0, bytes.length)
  part.set(bytes.subarray(0, part.length))
  if (isOwn && part.length === bytes.length) releaseContent(bytes)
  return part
}

/** What of a chunk is left when `into` is full. */
const leftOf = ({ bytes }: Chunk, into: Uint8Array | undefined): Chunk | undefined =>
  into && into.length < bytes.length ? shared(bytes.subarray(into.length)) : undefined
