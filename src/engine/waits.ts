// What the engine waits for: promises of asynchronous providers and callbacks, and the one promise that tells the caller to
// look again. Called by engine.ts.

export type Settled<T> = { readonly value: T } | { readonly error: unknown }

export class Waits {
  readonly #settled: () => void
  #count = 0
  #notify: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined

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
    this.#notify ??= withResolvers()
    const settle = (result: Settled<T>): void => {
      this.#count--
      const notify = this.#notify
      this.#notify = this.#count > 0 ? withResolvers() : undefined
      done(result)
      this.#settled()
      notify?.resolve()
    }
    promise.then((value) => settle({ value }), (error: unknown) => settle({ error }))
  }

  /** There is something to look at although nothing has settled: the connection failed. */
  wake(): void {
    const notify = this.#notify
    if (this.#count > 0) this.#notify = withResolvers() // a resolved one would make who waits for it spin
    notify?.resolve()
  }
}

const withResolvers = (): { readonly promise: Promise<void>; readonly resolve: () => void } => {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
