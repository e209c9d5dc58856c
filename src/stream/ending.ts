// How a connection lets go of its transport: at once, or after the last bytes, with a time limit.

import { quietError, TlsError } from '../errors.ts'
import { signal } from './defer.ts'
import type { Signal } from './defer.ts'
import { after, within } from './limits.ts'
import type { Outbox } from './outbox.ts'
import type { ByteStream } from './types.ts'

export class Ending {
  readonly #transport: ByteStream
  readonly #outbox: Outbox
  readonly #closeTimeout: number
  readonly #readEnded: () => Promise<void>
  #ended: Promise<TlsError | undefined> | undefined
  #isGone = false
  /** Made when somebody asks. */
  #gone: Signal | undefined
  #aborted = false

  /** What `readEnded` gives resolves when the transport will give no more bytes. */
  constructor(transport: ByteStream, outbox: Outbox, closeTimeout: number, readEnded: () => Promise<void>) {
    this.#transport = transport
    this.#outbox = outbox
    this.#closeTimeout = closeTimeout
    this.#readEnded = readEnded
  }

  get begun(): boolean {
    return this.#ended !== undefined
  }

  /**
   * Lets the last bytes out, ends our direction, and gives the peer a while to end its own. `sealed` resolves when the
   * last bytes are in the outbox. Answers with what failed. */
  end(sealed: () => Promise<void>): Promise<TlsError | undefined> {
    return (this.#ended ??= this.#end(sealed))
  }

  /** Resolves when the transport is let go of: ended in both directions, or aborted. */
  get gone(): Promise<unknown> {
    this.#gone ??= signal()
    if (this.#isGone) this.#gone.resolve()
    return this.#gone.promise.then(() => this.#ended)
  }

  /** The transport was aborted: nothing may be asked of it any more. */
  get aborted(): boolean {
    return this.#aborted
  }

  abort(reason: unknown): void {
    this.#letGo()
    this.#aborted = true
    this.#outbox.stop(reason)
    try {
      this.#transport.abort(reason)
    } catch {
      // a stream that can't even be aborted has nothing left to tell
    }
  }

  /** The same outcome, or `timeout`. As long as the transport takes bytes it may take its time. */
  timely(promise: Promise<void>): Promise<void> {
    const message = `close: the peer did not take the last bytes for ${this.#closeTimeout} ms (closeTimeout)`
    return within(this.#closeTimeout, promise, message, () => this.#outbox.taken)
  }

  async #end(sealed: () => Promise<void>): Promise<TlsError | undefined> {
    try {
      await this.timely(sealed())
      await this.timely(this.#outbox.drained())
      await this.timely(this.#transport.close())
    } catch (thrown) {
      const error = transportError(thrown)
      this.abort(error)
      return error
    }
    const late = quietError('timeout', 'the peer did not close its side of the stream')
    const cancel = after(this.#closeTimeout, () => this.abort(late))
    void this.#readEnded().then(() => {
      cancel()
      this.#letGo()
    })
    return undefined
  }

  #letGo(): void {
    this.#isGone = true
    this.#gone?.resolve()
  }
}

export const transportError = (thrown: unknown): TlsError => {
  if (thrown instanceof TlsError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new TlsError('transport_failed', `the stream under TLS failed: ${message}`, { cause: thrown })
}
