// Steps in the order they were asked for: at once where nothing is under way, else after it.

import { done, ignore } from './defer.ts'

export class Turns {
  #last: Promise<void> | undefined

  /** Something is under way. */
  get busy(): boolean {
    return this.#last !== undefined
  }

  /** Runs the step at once if nothing is under way. */
  run(step: () => Promise<void>): Promise<void> {
    return this.#last ? this.enqueue(step) : step()
  }

  /** Runs the step after what is under way, and makes what comes later wait for it. */
  enqueue(step: () => Promise<void>): Promise<void> {
    const result = (this.#last ?? done).then(step)
    const turn = result.catch(ignore).then(() => {
      if (this.#last === turn) this.#last = undefined
    })
    this.#last = turn
    return result
  }
}
