// A duplex stream read by lines and by counts, for what is said in the clear before TLS begins. What was read and not
// asked for is `head`: it belongs to what comes next.

import type { Duplex } from 'node:stream'
import { CliError } from './errors.ts'

const MAX_ANSWER = 65_536

export class ClearStream {
  readonly #stream: Duplex
  readonly #signal: AbortSignal
  #bytes: Buffer = Buffer.alloc(0)
  /** The request or answer that is waited for, for messages. */
  #round = 0

  constructor(stream: Duplex, signal: AbortSignal, head: Uint8Array = new Uint8Array(0)) {
    this.#stream = stream
    this.#signal = signal
    this.#bytes = Buffer.from(head)
  }

  /** How often this end has waited for the other one. */
  get roundTrips(): number {
    return this.#round
  }

  /** What was read already and belongs to what comes next. */
  get head(): Uint8Array {
    return new Uint8Array(this.#bytes)
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.#round++
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(data, (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
  }

  /** One line without its end. */
  async line(): Promise<string> {
    const text = await this.until((bytes) => {
      const end = bytes.indexOf(10)
      return end < 0 ? undefined : end + 1
    })
    return text.toString('latin1').replace(/\r?\n$/, '')
  }

  /** Exactly so many bytes. */
  exactly(length: number): Promise<Buffer> {
    return this.until((bytes) => (bytes.length < length ? undefined : length))
  }

  /** As many bytes as `length` says, once it can say. */
  async until(length: (bytes: Buffer) => number | undefined): Promise<Buffer> {
    for (;;) {
      const end = length(this.#bytes)
      if (end !== undefined) {
        const taken = this.#bytes.subarray(0, end)
        this.#bytes = this.#bytes.subarray(end)
        return taken
      }
      if (this.#bytes.length > MAX_ANSWER)
        throw new CliError('handshake', 'the server sends without end where an answer was expected')
      this.#bytes = Buffer.concat([this.#bytes, await this.#chunk()])
    }
  }

  #chunk(): Promise<Buffer> {
    const stream = this.#stream
    return new Promise((resolve, reject) => {
      const done = (act: () => void) => (): void => {
        stream.off('readable', look).off('end', ended).off('close', ended).off('error', failed)
        this.#signal.removeEventListener('abort', aborted)
        act()
      }
      const look = (): void => {
        const chunk: Buffer | null = stream.read() as Buffer | null
        if (chunk !== null) done(() => resolve(chunk))()
      }
      const ended = done(() =>
        reject(new CliError('connection', 'the server closed the connection before TLS began', { code: 'closed' })),
      )
      const failed = (error: Error): void => done(() => reject(error))()
      const aborted = done(() => reject(this.#signal.reason as Error))
      if (this.#signal.aborted) {
        aborted()
        return
      }
      if (stream.readableEnded || stream.destroyed) {
        ended()
        return
      }
      stream.on('readable', look).on('end', ended).on('close', ended).on('error', failed)
      this.#signal.addEventListener('abort', aborted, { once: true })
      look()
    })
  }
}
