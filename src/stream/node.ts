// Node duplexes (net.Socket, stream.Duplex, react-native-tcp-socket) as a ByteStream. Nothing is imported from Node:
// only the shape counts. A socket already in use is taken over as it is: no listener of others is removed, and it may
// be paused, flowing, ended or destroyed.

import { quietly, TlsError } from '../errors.ts'
import { asBytes, joinedAndFreed, textStream } from './chunk.ts'
import { defer, done, ignore } from './defer.ts'
import type { Deferred } from './defer.ts'
import { inNextTurn } from './end-of-turn.ts'
import { Inbox } from './inbox.ts'
import { afterUnheld } from './limits.ts'
import { isHooked, isSystemSocket, MIN_FREED } from './system-socket.ts'
import type { ByteStream, NodeDuplexLike } from './types.ts'
import { release } from '../wire/bytes.ts'

/** Bytes that may wait here before the socket is paused. */
const highWaterMark = 65_536

/**
 * Bytes that go out before other events have their turn: the system may take megabytes at once, and meanwhile nobody
 * reads, also not the peer that may be in this process.
 */
const MAX_BURST = 131_072

/** Bytes from which on several chunks are given to a gathering write. */
const MIN_GATHERED = 8192

/** Milliseconds between two looks at a paused socket. */
const probeInterval = 10_000

/** Throws `bad_option` if the stream has an encoding, so that it would deliver text. */
export const fromNode = (socket: Duplex): ByteStream => {
  if (typeof socket.readableEncoding === 'string') throw new TlsError('bad_option', textStream)
  return new NodeStream(socket, false)
}

/**
 * A net.Socket that nobody else has: the memory of what it gave goes back when that was looked at. That of what it was
 * given does when the system has taken it, as with every other socket of Node.
 */
export const fromOwnSocket = (socket: Duplex): ByteStream => new NodeStream(socket, true)

/** What else a stream of Node has: any of it may be missing, or be something else. */
interface Duplex extends NodeDuplexLike {
  readonly allowHalfOpen?: unknown
  readonly destroyed?: unknown
  readonly encrypted?: unknown
  readonly errored?: unknown
  readonly listenerCount?: unknown
  readonly readableEncoding?: unknown
  readonly readableEnded?: unknown
  readonly readableFlowing?: unknown
  readonly remotePort?: unknown
  readonly writableFinished?: unknown
  readonly writableLength?: unknown
}

class NodeStream implements ByteStream {
  readonly #socket: Duplex
  readonly #own: boolean
  readonly #inbox: Inbox
  readonly #writers: Deferred<void>[] = []
  #paused: boolean
  #gathers: boolean | undefined
  /** Whether nobody has the memory of what it has taken. */
  #forgets: boolean | undefined
  /** Bytes that were written since other events had their turn. */
  #burst = 0
  #failure: Error | undefined
  #finished = false
  #closed: Deferred<void> | undefined
  #stopWatching: (() => void) | undefined

  constructor(socket: Duplex, own: boolean) {
    this.#socket = socket
    this.#own = own
    this.#inbox = new Inbox(() => this.#resume())
    this.#paused = socket.readableFlowing === false
    // The peer's FIN must not end our own direction: TLS has its own half-close.
    if (typeof socket.allowHalfOpen === 'boolean') Reflect.set(socket, 'allowHalfOpen', true)
    this.#listen(socket)
    if (socket.readableEnded === true) this.#inbox.end()
    if (socket.destroyed === true) this.#fail(asError(socket.errored) ?? destroyed())
  }

  get closed(): Promise<void> {
    return this.#inbox.whenEnded
  }

  read(): Promise<Uint8Array | null> {
    return this.#inbox.read()
  }

  write(data: Uint8Array): Promise<void> {
    return this.#write(data, [data])
  }

  release(data: Uint8Array): void {
    if (!this.#own || data.length < MIN_FREED) return
    if (!isHooked(this.#socket, 'emit') && listeners(this.#socket, 'data') === 1) release(data)
  }

  /** `chunks`: all that has been taken when `data` has. */
  #write(data: Uint8Array, chunks: readonly Uint8Array[]): Promise<void> {
    const socket = this.#socket
    if (!this.#failure && socket.destroyed === true) this.#fail(destroyed())
    if (this.#failure) return Promise.reject(this.#failure)
    try {
      const frees =
        chunks.some(({ length }) => length >= MIN_FREED) &&
        (this.#forgets ??= this.#own || isSystemSocket(socket)) &&
        !isHooked(socket, 'write')
      const hasRoom = frees ? socket.write(data, () => chunks.forEach(release)) : socket.write(data)
      const written = hasRoom === false ? this.#drained() : done
      for (const { length } of chunks) this.#burst += length
      return this.#burst < MAX_BURST ? written : this.#afterTurn(written)
    } catch (thrown) {
      this.#fail(asError(thrown) ?? destroyed())
      return Promise.reject(thrown)
    }
  }

  #drained(): Promise<void> {
    const writer = defer()
    this.#writers.push(writer)
    return writer.promise
  }

  /** The same outcome, when other events had their turn. */
  #afterTurn(written: Promise<void>): Promise<void> {
    this.#burst = 0
    return new Promise((resolve) => inNextTurn(() => resolve(written)))
  }

  /** One system call, where the socket can gather. */
  writev(chunks: readonly Uint8Array[]): Promise<void> {
    const socket: Duplex & Partial<Corkable> = this.#socket
    const last = chunks[chunks.length - 1]
    if (!last) return done
    if (chunks.length === 1) return this.#write(last, chunks)
    if (isSmall(chunks) || !(this.#gathers ??= canGather(socket))) return this.write(joinedAndFreed(chunks))
    socket.cork?.()
    try {
      for (let i = 0; i < chunks.length - 1; i++) {
        const chunk = chunks[i]
        if (chunk && !this.#failure) socket.write(chunk)
      }
      return this.#write(last, chunks)
    } catch (thrown) {
      this.#fail(asError(thrown) ?? destroyed())
      return Promise.reject(thrown)
    } finally {
      socket.uncork?.()
    }
  }

  close(): Promise<void> {
    if (this.#closed) return this.#closed.promise
    const closed = (this.#closed = defer())
    if (this.#finished || this.#socket.writableFinished === true) closed.resolve()
    else if (this.#failure) closed.reject(this.#failure)
    else this.#socket.end()
    return closed.promise
  }

  abort(reason?: unknown): void {
    const error = asError(reason) ?? quietly(() => new Error('the stream was aborted'))
    this.#inbox.drop(error)
    this.#fail(error)
    this.#socket.destroy()
  }

  #listen(socket: Duplex): void {
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('end', () => this.#onEnd())
    socket.on('drain', () => this.#onDrain())
    socket.on('finish', () => this.#onFinish())
    socket.on('error', (error) => this.#fail(asError(error) ?? destroyed()))
    socket.on('close', () => this.#onClose())
    // A `readable` listener of somebody else keeps a Node stream from flowing: then we pull, and `data` is still
    // emitted.
    if (!hasReadableListener(socket)) return
    socket.on('readable', () => this.#pull())
  }

  #onData(chunk: unknown): void {
    this.#burst = 0
    if (this.#inbox.ended) return
    try {
      this.#inbox.push(asBytes(chunk))
    } catch (thrown) {
      return this.abort(thrown)
    }
    if (this.#inbox.bytes < highWaterMark || this.#paused) return
    this.#paused = true
    this.#socket.pause()
    this.#watch()
  }

  /**
   * The system tells nothing of a TCP socket that is not read, not even a reset. A write of no bytes brings it out, as
   * an `error` event; on a line that stands nothing is sent.
   */
  #watch(): void {
    if (this.#stopWatching || !isTcp(this.#socket)) return
    this.#stopWatching = afterUnheld(probeInterval, () => {
      this.#stopWatching = undefined
      if (!this.#paused || this.#failure || this.#finished) return
      if (this.#socket.writableLength === 0 && !this.#closed) this.#socket.write(new Uint8Array(0))
      this.#watch()
    })
  }

  #resume(): void {
    if (!this.#paused || this.#inbox.bytes >= highWaterMark) return
    this.#paused = false
    this.#socket.resume()
    this.#pull()
  }

  #pull(): void {
    const socket = this.#socket
    if (!hasReadableListener(socket)) return
    const read: unknown = Reflect.get(socket, 'read')
    if (typeof read !== 'function') return
    while (!this.#paused && read.call(socket) !== null) ignore()
  }

  #onEnd(): void {
    this.#inbox.end()
    if (this.#finished) this.#socket.destroy()
  }

  #onFinish(): void {
    this.#finished = true
    this.#closed?.resolve()
    if (this.#inbox.ended) this.#socket.destroy()
  }

  #onDrain(): void {
    for (const writer of this.#writers.splice(0)) writer.resolve()
  }

  #onClose(): void {
    // Destroyed without `end`: the reader sees an end, which TLS calls truncated unless a close_notify came before.
    this.#inbox.end()
    if (!this.#failure) this.#fail(destroyed())
  }

  #fail(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    this.#stopWatching?.()
    this.#inbox.fail(error)
    for (const writer of this.#writers.splice(0)) writer.reject(error)
    this.#closed?.reject(error)
  }
}

/** To copy them costs less than to have a call back for each. */
const isSmall = (chunks: readonly Uint8Array[]): boolean => {
  let length = 0
  for (const chunk of chunks) length += chunk.length
  return length < MIN_GATHERED
}

/** Of Node's streams, those that make one call of several writes: net.Socket above all. */
const canGather = (socket: Duplex): boolean =>
  ['_writev', 'cork', 'uncork'].every((name) => typeof Reflect.get(socket, name) === 'function')

interface Corkable {
  cork(): void
  uncork(): void
}

/** A connected net.Socket: another duplex might make a message of an empty write. */
const isTcp = (socket: Duplex): boolean =>
  typeof socket.remotePort === 'number' && socket.encrypted !== true && typeof socket.writableLength === 'number'

const hasReadableListener = (socket: Duplex): boolean => listeners(socket, 'readable') > 0

const listeners = (socket: Duplex, event: string): number => {
  const { listenerCount } = socket
  return typeof listenerCount === 'function' ? Number(listenerCount.call(socket, event)) : 0
}

const isError = (value: unknown): value is Error =>
  typeof value === 'object' && value !== null && 'message' in value && 'name' in value

const asError = (value: unknown): Error | undefined => (isError(value) ? value : undefined)

const destroyed = (): Error => quietly(() => new Error('the socket is closed'))
