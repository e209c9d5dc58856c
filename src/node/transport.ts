// The stream under a TLS socket. A net.Socket is read at its push(), before its own buffer: whoever listened to it in
// the clear hears nothing of TLS, and the bytes come in the turn in which the system gives them. Any other duplex is
// read by its events.

import { Socket } from 'node:net'
import process from 'node:process'
import type { Duplex } from 'node:stream'
import { inWorkerd } from '../crypto/runtime.ts'
import { isHooked, isSystemSocket, MIN_FREED } from '../stream/system-socket.ts'
import { release } from '../wire/bytes.ts'

export interface TransportListener {
  /**
   * False: no more for now, until resume(). `isOurs`: nobody else has seen or will see this memory, so that it may be
   * given back.
   */
  onData(bytes: Uint8Array, isOurs: boolean): boolean
  onEnd(): void
  onError(error: Error): void
  onClose(): void
}

type Callback = (error?: Error | null) => void

export class Transport {
  readonly stream: Duplex
  readonly #listener: TransportListener
  readonly #isSocket: boolean
  /** Whether nobody else has what came, nor what was taken. */
  #forgets: boolean | undefined
  #ended = false
  /** Streams that emit `close` themselves do not all say so in their state. */
  #closed = false

  constructor(stream: Duplex, listener: TransportListener) {
    this.stream = stream
    this.#listener = listener
    this.#isSocket = stream instanceof Socket
    if (this.#isSocket) this.#takePush()
    else this.#listen()
    stream.on('error', (error) => listener.onError(error))
    stream.on('close', () => {
      this.#closed = true
      if (!this.#isSocket && !stream.errored) this.#end()
      listener.onClose()
    })
  }

  /** The socket, where it is one. */
  get socket(): Socket | undefined {
    return this.stream instanceof Socket ? this.stream : undefined
  }

  /** What had come before, and then what comes. */
  start(): void {
    if (this.#isSocket) {
      for (let chunk: unknown = this.stream.read(); chunk !== null; chunk = this.stream.read()) this.#onData(chunk)
      if (this.stream.readableEnded) this.#end()
    }
    this.resume()
  }

  resume(): void {
    if (this.stream.destroyed) return
    if (this.#isSocket) this.stream._read(65_536)
    else this.stream.resume()
  }

  pause(): void {
    if (!this.#isSocket) this.stream.pause()
  }

  /** Calls back when the stream has taken it. */
  write(chunks: readonly Uint8Array[], callback: Callback): void {
    const { stream } = this
    if (stream.destroyed || stream.writableEnded) return process.nextTick(callback, closedError())
    const last = chunks.length - 1
    const frees =
      chunks.some(({ length }) => length >= MIN_FREED) &&
      (this.#forgets ??= isSystemSocket(stream)) &&
      !isHooked(stream, 'write')
    const done = frees ? releasing(chunks, callback) : callback
    if (last > 0) stream.cork()
    chunks.forEach((chunk, index) => {
      if (index === last) stream.write(chunk, done)
      else stream.write(chunk)
    })
    if (last > 0) stream.uncork()
  }

  end(callback: Callback): void {
    const { stream } = this
    if (this.#closed || stream.destroyed || stream.writableFinished) return process.nextTick(callback)
    let isDone = false
    const done = (): void => {
      if (isDone) return
      isDone = true
      callback()
    }
    stream.once('close', done)
    stream.end(done)
  }

  /** `done`: when it is closed. */
  destroy(done: () => void): void {
    const { stream } = this
    if (this.#closed || stream.closed) return process.nextTick(done)
    stream.once('close', done)
    stream.destroy()
  }

  #takePush(): void {
    const { stream } = this
    const push = (chunk: unknown): boolean => {
      if (chunk === null) {
        this.#end()
        return false
      }
      const goesOn = this.#onData(chunk, stream.push === push)
      // A socket of workerd's that is asked for data while it opens stops reading after the first.
      if (goesOn && inWorkerd) queueMicrotask(() => this.resume())
      return goesOn
    }
    Object.defineProperty(stream, 'push', { configurable: true, writable: true, value: push })
  }

  #listen(): void {
    const { stream } = this
    // The peer's end must not end our own direction: TLS has its own half-close.
    stream.allowHalfOpen = true
    stream.on('data', (chunk: unknown) => {
      if (!this.#onData(chunk)) stream.pause()
    })
    stream.on('end', () => this.#end())
    if (stream.readableEnded) process.nextTick(() => this.#end())
  }

  /** `isDirect`: it comes from the handle of the socket. */
  #onData(chunk: unknown, isDirect = false): boolean {
    if (chunk instanceof Uint8Array)
      return this.#listener.onData(
        chunk,
        isDirect && chunk.length >= MIN_FREED && (this.#forgets ??= isSystemSocket(this.stream)),
      )
    if (typeof chunk === 'string') return this.#listener.onData(Buffer.from(chunk), false)
    this.stream.destroy(new TypeError('the stream under a TLS socket has to give bytes'))
    return false
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#listener.onEnd()
  }
}

const releasing =
  (chunks: readonly Uint8Array[], callback: Callback): Callback =>
  (error) => {
    chunks.forEach(release)
    callback(error)
  }

const closedError = (): Error =>
  Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write', errno: -32 })
