// The sans-IO engine: records in, handshake flow driven, records out. No timers, no sockets, no globals. It owns the two
// directions of the record layer and is the only place that sends alerts (RFC 9846 section 5 and 6).

import { andThen, isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { CommonConfig } from '../config.ts'
import { alertNumbers, asTlsError, TlsError } from '../errors.ts'
import type { ChannelBindingType } from '../handshake/connection/channel-binding.ts'
import type { Established, HandshakeEvent, HandshakeIo } from '../handshake/context.ts'
import type { Flow } from '../handshake/flow.ts'
import type { ConnectionInfo } from '../info.ts'
import { MAX_EXPANSION_13, MAX_PLAINTEXT, RecordFramer } from '../record/framing.ts'
import { HandshakeJoiner } from '../record/joiner.ts'
import { plaintextOpener } from '../record/protection.ts'
import type { RawRecord } from '../record/framing.ts'
import type { OpenedRecord, Opener } from '../record/protection.ts'
import { concat } from '../wire/bytes.ts'
import { contentTypes, TLS12, TLS13 } from '../wire/registry.ts'
import { readAlert } from './alerts.ts'
import { DataGate } from './data-gate.ts'
import { FloodGuard } from './flood.ts'
import { FlowRunner } from './flow-runner.ts'
import type { EngineEvent, TlsEngine } from './types.ts'
import { Waits } from './waits.ts'
import { WriteSide } from './write-side.ts'

export interface EngineSetup {
  readonly config: CommonConfig
  readonly handshake: (io: HandshakeIo) => Flow<Established>
}

export class Engine implements TlsEngine {
  readonly #config: CommonConfig
  readonly #framer = new RecordFramer()
  readonly #joiner: HandshakeJoiner
  readonly #waits = new Waits(() => this.#advance())
  readonly #write: WriteSide
  readonly #runner: FlowRunner
  #events: EngineEvent[] = []
  #opener: Opener = plaintextOpener
  #version: number | undefined
  #established: Established | undefined
  #failure: TlsError | undefined
  readonly #data = new DataGate()
  #mayWrite = false
  #readClosed = false
  #writeClosed = false
  readonly #flood = new FloodGuard()
  /** A record came that was sealed for us. */
  #hasOpened = false
  /** Set while an opener works on a record. */
  #opening = false

  constructor(setup: EngineSetup) {
    this.#config = setup.config
    this.#joiner = new HandshakeJoiner(setup.config.maxHandshakeMessage)
    this.#write = new WriteSide(setup.config, (sealed) => {
      if (isPromise(sealed)) this.#waits.add(sealed, (result) => 'error' in result && this.#fail(asTlsError(result.error)))
    })
    this.#runner = new FlowRunner({
      wait: (promise, done) => this.#waits.add(promise, done),
      failed: (error) => this.#fail(error),
    })
    this.#runner.start(setup.handshake(this.#io()), (established) => this.#finish(established))
    this.#advance()
  }

  get pending(): Promise<void> | undefined {
    return this.#waits.pending
  }
  get handshakeDone(): boolean {
    return this.#established !== undefined
  }
  get closed(): boolean {
    return this.#failure !== undefined || (this.#readClosed && this.#writeClosed)
  }
  get info(): ConnectionInfo | undefined {
    return this.#established?.info
  }

  receive(bytes: Uint8Array): void {
    if (this.#failure || this.#readClosed) return
    this.#framer.push(bytes)
    this.#advance()
  }

  receiveEnd(): void {
    if (this.#failure || this.#readClosed) return
    this.#fail(new TlsError('truncated', this.#established
      ? 'the transport ended without a close_notify: data may be missing'
      : 'the transport ended during the handshake, and no alert says why: a peer does so that does not speak TLS on this ' +
        'port, or refuses the name or the client'))
  }

  send(data: Uint8Array): MaybePromise<void> {
    if (this.#failure) throw this.#failure
    if (this.#writeClosed) throw new TlsError('wrong_state', 'the connection was closed for writing')
    if (!this.#mayWrite) throw new TlsError('wrong_state', 'application data before the handshake is done')
    return this.#sendData(data)
  }

  takeOutput(): readonly Uint8Array[] {
    return this.#write.take()
  }

  takeEvents(): readonly EngineEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  closeWrite(): MaybePromise<void> {
    if (this.#failure || this.#writeClosed) return
    this.#writeClosed = true
    return this.#write.seal(contentTypes.alert, Uint8Array.of(1, alertNumbers.close_notify))
  }

  abort(error: TlsError = new TlsError('aborted', 'the connection was aborted')): void {
    if (this.#failure) return
    this.#fail(error)
  }

  updateKeys(requestPeer = false): MaybePromise<void> {
    const { updateKeys } = this.#established ?? {}
    if (!updateKeys) {
      throw new TlsError('wrong_state', 'keys can be updated in TLS 1.3, once the handshake is done (RFC 9846 section 4.7.3)')
    }
    if (this.#writeClosed) throw new TlsError('wrong_state', 'the connection was closed for writing')
    return this.#runner.aside(updateKeys(requestPeer))
  }

  requestClientCertificate(): MaybePromise<void> {
    const { requestCertificate } = this.#established ?? {}
    if (!requestCertificate) throw new TlsError('wrong_state', 'only a TLS 1.3 server may ask for a certificate, after the handshake')
    return this.#runner.aside(requestCertificate())
  }

  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Uint8Array {
    if (!this.#established) throw new TlsError('wrong_state', 'there is no keying material before the handshake is done')
    return this.#established.exportKeyingMaterial(length, label, context)
  }

  channelBinding(type: ChannelBindingType): Uint8Array {
    if (!this.#established) throw new TlsError('wrong_state', 'there is no channel binding before the handshake is done')
    return this.#established.channelBinding(type)
  }

  // ---- reading -------------------------------------------------------------------------------------------------------

  /** Takes what can be taken: messages for the flow first, then one record at a time, since keys may change between. */
  #advance(): void {
    while (!this.#failure && !this.#opening && !this.#runner.waiting) {
      try {
        if (this.#nextMessage()) continue
        if (this.#readClosed) return
        const record = this.#framer.next()
        if (!record) return
        if (!this.#dropped(record)) this.#open(record)
      } catch (error) {
        this.#fail(asTlsError(error))
      }
    }
  }

  #nextMessage(): boolean {
    if (this.#runner.expects === 'change_cipher_spec' && !this.#joiner.aligned) {
      throw new TlsError('unexpected_message', 'a handshake message where ChangeCipherSpec is due (RFC 5246 section 7.1)')
    }
    if (this.#runner.expects !== 'message') return false
    const message = this.#joiner.next()
    if (!message) return false
    if (this.#established) this.#flood.message()
    this.#runner.resume(message)
    return true
  }

  /** Records that are not looked into: compatibility CCS (section 5), and application data after HelloRetryRequest. */
  #dropped(record: RawRecord): boolean {
    const { type, fragment } = record
    if (type === contentTypes.change_cipher_spec && this.#version !== TLS12) {
      if (fragment.length !== 1 || fragment[0] !== 1 || this.#established || this.#runner.untouched) {
        throw new TlsError('unexpected_message', 'a ChangeCipherSpec record where none may be')
      }
      if (!this.#joiner.aligned) throw new TlsError('unexpected_message', 'a ChangeCipherSpec inside a handshake message')
      this.#flood.changeCipherSpec()
      this.#trace(record, false, { type, content: fragment })
      return true
    }
    if (type === contentTypes.application_data && this.#data.skips === 'all') {
      this.#data.dropped(fragment.length)
      return true
    }
    return false
  }

  #open(record: RawRecord): void {
    let opened: MaybePromise<OpenedRecord>
    try {
      opened = this.#opener.open(record)
    } catch (error) {
      return this.#notOpened(record, error)
    }
    if (!isPromise(opened)) return this.#opened(record, opened)
    this.#opening = true
    this.#waits.add(opened, (result) => {
      this.#opening = false
      if (this.#failure) return
      try {
        if ('error' in result) this.#notOpened(record, result.error)
        else this.#opened(record, result.value)
      } catch (error) {
        this.#fail(asTlsError(error))
      }
    })
  }

  #opened(raw: RawRecord, record: OpenedRecord): void {
    this.#trace(raw, this.#opener.encrypted, record)
    this.#hasOpened ||= this.#opener.encrypted
    if (this.#opener.encrypted) this.#data.opened()
    this.#handle(record)
  }

  #trace({ header, fragment }: RawRecord, encrypted: boolean, { type, content }: OpenedRecord): void {
    this.#config.trace?.({ direction: 'received', type, encrypted, wire: concat(header, fragment), content: content.slice() })
  }

  /** While early data that we refused may come, records that do not open are taken for it (section 4.3.10). */
  #notOpened(record: RawRecord, error: unknown): void {
    if (this.#mayBeClearAlert(record)) return this.#handle({ type: record.type, content: record.fragment })
    const early = this.#data.skips === 'undecryptable' && record.type === contentTypes.application_data
    if (!early || !(error instanceof TlsError) || error.code !== 'bad_record_mac') throw error
    this.#data.dropped(record.fragment.length)
  }

  /** A client that refuses our ServerHello has no keys to say so with: its alert comes in the clear, and ends a handshake that
   * could not go on anyhow. */
  #mayBeClearAlert({ type }: RawRecord): boolean {
    return type === contentTypes.alert && this.#version === TLS13 && !this.#established && !this.#hasOpened
  }

  #handle({ type, content }: OpenedRecord): void {
    this.#flood.record(type, content.length)
    if (type !== contentTypes.handshake && !this.#joiner.aligned && type !== contentTypes.alert) {
      throw new TlsError('unexpected_message', 'another record type inside a handshake message (RFC 9846 section 5.1)')
    }
    switch (type) {
      case contentTypes.handshake:
        return this.#joiner.push(content)
      case contentTypes.alert:
        return this.#alert(content)
      case contentTypes.application_data:
        return this.#applicationData(content)
      case contentTypes.change_cipher_spec:
        return this.#changeCipherSpec(content)
      default:
        throw new TlsError('unexpected_message', `a record of content type ${type}`)
    }
  }

  #applicationData(content: Uint8Array): void {
    const type = this.#data.pass(content.length)
    if (content.length === 0) return
    this.#flood.progress()
    this.#events.push({ type, data: content })
  }

  #changeCipherSpec(content: Uint8Array): void {
    if (content.length !== 1 || content[0] !== 1) throw new TlsError('decode_error', 'ChangeCipherSpec: one byte of 1 is due')
    if (this.#runner.expects !== 'change_cipher_spec') {
      throw new TlsError('unexpected_message', 'ChangeCipherSpec came before its time (RFC 5246 section 7.1)')
    }
    this.#runner.resume(undefined)
  }

  #alert(content: Uint8Array): void {
    const alert = readAlert(content, this.#version, this.#established !== undefined)
    if (alert.kind === 'close_notify') return this.#peerClosed()
    if (alert.kind === 'fatal') return this.#endWith(alert.error)
    this.#flood.warning()
  }

  #peerClosed(): void {
    if (!this.#established) {
      this.#endWith(new TlsError('closed', 'the peer closed the connection during the handshake', { received: 'close_notify' }))
      return
    }
    this.#readClosed = true
    this.#events.push({ type: 'end' })
  }

  // ---- writing -------------------------------------------------------------------------------------------------------

  /** Seals what the current key may still seal, changes keys, and goes on (RFC 9846 section 5.5). */
  #sendData(data: Uint8Array): MaybePromise<void> {
    if (data.length === 0) return
    const { room } = this.#write
    // while a key update waits for its keys, what is sent goes under the old ones: the record kept back is for that
    if (data.length <= room || this.#runner.busy) return this.#write.seal(contentTypes.application_data, data)
    const first = room > 0 ? this.#write.seal(contentTypes.application_data, data.subarray(0, room)) : undefined
    if (!this.#established?.updateKeys) {
      throw new TlsError('key_limit_reached', 'this key has protected as much as it safely may: only TLS 1.3 can go on with a new one')
    }
    const rest = data.subarray(room)
    return andThen(andThen(first, () => this.updateKeys(false)), () => this.#sendData(rest))
  }

  /** The one place that turns an error into an alert. */
  #fail(error: TlsError): void {
    if (this.#failure) return
    if (error.alert && !this.#writeClosed) {
      try {
        this.#sendAlert(error)
      } catch {
        // the alert is a courtesy; the error is what counts
      }
    }
    this.#endWith(error)
  }

  #sendAlert({ alert }: TlsError): void {
    if (!alert) return
    if (alert === 'user_canceled') {
      void this.#write.seal(contentTypes.alert, Uint8Array.of(1, alertNumbers.user_canceled))
      void this.#write.seal(contentTypes.alert, Uint8Array.of(1, alertNumbers.close_notify))
      return
    }
    void this.#write.seal(contentTypes.alert, Uint8Array.of(2, alertNumbers[alert]))
  }

  #endWith(error: TlsError): void {
    this.#failure = error
    this.#runner.stop()
    this.#events.push({ type: 'error', error })
    this.#waits.wake()
  }

  // ---- the handshake's side ------------------------------------------------------------------------------------------

  #finish(established: Established): void {
    this.#established = established
    this.#data.accept('accept')
    this.#data.skip('none')
    this.#mayWrite = !this.#writeClosed
    this.#flood.progress()
    this.#events.push({ type: 'handshake', info: established.info })
    this.#runner.start(established.postHandshake, () => {})
  }

  #io(): HandshakeIo {
    return {
      sendHandshake: (raw) => {
        if (!this.#established && !this.#joiner.aligned) {
          throw new TlsError('unexpected_message', 'the peer went on with its flight where ours was due')
        }
        this.#write.handshake(raw)
      },
      sendChangeCipherSpec: () => {
        void this.#write.seal(contentTypes.change_cipher_spec, Uint8Array.of(1))
      },
      installRead: (opener) => {
        if (!this.#joiner.aligned) {
          throw new TlsError('unexpected_message', 'handshake bytes went on over a change of keys (RFC 9846 section 5.1)')
        }
        this.#opener = opener
      },
      installWrite: (sealer) => {
        this.#write.install(sealer)
      },
      setVersion: (version) => {
        this.#write.versionKnown()
        this.#version = version
        if (version === TLS13) this.#framer.maxFragment = MAX_PLAINTEXT + MAX_EXPANSION_13
        else if (this.#flood.sawChangeCipherSpec) {
          throw new TlsError('unexpected_message', 'ChangeCipherSpec came before ServerHello (RFC 5246 section 7.1)')
        }
      },
      setMaxFragment: (bytes) => {
        this.#write.setMaxFragment(bytes)
      },
      acceptData: (mode, limit) => this.#data.accept(mode, limit),
      skipEarlyData: (mode, limit) => this.#data.skip(mode, limit),
      allowSend: (allowed, first) => {
        this.#mayWrite = allowed
        if (!allowed || !first) return
        try {
          void this.send(first)
        } catch (error) {
          this.#fail(asTlsError(error))
        }
      },
      holdData: (held) => this.#write.hold(held),
      sendWarning: (alert) => {
        void this.#write.seal(contentTypes.alert, Uint8Array.of(1, alertNumbers[alert]))
      },
      emit: (event: HandshakeEvent) => {
        this.#events.push(event)
      },
    }
  }
}
