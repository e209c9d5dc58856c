// { source, sink } pairs of async iterables as a ByteStream. The sink is started at once and given what is written.

import { asChunks } from './chunk.ts'
import { defer, done, handled, ignore } from './defer.ts'
import type { Deferred } from './defer.ts'
import type { ByteStream, IterableDuplex } from './types.ts'

export const fromIterable = (duplex: IterableDuplex): ByteStream => {
  const source = duplex.source[Symbol.asyncIterator]()
  const outgoing = new Outgoing()
  const sunk = handled(new Promise((resolve) => resolve(duplex.sink(outgoing))))
  const failed = defer<unknown>()
  sunk.then(
    () => outgoing.stop(new Error('the sink stopped reading')),
    (reason: unknown) => {
      outgoing.stop(reason)
      failed.resolve(reason)
    },
  )
  return {
    failed: failed.promise,
    read: pullChunks(source),
    write: (data) => outgoing.write(data),
    close: () => outgoing.close(sunk),
    abort: (reason) => {
      outgoing.abort(reason ?? new Error('the stream was aborted'))
      // return() of a generator waits for a next() in progress: nobody waits for it here.
      Promise.resolve(source.return?.()).catch(ignore)
    },
  }
}

/** read() over an async iterator whose items are arrays of bytes or lists of them. */
export const pullChunks = (source: AsyncIterator<unknown>): (() => Promise<Uint8Array | null>) => {
  const ready: Uint8Array[] = []
  return async () => {
    for (;;) {
      const chunk = ready.shift()
      if (chunk) return chunk
      const { done: ended, value } = await source.next()
      if (ended) return null
      ready.push(...asChunks(value))
    }
  }
}

/** What the sink iterates over: each write waits until the sink has asked for it. */
class Outgoing implements AsyncIterableIterator<Uint8Array> {
  readonly #writes: { readonly data: Uint8Array; readonly taken: Deferred<void> }[] = []
  #waiting: Deferred<IteratorResult<Uint8Array>>[] = []
  #closed = false
  #stopped: { readonly reason: unknown } | undefined
  #aborted: { readonly reason: unknown } | undefined

  write(data: Uint8Array): Promise<void> {
    if (this.#stopped) return handled(Promise.reject(this.#stopped.reason))
    const waiting = this.#waiting.shift()
    if (waiting) {
      waiting.resolve({ done: false, value: data })
      return done
    }
    const taken = defer()
    this.#writes.push({ data, taken })
    return taken.promise
  }

  /** Resolves when the sink has ended, which is when it has taken everything. */
  close(sunk: Promise<unknown>): Promise<void> {
    const failed = this.#stopped
    if (failed && !this.#closed) return handled(Promise.reject(failed.reason))
    this.#closed = true
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(end)
    return handled(sunk.then(ignore))
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    for (const waiting of this.#waiting.splice(0)) waiting.reject(reason)
    this.stop(reason)
  }

  /** The sink reads no more. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason }
    for (const { taken } of this.#writes.splice(0)) taken.reject(reason)
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#aborted) return handled(Promise.reject(this.#aborted.reason))
    const write = this.#writes.shift()
    if (write) {
      write.taken.resolve()
      return Promise.resolve({ done: false, value: write.data })
    }
    if (this.#closed || this.#stopped) return Promise.resolve(end)
    const waiting = defer<IteratorResult<Uint8Array>>()
    this.#waiting.push(waiting)
    return waiting.promise
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.stop(new Error('the sink stopped reading'))
    return Promise.resolve(end)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

const end: IteratorResult<Uint8Array> = { done: true, value: undefined }
