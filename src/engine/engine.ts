// The sans-IO engine: records in, handshake flow driven, records out. No timers, no sockets, no globals. It owns the two
// directions of the record layer and is the only place that sends alerts (RFC 9846 section 5 and 6).

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { CommonConfig } from '../config.ts'
import { alertName, alertNumbers, asTlsError, TlsError } from '../errors.ts'
import type { ChannelBindingType } from '../handshake/channel-binding.ts'
import type { Established, HandshakeEvent, HandshakeIo } from '../handshake/context.ts'
import type { Flow } from '../handshake/flow.ts'
import type { ConnectionInfo } from '../handshake/info.ts'
import { MAX_EXPANSION_13, MAX_PLAINTEXT, RecordFramer } from '../record/framing.ts'
import { HandshakeJoiner } from '../record/joiner.ts'
import { plaintextOpener, plaintextSealer } from '../record/protection.ts'
import type { RawRecord } from '../record/framing.ts'
import type { OpenedRecord, Opener, Sealer } from '../record/protection.ts'
import { concat } from '../wire/bytes.ts'
import { contentTypes, TLS12, TLS13 } from '../wire/registry.ts'
import { FlowRunner } from './flow-runner.ts'
import { OutputQueue } from './output.ts'
import type { EngineEvent, TlsEngine } from './types.ts'

/** Records that carry nothing, one after the other, before it is an attack. */
const MAX_EMPTY_RECORDS = 32
/** KeyUpdates, or warning alerts, without application data between them, before it is an attack. */
const MAX_KEY_UPDATES = 32
const MAX_WARNINGS = 4

export interface EngineSetup {
  readonly config: CommonConfig
  readonly handshake: (io: HandshakeIo) => Flow<Established>
}

type DataMode = 'refuse' | 'early' | 'accept'

export class Engine implements TlsEngine {
  readonly #config: CommonConfig
  readonly #framer = new RecordFramer()
  readonly #joiner: HandshakeJoiner
  readonly #output = new OutputQueue()
  readonly #runner: FlowRunner
  #events: EngineEvent[] = []
  #opener: Opener = plaintextOpener
  #sealer: Sealer = plaintextSealer(0x0301)
  #flight: Uint8Array[] = []
  #maxFragment = MAX_PLAINTEXT
  #version: number | undefined
  #established: Established | undefined
  #failure: TlsError | undefined
  #dataMode: DataMode = 'refuse'
  #earlyLeft = 0
  #skip: { readonly mode: 'undecryptable' | 'all'; left: number } | undefined
  #mayWrite = false
  #readClosed = false
  #writeClosed = false
  #emptyRecords = 0
  #keyUpdates = 0
  #warnings = 0
  #compatibilityCcs = 0
  /** Set while an opener works on a record. */
  #opening = false
  #notify: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined
  #waits = 0

  constructor(setup: EngineSetup) {
    this.#config = setup.config
    this.#joiner = new HandshakeJoiner(setup.config.maxHandshakeMessage)
    this.#runner = new FlowRunner({
      wait: (promise, done) => this.#wait(promise, done),
      failed: (error) => this.#fail(error),
    })
    this.#runner.start(setup.handshake(this.#io()), (established) => this.#finish(established))
    this.#advance()
  }

  get pending(): Promise<void> | undefined {
    return this.#waits > 0 ? this.#notify?.promise : undefined
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
    const during = this.#established ? '' : ' during the handshake'
    this.#fail(new TlsError('truncated', `the transport ended${during} without a close_notify: data may be missing`))
  }

  send(data: Uint8Array): MaybePromise<void> {
    if (this.#failure) throw this.#failure
    if (this.#writeClosed) throw new TlsError('wrong_state', 'the connection was closed for writing')
    if (!this.#mayWrite) throw new TlsError('wrong_state', 'application data before the handshake is done')
    if (data.length === 0) return
    if (!this.#runner.busy && this.#needsKeyUpdate(data.length)) {
      const waiting = this.updateKeys(false)
      if (isPromise(waiting)) return waiting.then(() => this.#sealData(data))
    }
    return this.#sealData(data)
  }

  takeOutput(): readonly Uint8Array[] {
    this.#flush()
    return this.#output.take()
  }

  takeEvents(): readonly EngineEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  closeWrite(): MaybePromise<void> {
    if (this.#failure || this.#writeClosed) return
    this.#writeClosed = true
    return this.#sealNow(contentTypes.alert, Uint8Array.of(1, alertNumbers.close_notify))
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
      if (++this.#compatibilityCcs > MAX_EMPTY_RECORDS) throw new TlsError('too_many_messages', 'too many ChangeCipherSpec records')
      this.#trace(record, false, { type, content: fragment })
      return true
    }
    if (type === contentTypes.application_data && this.#skip?.mode === 'all') {
      this.#skipped(fragment.length)
      return true
    }
    return false
  }

  #skipped(length: number): void {
    if (!this.#skip) return
    this.#skip.left -= length
    if (this.#skip.left < -1024) throw new TlsError('unexpected_message', 'more early data than any ticket allowed (section 4.3.10)')
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
    this.#wait(opened, (result) => {
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
    if (this.#skip?.mode === 'undecryptable' && this.#opener.encrypted) this.#skip = undefined
    this.#handle(record)
  }

  #trace({ header, fragment }: RawRecord, encrypted: boolean, { type, content }: OpenedRecord): void {
    this.#config.trace?.({ direction: 'received', type, encrypted, wire: concat(header, fragment), content: content.slice() })
  }

  /** While early data that we refused may come, records that do not open are taken for it (section 4.3.10). */
  #notOpened(record: RawRecord, error: unknown): void {
    const early = this.#skip?.mode === 'undecryptable' && record.type === contentTypes.application_data
    if (!early || !(error instanceof TlsError) || error.code !== 'bad_record_mac') throw error
    this.#skipped(record.fragment.length)
  }

  #handle({ type, content }: OpenedRecord): void {
    this.#countEmpty(type, content.length)
    if (type !== contentTypes.handshake && !this.#joiner.aligned && type !== contentTypes.alert) {
      throw new TlsError('unexpected_message', 'another record type inside a handshake message (RFC 9846 section 5.1)')
    }
    switch (type) {
      case contentTypes.handshake:
        return this.#handshake(content)
      case contentTypes.alert:
        return this.#alert(content)
      case contentTypes.application_data:
        return this.#data(content)
      case contentTypes.change_cipher_spec:
        return this.#changeCipherSpec(content)
      default:
        throw new TlsError('unexpected_message', `a record of content type ${type}`)
    }
  }

  #countEmpty(type: number, length: number): void {
    if (length > 0) {
      this.#emptyRecords = 0
      return
    }
    if (type !== contentTypes.application_data) {
      throw new TlsError('unexpected_message', 'an empty record that is not application data (RFC 9846 section 5.1)')
    }
    if (++this.#emptyRecords > MAX_EMPTY_RECORDS) throw new TlsError('too_many_messages', 'too many empty records')
  }

  #handshake(content: Uint8Array): void {
    if (this.#established && ++this.#keyUpdates > MAX_KEY_UPDATES) {
      throw new TlsError('too_many_messages', 'too many handshake messages without application data')
    }
    this.#joiner.push(content)
  }

  #data(content: Uint8Array): void {
    if (this.#dataMode === 'refuse') {
      throw new TlsError('unexpected_message', 'application data came before the handshake was done')
    }
    if (this.#dataMode === 'early') {
      this.#earlyLeft -= content.length
      if (this.#earlyLeft < 0) throw new TlsError('unexpected_message', 'more early data than the ticket allows (section 4.7.1)')
    }
    if (content.length === 0) return
    this.#keyUpdates = 0
    this.#warnings = 0
    this.#events.push({ type: this.#dataMode === 'early' ? 'earlyData' : 'data', data: content })
  }

  #changeCipherSpec(content: Uint8Array): void {
    if (content.length !== 1 || content[0] !== 1) throw new TlsError('decode_error', 'ChangeCipherSpec: one byte of 1 is due')
    if (this.#runner.expects !== 'change_cipher_spec') {
      throw new TlsError('unexpected_message', 'ChangeCipherSpec came before its time (RFC 5246 section 7.1)')
    }
    this.#runner.resume(undefined)
  }

  /** RFC 9846 section 6: every alert but close_notify and user_canceled ends a TLS 1.3 connection. */
  #alert(content: Uint8Array): void {
    const [level = 0, description = 0] = content
    if (content.length !== 2) throw new TlsError('decode_error', 'an alert of another length than two bytes (section 6)')
    if (description === alertNumbers.close_notify) return this.#peerClosed()
    const warning = level === 1 && (this.#version !== TLS13 || description === alertNumbers.user_canceled)
    if (level !== 1 && level !== 2) throw new TlsError('illegal_parameter', `an alert of level ${level}`)
    if (warning) {
      if (++this.#warnings > MAX_WARNINGS) throw new TlsError('too_many_messages', 'too many warning alerts')
      return
    }
    const name = alertName(description)
    const hint = alertHints[name] ?? ''
    this.#endWith(new TlsError('alert_received', `the peer ended the connection with the alert ${name}${hint}`, { received: name }))
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

  #sealData(data: Uint8Array): MaybePromise<void> {
    return this.#sealNow(contentTypes.application_data, data)
  }

  #needsKeyUpdate(length: number): boolean {
    if (!this.#established?.updateKeys) return false
    const records = Math.ceil(length / this.#maxFragment)
    return this.#sealer.count + records + 1 > Math.min(this.#sealer.limit, this.#config.recordsPerKey) && this.#sealer.count > 0
  }

  /** Seals after whatever of a flight waits, so that bytes leave in the order they were made. */
  #sealNow(type: number, content: Uint8Array): MaybePromise<void> {
    this.#flush()
    return this.#seal(type, content)
  }

  #seal(type: number, content: Uint8Array): MaybePromise<void> {
    const { encrypted } = this.#sealer
    const { trace } = this.#config
    const tell = trace && ((wire: Uint8Array, part: Uint8Array) => {
      trace({ direction: 'sent', type, encrypted, wire: wire.slice(), content: part.slice() })
    })
    const sealed = this.#output.seal(this.#sealer, type, content, this.#maxFragment, tell)
    if (!isPromise(sealed)) return
    this.#wait(sealed, (result) => {
      if ('error' in result) this.#fail(asTlsError(result.error))
    })
    return sealed
  }

  #flush(): void {
    if (this.#flight.length === 0) return
    const content = concat(...this.#flight)
    this.#flight = []
    void this.#seal(contentTypes.handshake, content)
    if (this.#version === undefined) this.#sealer = plaintextSealer(TLS12)
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
      void this.#sealNow(contentTypes.alert, Uint8Array.of(1, alertNumbers.user_canceled))
      void this.#sealNow(contentTypes.alert, Uint8Array.of(1, alertNumbers.close_notify))
      return
    }
    void this.#sealNow(contentTypes.alert, Uint8Array.of(2, alertNumbers[alert]))
  }

  #endWith(error: TlsError): void {
    this.#failure = error
    this.#runner.stop()
    this.#events.push({ type: 'error', error })
    this.#notify?.resolve()
  }

  // ---- the handshake's side ------------------------------------------------------------------------------------------

  #finish(established: Established): void {
    this.#established = established
    this.#dataMode = 'accept'
    this.#mayWrite = !this.#writeClosed
    this.#skip = undefined
    this.#keyUpdates = 0
    this.#events.push({ type: 'handshake', info: established.info })
    this.#runner.start(established.afterwards, () => {})
  }

  #io(): HandshakeIo {
    return {
      sendHandshake: (raw) => {
        this.#flight.push(raw)
      },
      sendChangeCipherSpec: () => {
        void this.#sealNow(contentTypes.change_cipher_spec, Uint8Array.of(1))
      },
      installRead: (opener) => {
        if (!this.#joiner.aligned) {
          throw new TlsError('unexpected_message', 'handshake bytes went on over a change of keys (RFC 9846 section 5.1)')
        }
        this.#opener = opener
      },
      installWrite: (sealer) => {
        this.#flush()
        this.#sealer = sealer
      },
      setVersion: (version) => {
        this.#flush()
        this.#version = version
        if (!this.#sealer.encrypted) this.#sealer = plaintextSealer(TLS12)
        if (version === TLS13) this.#framer.maxFragment = MAX_PLAINTEXT + MAX_EXPANSION_13
        else if (this.#compatibilityCcs > 0) {
          throw new TlsError('unexpected_message', 'ChangeCipherSpec came before ServerHello (RFC 5246 section 7.1)')
        }
      },
      setMaxFragment: (bytes) => {
        this.#maxFragment = Math.min(MAX_PLAINTEXT, bytes)
      },
      acceptData: (mode, limit = 0) => {
        this.#dataMode = mode
        this.#earlyLeft = limit
      },
      skipEarlyData: (mode, limit = 0) => {
        this.#skip = mode === 'none' ? undefined : { mode, left: limit }
      },
      allowSend: (allowed, first) => {
        this.#mayWrite = allowed
        if (allowed && first) void this.#guard(() => this.send(first))
      },
      sendWarning: (alert) => {
        void this.#sealNow(contentTypes.alert, Uint8Array.of(1, alertNumbers[alert]))
      },
      emit: (event: HandshakeEvent) => {
        this.#events.push(event)
      },
    }
  }

  // ---- waiting -------------------------------------------------------------------------------------------------------

  #wait<T>(promise: Promise<T>, done: (result: { readonly value: T } | { readonly error: unknown }) => void): void {
    this.#waits++
    if (!this.#notify) this.#notify = withResolvers()
    const settle = (result: { readonly value: T } | { readonly error: unknown }): void => {
      this.#waits--
      const notify = this.#notify
      this.#notify = this.#waits > 0 ? withResolvers() : undefined
      done(result)
      this.#advance()
      notify?.resolve()
    }
    promise.then((value) => settle({ value }), (error: unknown) => settle({ error }))
  }

  #guard(action: () => MaybePromise<void>): MaybePromise<void> {
    try {
      return action()
    } catch (error) {
      this.#fail(asTlsError(error))
    }
  }
}

const withResolvers = (): { readonly promise: Promise<void>; readonly resolve: () => void } => {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** What a received alert usually means, for people. */
const alertHints: Readonly<Record<string, string>> = {
  handshake_failure: ': the two ends have no suite, group or signature scheme in common, or a certificate was expected',
  protocol_version: ': it does not speak the version offered',
  unknown_ca: ': it does not trust the authority that signed our certificate',
  bad_certificate: ': it did not accept our certificate',
  certificate_required: ': it requires a client certificate and got none',
  certificate_expired: ': our certificate has expired, or the clocks differ',
  no_application_protocol: ': it speaks none of the application protocols offered (ALPN)',
  unrecognized_name: ': it has no certificate for the server name asked for',
}
