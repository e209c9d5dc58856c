// What the engine waits for: promises of asynchronous providers and callbacks, and the one promise that tells the
// caller to look again.

export type Settled<T> = { readonly value: T } | { readonly error: unknown }

export class Waits {
  readonly #settled: () => void
  #count = 0
  #notify: Deferred | undefined

  /** `settled` runs after each promise's own callback: the engine goes on. */
  constructor(settled: () => void) {
    this.#settled = settled
  }

  /** Resolves when something has settled; undefined if nothing is waited for. */
  get pending(): Promise<void> | undefined {
    return this.#count > 0 ? this.#notify?.promise : undefined
  }

  add<T>(promise: Promise<T>, done: (result: Settled<T>) => void): void {
    this.#count++
    this.#notify ??= deferred()
    const settle = (result: Settled<T>): void => {
      this.#count--
      const notify = this.#notify
      this.#notify = this.#count > 0 ? deferred() : undefined
      done(result)
      this.#settled()
      notify?.resolve(undefined)
    }
    // what is no promise of the platform may call back at once, or throw
    Promise.resolve(promise).then(
      (value) => settle({ value }),
      (error: unknown) => settle({ error }),
    )
  }

  /** There is something to look at although nothing has settled: the connection failed. */
  wake(): void {
    const notify = this.#notify
    if (this.#count > 0) this.#notify = deferred() // a resolved one would make its caller spin
    notify?.resolve(undefined)
  }
}

export interface Deferred {
  readonly promise: Promise<void>
  resolve(value: void | PromiseLike<void>): void
  reject(reason: unknown): void
}

/** A promise with its two ends. Its rejection is never "unhandled": the engine's `error` event tells it as well. */
export const deferred = (): Deferred => {
  let resolve: Deferred['resolve'] = () => {}
  let reject: Deferred['reject'] = () => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  promise.catch(() => {})
  return { promise, resolve, reject }
}
