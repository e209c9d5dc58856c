// The writing side of a connection: data that is accepted, sealed and given to the outbox, in one order with all else
// that is sent. Small writes of one turn of the event loop share a record, and the records of a turn a write to the
// transport.

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { TlsEngine } from '../engine/types.ts'
import { asTlsError } from '../errors.ts'
import type { TlsError } from '../errors.ts'
import { BLOCK, lendBlock, returnBlock } from './blocks.ts'
import { defer, done, handled, ignore, rejected } from './defer.ts'
import type { Deferred } from './defer.ts'
import { atEndOfTurn } from './end-of-turn.ts'
import { limited } from './limits.ts'
import type { CallOptions } from './limits.ts'
import { writeAhead, writePiece } from './options.ts'
import type { Outbox } from './outbox.ts'
import { Turns } from './turns.ts'

export interface WritesHost {
  /** What ended the connection. */
  readonly failure: TlsError | undefined
  /** Takes what the engine has: output to the outbox, events to whom they are for. */
  take(): unknown
  /** Data was accepted and can't be sealed: the connection ends, so that the rest can't be taken for the whole. */
  abort(error: TlsError): void
}

/** Of a long write that may be cancelled. */
interface WriteState {
  /** A piece was sealed, and not the last one. */
  begun: boolean
  stopped: TlsError | undefined
}

export class Writes {
  readonly #engine: TlsEngine
  readonly #outbox: Outbox
  readonly #host: WritesHost
  readonly #turns = new Turns()
  /** Callers whose promise somebody else holds: they must not wait for a connection that failed. */
  #waiting: Set<Deferred<void>> | undefined
  /** Small writes of this turn, in the first bytes of a block. */
  #block: Uint8Array | undefined
  #staged = 0
  /** Bytes that the engine has taken and that are not sealed yet, and the promise of the last of them. */
  #sealing = 0
  /** Of the writes of this turn that came while there was no room: it resolves when the transport has taken them. */
  #round: Deferred<void> | undefined
  /** Those of former turns, while something is being sealed: they resolve already when there is room. */
  #rounds: Set<Deferred<void>> | undefined
  #sealed: Promise<void> | undefined
  /** Something was written in this turn of the event loop. */
  #inTurn = false

  constructor(engine: TlsEngine, outbox: Outbox, host: WritesHost) {
    this.#engine = engine
    this.#outbox = outbox
    this.#host = host
  }

  /**
   * A write that comes alone is sealed and let out at once, and done when the transport has taken it. What follows in
   * the same turn, or while it is being sealed, is done when it is accepted: at once below writeAhead bytes, while the
   * transport has room, and otherwise when it has taken them; with a provider that answers later, when half is left.
   */
  write(data: Uint8Array, options?: CallOptions): Promise<void> {
    if (!options) return this.#write(data)
    const state: WriteState = { begun: false, stopped: undefined }
    return limited(
      () => this.#write(data, state),
      'write',
      options,
      (error) => {
        state.stopped = error
        if (state.begun) this.#host.abort(error) // the peer would take what follows for the rest of it
      },
    )
  }

  #write(data: Uint8Array, state?: WriteState): Promise<void> {
    if (data.length > writePiece) return this.#writeLong(data, state)
    if (this.#turns.busy || !this.#engine.handshakeDone) return this.inTurn(() => this.#engine.send(data))
    const follows = this.#inTurn || this.#sealing > 0 || this.#outbox.busy
    this.#beginTurn()
    try {
      if (!follows) this.#seal(data, false)
      else if (data.length === 0 || data.length >= BLOCK) this.#send(data)
      else this.#stage(data)
    } catch (thrown) {
      return rejected(asTlsError(thrown))
    }
    if (follows) return this.#accepted()
    if (this.#sealing > 0) return this.#call(() => this.#sealed)
    return this.#host.failure ? rejected(this.#host.failure) : this.#outbox.flush()
  }

  /** Bytes of application data that the transport has not taken, or more: sealed or being sealed. */
  get ahead(): number {
    return this.#sealing + this.#outbox.data
  }

  /** Resolves when the transport has taken all that was written so far. */
  flush(): Promise<void> {
    return this.inTurn(() => this.#sealed)
  }

  /**
   * Runs something of the engine after all that was written, and waits until the transport has taken what comes of it.
   */
  inTurn(step: () => MaybePromise<void>): Promise<void> {
    return this.#turns.run(() => this.#call(step))
  }

  /** The connection failed: whoever waits is told, and what was not sealed is forgotten. */
  fail(error: TlsError): void {
    this.#forget()
    this.#round?.reject(error)
    this.#round = this.#rounds = undefined
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) for (const each of waiting) each.reject(error)
  }

  /** In pieces, each when there is room for it: memory stays bounded. */
  #writeLong(data: Uint8Array, state: WriteState | undefined): Promise<void> {
    const sealed = this.#turns.enqueue(async () => {
      this.#sealStaged()
      for (let start = 0; start < data.length; start += writePiece) {
        if (state?.stopped) throw state.stopped
        if (state) state.begun = start + writePiece < data.length
        this.#seal(data.subarray(start, start + writePiece), false)
        await this.#call(() => this.#sealed)
      }
    })
    return this.#wait(sealed)
  }

  #stage(data: Uint8Array): void {
    if (this.#staged + data.length > BLOCK) this.#sealStaged()
    this.#block ??= lendBlock()
    this.#block.set(data, this.#staged)
    this.#staged += data.length
    if (this.#staged === BLOCK) this.#sealStaged()
  }

  #sealStaged(): void {
    const block = this.#block
    const staged = this.#staged
    if (!block) return
    this.#block = undefined
    this.#staged = 0
    try {
      this.#seal(block.subarray(0, staged), true)
    } catch (thrown) {
      const error = asTlsError(thrown)
      this.#host.abort(error) // its writers were told that it is accepted
      throw error
    } finally {
      returnBlock(block, staged)
    }
  }

  #forget(): void {
    if (this.#block) returnBlock(this.#block, this.#staged)
    this.#block = undefined
    this.#staged = 0
  }

  /** Seals at once, after what was staged. */
  #send(data: Uint8Array): void {
    this.#sealStaged()
    this.#seal(data, true)
  }

  /** `accepted`: whoever wrote it was, or will be, told that it is done. */
  #seal(data: Uint8Array, accepted: boolean): void {
    const { failure } = this.#host
    if (failure) throw failure
    this.#outbox.noteData(data.length)
    let sealed: MaybePromise<void>
    try {
      sealed = this.#engine.send(data)
    } catch (thrown) {
      this.#host.take()
      throw this.#host.failure ?? thrown
    }
    this.#host.take()
    if (isPromise(sealed)) this.#watch(sealed, data.length, accepted)
  }

  /** What is sealed before something that was written earlier waits with it, and so counts until then. */
  #watch(sealed: Promise<void>, length: number, accepted: boolean): void {
    this.#sealing += length
    const makeRoom = (): void => {
      if (!this.#rounds || !this.#isBelow(writeAhead / 2 + 1)) return
      this.#beginTurn() // whoever waited writes on in this turn
      for (const round of this.#rounds) round.resolve()
      this.#rounds = undefined
    }
    const settled = (): void => {
      this.#sealing -= length
      this.#outbox.noteData(length)
      if (this.#sealed === watched) this.#sealed = undefined
      this.#beginTurn() // whoever waited for it writes on in this turn
      this.#host.take()
      void this.#outbox.flush().then(makeRoom, ignore)
    }
    sealed.catch(ignore) // it is looked at when those before it are done
    const inOrder = (this.#sealed ?? done).catch(ignore).then(() => sealed)
    const watched = handled(
      inOrder.then(settled, (reason: unknown) => {
        settled()
        if (!accepted) throw reason
        if (!this.#host.failure) this.#host.abort(asTlsError(reason))
      }),
    )
    this.#sealed = watched
  }

  #accepted(): Promise<void> {
    const { failure } = this.#host
    if (failure) return rejected(failure)
    return this.#isBelow(writeAhead) ? done : (this.#round ??= defer()).promise
  }

  /** The transport has room, and less than `bytes` wait for it. */
  #isBelow(bytes: number): boolean {
    return !this.#outbox.busy && this.#staged + this.#sealing + this.#outbox.waiting < bytes
  }

  #beginTurn(): void {
    if (this.#inTurn) return
    this.#inTurn = true
    atEndOfTurn(() => this.#endTurn())
  }

  #endTurn(): void {
    this.#inTurn = false
    const round = this.#round
    if (!round && !this.#block && this.#sealing === 0 && this.#outbox.waiting === 0) return // it was one write
    this.#round = undefined
    const flushed = this.#call(() => this.#sealed)
    if (!round) return
    if (this.#sealing > 0) (this.#rounds ??= new Set()).add(round)
    flushed.then(() => {
      this.#rounds?.delete(round)
      this.#beginTurn() // whoever waited writes on in this turn
      round.resolve()
    }, round.reject)
  }

  #call(step: () => MaybePromise<void>): Promise<void> {
    if (this.#host.failure) return rejected(this.#host.failure)
    let result: MaybePromise<void>
    try {
      this.#sealStaged()
      result = step()
    } catch (thrown) {
      this.#host.take()
      void this.#outbox.flush()
      return rejected(this.#host.failure ?? asTlsError(thrown))
    }
    this.#host.take()
    if (!isPromise(result)) return this.#host.failure ? rejected(this.#host.failure) : this.#outbox.flush()
    void this.#outbox.flush()
    const flushed = result.then(() => {
      this.#host.take()
      return this.#outbox.flush()
    })
    return this.#wait(flushed)
  }

  /** The same outcome, or the connection's failure if that comes first. */
  #wait(promise: Promise<void>): Promise<void> {
    const waiting = defer()
    const all = (this.#waiting ??= new Set())
    all.add(waiting)
    promise
      .then(waiting.resolve, (reason: unknown) => waiting.reject(this.#host.failure ?? asTlsError(reason)))
      .finally(() => all.delete(waiting))
    return waiting.promise
  }
}
