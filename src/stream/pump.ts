// Moves bytes between a ByteStream and an engine, and the engine's events to whoever waits: backpressure both ways,
// time limits, and one outcome for every promise. connection.ts wraps it.

import type { ConnectionInfo, EngineEvent, TlsEngine } from '../engine/types.ts'
import { asTlsError, quietError, TlsError } from '../errors.ts'
import { CertificateRequests } from './certificate-requests.ts'
import { defer, done, handled, ignore, rejected, signal } from './defer.ts'
import type { Deferred, Signal } from './defer.ts'
import { Ending, transportError } from './ending.ts'
import { whenForgotten } from './forgotten.ts'
import type { Gate } from './gate.ts'
import { Inbox } from './inbox.ts'
import { Intake } from './intake.ts'
import { abortedBy, after, checkTimeout, limited, limitHandshake, Patience } from './limits.ts'
import type { CallOptions, ReadOptions } from './limits.ts'
import { reasonTimeout } from './options.ts'
import type { ClientCertificate, PumpOptions, SharedPumpOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { tell } from './tell.ts'
import type { ByteStream } from './types.ts'
import { Writes } from './writes.ts'

export class Pump {
  readonly #engine: TlsEngine
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #writes: Writes
  readonly #ending: Ending
  readonly #intake: Intake
  readonly #closeTimeout: number
  readonly #storeTimeout: number
  readonly #onSession: PumpOptions['onSession']
  readonly #onEarlyData: PumpOptions['onEarlyData']
  /** Until it is settled. */
  #handshake: Deferred<ConnectionInfo> | undefined
  /** Resolves when the handshake is done; rejects with what ended it. */
  readonly handshake: Promise<ConnectionInfo>
  /** Made when somebody asks, as the next two. */
  #readEnded: Signal | undefined
  #closed: Promise<TlsError | undefined> | undefined
  #failed: Deferred<never> | undefined
  #early: Uint8Array[] | undefined
  #certificateRequests: CertificateRequests | undefined
  #liftLimits: () => void = ignore
  #failure: TlsError | undefined
  #writeError: TlsError | undefined
  #session: { readonly session: Uint8Array } | undefined
  /** What comes from the transport is thrown away: the peer's end was seen, we closed, or the connection failed. */
  discarding = false
  #dropData = false
  #peerEnded = false
  #readLoopEnded = false
  /** The engine's promise that is being watched, so that its output and events are taken when it settles. */
  #watched: Promise<void> | undefined
  #patience: Patience | undefined
  /** How often somebody read or wrote. */
  #uses = 0
  #writeEnd: Promise<void> | undefined
  #closing: Promise<void> | undefined

  /** Starts at once. Throws `bad_option` for an invalid time limit. */
  constructor(engine: TlsEngine, transport: ByteStream, options: SharedPumpOptions = {}, gate?: Gate) {
    const handshakeTimeout = checkTimeout(options.handshakeTimeout ?? 30_000, 'handshakeTimeout')
    this.#closeTimeout = checkTimeout(options.closeTimeout ?? 5000, 'closeTimeout')
    this.#storeTimeout = checkTimeout(options.storeTimeout ?? 1000, 'storeTimeout')
    this.#engine = engine
    this.#handshake = defer<ConnectionInfo>()
    this.handshake = this.#handshake.promise
    this.#onSession = options.onSession
    this.#onEarlyData = options.onEarlyData
    this.#inbox = new Inbox(() => this.#intake.wake(), { packed: true })
    this.#outbox = new Outbox(transport, (reason) => this.#writeFailed(reason))
    this.#writes = new Writes(engine, this.#outbox, this)
    this.#ending = new Ending(transport, this.#outbox, this.#closeTimeout, () => this.#whenReadEnded)
    const own = { inbox: this.#inbox, outbox: this.#outbox, writes: this.#writes, ending: this.#ending }
    this.#intake = new Intake({ engine, transport, gate, ...own }, this)
    const { signal } = options
    if (signal?.aborted) this.failSilently(abortedBy(signal.reason))
    else this.#liftLimits = limitHandshake(handshakeTimeout, signal, (error) => this.abort(error))
    void transport.failed?.then((reason) => this.#writeFailed(reason))
    void this.#intake.run(options.head)
  }

  /** What ended the connection before its time. */
  get failure(): TlsError | undefined {
    return this.#failure
  }

  /** Rejects when the connection fails; never resolves. */
  get failed(): Promise<never> {
    this.#failed ??= defer()
    if (this.#failure) this.#failed.reject(this.#failure)
    return this.#failed.promise
  }

  /** Resolves when the transport is let go of, with what ended the connection before its time; never rejects. */
  get closed(): Promise<TlsError | undefined> {
    return (this.#closed ??= this.#ending.gone.then(() => this.#failure))
  }

  /** Resolves when the transport will give no more bytes. */
  get #whenReadEnded(): Promise<void> {
    if (this.#readLoopEnded) return done
    this.#readEnded ??= signal()
    return this.#readEnded.promise
  }

  /** The last session that the server offered. */
  get session(): Uint8Array | undefined {
    return this.#session?.session
  }

  /** Early data of the client, as far as it came (server). */
  get earlyData(): Uint8Array[] {
    return (this.#early ??= [])
  }

  /** A call that is cancelled takes nothing: the next one gives what it would have given. */
  read(options?: ReadOptions): Promise<Uint8Array | null> {
    this.#uses++
    return this.#inbox.read(options)
  }

  /** Application data is taken from the peer and thrown away from now on. */
  discard(): void {
    this.#dropData = true
    this.#inbox.drop(new TlsError('closed', 'the reading side was cancelled'))
    this.#intake.unlimit()
  }

  /** The data must not change until the promise resolves: when it is accepted. */
  write(data: Uint8Array, options?: CallOptions): Promise<void> {
    this.#uses++
    const refusal = this.#refusal('write')
    return refusal ? rejected(refusal) : this.#writes.write(data, options)
  }

  /** Resolves when the transport has taken all that was written before. */
  flush(options?: CallOptions): Promise<void> {
    if (this.#failure) return rejected(this.#failure)
    const flush = (): Promise<void> => this.#writeEnd ?? this.#writes.flush()
    return options ? limited(flush, 'flush', options, ignore) : flush()
  }

  /** A call that is cancelled changes them all the same, in its turn. */
  updateKeys(requestPeer: boolean, options: CallOptions): Promise<void> {
    const refusal = this.#refusal('updateKeys')
    if (refusal) return rejected(refusal)
    const update = (): Promise<void> => this.#writes.inTurn(() => this.#engine.updateKeys(requestPeer))
    return limited(update, 'updateKeys', options, ignore)
  }

  /** Resolves with the client's answer (server). What answers a call that was cancelled is nobody's. */
  requestClientCertificate(options: CallOptions): Promise<ClientCertificate> {
    const refusal = this.#refusal('requestClientCertificate')
    if (refusal) return rejected(refusal)
    const ask = (): Promise<ClientCertificate> =>
      (this.#certificateRequests ??= new CertificateRequests()).ask(() =>
        this.#writes.inTurn(() => this.#engine.requestClientCertificate()),
      )
    return limited(ask, 'requestClientCertificate', options, ignore)
  }

  /** Sends close_notify after all that was written; reading goes on. */
  closeWrite(options?: CallOptions): Promise<void> {
    return options ? limited(() => this.#closeWrite(), 'closeWrite', options, ignore) : this.#closeWrite()
  }

  #closeWrite(): Promise<void> {
    if (this.#writeEnd) return this.#writeEnd
    if (this.#failure) return rejected(this.#failure)
    this.#writeEnd = this.#writes.inTurn(() => this.#engine.closeWrite())
    if (this.#peerEnded) this.#endTransportAfter(this.#writeEnd)
    return this.#writeEnd
  }

  /** close_notify, then the end of the transport. What the peer still sends is thrown away. */
  close(options?: CallOptions): Promise<void> {
    const close = (): Promise<void> => (this.#closing ??= handled(this.#close()))
    return options ? limited(close, 'close', options, (error) => this.abort(error)) : close()
  }

  /** Ends everything at once. In a handshake, and where it is a fault of this end, the peer is still told why. */
  abort(error: TlsError): void {
    const tells = !this.#engine.handshakeDone || error.code === 'internal_error'
    if (!this.#failure) {
      // Cancelling says close_notify too, which would let the peer take what it has for the whole.
      this.#engine.abort(error, { silent: !tells })
      const output = this.#engine.takeOutput()
      if (tells) this.#outbox.put(output)
      void this.#outbox.flush()
      this.#fail(error, tells)
    }
    if (!tells) this.#ending.abort(error)
  }

  async #close(): Promise<void> {
    if (this.#failure) return
    const written = this.closeWrite()
    const closed = quietError('closed', 'the connection was closed by this end (close was called)')
    this.#inbox.drop(closed)
    this.#certificateRequests?.end(closed)
    this.#intake.wake()
    try {
      // what comes is still read: a handshake in the connection may have to end first
      await this.#ending.timely(written)
    } catch (thrown) {
      this.failSilently(asTlsError(thrown))
    }
    this.discarding = true
    this.#intake.wake()
    if (!this.#failure) await this.#endTransport()
    const { failure } = this
    if (failure) throw failure
  }

  #refusal(method: string): TlsError | undefined {
    if (this.#failure || !this.#writeEnd) return this.#failure
    return new TlsError('wrong_state', `${method}: this side is closed (closeWrite or close was called)`)
  }

  /** Nothing more is read. */
  readingEnded(): void {
    this.#readLoopEnded = true
    this.#readEnded?.resolve()
    // The peer sent close_notify and ended the stream. A reader is told and has to end its own side when it has said
    // all; where nobody reads, nobody would.
    const alone = (): boolean => this.#writeEnd === undefined && !this.#inbox.endSeen
    if (this.#failure || !alone()) return
    const usage = { alone, busy: () => this.#outbox.busy, uses: () => this.#uses }
    whenForgotten(this.#closeTimeout, usage, this.closed, () => void handled(this.#closeWrite()))
  }

  /** The transport gives no more bytes. */
  async receiveEnd(): Promise<void> {
    if (this.#writeError) return this.failSilently(this.#writeError)
    this.#engine.receiveEnd()
    this.look()
    await this.#intake.settle()
    if (this.#failure || this.#peerEnded) return
    this.failSilently(new TlsError('truncated', 'the stream ended without a close_notify: data may be missing'))
  }

  /** What settles later, a ticket or a signature, brings output as well, whether anything is received or not. */
  #watch(): void {
    const optional = this.#failure ? undefined : this.#engine.optional
    if (optional) this.#patience ??= new Patience(this.#storeTimeout, () => this.#skipOptional())
    this.#patience?.waitFor(optional)
    const { pending } = this.#engine
    if (!pending || pending === this.#watched) return
    this.#watched = pending
    void pending.then(() => this.look())
  }

  #skipOptional(): void {
    this.#engine.skipOptional()
    this.look()
  }

  /** Takes what the engine has, and lets it out. */
  look(): void {
    if (this.take()) void this.#outbox.flush()
  }

  /** Takes what the engine has for the transport and for us; true if there was something for the transport. */
  take(): boolean {
    const output = this.#engine.takeOutput()
    this.#outbox.put(output)
    for (const event of this.#engine.takeEvents()) this.#on(event)
    this.#watch()
    return output.length > 0
  }

  #on(event: EngineEvent): void {
    switch (event.type) {
      case 'falseStart':
        return this.#handshake?.resolve(event.info) // the limits of the handshake stay
      case 'handshake':
        this.#endHandshake()?.resolve(event.info)
        return
      case 'data':
        return this.#dropData ? undefined : this.#inbox.push(event.data, event.isOwn)
      case 'earlyData':
        this.earlyData.push(event.data)
        return tell(
          'onEarlyData',
          () => this.#onEarlyData?.(event.data, (reply) => this.write(reply)),
          (error) => this.abort(error),
        )
      case 'end':
        return this.#onPeerEnd()
      case 'session':
        this.#session = event
        if (!this.#onSession) return
        return tell(
          'onSession',
          () => this.#onSession?.(event.session),
          (error) => this.abort(error),
        )
      case 'error':
        return this.#fail(event.error, true)
      case 'clientCertificate':
        return this.#certificateRequests?.answered(event)
      case 'earlyDataEnd':
      case 'earlyDataRejected':
      case 'keyUpdate':
      case 'renegotiated':
        return
    }
  }

  /** The limits of the handshake end, and who waits for it is told by the caller. */
  #endHandshake(): Deferred<ConnectionInfo> | undefined {
    this.#liftLimits()
    this.#liftLimits = ignore
    const handshake = this.#handshake
    this.#handshake = undefined
    return handshake
  }

  #onPeerEnd(): void {
    if (!this.#engine.handshakeDone) {
      return this.failSilently(new TlsError('closed', 'the peer closed the connection during the handshake'))
    }
    this.#peerEnded = true
    this.discarding = true
    this.#inbox.end()
    this.#certificateRequests?.end(quietError('closed', 'the peer closed before it answered'))
    if (this.#writeEnd) this.#endTransportAfter(this.#writeEnd)
    else if (this.#engine.closed) void handled(this.#closeWrite())
  }

  /**
   * The one place where a connection fails. `tell`: the peer gets what the engine has for it before the stream ends.
   */
  #fail(error: TlsError, tell: boolean): void {
    if (this.#failure) return
    this.#failure = error
    this.discarding = true
    this.#endHandshake()?.reject(error)
    this.#patience?.waitFor(undefined)
    this.#failed?.reject(error)
    if (error.code === 'aborted') this.#inbox.drop(error)
    else this.#inbox.fail(error)
    this.#outbox.rejectWaiting(error)
    this.#writes.fail(error)
    this.#certificateRequests?.end(error)
    this.#intake.wake()
    if (tell) void this.#endTransport()
  }

  /** A failure that the peer can't or need not be told. */
  failSilently(error: TlsError): void {
    if (this.#failure) return
    this.#engine.abort(undefined, { silent: true })
    this.#engine.takeOutput()
    this.#fail(error, false)
    this.#ending.abort(error)
  }

  /** The transport failed while it was read. */
  readFailed(thrown: unknown): void {
    if (this.#failure || this.#ending.begun) return
    this.failSilently(this.#writeError ?? transportError(thrown))
  }

  #writeFailed(reason: unknown): void {
    if (this.#failure) return this.#ending.abort(this.#failure)
    const error = (this.#writeError = transportError(reason))
    if (this.#readLoopEnded || this.discarding || this.#intake.isBehind) return this.failSilently(error)
    const cancel = after(reasonTimeout, () => this.failSilently(error))
    void this.#whenReadEnded.then(() => {
      cancel()
      this.failSilently(error)
    })
  }

  /** Never rejects. */
  async #endTransport(): Promise<void> {
    const error = await this.#ending.end(() => this.#sealed())
    if (error) this.#fail(error, false)
  }

  /** An asynchronous provider may still be sealing the last alert. */
  async #sealed(): Promise<void> {
    await this.#engine.sealing
    this.look()
  }

  #endTransportAfter(written: Promise<void>): void {
    written.then(() => this.#endTransport()).catch(ignore)
  }
}
