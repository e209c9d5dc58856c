// TlsConnection: an established connection as people use it. connect() and accept() make it; the pump does the work.

import type { ChannelBindingType, ConnectionInfo, TlsEngine, TrafficSecrets } from './engine/types.ts'
import { asTlsError, quietError, TlsError } from './errors.ts'
import { done, messageOf } from './stream/defer.ts'
import type { ClientCertificate, PumpOptions, SharedPumpOptions } from './stream/options.ts'
import type { Gate } from './stream/gate.ts'
import type { CallOptions, ReadOptions } from './stream/limits.ts'
import { Pump } from './stream/pump.ts'
import { readableOf } from './stream/readable.ts'
import type { ByteStream } from './stream/types.ts'

export interface TlsConnection extends AsyncIterable<Uint8Array> {
  /** What the handshake settled; the latest one, where the peer renegotiated (option `tls12.renegotiation`). */
  readonly info: ConnectionInfo
  /** The last session for resumption that the server gave (client); undefined until there is one. */
  readonly session: Uint8Array | undefined
  /**
   * Resolves when the connection and its transport are done, also where nobody reads: with what ended it, undefined if
   * both sides were closed properly. It never rejects. What came before can still be read.
   */
  readonly closed: Promise<TlsError | undefined>
  /**
   * Application data as a web stream of bytes, also into memory of the reader (`getReader({ mode: 'byob' })`). It and
   * read() exclude each other: the second one used gives `wrong_state`.
   */
  readonly readable: ReadableStream<Uint8Array>
  /** write() as a web stream; closing it is closeWrite(), aborting it is abort(). */
  readonly writable: WritableStream<Uint8Array>
  /** The next application data, or null after the peer's close_notify. Rejects with `truncated` if the transport ended
   * without one, and with what made the connection fail. What came before is given first. A call that its `signal` or
   * `timeoutMs` ends takes nothing: the next one gives what comes. */
  read(options?: ReadOptions): Promise<Uint8Array | null>
  /**
   * Resolves when the data is accepted, and it must not change until then: at once while less than 64 KiB wait for the
   * transport, and otherwise when the transport has taken them, or half of them where the provider seals later. Small
   * writes of one turn of the event loop share a record. Calls need not wait for each other. A rejection that nobody
   * looks at is not reported as unhandled: read() and close() tell as well. What a call that its `signal` or
   * `timeoutMs` ends has sealed goes out all the same; if that is a part of the data only (more than 256 KiB), the
   * connection is aborted.
   */
  write(data: Uint8Array, options?: CallOptions): Promise<void>
  /** Resolves when the transport has taken all that was written before; rejects if it can't. */
  flush(options?: CallOptions): Promise<void>
  /** Sends close_notify: no more data from here. Reading goes on (RFC 9846 section 6.1). */
  closeWrite(options?: CallOptions): Promise<void>
  /** closeWrite(), then ends the transport. Unread data is dropped; the peer has `closeTimeout` to close its side. A
   * call that its `signal` or `timeoutMs` ends aborts the connection. */
  close(options?: CallOptions): Promise<void>
  /** Drops the connection and the transport at once; everything that waits rejects with code `aborted`. */
  abort(reason?: unknown): void
  /**
   * New keys for what we send (RFC 9846 section 4.7.3), and for what the peer sends if asked. `wrong_state` in TLS 1.2.
   * A call that its `signal` or `timeoutMs` ends changes them all the same.
   */
  updateKeys(options?: CallOptions & { readonly requestPeer?: boolean }): Promise<void>
  /**
   * `length` bytes that both ends can compute and nobody else (RFC 9846 section 7.5, RFC 5705). A connection that
   * failed has forgotten them: this throws what ended it, as the exporter of early data and channelBinding() do.
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array
  /**
   * The same for early data, which was accepted: whoever replays it gets the same. Throws `wrong_state` where there was
   * none.
   */
  exportEarlyKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array
  /**
   * The keys in use, for kernel TLS and tools; `wrong_state` without the option `dangerouslyExposeTrafficSecrets`, and
   * while keys change. They count what write() was given and what came from the stream so far: whoever goes on with
   * them elsewhere takes them while nothing is under way in either direction.
   */
  dangerousTrafficSecrets(): TrafficSecrets
  /**
   * The channel binding of this connection (RFC 5929, RFC 9266). Throws `unsupported` for a type that it does not have.
   */
  channelBinding(type: ChannelBindingType): Uint8Array
  /**
   * Server, TLS 1.3: asks the client for a certificate now; what it answered, verified (RFC 9846 section 4.7.2). A
   * client may take its time, or never answer: `signal` and `timeoutMs` end the call, and the connection goes on.
   */
  requestClientCertificate(options?: CallOptions): Promise<ClientCertificate>
  /**
   * Early data that came before the handshake was done (server): an attacker can send it a second time, so act only on
   * what is safe to repeat.
   */
  readonly earlyData: readonly Uint8Array[]
}

export type ConnectionOptions = PumpOptions
export type { CallOptions, ReadOptions } from './stream/limits.ts'
export type { ClientCertificate } from './stream/options.ts'

/**
 * Runs an engine over a stream; the connection when the handshake is done. Rejects with a TlsError, the stream ended.
 */
export const establish = async (
  transport: ByteStream,
  makeEngine: () => TlsEngine,
  options: SharedPumpOptions = {},
  gate?: Gate,
): Promise<TlsConnection> => {
  let engine: TlsEngine
  let pump: Pump
  try {
    engine = makeEngine()
    pump = new Pump(engine, transport, options, gate)
  } catch (thrown) {
    transport.abort(thrown)
    throw asTlsError(thrown)
  }
  const info = await pump.handshake
  return new EstablishedConnection(engine, pump, info)
}

const isBytes = (data: Uint8Array): boolean => ArrayBuffer.isView(data) && data.BYTES_PER_ELEMENT === 1

class EstablishedConnection implements TlsConnection {
  /** Of a handshake that is as good as done (False Start). */
  readonly #firstInfo: ConnectionInfo
  readonly #engine: TlsEngine
  readonly #pump: Pump
  #readBy: 'read' | 'readable' | undefined
  #readCancelled = false
  #writeClosed = false
  #readable: ReadableStream<Uint8Array> | undefined
  #writable: WritableStream<Uint8Array> | undefined

  constructor(engine: TlsEngine, pump: Pump, info: ConnectionInfo) {
    this.#engine = engine
    this.#pump = pump
    this.#firstInfo = info
  }

  get info(): ConnectionInfo {
    return this.#engine.info ?? this.#firstInfo
  }

  get session(): Uint8Array | undefined {
    return this.#pump.session
  }

  get closed(): Promise<TlsError | undefined> {
    return this.#pump.closed
  }

  get earlyData(): readonly Uint8Array[] {
    return this.#pump.earlyData
  }

  get readable(): ReadableStream<Uint8Array> {
    return (this.#readable ??= this.#makeReadable())
  }

  get writable(): WritableStream<Uint8Array> {
    return (this.#writable ??= this.#makeWritable())
  }

  read(options?: ReadOptions): Promise<Uint8Array | null> {
    const into = options?.into
    if (into === undefined || (isBytes(into) && into.length > 0)) return this.#readAs('read', options)
    return Promise.reject(
      new TlsError('bad_option', 'read: `into` has to be a Uint8Array with room for a byte or more'),
    )
  }

  write(data: Uint8Array, options?: CallOptions): Promise<void> {
    if (isBytes(data)) return this.#pump.write(data, options)
    return Promise.reject(
      new TlsError('bad_option', `write: needs a Uint8Array, not ${typeof data}; encode text first`),
    )
  }

  flush(options?: CallOptions): Promise<void> {
    return this.#pump.flush(options)
  }

  closeWrite(options?: CallOptions): Promise<void> {
    return this.#pump.closeWrite(options)
  }

  close(options?: CallOptions): Promise<void> {
    return this.#pump.close(options)
  }

  abort(reason?: unknown): void {
    const message = `the connection was aborted by this end: ${messageOf(reason, 'no reason given')}`
    this.#pump.abort(quietError('aborted', message, { cause: reason }))
  }

  updateKeys({ requestPeer = false, ...limits }: CallOptions & { readonly requestPeer?: boolean } = {}): Promise<void> {
    return this.#pump.updateKeys(requestPeer, limits)
  }

  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array {
    return this.#engine.exportKeyingMaterial(length, label, context)
  }

  exportEarlyKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array {
    return this.#engine.exportEarlyKeyingMaterial(length, label, context)
  }

  dangerousTrafficSecrets(): TrafficSecrets {
    return this.#engine.dangerousTrafficSecrets()
  }

  channelBinding(type: ChannelBindingType): Uint8Array {
    return this.#engine.channelBinding(type)
  }

  requestClientCertificate(options: CallOptions = {}): Promise<ClientCertificate> {
    return this.#pump.requestClientCertificate(options)
  }

  /** Reads to the end. Leaving the loop early leaves the connection open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const data = await this.read()
      if (data === null) return
      yield data
    }
  }

  /** The first use decides who reads: data must not be shared out between two readers by chance. */
  #readAs(reader: 'read' | 'readable', options?: ReadOptions): Promise<Uint8Array | null> {
    this.#readBy ??= reader
    if (this.#readBy === reader) return this.#pump.read(options)
    const message =
      `${reader}: this connection is read through ` +
      `${this.#readBy === 'read' ? 'read()' : 'its readable stream'} already`
    return Promise.reject(new TlsError('wrong_state', message))
  }

  /** Both web streams were let go: nobody else would close the transport. */
  #closeIfUnused(): Promise<void> {
    return this.#readCancelled && this.#writeClosed ? this.close() : done
  }

  #makeReadable(): ReadableStream<Uint8Array> {
    return readableOf({
      read: () => this.#readAs('readable'),
      cancel: () => {
        this.#pump.discard()
        this.#readCancelled = true
        return this.#closeIfUnused()
      },
    })
  }

  #makeWritable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({
      start: (controller) => {
        this.#pump.failed.catch((error: unknown) => controller.error(error))
      },
      write: (data) => this.write(data),
      close: async () => {
        await this.closeWrite()
        this.#writeClosed = true
        await this.#closeIfUnused()
      },
      abort: (reason: unknown) => this.abort(reason),
    })
  }
}
