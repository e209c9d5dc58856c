// The place of a libuv handle under a TLSSocket: an engine between the socket and the stream below. Bytes, events and
// callbacks come in the turn in which they come from below, as from the handle of node:tls.

import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { isPromise } from '../crypto/maybe.ts'
import type { EngineEvent, TlsEngine } from '../engine/types.ts'
import { asTlsError } from '../errors.ts'
import type { TlsError } from '../errors.ts'
import type { RenegotiationChanges } from '../handshake/context.ts'
import type { ConnectionInfo } from '../info.ts'
import { release } from '../wire/bytes.ts'
import { wrapperClass } from './stream-wrapper.ts'
import { Transport } from './transport.ts'
import type { TransportListener } from './transport.ts'

/** Whom the handle tells. */
export interface HandleOwner {
  /** Makes the engine, when the handshake begins. */
  makeEngine(): TlsEngine
  onHandshake(info: ConnectionInfo): void
  /** Another handshake inside the connection is done. */
  onRenegotiated(info: ConnectionInfo): void
  /** Application data; false: no more for now. */
  onData(data: Buffer): boolean
  /** The peer's end: its close_notify, or that of the stream. */
  onEnd(isTruncated: boolean): void
  onSession(session: Uint8Array): void
  /** The connection failed. */
  onTlsError(error: TlsError): void
  onTransportError(error: Error): void
  onTransportClose(): void
  verifyError(): Error | null
}

type Callback = (error?: Error | null) => void

/** What the engine tells, and the end of the stream in its place among that. */
type HandleEvent = EngineEvent | { readonly type: 'streamEnd' }

interface PendingWrite {
  readonly data: Uint8Array
  readonly callback: Callback
}

export class TlsHandle {
  readonly transport: Transport
  reading = false
  /** Renegotiations that the client began within the window of CLIENT_RENEG_WINDOW, and when, in milliseconds. */
  handshakes = 0
  lastHandshakeTime: number = performance.now()
  bytesRead = 0
  bytesWritten = 0
  /** Bytes of plaintext in a record at the most; setMaxSendFragment() changes it. */
  maxFragment = 16_384
  readonly #owner: HandleOwner
  #engine: TlsEngine | undefined
  #events: HandleEvent[] = []
  #dispatching = false
  #held = false
  #waiting: PendingWrite[] = []
  #received: Uint8Array[] = []
  #transportEnded = false
  #peerEnded = false
  #failed = false
  #watched: Promise<void> | undefined
  #closed = false

  constructor(owner: HandleOwner, stream: Duplex) {
    this.#owner = owner
    const listener: TransportListener = {
      onData: (bytes, isOurs) => this.#receive(bytes, isOurs),
      onEnd: () => this.#onTransportEnd(),
      onError: (error) => owner.onTransportError(error),
      onClose: () => owner.onTransportClose(),
    }
    this.transport = new Transport(stream, listener)
  }

  get engine(): TlsEngine | undefined {
    return this.#engine
  }

  get socket(): Socket | undefined {
    return this.transport.socket
  }

  /** What node:tls's handle leads to for a stream that is no socket: libraries take its class from here. */
  get _parentWrap(): object | undefined {
    const WrapperClass = this.socket ? undefined : wrapperClass()
    return this.socket ?? (WrapperClass && (Object.create(WrapperClass.prototype) as object))
  }

  /** Whether the peer has ended its direction, though not all of it may have been read yet. */
  get peerEnded(): boolean {
    return this.#peerEnded
  }

  /** Begins the handshake, once. */
  start(): void {
    if (this.#engine || this.#closed) return
    try {
      this.#engine = this.#owner.makeEngine()
    } catch (thrown) {
      this.#fail(asTlsError(thrown))
      return
    }
    for (const bytes of this.#received.splice(0)) this.#engine.receive(bytes)
    this.#look()
  }

  readStart(): number {
    this.reading = true
    this.transport.resume()
    return 0
  }

  readStop(): number {
    this.reading = false
    this.transport.pause()
    return 0
  }

  /** Application data: now, or when the handshake is done. `isOurs`: nobody else has this memory. */
  write(data: Uint8Array, callback: Callback, isOurs = false): void {
    this.bytesWritten += data.length
    const engine = this.#engine
    if (this.#failed || this.#closed) return process.nextTick(callback, this.#writeError())
    if (!engine || !engine.handshakeDone || this.#held) {
      this.#waiting.push({ data, callback })
      return
    }
    this.#send(engine, data, callback, isOurs)
  }

  /**
   * close_notify, and the end of the stream. Programs that know handles of libuv bring an object that is to be told.
   */
  shutdown(done: Callback | { oncomplete?: (status: number) => void }): number {
    this.#shutdown(typeof done === 'function' ? done : () => done.oncomplete?.(0))
    return 0
  }

  #shutdown(callback: Callback): void {
    const engine = this.#engine
    if (!engine?.handshakeDone || this.#failed) return this.transport.end(callback)
    const closing = engine.closeWrite()
    this.#look()
    // What waits for a renegotiation waits in vain once the stream below has ended.
    const isInVain = this.#transportEnded && !engine.pending && !engine.sealing
    if (!isPromise(closing) || isInVain) return this.transport.end(callback)
    const end = (): void => {
      this.#look()
      this.transport.end(callback)
    }
    closing.then(end, end)
  }

  /** Nothing is sent, and nobody is told anything, from now on. */
  silence(): void {
    this.#closed = true
    this.#events = []
    this.#refuseWaiting()
  }

  /** Later, as libuv does: the error of the socket itself comes first. */
  #refuseWaiting(): void {
    const waiting = this.#waiting.splice(0)
    if (waiting.length === 0) return // an error is dear, and mostly nobody waits
    const error = this.#writeError()
    setImmediate(() => waiting.forEach(({ callback }) => callback(error)))
  }

  /** Ends everything. */
  close(done: () => void = ignore): void {
    this.silence()
    this.#engine = undefined // Node's streams stay until the next full collection of garbage, and what they lead to
    this.transport.destroy(done)
  }

  /** Events wait while `held`: a verdict, or an answer of the application, is not there yet. */
  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
    this.#look()
    this.#dispatch()
    this.#flushWaiting()
  }

  /** Looks again after something was asked of the engine. */
  look(): void {
    this.#look()
  }

  /** Throws TlsError `wrong_state` where it cannot be. */
  renegotiate(changes: RenegotiationChanges | undefined): void {
    this.#engine?.renegotiate(changes)
    this.#look()
  }

  /** What is wrong with the peer's certificate, as the handle of node:tls tells it. */
  verifyError(): Error | null {
    return this.#owner.verifyError()
  }

  getAsyncId(): number {
    const below = this.#below
    const getAsyncId: unknown = below && Reflect.get(below, 'getAsyncId')
    return typeof getAsyncId === 'function' ? Number(getAsyncId.call(below)) : 0
  }

  /** The descriptor of the socket underneath; -1 where there is none. */
  get fd(): number {
    return Number((this.#below && Reflect.get(this.#below, 'fd')) ?? -1)
  }

  /** What net.Socket keeps of the system's socket. */
  get #below(): object | undefined {
    const below: unknown = this.socket && Reflect.get(this.socket, '_handle')
    return typeof below === 'object' && below !== null ? below : undefined
  }

  /** Bytes that wait to be written. */
  get writeQueueSize(): number {
    return this.#waiting.reduce((sum, { data }) => sum + data.length, 0) + this.transport.stream.writableLength
  }

  ref(): void {
    this.socket?.ref()
  }

  unref(): void {
    this.socket?.unref()
  }

  #writeError(): Error {
    return Object.assign(new Error('write ECANCELED'), { code: 'ECANCELED', syscall: 'write' })
  }

  #send(engine: TlsEngine, data: Uint8Array, callback: Callback, isOurs = false): void {
    let waits: Promise<unknown> | undefined
    try {
      for (let at = 0; at < data.length; at += this.maxFragment) {
        const end = this.maxFragment === 16_384 ? data.length : at + this.maxFragment
        const sent = engine.send(data.subarray(at, end))
        if (isPromise(sent)) waits = waits ? Promise.all([waits, sent]) : sent
        if (end >= data.length) break
      }
    } catch (thrown) {
      this.#look()
      return process.nextTick(callback, asTlsError(thrown))
    }
    if (!waits) {
      if (isOurs && !engine.sealing) release(data) // all of it is sealed
      return this.#look(callback)
    }
    waits.then(
      () => this.#look(callback),
      (error: unknown) => callback(asTlsError(error)),
    )
  }

  #receive(bytes: Uint8Array, isOurs: boolean): boolean {
    if (this.#closed || this.#failed || this.#peerEnded) return true
    if (!this.#engine) {
      this.#received.push(bytes)
      return true
    }
    const isForgotten = this.#engine.receive(bytes)
    this.#look()
    if (isOurs && isForgotten) release(bytes)
    return this.reading
  }

  #onTransportEnd(): void {
    this.#transportEnded = true
    if (this.#closed || this.#peerEnded) return
    // What came is looked at first: the provider may still be at work.
    const pending = this.#engine?.blocked ? this.#engine.pending : undefined
    if (pending) return void pending.then(() => this.#onTransportEnd())
    this.#events.push({ type: 'streamEnd' })
    this.#dispatch()
  }

  #end(isTruncated: boolean): void {
    if (this.#peerEnded) return
    this.#peerEnded = true
    this.#owner.onEnd(isTruncated)
  }

  /**
   * Takes what the engine has: bytes for the stream first, then what happened. Whoever refuses the peer when the
   * handshake is done does so before our last flight is out: the peer learns nothing of our certificate, as with
   * node:tls.
   */
  #look(written?: Callback): void {
    const engine = this.#engine
    if (!engine || this.#closed) return
    const events = engine.takeEvents()
    this.#events.push(...events)
    const judge = events.some(({ type }) => type === 'handshake')
    if (judge) this.#dispatch()
    if (!this.#held && !this.#closed) this.#flush(engine, written)
    else if (written) this.#waiting.push({ data: new Uint8Array(0), callback: written })
    this.#watch(engine)
    if (!judge) this.#dispatch()
  }

  #flush(engine: TlsEngine, written?: Callback): void {
    const output = engine.takeOutput()
    if (output.length > 0) this.transport.write(output, written ?? ignore)
    else if (written) process.nextTick(written)
  }

  #watch(engine: TlsEngine): void {
    const { pending } = engine
    if (!pending || pending === this.#watched) return
    this.#watched = pending
    void pending.then(() => this.#look())
  }

  #dispatch(): void {
    if (this.#dispatching) return
    this.#dispatching = true
    try {
      while (!this.#held && !this.#closed) {
        const event = this.#events.shift()
        if (!event) break
        this.#on(event)
      }
    } finally {
      this.#dispatching = false
    }
  }

  #on(event: HandleEvent): void {
    switch (event.type) {
      case 'handshake':
        this.#owner.onHandshake(event.info)
        return this.#flushWaiting()
      case 'renegotiated':
        return this.#owner.onRenegotiated(event.info)
      case 'data': {
        const { data } = event
        this.bytesRead += data.length
        if (!this.#owner.onData(Buffer.from(data.buffer, data.byteOffset, data.byteLength))) this.readStop()
        return
      }
      case 'end':
        return this.#end(false)
      case 'streamEnd':
        return this.#end(!this.#failed && this.#engine?.handshakeDone === true)
      case 'session':
        return this.#owner.onSession(event.session)
      case 'error':
        return this.#fail(event.error)
      default:
    }
  }

  #flushWaiting(): void {
    const engine = this.#engine
    if (this.#closed || this.#held || !engine?.handshakeDone) return
    for (const { data, callback } of this.#waiting.splice(0)) this.#send(engine, data, callback)
  }

  #fail(error: TlsError): void {
    if (this.#failed) return
    this.#failed = true
    this.#owner.onTlsError(error)
    this.#refuseWaiting()
    if (this.#transportEnded) this.#end(false)
  }
}

const ignore = (): void => undefined
