// The sans-IO engine: bytes in, handshake flow driven, bytes out. No timers, no sockets, no globals. It joins the two
// directions of the record layer and is the only place that sends alerts (RFC 9846 sections 5 and 6).

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { CommonConfig } from '../config.ts'
import { alertNumbers, asTlsError, quietError, TlsError } from '../errors.ts'
import type { ChannelBindingType } from '../handshake/connection/channel-binding.ts'
import type { Established, HandshakeEvent, HandshakeIo } from '../handshake/context.ts'
import type { Flow } from '../handshake/flow.ts'
import type { ConnectionInfo } from '../info.ts'
import type { TrafficSecrets } from '../traffic-secrets.ts'
import { concat } from '../wire/bytes.ts'
import { contentTypes, TLS13 } from '../wire/registry.ts'
import { EarlyData } from './early-data.ts'
import { FlowRunner } from './flow-runner.ts'
import { ReadSide } from './read-side.ts'
import { SessionsAtStake } from './sessions-at-stake.ts'
import type { EngineEvent, Finished, TlsEngine } from './types.ts'
import { Waits } from './waits.ts'
import { WriteOrder } from './write-order.ts'
import { WriteSide } from './write-side.ts'

export interface EngineSetup {
  readonly config: CommonConfig
  readonly role: 'client' | 'server'
  readonly handshake: (io: HandshakeIo) => Flow<Established>
}

export class Engine implements TlsEngine {
  readonly #role: 'client' | 'server'
  readonly #waits = new Waits(() => this.#read.advance())
  readonly #runner: FlowRunner
  readonly #read: ReadSide
  readonly #write: WriteSide
  readonly #order: WriteOrder
  #events: EngineEvent[] = []
  #established: Established | undefined
  #failure: TlsError | undefined
  readonly #sessions = new SessionsAtStake()
  #earlyExporter: ((length: number, label: string, context: Uint8Array) => Uint8Array) | undefined
  readonly #exposesSecrets: boolean
  readonly #halfClose: boolean
  #mayWrite = false
  #finished: Finished = { own: undefined, peer: undefined }
  /** closeWrite() was called: its close_notify may still have to wait for its turn. */
  #closing = false
  #early: EarlyData | undefined

  constructor({ config, role, handshake }: EngineSetup) {
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
    })
    this.#runner.start(handshake(this.#io()), (established) => this.#finish(established))
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
    return this.#established !== undefined
  }
  get closed(): boolean {
    return this.#failure !== undefined || (this.#read.closed && this.#write.closed)
  }
  get info(): ConnectionInfo | undefined {
    return this.#established?.info
  }
  get finished(): Finished {
    return this.#finished
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
    if (this.#failure || this.#read.closed) return
    this.#fail(
      new TlsError(
        'truncated',
        this.#established
          ? 'the transport ended without a close_notify: data may be missing'
          : 'the transport ended during the handshake, and no alert says why: a peer does so that does not speak ' +
              'TLS on this ' +
              'port, or refuses the name or the client',
      ),
    )
  }

  send(data: Uint8Array): MaybePromise<void> {
    this.#checkWritable()
    if (!this.#mayWrite)
      throw new TlsError('wrong_state', 'application data cannot be sent before the handshake is done')
    if (data.length === 0) return
    if (this.#early) return this.#sendEarly(this.#early, data)
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
    const events = this.#events
    this.#events = []
    return events
  }

  closeWrite(): MaybePromise<void> {
    if (this.#failure || this.#closing) return
    this.#closing = true
    const close = (): MaybePromise<void> => this.#write.close(Uint8Array.of(1, alertNumbers.close_notify))
    return this.#order.run(function* () {
      return close()
    })
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
    const { updateKeys } = this.#established ?? {}
    if (!updateKeys) {
      const message = 'keys can be updated in TLS 1.3, once the handshake is done (RFC 9846 section 4.7.3)'
      throw new TlsError('wrong_state', message)
    }
    return this.#order.run(() => updateKeys(requestPeer))
  }

  requestClientCertificate(): MaybePromise<void> {
    this.#checkWritable()
    const { requestCertificate } = this.#established ?? {}
    if (!requestCertificate) {
      throw new TlsError('wrong_state', 'only a TLS 1.3 server may ask for a certificate, after the handshake')
    }
    return this.#order.run(requestCertificate)
  }

  exportEarlyKeyingMaterial(length: number, label: string, context: Uint8Array = new Uint8Array(0)): Uint8Array {
    const refused = this.#established && this.#established.info.earlyData !== 'accepted'
    if (!this.#earlyExporter || refused)
      throw new TlsError('wrong_state', 'there is no early data that keying material could be for')
    return this.#earlyExporter(length, label, context)
  }

  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array {
    if (!this.#established) {
      throw new TlsError('wrong_state', 'there is no keying material before the handshake is done')
    }
    return this.#established.exportKeyingMaterial(length, label, context)
  }

  dangerousTrafficSecrets(): TrafficSecrets {
    if (this.#failure) throw this.#failure
    if (!this.#exposesSecrets) {
      const message = 'traffic secrets are given out only with the option dangerouslyExposeTrafficSecrets: true'
      throw new TlsError('wrong_state', message)
    }
    if (!this.#established || !this.#order.free) {
      throw new TlsError('wrong_state', 'there are no traffic secrets while a handshake runs or keys change')
    }
    const { read, write, ...rest } = this.#established.trafficKeys()
    return {
      ...rest,
      read: { ...read, sequenceNumber: this.#read.sequenceNumber },
      write: { ...write, sequenceNumber: this.#write.sequenceNumber },
    }
  }

  channelBinding(type: ChannelBindingType): Uint8Array {
    if (!this.#established) {
      throw new TlsError('wrong_state', 'there is no channel binding before the handshake is done')
    }
    return this.#established.channelBinding(type)
  }

  // ---- writing
  // -------------------------------------------------------------------------------------------------------

  #checkWritable(): void {
    if (this.#failure) throw this.#failure
    if (this.#closing) throw new TlsError('wrong_state', 'the connection was closed for writing')
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
      const { updateKeys } = this.#established ?? {}
      if (!updateKeys) {
        const message = 'this key has protected as much as it safely may: only TLS 1.3 can go on with a new one'
        throw new TlsError('key_limit_reached', message)
      }
      rest = sealing.length <= 1 ? rest.slice(room) : rest.subarray(room) // send() does not keep what it was given
      yield* updateKeys(false)
    }
    sealing.push(this.#write.seal(contentTypes.application_data, rest))
    const later = sealing.filter(isPromise)
    return later.length === 0 ? undefined : Promise.all(later).then(() => {})
  }

  /** What the ticket does not allow as early data waits for the end of the handshake (section 4.7.1). */
  #sendEarly(early: EarlyData, data: Uint8Array): MaybePromise<void> {
    const copy = data.slice()
    if (this.#order.free && early.fits(copy)) {
      early.sent(copy)
      return this.#write.seal(contentTypes.application_data, copy)
    }
    this.#order.hold()
    return this.#order.run(() => this.#sendData(copy), copy)
  }

  /** TLS 1.2 by option: who is told that the peer is done is done as well (RFC 5246 section 7.2.1). */
  #emit(event: EngineEvent): void {
    this.#events.push(event)
    if (event.type !== 'end' || this.#halfClose || this.#read.version === TLS13) return
    this.#closing = true
    this.#order.stop(
      new TlsError('closed', 'the peer closed the connection, which ends it in TLS 1.2 (halfClose: false)'),
    )
    if (!this.#write.closed) void this.#write.close(Uint8Array.of(1, alertNumbers.close_notify))
  }

  /** The one place that turns an error into an alert. */
  #fail(error: TlsError): void {
    if (this.#failure) return
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
    if (this.#established ?? this.#finished.own) return true
    return this.#role === 'server' && this.#read.version !== undefined
  }

  #endWith(error: TlsError): void {
    if (this.#failure) return
    this.#failure = error
    this.#runner.stop()
    this.#read.stop()
    this.#write.stop()
    this.#order.stop(error)
    this.#sessions.failed(error, this.#peerMayBeDone)
    this.#events.push({ type: 'error', error })
    this.#waits.wake()
  }

  // ---- the handshake's side
  // ------------------------------------------------------------------------------------------

  #finish(established: Established): void {
    this.#established = established
    this.#early = undefined
    this.#read.establish()
    this.#mayWrite = true
    this.#events.push({ type: 'handshake', info: established.info })
    this.#order.release()
    this.#runner.start(established.postHandshake, () => {})
  }

  #allowSend(allowed: boolean): void {
    this.#mayWrite = allowed
    if (allowed) this.#order.release()
    else this.#order.hold()
  }

  #startEarlyData(first: Uint8Array | undefined, limit: number): void {
    this.#early = new EarlyData(limit)
    this.#allowSend(true)
    if (first) void this.send(first)
  }

  #endEarlyData(accepted: boolean): void {
    const early = this.#early
    this.#early = undefined
    this.#order.hold()
    if (accepted) return
    this.#mayWrite = false
    const data = concat(...(early?.all ?? []), ...this.#order.withdraw())
    this.#events.push({ type: 'earlyDataRejected', data })
  }

  #io(): HandshakeIo {
    return {
      sendHandshake: (raw) => {
        if (!this.#established && !this.#read.aligned) {
          throw new TlsError('unexpected_message', 'the peer went on with its flight where ours was expected')
        }
        this.#read.begin()
        this.#write.handshake(raw)
      },
      sendChangeCipherSpec: () => void this.#write.seal(contentTypes.change_cipher_spec, Uint8Array.of(1)),
      installRead: (opener) => this.#read.install(opener),
      installWrite: (sealer) => this.#write.install(sealer),
      setVersion: (version) => {
        this.#write.versionKnown()
        this.#read.setVersion(version)
      },
      setMaxFragment: (bytes) => this.#write.setMaxFragment(bytes),
      setMaxContent: (bytes) => this.#read.setMaxContent(bytes),
      expectMessages: (count) => this.#read.flood.expect(count),
      setEarlyExporter: (exporter) => {
        this.#earlyExporter = exporter
      },
      forgetOnFailure: (forget) => this.#sessions.add(forget),
      acceptData: (mode, limit) => this.#read.data.accept(mode, limit),
      skipEarlyData: (mode, limit) => this.#read.data.skip(mode, limit),
      allowSend: (allowed) => this.#allowSend(allowed),
      startEarlyData: (first, limit) => this.#startEarlyData(first, limit),
      endEarlyData: (accepted) => this.#endEarlyData(accepted),
      holdData: (held) => (held ? this.#order.hold() : this.#order.release()),
      inOrder: (job) => {
        if (!this.#closing && !this.#failure) void this.#order.run(job)
      },
      beside: (flow) => this.#runner.beside(flow),
      sendWarning: (alert) => void this.#write.seal(contentTypes.alert, Uint8Array.of(1, alertNumbers[alert])),
      sawFinished: (whose, verifyData) => {
        this.#finished = { ...this.#finished, [whose]: verifyData }
      },
      emit: (event: HandshakeEvent) => this.#events.push(event),
    }
  }
}
