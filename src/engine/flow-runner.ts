// Runs a handshake flow: resumes it with what it waits for, once, and says what it waits for now.

import { asTlsError, TlsError } from '../errors.ts'
import type { Flow, Suspension } from '../handshake/flow.ts'
import { messageName } from '../wire/messages.ts'
import type { Settled } from './waits.ts'

export interface RunnerHost {
  /** Calls back once when the promise settles, and makes the engine go on. */
  wait<T>(promise: Promise<T>, done: (result: Settled<T>) => void): void
  failed(error: TlsError): void
}

export class FlowRunner {
  readonly #host: RunnerHost
  #flow: Flow<unknown> | undefined
  #done: (value: never) => void = () => {}
  #suspension: Suspension | undefined
  #stopped = false

  constructor(host: RunnerHost) {
    this.#host = host
  }

  /** What the flow waits for, or undefined if it runs, has ended, or waits for a promise. */
  get expects(): 'message' | 'change_cipher_spec' | undefined {
    const kind = this.#suspension?.kind
    return kind === 'promise' ? undefined : kind
  }
  /** Whether a message of this type may come before the ChangeCipherSpec that the flow waits for. */
  ignores(type: number): boolean {
    const name = messageName(type)
    return (
      this.#suspension?.kind === 'change_cipher_spec' && name !== undefined && this.#suspension.ignored.includes(name)
    )
  }
  /** True while a promise is waited for: no input may be looked at. */
  get waiting(): boolean {
    return this.#suspension?.kind === 'promise'
  }

  /** The promise that is waited for, if the flow can go on without its answer. */
  get optional(): Promise<unknown> | undefined {
    return this.#suspension?.kind === 'promise' && this.#suspension.optional ? this.#suspension.promise : undefined
  }

  /** Goes on without the answer of `optional`. */
  skip(): void {
    if (this.optional) this.resume(undefined)
  }

  start<T>(flow: Flow<T>, done: (value: T) => void): void {
    this.#flow = flow
    this.#done = done
    this.#step(() => flow.next())
  }

  resume(value: Uint8Array | undefined): void {
    const flow = this.#flow
    if (!flow) return
    this.#step(() => flow.next(value))
  }

  /** Nothing more will be resumed. */
  stop(): void {
    this.#stopped = true
    this.#flow = undefined
    this.#suspension = undefined
  }

  /** Runs a flow that suspends on promises only, beside the main one: neither waits for the other. */
  beside(flow: Flow<void>): void {
    const advance = (next: () => IteratorResult<Suspension, void>): void => {
      if (this.#stopped) return
      try {
        const step = next()
        if (step.done) return
        if (step.value.kind !== 'promise') throw new TlsError('internal_error', 'a side flow waits for a message')
        this.#host.wait(step.value.promise, (result) => {
          advance(() => ('error' in result ? flow.throw(result.error) : flow.next(result.value)))
        })
      } catch (error) {
        this.#host.failed(asTlsError(error))
      }
    }
    advance(() => flow.next())
  }

  #step(next: () => IteratorResult<Suspension, unknown>): void {
    this.#suspension = undefined
    let step: IteratorResult<Suspension, unknown>
    try {
      step = next()
    } catch (error) {
      this.stop()
      this.#host.failed(asTlsError(error))
      return
    }
    if (step.done) {
      this.#flow = undefined
      this.#done(step.value as never)
      return
    }
    this.#suspension = step.value
    if (step.value.kind === 'promise') this.#await(step.value, step.value.promise)
  }

  #await(suspension: Suspension, promise: Promise<unknown>): void {
    const flow = this.#flow
    this.#host.wait(promise, (result) => {
      if (!flow || this.#flow !== flow || this.#suspension !== suspension) return
      this.#step(() => ('error' in result ? flow.throw(result.error) : flow.next(result.value)))
    })
  }
}
