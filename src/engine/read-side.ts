// The reading direction: bytes to records, records opened one at a time, handshake messages handed to the flow,
// application data and alerts to the engine (RFC 9846 section 5 and 6).

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { CommonConfig, Explanations } from '../config/types.ts'
import { alertName, alertNumbers, asTlsError, TlsError } from '../errors.ts'
import { RecordFramer } from '../record/framing.ts'
import type { RawRecord } from '../record/framing.ts'
import { MAX_EXPANSION_13, MAX_PLAINTEXT } from '../record/limits.ts'
import { HandshakeJoiner } from '../record/joiner.ts'
import { plaintextOpener } from '../record/protection.ts'
import type { OpenedRecord, Opener } from '../record/protection.ts'
import { concat, release } from '../wire/bytes.ts'
import { contentTypes, handshakeTypes, TLS12, TLS13 } from '../wire/registry.ts'
import { readAlert } from './alerts.ts'
import { DataGate } from './data-gate.ts'
import { FloodGuard } from './flood.ts'
import type { FlowRunner } from './flow-runner.ts'
import { OpeningQueue } from './opening.ts'
import type { EngineEvent } from './types.ts'
import type { Waits } from './waits.ts'

/** What the engine does with what is read. */
export interface ReadHost {
  emit(event: EngineEvent): void
  /** Ends the connection, with the error's alert. */
  failed(error: TlsError): void
  /** Ends the connection without an answer: the peer said that it is over. */
  endedByPeer(error: TlsError): void
  readonly explain: Explanations | undefined
}

export class ReadSide {
  readonly data: DataGate = new DataGate()
  readonly flood: FloodGuard = new FloodGuard()
  readonly #config: CommonConfig
  readonly #runner: FlowRunner
  readonly #host: ReadHost
  readonly #framer = new RecordFramer()
  readonly #joiner: HandshakeJoiner
  #opener: Opener = plaintextOpener
  /** Records that were opened under the keys in use. */
  #count = 0
  #maxContent = MAX_PLAINTEXT
  #version: number | undefined
  /** A ClientHello was sent or received. */
  #begun = false
  #established = false
  #stopped = false
  #closed = false
  /** A record came that was sealed for us. */
  #hasOpened = false
  /** TLS 1.2: the keys changed, and the Finished that has to come next has not. */
  #unproven = false
  /** Something of what was received last may be referred to: by the handshake, or by a provider that answers later. */
  #lent = false
  /** What no_renegotiation means, as long as this end waits for the answer to its own question. */
  refusal: TlsError | undefined
  readonly #opening: OpeningQueue

  constructor(config: CommonConfig, runner: FlowRunner, waits: Waits, host: ReadHost) {
    this.#config = config
    this.#runner = runner
    this.#opening = new OpeningQueue(waits)
    this.#host = host
    this.#joiner = new HandshakeJoiner(config.maxHandshakeMessage)
    this.#framer.describe = host.explain?.describeBytes
  }

  /** The peer's close_notify came. */
  get closed(): boolean {
    return this.#closed
  }

  /** The sequence number of the next record. */
  get sequenceNumber(): number {
    return this.#count
  }

  get version(): number | undefined {
    return this.#version
  }

  /** True if no part of a handshake message is waiting for the rest. */
  get aligned(): boolean {
    return this.#joiner.aligned
  }

  /** What was received is not looked at before a promise settles. */
  get blocked(): boolean {
    return !this.#stopped && (this.#opening.waiting || this.#runner.waiting)
  }

  /** True if nothing refers to the bytes any more. */
  receive(bytes: Uint8Array): boolean {
    if (this.#stopped || this.#closed) return true
    this.#lent = false
    this.#framer.push(bytes)
    this.advance()
    return !this.#lent && !this.#framer.borrows
  }

  /** Takes what can be taken: messages for the flow first, then one record at a time, since keys may change between. */
  advance(): void {
    while (!this.#stopped && !this.blocked) {
      try {
        if (this.#nextMessage()) continue
        if (this.#closed) return
        if (!this.#opening.empty) {
          this.#openedLater()
          continue
        }
        const record = this.#framer.next()
        if (!record) return
        if (!this.#dropped(record)) this.#open(record)
      } catch (error) {
        this.#host.failed(asTlsError(error))
      }
    }
    if (!this.#opening.empty) this.#readAhead()
  }

  begin(): void {
    this.#begun = true
  }

  establish(): void {
    this.#established = true
    this.data.accept('accept')
    this.data.skip('none')
    this.flood.progress()
  }

  /** The connection failed: nothing is opened any more, and the key is forgotten (section 6). */
  stop(): void {
    this.#stopped = true
    this.#opener = plaintextOpener
  }

  install(opener: Opener): void {
    if (!this.#joiner.aligned) {
      throw new TlsError(
        'unexpected_message',
        'a handshake message continues across a change of keys (RFC 9846 section 5.1)',
      )
    }
    if (this.#stopped) return
    this.#opener = opener
    this.#opening.restart(opener, this.#maxContent)
    this.#count = 0
    this.#unproven = this.#version === TLS12
  }

  setVersion(version: number): void {
    this.#version = version
    if (version === TLS13) this.#framer.maxFragment = MAX_PLAINTEXT + MAX_EXPANSION_13
    else if (this.flood.sawChangeCipherSpec) {
      throw new TlsError('unexpected_message', 'ChangeCipherSpec came before ServerHello (RFC 5246 section 7.1)')
    }
  }

  /** Bytes of content, padding included, that a record may have from here on (RFC 8449). */
  setMaxContent(bytes: number): void {
    this.#maxContent = bytes
  }

  #nextMessage(): boolean {
    const { expects } = this.#runner
    if (expects === 'change_cipher_spec' && !this.#joiner.aligned && !this.#runner.ignores(this.#joiner.type)) {
      throw new TlsError(
        'unexpected_message',
        'expected ChangeCipherSpec, got a handshake message (RFC 5246 section 7.1)',
      )
    }
    if (expects === undefined) return false
    const message = this.#joiner.next()
    if (!message) return false
    if (this.#established) this.flood.message()
    this.#begun = true
    this.#unproven = false
    this.#runner.resume(message)
    return true
  }

  /** Records that are dropped unopened: compatibility CCS (section 5), and application data after HelloRetryRequest. */
  #dropped(record: RawRecord): boolean {
    const { type, fragment } = record
    if (type === contentTypes.change_cipher_spec && this.#version !== TLS12) {
      if (fragment.length !== 1 || fragment[0] !== 1 || this.#established || !this.#begun) {
        throw new TlsError('unexpected_message', 'a ChangeCipherSpec record where none is allowed (RFC 9846 section 5)')
      }
      if (!this.#joiner.aligned)
        throw new TlsError('unexpected_message', 'a ChangeCipherSpec inside a handshake message')
      this.flood.changeCipherSpec()
      this.#trace(record, false, { type, content: fragment })
      return true
    }
    if (type === contentTypes.application_data && this.data.skips === 'all') {
      this.data.dropped(fragment.length)
      return true
    }
    return false
  }

  #open(record: RawRecord): void {
    if (!this.#opener.immediate) return this.#begin(record)
    let opened: MaybePromise<OpenedRecord>
    try {
      opened = this.#opener.open(record, this.#maxContent)
    } catch (error) {
      return this.#notOpened(record, error)
    }
    if (isPromise(opened)) throw new TlsError('internal_error', 'a key that answers at once gave a promise')
    this.#opened(record, opened)
    // Only now: a trace is shown the record as it came.
    if (record.assembled) release(record.assembled)
  }

  #begin(record: RawRecord): void {
    this.#lent = true
    this.#opening.begin(record, this.#opener, this.#maxContent)
  }

  /** The next of the records that a provider opened later. */
  #openedLater(): void {
    const { record, result } = this.#opening.take() ?? {}
    if (!record || !result) return
    if ('error' in result) this.#notOpened(record, result.error)
    else this.#opened(record, result.value)
  }

  /**
   * Begins to open what comes after a record that is being opened. Not in a handshake: there, records may be in the
   * clear, under other keys, or early data that is not for us.
   */
  #readAhead(): void {
    while (this.#established && !this.#stopped && !this.#closed && !this.#opening.full) {
      let record: RawRecord | undefined
      try {
        record = this.#framer.next()
      } catch {
        return // it is told in its turn, when it is asked for again
      }
      if (!record) return
      this.#begin(record)
    }
  }

  #opened(raw: RawRecord, record: OpenedRecord): void {
    this.#trace(raw, this.#opener.encrypted, record)
    if (this.#opener.encrypted) {
      this.#hasOpened = true
      this.#count++
      this.data.opened()
    }
    this.#handle(record)
  }

  #trace({ header, fragment }: RawRecord, encrypted: boolean, { type, content }: OpenedRecord): void {
    const trace = this.#config.trace ?? this.#config.traceLater?.()
    trace?.({
      direction: 'received',
      type,
      encrypted,
      wire: concat(header, fragment),
      content: content.slice(),
    })
  }

  /** While refused early data may come, records that do not open are taken for it (section 4.3.10). */
  #notOpened(record: RawRecord, error: unknown): void {
    if (this.#mayBeClearAlert(record)) return this.#handle({ type: record.type, content: record.fragment })
    const early = this.data.skips === 'undecryptable' && record.type === contentTypes.application_data
    if (!early || !(error instanceof TlsError) || error.code !== 'bad_record_mac') throw error
    this.data.dropped(record.fragment.length)
  }

  /**
   * A client that refuses our ServerHello has no keys to say so with: its alert comes in the clear, and ends a
   * handshake that could not go on anyhow. */
  #mayBeClearAlert({ type }: RawRecord): boolean {
    return type === contentTypes.alert && this.#version === TLS13 && !this.#established && !this.#hasOpened
  }

  #handle({ type, content }: OpenedRecord): void {
    this.flood.record(type, content.length)
    if (type !== contentTypes.handshake && !this.#joiner.aligned) this.#interleaved(type, content)
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

  /**
   * TLS 1.3 allows no record of another type between the parts of a handshake message; TLS 1.2 allows alerts, and in a
   * handshake after the first one application data (RFC 5246 section 6.2.1), of which a HelloRequest is not a part.
   */
  #interleaved(type: number, content: Uint8Array): void {
    if (type === contentTypes.alert && this.#version !== TLS13) return
    const renegotiates =
      this.#version === TLS12 && this.#established && this.#joiner.type !== handshakeTypes.hello_request
    if (type === contentTypes.application_data && renegotiates) return
    const what = type === contentTypes.alert ? `the alert ${alertName(content[1] ?? 0)}` : 'another record type'
    throw new TlsError('unexpected_message', `${what} came inside a handshake message (RFC 9846 section 5.1)`)
  }

  #applicationData(content: Uint8Array): void {
    const type = this.data.pass(content.length)
    if (this.#unproven) {
      const message = 'application data came between ChangeCipherSpec and Finished (RFC 5246 section 7.4.9)'
      throw new TlsError('unexpected_message', message)
    }
    if (content.length === 0) return
    this.flood.progress()
    this.#host.emit({ type, data: content, isOwn: this.#opener.immediate })
  }

  #changeCipherSpec(content: Uint8Array): void {
    if (content.length !== 1 || content[0] !== 1) {
      throw new TlsError('decode_error', 'ChangeCipherSpec: expected one byte with the value 1')
    }
    if (this.#runner.expects !== 'change_cipher_spec') {
      throw new TlsError('unexpected_message', 'ChangeCipherSpec was not expected here (RFC 5246 section 7.1)')
    }
    this.#runner.resume(undefined)
  }

  #alert(content: Uint8Array): void {
    const alert = readAlert(content, this.#version, (name) => this.#host.explain?.alertHint(name, this.#established))
    if (alert.kind === 'close_notify') return this.#peerClosed()
    if (alert.kind === 'fatal') return this.#host.endedByPeer(alert.error)
    if (this.refusal && content[1] === alertNumbers.no_renegotiation) return this.#host.failed(this.refusal)
    this.flood.warning()
  }

  #peerClosed(): void {
    if (!this.#established) {
      const message = 'the peer closed the connection during the handshake'
      return this.#host.endedByPeer(new TlsError('closed', message, { received: 'close_notify' }))
    }
    this.#closed = true
    this.#host.emit({ type: 'end' })
  }
}
