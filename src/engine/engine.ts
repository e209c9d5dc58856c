// The sans-IO engine: bytes in, handshake flow driven, bytes out. No timers, no sockets, no globals. It joins the two
// directions of the record layer and is the only place that sends alerts (RFC 9846 sections 5 and 6).

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { CommonConfig, Explanations } from '../config/types.ts'
import { alertNumbers, asTlsError, quietError, TlsError } from '../errors.ts'
import type { ChannelBindingType } from '../handshake/connection/channel-binding.ts'
import type { Established, HandshakeIo, RenegotiationChanges } from '../handshake/context.ts'
import type { Flow } from '../handshake/flow.ts'
import type { ConnectionInfo } from '../info.ts'
import type { TrafficSecrets } from '../traffic-secrets.ts'
import { contentTypes, TLS13 } from '../wire/registry.ts'
import type { EarlyData } from './early-data.ts'
import { FlowRunner } from './flow-runner.ts'
import { EngineIo, EngineState } from './handshake-io.ts'
import { ReadSide } from './read-side.ts'
import type { EngineEvent, Finished, TlsEngine } from './types.ts'
import { Waits } from './waits.ts'
import { WriteOrder } from './write-order.ts'
import { WriteSide } from './write-side.ts'

export interface EngineSetup {
  readonly config: CommonConfig
  readonly role: 'client' | 'server'
  readonly handshake: (io: HandshakeIo) => Flow<Established>
  readonly explain?: Explanations | undefined
}

export class Engine implements TlsEngine {
  readonly #role: 'client' | 'server'
  readonly #waits = new Waits(() => this.#read.advance())
  readonly #runner: FlowRunner
  readonly #read: ReadSide
  readonly #write: WriteSide
  readonly #order: WriteOrder
  readonly #state = new EngineState()
  readonly #exposesSecrets: boolean
  readonly #halfClose: boolean

  constructor({ config, role, handshake, explain }: EngineSetup) {
    this.#role = role
    this.#exposesSecrets = config.exposeTrafficSecrets
    this.#halfClose = config.halfClose
    const host = {
      wait: this.#waits.add.bind(this.#waits),
      failed: (error: TlsError) => this.#fail(error),
    }
    this.#write = new WriteSide(config, (sealed) => {
      this.#waits.add(sealed, (result) => 'error' in result && this.#fail(asTlsError(result.error)))
    })
    this.#order = new WriteOrder(host)
    this.#runner = new FlowRunner(host)
    this.#read = new ReadSide(config, this.#runner, this.#waits, {
      emit: (event) => this.#emit(event),
      failed: (error) => this.#fail(error),
      endedByPeer: (error) => this.#endWith(error),
      explain,
    })
    const io = new EngineIo(this.#state, {
      read: this.#read,
      write: this.#write,
      order: this.#order,
      runner: this.#runner,
      send: (data) => this.send(data),
    })
    this.#runner.start(handshake(io), (established) => this.#finish(established))
    this.#read.advance()
  }

  get pending(): Promise<void> | undefined {
    return this.#waits.pending
  }
  get blocked(): boolean {
    return this.#read.blocked
  }
  get optional(): Promise<unknown> | undefined {
    return this.#runner.optional
  }
  get sealing(): Promise<void> | undefined {
    return this.#write.sealing
  }
  get handshakeDone(): boolean {
    return (this.#state.established ?? this.#state.lastInfo) !== undefined
  }
  get closed(): boolean {
    return this.#state.failure !== undefined || (this.#read.closed && this.#write.closed)
  }
  get info(): ConnectionInfo | undefined {
    return this.#state.established?.info ?? this.#state.lastInfo
  }
  get finished(): Finished {
    return this.#state.finished
  }

  receive(bytes: Uint8Array): boolean {
    return this.#read.receive(bytes)
  }

  skipOptional(): void {
    if (!this.#runner.optional) return
    this.#runner.skip()
    this.#read.advance()
    this.#waits.wake()
  }

  receiveEnd(): void {
    if (this.#state.failure || this.#read.closed) return
    this.#fail(
      new TlsError(
        'truncated',
        this.#state.established
          ? 'the transport ended without a close_notify: data may be missing'
          : 'the transport ended during the handshake, and no alert says why: the peer does not speak ' +
              'TLS on this port, or refuses the name or the client',
      ),
    )
  }

  send(data: Uint8Array): MaybePromise<void> {
    this.#checkWritable()
    if (!this.#state.mayWrite)
      throw new TlsError('wrong_state', 'application data cannot be sent before the handshake is done')
    if (data.length === 0) return
    if (this.#state.early) return this.#sendEarly(this.#state.early, data)
    if (!this.#order.free) return this.#inOrder(data.slice())
    // no generator and no copy for what fits under the current key
    if (data.length <= this.#write.room) return this.#write.seal(contentTypes.application_data, data)
    return this.#inOrder(data)
  }

  takeOutput(): readonly Uint8Array[] {
    try {
      return this.#write.take()
    } catch (error) {
      this.#fail(asTlsError(error)) // a flight is sealed when it is taken
      return this.#write.take()
    }
  }

  takeEvents(): readonly EngineEvent[] {
    const { events } = this.#state
    if (events.length === 0) return nothing
    this.#state.events = []
    return events
  }

  closeWrite(): MaybePromise<void> {
    if (this.#state.failure || this.#state.closing) return
    this.#state.closing = true
    return this.#order.run(() => closing(this.#write))
  }

  abort(
    error: TlsError = quietError('aborted', 'the connection was aborted'),
    { silent = false }: { readonly silent?: boolean } = {},
  ): void {
    if (silent) this.#endWith(error)
    else this.#fail(error)
  }

  updateKeys(requestPeer = false): MaybePromise<void> {
    this.#checkWritable()
    const { established } = this.#state
    if (!established?.updateKeys) {
      const message = 'keys can be updated in TLS 1.3, once the handshake is done (RFC 9846 section 4.7.3)'
      throw new TlsError('wrong_state', message)
    }
    return this.#order.run(established.updateKeys.bind(established, requestPeer))
  }

  requestClientCertificate(): MaybePromise<void> {
    this.#checkWritable()
    const { requestCertificate } = this.#state.established ?? {}
    if (!requestCertificate) {
      throw new TlsError('wrong_state', 'only a TLS 1.3 server may ask for a certificate, after the handshake')
    }
    return this.#order.run(requestCertificate)
  }

  exportEarlyKeyingMaterial(length: number, label: string, context: Uint8Array = new Uint8Array(0)): Uint8Array {
    if (this.#state.failure) throw this.#state.failure
    const refused = this.#state.established && this.#state.established.info.earlyData !== 'accepted'
    if (!this.#state.earlyExporter || refused)
      throw new TlsError('wrong_state', 'there is no early data that keying material could be for')
    return this.#state.earlyExporter(length, label, context)
  }

  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array {
    if (this.#state.failure) throw this.#state.failure
    if (!this.#state.established) {
      throw new TlsError('wrong_state', 'there is no keying material before the handshake is done')
    }
    return this.#state.established.exportKeyingMaterial(length, label, context)
  }

  dangerousTrafficSecrets(): TrafficSecrets {
    if (this.#state.failure) throw this.#state.failure
    if (!this.#exposesSecrets) {
      const message = 'traffic secrets are given out only with the option dangerouslyExposeTrafficSecrets: true'
      throw new TlsError('wrong_state', message)
    }
    if (!this.#state.established || !this.#order.free) {
      throw new TlsError('wrong_state', 'there are no traffic secrets while a handshake runs or keys change')
    }
    const { read, write, ...rest } = this.#state.established.trafficKeys()
    return {
      ...rest,
      read: { ...read, sequenceNumber: this.#read.sequenceNumber },
      write: { ...write, sequenceNumber: this.#write.sequenceNumber },
    }
  }

  renegotiate(changes?: RenegotiationChanges): void {
    this.#checkWritable()
    const { established } = this.#state
    if (!established?.renegotiate || this.#read.closed) {
      throw new TlsError('wrong_state', 'only TLS 1.2 can renegotiate, after the handshake')
    }
    established.renegotiate(changes)
  }

  channelBinding(type: ChannelBindingType): Uint8Array {
    if (this.#state.failure) throw this.#state.failure
    if (!this.#state.established) {
      throw new TlsError('wrong_state', 'there is no channel binding before the handshake is done')
    }
    return this.#state.established.channelBinding(type)
  }

  // ---- writing
  // -------------------------------------------------------------------------------------------------------

  #checkWritable(): void {
    if (this.#state.failure) throw this.#state.failure
    if (this.#state.closing) throw new TlsError('wrong_state', 'the connection was closed for writing')
  }

  #inOrder(data: Uint8Array): MaybePromise<void> {
    return this.#order.run(() => this.#sendData(data))
  }

  /** Seals what the current key may still seal, changes keys, and goes on (RFC 9846 section 5.5). */
  *#sendData(data: Uint8Array): Flow<MaybePromise<void>> {
    const sealing: MaybePromise<void>[] = []
    let rest = data
    while (rest.length > this.#write.room) {
      const { room } = this.#write
      if (room > 0) sealing.push(this.#write.seal(contentTypes.application_data, rest.subarray(0, room)))
      const { established } = this.#state
      if (!established?.updateKeys) {
        const message = 'this key has protected as much as it safely may: only TLS 1.3 can go on with a new one'
        throw new TlsError('key_limit_reached', message)
      }
      rest = sealing.length <= 1 ? rest.slice(room) : rest.subarray(room) // send() does not keep what it was given
      yield* established.updateKeys(false)
    }
    sealing.push(this.#write.seal(contentTypes.application_data, rest))
    const later = sealing.filter(isPromise)
    return later.length === 0 ? undefined : Promise.all(later).then(() => {})
  }

  /**
   * What the ticket does not allow as early data (section 4.7.1), or its key, which can't be updated (section 5.5),
   * waits for the end of the handshake. */
  #sendEarly(early: EarlyData, data: Uint8Array): MaybePromise<void> {
    const copy = data.slice()
    if (this.#order.free && early.fits(copy) && copy.length <= this.#write.room) {
      early.sent(copy)
      return this.#write.seal(contentTypes.application_data, copy)
    }
    this.#order.hold()
    return this.#order.run(() => this.#sendData(copy), copy)
  }

  /** TLS 1.2 by option: who is told that the peer is done is done as well (RFC 5246 section 7.2.1). */
  #emit(event: EngineEvent): void {
    this.#state.events.push(event)
    if (event.type !== 'end') return
    this.#order.release() // a renegotiation that runs will not go on
    if (this.#halfClose || this.#read.version === TLS13) return
    this.#state.closing = true
    this.#order.stop(
      new TlsError('closed', 'the peer closed the connection, which ends it in TLS 1.2 (halfClose: false)'),
    )
    if (!this.#write.closed) void this.#write.close(Uint8Array.of(1, alertNumbers.close_notify))
  }

  /** The one place that turns an error into an alert. */
  #fail(error: TlsError): void {
    if (this.#state.failure) return
    if (error.alert && !this.#write.closed) {
      try {
        this.#sendAlert(error.alert)
      } catch {
        // the alert is a courtesy; the error is what counts
      }
    }
    this.#endWith(error)
  }

  #sendAlert(alert: NonNullable<TlsError['alert']>): void {
    if (alert !== 'user_canceled') return void this.#write.close(Uint8Array.of(2, alertNumbers[alert]))
    if (this.#peerMayBeDone) {
      // close_notify would look like a clean end to a peer whose handshake is done (section 6.1)
      const fatal = this.#read.version === TLS13 ? alertNumbers.general_error : alertNumbers.internal_error
      return void this.#write.close(Uint8Array.of(2, fatal))
    }
    void this.#write.seal(contentTypes.alert, Uint8Array.of(1, alertNumbers.user_canceled))
    void this.#write.close(Uint8Array.of(1, alertNumbers.close_notify))
  }

  /** Our Finished is the last message of the handshake, or will be. */
  get #peerMayBeDone(): boolean {
    if (this.#state.established ?? this.#state.finished.own) return true
    return this.#role === 'server' && this.#read.version !== undefined
  }

  #endWith(error: TlsError): void {
    if (this.#state.failure) return
    this.#state.failure = error
    this.#runner.stop()
    this.#read.stop()
    this.#write.stop()
    this.#order.stop(error)
    this.#state.sessions.failed(error, this.#peerMayBeDone)
    this.#state.forget()
    this.#state.events.push({ type: 'error', error })
    this.#waits.wake()
  }

  // ---- the handshake's side
  // ------------------------------------------------------------------------------------------

  #finish(established: Established): void {
    if (this.#state.failure) return // a callback of the handshake ended the connection
    this.#state.established = established
    this.#state.early = undefined
    this.#read.establish()
    this.#state.mayWrite = true
    this.#state.events.push({ type: 'handshake', info: established.info })
    this.#order.release()
    this.#runner.start(established.postHandshake, () => {})
  }
}

const nothing: readonly EngineEvent[] = []

/** close_notify, in its turn. */
function* closing(write: WriteSide): Flow<MaybePromise<void>> {
  return write.close(Uint8Array.of(1, alertNumbers.close_notify))
}
