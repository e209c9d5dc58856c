// The one order of everything that is written outside the handshake's own flights: application data, key updates,
// post-handshake flights and close_notify (RFC 9846 sections 4.7 and 6.1). A job runs to its end before the next one
// begins, also when it waits for a provider in the middle. Nothing waits, and no promise is made, while all answers are
// synchronous.

import type { MaybePromise } from '../crypto/provider.ts'
import { asTlsError, TlsError } from '../errors.ts'
import type { Flow, Suspension } from '../handshake/flow.ts'
import { deferred } from './waits.ts'
import type { Deferred, Settled } from './waits.ts'

/** Suspends on promises only. It ends when its place in the order is taken, with what is still being sealed. */
export type WriteJob = () => Flow<MaybePromise<void>>

export interface WriteHost {
  wait<T>(promise: Promise<T>, done: (result: Settled<T>) => void): void
  failed(error: TlsError): void
}

interface Waiting {
  readonly job: WriteJob
  readonly turn: Deferred
  /** Early data that a rejection takes back. */
  readonly data: Uint8Array | undefined
}

export class WriteOrder {
  readonly #host: WriteHost
  #waiting: Waiting[] = []
  #running: { readonly flow: Flow<MaybePromise<void>>; readonly turn: Deferred } | undefined
  #held = true
  #stopped: TlsError | undefined

  constructor(host: WriteHost) {
    this.#host = host
  }

  /** True if what is written now need not wait for anything. */
  get free(): boolean {
    return !this.#held && !this.#stopped && this.#running === undefined && this.#waiting.length === 0
  }

  /**
   * Runs the job now if everything asked for before is done, and otherwise in its turn. Throws or rejects with what the
   * job throws; unless that is the caller's own mistake, the connection fails with it. */
  run(job: WriteJob, data?: Uint8Array): MaybePromise<void> {
    if (this.#stopped) throw this.#stopped
    if (this.free) return this.#start(job)
    const turn = deferred()
    this.#waiting.push({ job, turn, data })
    return turn.promise
  }

  /** A handshake has the writing side: jobs wait until release(). */
  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
    this.#continue()
  }

  /** Takes out the data that waits; those who wait for it are told that it is done. */
  withdraw(): readonly Uint8Array[] {
    const taken = this.#waiting.flatMap(({ data, turn }) => {
      if (data) turn.resolve(undefined)
      return data ? [data] : []
    })
    this.#waiting = this.#waiting.filter(({ data }) => data === undefined)
    return taken
  }

  /** The connection failed: what runs is abandoned, and whoever waits is told. */
  stop(error: TlsError): void {
    this.#stopped = error
    this.#running?.turn.reject(error)
    this.#running = undefined
    for (const { turn } of this.#waiting.splice(0)) turn.reject(error)
  }

  #start(job: WriteJob): MaybePromise<void> {
    const flow = job()
    const turn = deferred()
    this.#running = { flow, turn }
    try {
      const step = flow.next()
      if (!step.done) {
        this.#await(flow, step.value, turn)
        return turn.promise
      }
      this.#running = undefined
      return step.value
    } catch (error) {
      this.#running = undefined
      throw this.#failure(error)
    }
  }

  #await(flow: Flow<MaybePromise<void>>, suspension: Suspension, turn: Deferred): void {
    if (suspension.kind !== 'promise') throw new TlsError('internal_error', 'a write waits for a message')
    this.#host.wait(suspension.promise, (result) => {
      if (this.#running?.flow !== flow) return
      try {
        const step = 'error' in result ? flow.throw(result.error) : flow.next(result.value)
        if (!step.done) return this.#await(flow, step.value, turn)
        turn.resolve(step.value)
      } catch (error) {
        turn.reject(this.#failure(error))
      }
      this.#running = undefined
      this.#continue()
    })
  }

  #continue(): void {
    while (!this.#held && !this.#stopped && this.#running === undefined) {
      const next = this.#waiting.shift()
      if (!next) return
      try {
        next.turn.resolve(this.#start(next.job))
      } catch (error) {
        next.turn.reject(error)
      }
    }
  }

  #failure(thrown: unknown): TlsError {
    const error = asTlsError(thrown)
    if (error.fault !== 'caller') this.#host.failed(error)
    return error
  }
}
