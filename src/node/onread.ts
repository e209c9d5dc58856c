// `onread`: what comes is copied into memory of the caller and handed to a function; nobody hears `data`.

import type { Socket } from 'node:net'

import type { OnRead } from './types.ts'

/** From now on what is pushed goes to the callback; false from it pauses the socket until resume(). */
export const readInto = (socket: Socket, onread: OnRead): void => {
  const reader = new IntoMemory(onread, socket.push.bind(socket))
  const [pause, resume] = [socket.pause.bind(socket), socket.resume.bind(socket)]
  override(socket, 'push', (chunk: unknown) => reader.push(chunk))
  override(socket, 'pause', () => {
    reader.isPaused = true
    return pause()
  })
  override(socket, 'resume', () => {
    reader.isPaused = false
    reader.deliver()
    if (!reader.isPaused) socket._read(0)
    return resume()
  })
}

const override = (socket: Socket, name: string, value: unknown): void => {
  Object.defineProperty(socket, name, { configurable: true, writable: true, value })
}

class IntoMemory {
  isPaused = false
  readonly #onread: OnRead
  readonly #end: (chunk: null) => boolean
  /** Memory is asked for before there is something to put into it, as from the handle of libuv. */
  #into: Uint8Array
  #waiting: Uint8Array[] = []
  #ended = false

  constructor(onread: OnRead, end: (chunk: null) => boolean) {
    this.#onread = onread
    this.#end = end
    this.#into = typeof onread.buffer === 'function' ? onread.buffer() : onread.buffer
  }

  push(chunk: unknown): boolean {
    if (chunk instanceof Uint8Array) this.#waiting.push(chunk)
    else this.#ended = true
    this.deliver()
    return !this.isPaused
  }

  /** As much as the callback takes. */
  deliver(): void {
    const { buffer, callback } = this.#onread
    while (!this.isPaused) {
      const chunk = this.#waiting.shift()
      if (!chunk) break
      const into = this.#into
      const part = chunk.subarray(0, into.length)
      into.set(part)
      if (part.length < chunk.length) this.#waiting.unshift(chunk.subarray(part.length))
      const goesOn = callback(part.length, into)
      if (typeof buffer === 'function') this.#into = buffer()
      if (goesOn === false) this.isPaused = true
    }
    if (this.#ended && this.#waiting.length === 0) this.#end(null)
  }
}
