// A connection whose peer has left and that nobody here looks at: it must not keep its transport for ever.

import { ignore } from './defer.ts'
import { afterUnheld } from './limits.ts'

export class Forgotten {
  readonly #milliseconds: number
  #uses = 0
  #stop: () => void = ignore

  /** `over` resolves when there is nothing left to free. */
  constructor(milliseconds: number, over: Promise<unknown>) {
    this.#milliseconds = milliseconds
    void over.then(() => this.#stop())
  }

  /** Somebody reads or writes. */
  used(): void {
    this.#uses++
  }

  /**
   * Calls `free` after a time without use, unless `alone()` says that somebody took notice; `busy()` is use as well.
   */
  watch(alone: () => boolean, busy: () => boolean, free: () => void): void {
    if (!alone()) return
    const uses = this.#uses
    this.#stop = afterUnheld(this.#milliseconds, () => {
      if (!alone()) return
      if (uses !== this.#uses || busy()) this.watch(alone, busy, free)
      else free()
    })
  }
}

/** Calls `then` when the promise settles either way; what is no promise never does. */
export const whenSettled = (promise: unknown, then: () => void): void => {
  if (typeof promise !== 'object' || promise === null) return
  if (typeof Reflect.get(promise, 'then') === 'function') void Promise.resolve(promise).then(then, then)
}
