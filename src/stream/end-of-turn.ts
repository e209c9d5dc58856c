// Runs something when this turn of the event loop has nothing more to say: after all promise callbacks, and before the
// next event, without a timer; or when all events that are there had their turn.

/** Where there is no process.nextTick(): callbacks of promises that are let through first, one behind the other. */
const HOPS = 16

export const atEndOfTurn = (run: () => void): void => {
  if (nextTick) return queueMicrotask(() => nextTick(run))
  let hops = 0
  const hop = (): void => (++hops < HOPS ? queueMicrotask(hop) : run())
  queueMicrotask(hop)
}

/** Of Node, Bun and Deno: its callbacks run when no callback of a promise is left. */
const tickOf = (scope: object): ((run: () => void) => void) | undefined => {
  const found: unknown = Reflect.get(scope, 'process')
  const nextTick: unknown = typeof found === 'object' && found !== null ? Reflect.get(found, 'nextTick') : undefined
  return typeof nextTick === 'function' ? (run) => void nextTick.call(found, run) : undefined
}

/** Looked up once: to ask for it each time takes longer than to use it. */
const nextTick = tickOf(globalThis)

/** In the next turn: timers and IO run before it. */
export const inNextTurn: (run: () => void) => void =
  typeof setImmediate === 'function' ? (run) => void setImmediate(run) : (run) => void setTimeout(run, 0)
