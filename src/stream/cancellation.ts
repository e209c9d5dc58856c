// What ends all handshakes of a listener. An AbortSignal looks for each function that it gets or loses among all
// others: with 10,000 handshakes under way, each new one would pay for that.

/** What limitHandshake() needs of an AbortSignal. */
export interface Cancellation {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** Whoever is told takes its function back, as limitHandshake() does: it is not called again. */
export class SharedCancellation implements Cancellation {
  aborted = false
  reason: unknown
  readonly #listeners = new Set<() => void>()

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }

  abort(reason: unknown): void {
    this.aborted = true
    this.reason = reason
    for (const listener of this.#listeners) listener()
  }
}
