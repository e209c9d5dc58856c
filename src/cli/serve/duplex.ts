// A connection of this library as a stream of Node, for node:http and node:http2. With the idle timer of a socket,
// which they use.

import { Duplex } from 'node:stream'
import type { TlsConnection } from '../../index.node.ts'

export class ConnectionDuplex extends Duplex {
  readonly #connection: TlsConnection
  readonly remoteAddress: string | undefined
  readonly alpnProtocol: string | false
  /** What node:http asks of a socket to set `https` apart. */
  readonly encrypted = true
  #timer: NodeJS.Timeout | undefined
  #timeout = 0

  constructor(connection: TlsConnection, remoteAddress?: string) {
    super({ allowHalfOpen: true })
    this.#connection = connection
    this.remoteAddress = remoteAddress
    this.alpnProtocol = connection.info.alpn ?? false
  }

  /** As net.Socket has it: 'timeout' after so many milliseconds without data; 0 turns it off. */
  setTimeout(ms: number, onTimeout?: () => void): this {
    this.#timeout = ms
    if (onTimeout !== undefined) this.once('timeout', onTimeout)
    this.#touch()
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  override _read(): void {
    this.#connection.read().then(
      (data) => {
        this.#touch()
        this.push(data)
      },
      (error: Error) => void this.destroy(error),
    )
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#touch()
    this.#connection.write(chunk).then(() => {
      this.#touch()
      done()
    }, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.closeWrite().then(() => done(), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer)
    if (error === null) this.#connection.close({ timeoutMs: 1000 }).catch(() => {})
    else this.#connection.abort(error)
    done(error)
  }

  #touch(): void {
    clearTimeout(this.#timer)
    if (this.#timeout === 0 || this.destroyed) return
    this.#timer = setTimeout(() => this.emit('timeout'), this.#timeout)
    this.#timer.unref()
  }
}
