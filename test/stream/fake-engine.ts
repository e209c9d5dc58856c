// A TlsEngine without cryptography: frames in the clear and a handshake of one message each way. It lets the streams be
// tested alone, with an engine that answers at once or later.

import type { ConnectionInfo, EngineEvent, TlsEngine } from '../../src/engine/types.ts'
import { TlsError } from '../../src/errors.ts'
import { concat } from '../../src/wire/bytes.ts'

const frame = { hello: 1, data: 2, end: 3, alert: 4, session: 5, keyUpdate: 6, answer: 7 } as const

export interface FakeOptions {
  /** Everything is worked on after a turn of the event loop, and send() answers with a promise. */
  readonly delayed?: boolean
}

export class FakeEngine implements TlsEngine {
  readonly finished = { own: undefined, peer: undefined }
  readonly #role: 'client' | 'server'
  readonly #delayed: boolean
  #input: Uint8Array = new Uint8Array()
  #output: Uint8Array[] = []
  #events: EngineEvent[] = []
  #pending: Promise<void> | undefined
  #done = false
  #failed = false
  #readEnded = false
  #writeEnded = false
  #sends: Promise<void> = Promise.resolve()

  constructor(role: 'client' | 'server', options: FakeOptions = {}) {
    this.#role = role
    this.#delayed = options.delayed ?? false
    if (role === 'client') this.#put(frame.hello)
  }

  get pending(): Promise<void> | undefined {
    return this.#pending
  }

  get blocked(): boolean {
    return this.#pending !== undefined
  }

  sealing: Promise<void> | undefined = undefined
  optional: Promise<unknown> | undefined = undefined

  skipOptional(): void {}

  dangerousTrafficSecrets(): never {
    throw new TlsError('wrong_state', 'there are none')
  }

  get handshakeDone(): boolean {
    return this.#done
  }

  get closed(): boolean {
    return this.#failed || (this.#readEnded && this.#writeEnded)
  }

  get info(): ConnectionInfo | undefined {
    return this.#done ? fakeInfo : undefined
  }

  receive(bytes: Uint8Array): boolean {
    if (this.#failed) return true
    this.#input = concat(this.#input, bytes)
    if (!this.#delayed) {
      this.#work()
      return true
    }
    if (this.#pending) throw new Error('received while pending')
    this.#pending = new Promise((resolve) => {
      setImmediate(() => {
        this.#pending = undefined
        this.#work()
        resolve()
      })
    })
    return true
  }

  receiveEnd(): void {
    if (this.#readEnded || this.#failed) return
    this.#fail(new TlsError('truncated', 'the transport ended without a close_notify'))
  }

  send(data: Uint8Array): void | Promise<void> {
    if (!this.#done || this.#writeEnded) throw new TlsError('wrong_state', 'send')
    const copy = data.slice()
    if (!this.#delayed) return this.#put(frame.data, copy)
    this.#sends = this.#sends
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .then(() => this.#put(frame.data, copy))
    return this.#sends
  }

  takeOutput(): readonly Uint8Array[] {
    const output = this.#output
    this.#output = []
    return output
  }

  takeEvents(): readonly EngineEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  closeWrite(): void | Promise<void> {
    if (this.#writeEnded || this.#failed) return
    if (!this.#delayed) {
      this.#writeEnded = true
      return this.#put(frame.end)
    }
    return this.#sends.then(() => {
      this.#writeEnded = true
      this.#put(frame.end)
    })
  }

  abort(error?: TlsError, { silent = false }: { readonly silent?: boolean } = {}): void {
    if (error && !silent && !this.#failed) this.#put(frame.alert)
    this.#failed = true
  }

  updateKeys(): void {
    this.#put(frame.keyUpdate)
  }

  renegotiate(): void {
    throw new TlsError('wrong_state', 'not here')
  }

  requestClientCertificate(): void {
    throw new TlsError('wrong_state', 'not here')
  }

  channelBinding(): Uint8Array {
    return new Uint8Array(32)
  }

  exportKeyingMaterial(length: number): Uint8Array {
    return new Uint8Array(length)
  }

  exportEarlyKeyingMaterial(length: number): Uint8Array {
    return new Uint8Array(length)
  }

  #work(): void {
    for (;;) {
      const length = new DataView(this.#input.buffer, this.#input.byteOffset, this.#input.byteLength)
      if (this.#failed || this.#input.length < 5 || this.#input.length < 5 + length.getUint32(1)) return
      const end = 5 + length.getUint32(1)
      this.#onFrame(this.#input[0] ?? 0, this.#input.subarray(5, end))
      this.#input = this.#input.subarray(end)
    }
  }

  #onFrame(type: number, body: Uint8Array): void {
    if (this.#readEnded) return
    if (type === frame.hello && !this.#done) {
      if (this.#role === 'server') this.#put(frame.hello)
      if (this.#role === 'server') this.#put(frame.session, Uint8Array.of(1, 2, 3))
      this.#done = true
      this.#events.push({ type: 'handshake', info: fakeInfo })
    } else if (type === frame.data && this.#done) this.#events.push({ type: 'data', data: body })
    else if (type === frame.end) {
      this.#readEnded = true
      this.#events.push({ type: 'end' })
    } else if (type === frame.session) this.#events.push({ type: 'session', session: body })
    else if (type === frame.keyUpdate) this.#put(frame.answer, new Uint8Array(1000))
    else if (type === frame.answer) return
    else if (type === frame.alert)
      this.#fail(new TlsError('alert_received', 'the peer sent an alert', { received: 'handshake_failure' }))
    else {
      this.#put(frame.alert)
      this.#fail(new TlsError('unexpected_message', `frame ${type}`))
    }
  }

  #fail(error: TlsError): void {
    this.#failed = true
    this.#events.push({ type: 'error', error })
  }

  #put(type: number, body: Uint8Array = new Uint8Array()): void {
    const head = new Uint8Array(5)
    head[0] = type
    new DataView(head.buffer).setUint32(1, body.length)
    this.#output.push(concat(head, body))
  }
}

const fakeInfo: ConnectionInfo = {
  version: 'TLS 1.3',
  cipherSuite: 'TLS_AES_128_GCM_SHA256',
  group: 'X25519',
  signatureScheme: undefined,
  alpn: undefined,
  serverName: undefined,
  resumed: false,
  helloRetryRequest: false,
  earlyData: 'none',
  peerCertificates: [],
  verifiedChain: [],
  ocspResponse: undefined,
  scts: [],
  ownSignatureScheme: undefined,
  pskIdentity: undefined,
  sessionData: undefined,
  echAccepted: false,
  certificateCompression: undefined,
  clientHello: undefined,
  delegatedUntil: undefined,
  ownIdentity: undefined,
  earlyDataRefusal: undefined,
  ticketAgeSkew: undefined,
  extendedMasterSecret: true,
  secureRenegotiation: true,
}
