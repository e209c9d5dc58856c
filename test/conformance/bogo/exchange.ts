// One connection's engine on one link: handshake, read, write and shutdown as BoringSSL's shim does them, each taking
// from the link no more than it needs. shim.ts drives it.

import type { ConnectionInfo, TlsEngine } from '../../../src/engine/types.ts'
import { TlsError } from '../../../src/errors.ts'
import { concat } from '../../../src/wire/bytes.ts'
import type { Link } from './link.ts'

export class Exchange {
  readonly engine: TlsEngine
  readonly sessions: Uint8Array[] = []
  info: ConnectionInfo | undefined
  readonly #link: Link
  #unread: Uint8Array[] = []
  #ended = false
  #falseStart: ConnectionInfo | undefined
  #failure: TlsError | undefined
  /** Output of ours that is held back (-read-with-unfinished-write). */
  #held: Uint8Array[] | undefined

  constructor(engine: TlsEngine, link: Link) {
    this.engine = engine
    this.#link = link
  }

  /**
   * Returns once the application may write, by False Start too; with `early`, that includes 0.5-RTT data after early
   * data came.
   */
  async handshake(early = true): Promise<void> {
    while (!this.agreed && !(early && this.#unread.length > 0)) {
      if (this.#ended) throw new TlsError('closed', 'the peer ended the connection in the handshake')
      await this.#step()
    }
  }

  /**
   * Up to `size` bytes of application data; null at close_notify or at the end of the stream. `between`: called before
   * whatever is taken from the link.
   */
  async read(size: number, between: () => void = () => {}): Promise<Uint8Array | null> {
    while (this.#unread.length === 0 && !this.#ended) {
      between()
      await this.#step()
    }
    const [first] = this.#unread
    if (first === undefined) return null
    this.#unread[0] = first.subarray(size)
    if (first.length <= size) this.#unread.shift()
    return first.subarray(0, size)
  }

  /** Goes on until this is so; what comes at once is taken in parts. */
  async until(reached: () => boolean): Promise<void> {
    while (!reached()) await this.#step()
  }

  /** Goes on to the peer's Finished after False Start. */
  async complete(): Promise<void> {
    while (!this.info) await this.#step()
  }

  /** What was agreed, though the server's Finished may not have come. */
  get agreed(): ConnectionInfo | undefined {
    return this.info ?? this.#falseStart
  }

  async write(data: Uint8Array): Promise<void> {
    await this.engine.send(data)
    await this.#flush()
  }

  /** Lets one byte of `data` out and keeps the rest until releaseWrite(). */
  async startWrite(data: Uint8Array): Promise<void> {
    await this.engine.send(data)
    const sealed = concat(...this.engine.takeOutput())
    await this.#link.write([sealed.subarray(0, 1)])
    this.#held = [sealed.subarray(1)]
  }

  async releaseWrite(): Promise<void> {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    await this.#link.write(held)
    await this.#flush()
  }

  /** True where the peer's end was a close_notify and not only the end of the stream. */
  closedCleanly = false

  async closeWrite(): Promise<void> {
    await this.engine.closeWrite()
    await this.#flush()
  }

  /** Sends the error's alert. */
  async abort(error: TlsError): Promise<void> {
    this.engine.abort(error)
    await this.#flush()
  }

  async flush(): Promise<void> {
    await this.#flush()
    this.#takeEvents()
    this.#check()
  }

  async #step(): Promise<void> {
    await this.#flush()
    if (this.#takeEvents()) return this.#check()
    if (this.engine.pending) {
      await this.engine.pending
    } else {
      const bytes = await this.#link.read()
      if (bytes === null) this.engine.receiveEnd()
      else this.engine.receive(bytes)
    }
    await this.#flush()
    this.#takeEvents()
    this.#check()
  }

  async #flush(): Promise<void> {
    const output = this.engine.takeOutput()
    if (this.#held) this.#held.push(...output)
    else await this.#link.write(output)
  }

  #takeEvents(): boolean {
    const events = this.engine.takeEvents()
    for (const event of events) {
      if (event.type === 'handshake') this.info = event.info
      else if (event.type === 'falseStart') this.#falseStart = event.info
      else if (event.type === 'data' || event.type === 'earlyData') {
        if (event.data.length > 0) this.#unread.push(event.data)
      } else if (event.type === 'session') this.sessions.push(event.session)
      else if (event.type === 'end') this.closedCleanly = this.#ended = true
      else if (event.type === 'error' && event.error.code === 'truncated' && this.info) this.#ended = true
      else if (event.type === 'error') this.#failure ??= event.error
    }
    return events.length > 0
  }

  #check(): void {
    if (this.#failure && this.#unread.length === 0) throw this.#failure
  }
}
