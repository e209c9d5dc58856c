// A promise with its two ends, whose rejection is never "unhandled": it is always also told elsewhere.

import { quietly } from '../errors.ts'

export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(reason: unknown): void
}

export const defer = <T = void>(): Deferred<T> => {
  let resolve: (value: T) => void = ignore
  let fail: (reason: unknown) => void = ignore
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    fail = no
  })
  const reject = (reason: unknown): void => {
    promise.catch(ignore) // only now: most are never rejected
    fail(reason)
  }
  return { promise, resolve, reject }
}

/** One that is never rejected: nothing has to look after it. */
export const signal = (): Omit<Deferred<void>, 'reject'> => {
  let resolve: () => void = ignore
  const promise = new Promise<void>((yes) => {
    resolve = yes
  })
  return { promise, resolve }
}

export type Signal = ReturnType<typeof signal>

/** Marks a promise as looked after, and gives it back. */
export const handled = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(ignore)
  return promise
}

/** A rejected promise that is looked after. */
export const rejected = (reason: unknown): Promise<never> => handled(Promise.reject(reason))

export const done: Promise<void> = Promise.resolve()

export const ignore = (): void => undefined

/** What somebody gave as a reason, as an Error. */
export const asError = (reason: unknown, otherwise: string): Error => {
  if (reason instanceof Error) return reason
  return quietly(() => new Error(messageOf(reason, otherwise), reason === undefined ? undefined : { cause: reason }))
}

/** What it says. */
export const messageOf = (reason: unknown, otherwise: string): string =>
  reason instanceof Error ? reason.message : typeof reason === 'string' ? reason : otherwise
