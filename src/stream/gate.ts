// A burst of handshakes must not stop timers and other connections: so many steps of handshakes run in one turn of the
// event loop, and the rest wait for the next turns.

import { signal } from './defer.ts'
import type { Signal } from './defer.ts'
import { inNextTurn } from './end-of-turn.ts'

export class Gate {
  readonly #perTurn: number
  #used = 0
  #scheduled = false
  #waiting: Signal[] = []

  constructor(perTurn: number) {
    this.#perTurn = perTurn
  }

  /** Undefined if there is room in this turn. */
  pass(): Promise<void> | undefined {
    this.#schedule()
    if (this.#used < this.#perTurn && this.#waiting.length === 0) {
      this.#used++
      return undefined
    }
    const turn = signal()
    this.#waiting.push(turn)
    return turn.promise
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    inNextTurn(() => {
      this.#scheduled = false
      const released = this.#waiting.splice(0, this.#perTurn)
      this.#used = released.length
      for (const turn of released) turn.resolve()
      if (this.#used > 0) this.#schedule()
    })
  }
}
