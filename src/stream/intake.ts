// What a connection reads: chunks from the transport to the engine, one at a time, and none while the application has
// enough to read.

import type { TlsEngine } from '../engine/types.ts'
import { asTlsError } from '../errors.ts'
import type { TlsError } from '../errors.ts'
import { asBytes } from './chunk.ts'
import { ignore, signal } from './defer.ts'
import type { Signal } from './defer.ts'
import type { Ending } from './ending.ts'
import { whenSettled } from './forgotten.ts'
import type { Gate } from './gate.ts'
import type { Inbox } from './inbox.ts'
import { answersAhead, readAhead } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { ByteStream } from './types.ts'
import type { Writes } from './writes.ts'

/** What an intake works with. */
export interface IntakeParts {
  readonly engine: TlsEngine
  readonly transport: ByteStream
  /** How many steps of handshakes there may be in a turn. */
  readonly gate: Gate | undefined
  readonly inbox: Inbox
  readonly outbox: Outbox
  readonly writes: Writes
  readonly ending: Ending
}

/** Whom an intake tells. */
export interface IntakeOwner {
  /** What comes is thrown away. */
  readonly discarding: boolean
  /** The engine received something, or has worked on it. */
  look(): void
  /** The transport ended. */
  receiveEnd(): Promise<void>
  readFailed(thrown: unknown): void
  failSilently(error: TlsError): void
  /** Nothing more is read. */
  readingEnded(): void
}

export class Intake {
  readonly #parts: IntakeParts
  readonly #owner: IntakeOwner
  #unlimited = false
  #room: Signal | undefined
  /** The transport tells when it closes. */
  #awaitsClose = false

  constructor(parts: IntakeParts, owner: IntakeOwner) {
    this.#parts = parts
    this.#owner = owner
  }

  /** More waits for the application than is read ahead. */
  get isBehind(): boolean {
    return this.#parts.inbox.bytes >= readAhead && !this.#unlimited
  }

  /** All that comes is read from now on, whether anybody reads here or not. */
  unlimit(): void {
    this.#unlimited = true
    this.wake()
  }

  /** To be called when there may be room again. */
  wake(): void {
    if (!this.#room || (this.isBehind && !this.#owner.discarding)) return
    const room = this.#room
    this.#room = undefined
    room.resolve()
  }

  /**
   * Chunks from the transport to the engine, up to the end; never rejects. `head`: what was read before. In one
   * function: each that waits costs promises.
   */
  async run(head: Uint8Array | undefined): Promise<void> {
    const { engine, transport, gate, outbox, writes, ending } = this.#parts
    const owner = this.#owner
    try {
      owner.look()
      if (engine.blocked) await this.settle()
      // A copy: what is received may be decrypted in place, and the head is the caller's.
      if (head?.length && !owner.discarding) {
        engine.receive(head.slice())
        owner.look()
      }
      for (;;) {
        if (engine.blocked) await this.settle()
        // A stream that says by itself when it is over is not read ahead of whoever reads here; of another, one chunk.
        if (this.isBehind && !owner.discarding && transport.closed !== undefined) await this.#catchUp()
        // data of ours is no reason to stop reading: the peer may wait for us to read
        const owed = outbox.waiting - 2 * writes.ahead
        if (!owner.discarding && owed > answersAhead) await outbox.flush().catch(ignore)
        if (ending.aborted) break
        let chunk: unknown
        try {
          chunk = await transport.read()
        } catch (thrown) {
          owner.readFailed(thrown)
          break
        }
        if (chunk === null || chunk === undefined) {
          if (!owner.discarding) await owner.receiveEnd()
          break
        }
        if (this.isBehind && !owner.discarding) await this.#catchUp()
        const turn = engine.handshakeDone ? undefined : gate?.pass()
        if (turn) await turn
        if (owner.discarding) continue
        const bytes = asBytes(chunk)
        const forgotten = bytes.length > 0 && engine.receive(bytes)
        owner.look()
        if (forgotten) transport.release?.(bytes)
      }
    } catch (thrown) {
      owner.failSilently(asTlsError(thrown))
    }
    owner.readingEnded()
  }

  /** Waits until the engine has worked on all that it received. */
  async settle(): Promise<void> {
    while (this.#parts.engine.blocked && !this.#owner.discarding) {
      await this.#parts.engine.pending
      this.#owner.look()
    }
  }

  /** Until there is room, or the transport says that nothing more comes: what it still has is read then. */
  async #catchUp(): Promise<void> {
    if (!this.#awaitsClose) whenSettled(this.#parts.transport.closed, () => this.unlimit())
    this.#awaitsClose = true
    while (this.isBehind && !this.#owner.discarding) {
      this.#room = signal()
      await this.#room.promise
    }
  }
}
