// The engine as its handshake sees it (HandshakeIo), and what of the engine the handshake changes. A class: an object
// of functions would be the largest part of an idle connection.

import type { MaybePromise } from '../crypto/provider.ts'
import { alertNumbers, TlsError } from '../errors.ts'
import type { Established, HandshakeEvent, HandshakeIo } from '../handshake/context.ts'
import type { Flow } from '../handshake/flow.ts'
import type { ConnectionInfo } from '../info.ts'
import type { Opener, Sealer } from '../record/protection.ts'
import { concat } from '../wire/bytes.ts'
import { contentTypes } from '../wire/registry.ts'
import type { DataMode, SkipMode } from './data-gate.ts'
import { EarlyData } from './early-data.ts'
import type { FlowRunner } from './flow-runner.ts'
import type { ReadSide } from './read-side.ts'
import { SessionsAtStake } from './sessions-at-stake.ts'
import type { EngineEvent, Finished } from './types.ts'
import type { WriteOrder } from './write-order.ts'
import type { WriteSide } from './write-side.ts'

/** How far a connection is. */
export class EngineState {
  events: EngineEvent[] = []
  /** Undefined again once the connection has failed. */
  established: Established | undefined
  failure: TlsError | undefined
  earlyExporter: ((length: number, label: string, context: Uint8Array) => Uint8Array) | undefined
  mayWrite = false
  finished: Finished = { own: undefined, peer: undefined }
  /** closeWrite() was called: its close_notify may still have to wait for its turn. */
  closing = false
  early: EarlyData | undefined
  readonly sessions: SessionsAtStake = new SessionsAtStake()
  /** What a connection that failed had agreed on. */
  lastInfo: ConnectionInfo | undefined

  /** The connection failed: what is known about it stays, and its secrets go (RFC 9846 section 6). */
  forget(): void {
    this.lastInfo = this.established?.info
    this.established = undefined
    this.earlyExporter = undefined
  }
}

export interface EngineParts {
  readonly read: ReadSide
  readonly write: WriteSide
  readonly order: WriteOrder
  readonly runner: FlowRunner
  send(data: Uint8Array): MaybePromise<void>
}

export class EngineIo implements HandshakeIo {
  readonly #state: EngineState
  readonly #read: ReadSide
  readonly #write: WriteSide
  readonly #order: WriteOrder
  readonly #runner: FlowRunner
  readonly #send: EngineParts['send']

  constructor(state: EngineState, { read, write, order, runner, send }: EngineParts) {
    this.#state = state
    this.#read = read
    this.#write = write
    this.#order = order
    this.#runner = runner
    this.#send = send
  }

  with(changes: Partial<HandshakeIo>): HandshakeIo {
    const parts = {
      read: this.#read,
      write: this.#write,
      order: this.#order,
      runner: this.#runner,
      send: this.#send,
    }
    return Object.assign(new EngineIo(this.#state, parts), changes)
  }

  sendHandshake(raw: Uint8Array): void {
    if (!this.#state.established && !this.#read.aligned) {
      throw new TlsError('unexpected_message', 'the peer went on with its flight where ours was expected')
    }
    this.#read.begin()
    this.#write.handshake(raw)
  }

  sendChangeCipherSpec(): void {
    void this.#write.seal(contentTypes.change_cipher_spec, Uint8Array.of(1))
  }

  installRead(opener: Opener): void {
    this.#read.install(opener)
  }

  installWrite(sealer: Sealer): void {
    this.#write.install(sealer)
  }

  setVersion(version: number): void {
    this.#write.versionKnown()
    this.#read.setVersion(version)
  }

  setMaxFragment(bytes: number): void {
    this.#write.setMaxFragment(bytes)
  }

  setMaxContent(bytes: number): void {
    this.#read.setMaxContent(bytes)
  }

  expectMessages(count: number): void {
    this.#read.flood.expect(count)
  }

  setEarlyExporter(exporter: NonNullable<EngineState['earlyExporter']>): void {
    this.#state.earlyExporter = exporter
  }

  forgetOnFailure(forget: () => MaybePromise<void>): void {
    this.#state.sessions.add(forget)
  }

  acceptData(mode: DataMode, limit?: number): void {
    this.#read.data.accept(mode, limit)
  }

  skipEarlyData(mode: SkipMode, limit?: number): void {
    this.#read.data.skip(mode, limit)
  }

  allowSend(allowed: boolean): void {
    this.#state.mayWrite = allowed
    this.holdData(!allowed)
  }

  startEarlyData(first: Uint8Array | undefined, limit: number): void {
    this.#state.early = new EarlyData(limit)
    this.allowSend(true)
    if (first) void this.#send(first)
  }

  endEarlyData(accepted: boolean): void {
    const { early } = this.#state
    this.#state.early = undefined
    this.#order.hold()
    if (accepted) return
    this.#state.mayWrite = false
    const data = concat(...(early?.all ?? []), ...this.#order.withdraw())
    this.#state.events.push({ type: 'earlyDataRejected', data })
  }

  holdData(held: boolean): void {
    if (held) this.#order.hold()
    else this.#order.release()
  }

  inOrder(job: () => Flow<void>): void {
    if (!this.#state.closing && !this.#state.failure) void this.#order.run(job)
  }

  beside(flow: Flow<void>): void {
    this.#runner.beside(flow)
  }

  sendWarning(alert: 'no_renegotiation'): void {
    void this.#write.seal(contentTypes.alert, Uint8Array.of(1, alertNumbers[alert]))
  }

  awaitRenegotiation(refusal: TlsError | undefined): void {
    this.#read.refusal = refusal
  }

  resume(message: Uint8Array): void {
    this.#runner.resume(message)
  }

  sawFinished(whose: 'own' | 'peer', verifyData: Uint8Array): void {
    this.#state.finished = { ...this.#state.finished, [whose]: verifyData }
  }

  emit(event: HandshakeEvent): void {
    this.#state.events.push(event)
  }
}
