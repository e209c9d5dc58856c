// Code that may have to wait for crypto, written once: a generator that yields only promises. With a synchronous
// provider it runs to its end on the caller's stack; with an asynchronous one it resumes after each promise.

import type { MaybePromise } from './provider.ts'

/** A computation that suspends only on promises. */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>

export const isPromise = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function'

/** Inside a generator: `const x = yield* use(provider.call())`. Suspends only if the value is a promise. */
export function* use<T>(value: MaybePromise<T>): Generator<Promise<unknown>, T, unknown> {
  if (!isPromise(value)) return value
  return (yield value) as T
}

/** Lets the event loop do what else there is, between two parts of a long computation. */
export function* pause(): Steps<void> {
  yield new Promise((resolve) => setTimeout(resolve, 0))
}

/** Runs a computation to its end: its value, or a promise of it if it had to wait. Throws what it throws. */
export const run = <T>(steps: Steps<T>): MaybePromise<T> => {
  const advance = (step: IteratorResult<Promise<unknown>, T>): MaybePromise<T> =>
    step.done
      ? step.value
      : step.value.then(
          (value) => advance(steps.next(value)),
          (reason: unknown) => advance(steps.throw(reason)),
        )
  return advance(steps.next())
}

/** Maps a value that may be a promise without making one where there is none. (Not called `then`: a module that exports
 * a `then` is a thenable, and dynamic import() would call it.) */
export const andThen = <A, B>(value: MaybePromise<A>, f: (value: A) => MaybePromise<B>): MaybePromise<B> =>
  isPromise(value) ? value.then(f) : f(value)
