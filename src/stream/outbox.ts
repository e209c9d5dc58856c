// What waits to be written to the transport. One transport write is under way at a time; what comes meanwhile goes
// out together in the next one.

import { joinedAndFreed } from './chunk.ts'
import { defer, done } from './defer.ts'
import type { Deferred } from './defer.ts'
import type { ByteStream } from './types.ts'

/** Smaller chunks are joined up to this many bytes, four full records; a larger one is written as it is. */
const joinedSize = 69_632

export class Outbox {
  readonly #transport: ByteStream
  readonly #onError: (reason: unknown) => void
  #chunks: Uint8Array[] = []
  #bytes = 0
  #busy = false
  /** Of the write under way, if somebody waits for it. */
  #current: Deferred<void> | undefined
  #next: Deferred<void> | undefined
  #drained: Deferred<void> | undefined
  #broken = false
  #taken = 0
  #data = 0

  constructor(transport: ByteStream, onError: (reason: unknown) => void) {
    this.#transport = transport
    this.#onError = onError
  }

  /** Bytes that wait for the write under way to end. */
  get waiting(): number {
    return this.#bytes
  }

  /** Bytes of application data among those that wait, or more. */
  get data(): number {
    return this.#data
  }

  /** So many bytes of application data were, or will be, put. */
  noteData(bytes: number): void {
    this.#data += bytes
  }

  /** A write to the transport is under way. */
  get busy(): boolean {
    return this.#busy
  }

  /** Writes that the transport has taken so far. */
  get taken(): number {
    return this.#taken
  }

  put(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      if (chunk.length === 0) continue
      this.#chunks.push(chunk)
      this.#bytes += chunk.length
    }
  }

  /** Resolves when the transport has taken all that was put so far. */
  flush(): Promise<void> {
    if (this.#bytes === 0) return this.#next ? this.#next.promise : this.#ofCurrent()
    if (this.#busy) return (this.#next ??= defer()).promise
    return this.#start(undefined)
  }

  /**
   * Resolves when nothing waits any more, whatever those who wait were told; rejects if the transport's write fails.
   */
  drained(): Promise<void> {
    void this.flush()
    if (!this.#busy) return done
    this.#drained ??= defer()
    if (this.#broken) this.#drained.reject(new Error('the transport could not be written to'))
    return this.#drained.promise
  }

  /** The transport was aborted: it is given nothing more. */
  stop(reason: unknown): void {
    this.#broken = true
    this.#chunks = []
    this.#drained?.reject(reason)
  }

  /** Nobody who waits now hears of success any more; what was put still goes out. */
  rejectWaiting(reason: unknown): void {
    if (this.#busy) (this.#current ??= defer()).reject(reason)
    this.#next?.reject(reason)
  }

  #ofCurrent(): Promise<void> {
    return this.#busy ? (this.#current ??= defer()).promise : done
  }

  /** `round`: of those who wait for it already. */
  #start(round: Deferred<void> | undefined): Promise<void> {
    this.#busy = true
    this.#current = round
    if (this.#broken) return this.#ofCurrent()
    const chunks = this.#chunks
    this.#chunks = []
    this.#bytes = 0
    this.#data = 0
    const written = this.#write(chunks)
    if (written === done)
      this.#finish() // nothing to wait for
    else this.#watch(written)
    return this.#ofCurrent()
  }

  #watch(written: Promise<void>): void {
    written.then(
      () => this.#finish(),
      (reason: unknown) => {
        this.#broken = true
        this.#onError(reason)
        this.#drained?.reject(reason)
      },
    )
  }

  #write(chunks: readonly Uint8Array[]): Promise<void> {
    try {
      if (this.#transport.writev) return this.#transport.writev(chunks)
      const [first, ...rest] = joined(chunks)
      if (!first) return done
      const written = this.#transport.write(first)
      if (rest.length === 0) return written
      return written.then(() => {
        this.#taken++
        return this.#broken ? done : this.#write(rest)
      })
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }

  #finish(): void {
    this.#taken++
    this.#busy = false
    this.#current?.resolve()
    this.#current = undefined
    const next = this.#next
    this.#next = undefined
    if (next) void this.#start(next)
    else this.#drained?.resolve()
  }
}

const joined = (chunks: readonly Uint8Array[]): readonly Uint8Array[] => {
  if (chunks.length < 2) return chunks
  const writes: Uint8Array[] = []
  let group: Uint8Array[] = []
  let size = 0
  const close = (): void => {
    const [only] = group
    if (only) writes.push(group.length === 1 ? only : joinedAndFreed(group))
    group = []
    size = 0
  }
  for (const chunk of chunks) {
    if (size + chunk.length > joinedSize) close()
    group.push(chunk)
    size += chunk.length
  }
  close()
  return writes
}
