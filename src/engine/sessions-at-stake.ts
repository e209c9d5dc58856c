// The sessions that a connection stands on or has made: forgotten if it fails, so that none is offered or accepted
// again (RFC 5246 section 7.2.2, RFC 9846 section 6.2).

import { isPromise } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { TlsError } from '../errors.ts'

/** More than a cache keeps for one server: a server may send tickets without end. */
const MAX_SESSIONS = 16

export class SessionsAtStake {
  #forget: readonly (() => MaybePromise<void>)[] = []

  add(forget: () => MaybePromise<void>): void {
    this.#forget = [...this.#forget, forget].slice(-MAX_SESSIONS)
  }

  /**
   * A handshake that did not come to its end; later, a fatal alert from either side, which the end of the transport is
   * not. What the application gave up says nothing of its sessions. `established`: the peer may think that the
   * handshake is done. */
  failed({ code, alert }: TlsError, established: boolean): void {
    if (code === 'aborted' || (established && code !== 'alert_received' && alert === undefined)) return
    for (const forget of this.#forget) {
      try {
        const forgotten = forget()
        if (isPromise(forgotten)) forgotten.catch(() => {}) // a cache that fails keeps what it has
      } catch {
        // the same
      }
    }
    this.#forget = []
  }
}
