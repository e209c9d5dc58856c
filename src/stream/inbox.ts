// A queue between somebody who pushes bytes and somebody who pulls them, with an end that is either clean or an error.
// The adapters use it towards the transport, the pump towards the application.

import { defer } from './defer.ts'
import type { Deferred } from './defer.ts'

export class Inbox {
  #chunks: Uint8Array[] = []
  /** Index of the next chunk to read: shift() on a long array is not free. */
  #next = 0
  #bytes = 0
  #readers: Deferred<Uint8Array | null>[] = []
  #end: { readonly error: Error | undefined } | undefined
  #onTaken: () => void

  /** `onTaken` is called whenever a read took bytes or waits for some: the moment to let the source flow. */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken
  }

  /** Bytes that nobody has read yet. */
  get bytes(): number {
    return this.#bytes
  }

  /** Nothing will be added any more. */
  get ended(): boolean {
    return this.#end !== undefined
  }

  push(chunk: Uint8Array): void {
    if (this.#end || chunk.length === 0) return
    const reader = this.#readers.shift()
    if (reader) return reader.resolve(chunk)
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
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
    this.#next = 0
    this.#bytes = 0
    this.#end = { error: this.#end?.error ?? error }
    this.#settleReaders()
  }

  /** The next chunk, or null at the end. Several may wait at once: they are answered in order. */
  read(): Promise<Uint8Array | null> {
    const chunk = this.#take()
    if (chunk) {
      this.#onTaken()
      return Promise.resolve(chunk)
    }
    if (this.#end) return this.#end.error ? Promise.reject(this.#end.error) : Promise.resolve(null)
    const reader = defer<Uint8Array | null>()
    this.#readers.push(reader)
    this.#onTaken()
    return reader.promise
  }

  #take(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#next]
    if (!chunk) return undefined
    this.#next++
    this.#bytes -= chunk.length
    if (this.#next === this.#chunks.length || this.#next === 1024) {
      this.#chunks.splice(0, this.#next)
      this.#next = 0
    }
    return chunk
  }

  #finish(error: Error | undefined): void {
    if (this.#end) return
    this.#end = { error }
    this.#settleReaders()
  }

  #settleReaders(): void {
    const readers = this.#readers
    this.#readers = []
    for (const reader of readers) {
      if (this.#end?.error) reader.reject(this.#end.error)
      else reader.resolve(null)
    }
  }
}
