// A connection whose peer has left and that nobody here looks at: it must not keep its transport for ever.

import { ignore } from './defer.ts'
import { afterUnheld } from './limits.ts'

/** Who still has to do with the connection. */
export interface Usage {
  /** Nobody took notice of its end. */
  alone(): boolean
  busy(): boolean
  /** Changes when somebody reads or writes. */
  uses(): number
}

/** Calls `free` after a time without use. `over` resolves when there is nothing left to free. */
export const whenForgotten = (milliseconds: number, usage: Usage, over: Promise<unknown>, free: () => void): void => {
  let stop = ignore
  const watch = (): void => {
    if (!usage.alone()) return
    const uses = usage.uses()
    stop = afterUnheld(milliseconds, () => {
      if (!usage.alone()) return
      if (uses !== usage.uses() || usage.busy()) watch()
      else free()
    })
  }
  watch()
  void over.then(() => stop())
}

/** Calls `then` when the promise settles either way; what is no promise never does. */
export const whenSettled = (promise: unknown, then: () => void): void => {
  if (typeof promise !== 'object' || promise === null) return
  if (typeof Reflect.get(promise, 'then') === 'function') void Promise.resolve(promise).then(then, then)
}
