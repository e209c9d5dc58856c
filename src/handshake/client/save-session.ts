// Keeps what a server gave for resumption: as an event for the caller, and in the cache if there is one (RFC 9846
// section 4.7.1, RFC 5077 section 3.3).

import { andThen } from '../../crypto/maybe.ts'
import type { MaybePromise } from '../../crypto/provider.ts'
import { encodeSession, newSession } from '../../session/state.ts'
import type { SessionState } from '../../session/state.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { sessionLifetime } from '../connection/session-facts.ts'
import type { SessionFacts } from '../connection/session-facts.ts'
import { sessionKey } from '../connection/session-key.ts'
import type { ClientHandshake, SavedPart } from './client-handshake.ts'

export const saveSession = (
  { config, io }: Pick<ClientHandshake, 'config' | 'io'>,
  facts: SessionFacts,
  own: SavedPart,
): void => {
  const lifetime = sessionLifetime(config, facts, own.lifetime)
  if (lifetime === 0) return
  const session = newSession(facts, { ...own, lifetime, createdAt: config.clock(), fingerprint: sessionKey(config) })
  io.emit(new SessionEvent(session))
  const { sessions, ticketRequest: asked } = config
  const waiting = puts.get(io) ?? 0
  if (!sessions || waiting >= Math.max(MAX_PUTS, asked?.newSession ?? 0, asked?.resumption ?? 0)) return
  puts.set(io, waiting + 1)
  io.beside(
    put(io, () => {
      const putting = sessions.put(session.fingerprint, session)
      io.forgetOnFailure(() => andThen(putting, () => sessions.remove?.(session.fingerprint, session)))
      return putting
    }),
  )
}

/** Serialised when somebody looks: a server sends two tickets, and mostly nobody does. */
class SessionEvent {
  readonly type = 'session'
  readonly #state: SessionState
  #session: Uint8Array | undefined

  constructor(state: SessionState) {
    this.#state = state
  }

  get session(): Uint8Array {
    return (this.#session ??= encodeSession(this.#state))
  }
}

/** Sessions of each connection that the cache has not taken yet. */
const puts = new WeakMap<ClientHandshake['io'], number>()
/** As many, and what the client asked for: a server sends tickets for as long as a connection lives. */
const MAX_PUTS = 16

/** A cache that fails, or never answers, costs a full handshake next time, no more. */
function* put(io: ClientHandshake['io'], call: () => MaybePromise<void>): Flow<void> {
  try {
    yield* use(call())
  } catch {
    // see above
  }
  puts.set(io, (puts.get(io) ?? 1) - 1)
}
