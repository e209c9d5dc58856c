// A TLS connection as a MessageStream of libp2p 3.

import type { AbortOptions, MessageStream } from '@libp2p/interface'
import { AbstractMessageStream } from '@libp2p/utils'
import type { SendResult } from '@libp2p/utils'
import type { TlsConnection } from '../connection.ts'
import { TlsError } from '../errors.ts'

/** Bytes of unfinished writes above which no more are wanted. */
const HIGH_WATER_MARK = 65_536

export class TlsMessageStream extends AbstractMessageStream {
  readonly #connection: TlsConnection
  readonly #transport: MessageStream
  #pending = 0
  #resume: (() => void) | undefined
  #paused: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(connection: TlsConnection, transport: MessageStream) {
    super({
      log: transport.log,
      direction: transport.direction,
      inactivityTimeout: transport.inactivityTimeout,
      maxReadBufferLength: transport.maxReadBufferLength,
    })
    this.#connection = connection
    this.#transport = transport
    transport.addEventListener('close', ({ error, local }) => {
      if (error === undefined) this.onTransportClosed()
      else if (local === true) this.abort(error)
      else this.onRemoteReset()
    })
    void this.#read()
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        await this.#paused
        const data = await this.#connection.read()
        if (data === null) break
        this.onData(data)
      }
      this.onRemoteCloseWrite()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(thrown: unknown): void {
    if (this.#closing !== undefined) return // close() tells
    const error = thrown instanceof Error ? thrown : new TlsError('internal_error', String(thrown))
    this.#transport.abort(error)
    this.abort(error)
  }

  sendData(data: Parameters<AbstractMessageStream['sendData']>[0]): SendResult {
    const { byteLength } = data
    this.#pending += byteLength
    this.#connection.write(data.slice()).then(
      () => {
        const wasFull = this.#pending >= HIGH_WATER_MARK
        this.#pending -= byteLength
        if (wasFull && this.#pending < HIGH_WATER_MARK) this.safeDispatchEvent('drain')
      },
      (error: unknown) => this.#fail(error),
    )
    return { sentBytes: byteLength, canSendMore: this.#pending < HIGH_WATER_MARK }
  }

  sendPause(): void {
    this.#paused ??= new Promise((resolve) => (this.#resume = resolve))
  }

  sendResume(): void {
    this.#resume?.()
    this.#paused = this.#resume = undefined
  }

  sendReset(error: Error): void {
    this.#connection.abort(error)
    this.#transport.abort(error)
  }

  /** close_notify, and the end of the transport. Rejects if `signal` is aborted first. */
  async close(options?: AbortOptions): Promise<void> {
    this.#closing ??= this.#closeBoth(options)
    await this.#closing
    this.onTransportClosed()
  }

  async #closeBoth(options: AbortOptions | undefined): Promise<void> {
    await this.#connection.close().catch((error: unknown) => {
      // The other end may close at the same time, and take no more.
      if (this.#transport.status === 'open') throw error
    })
    await this.#transport.close(options)
  }
}
