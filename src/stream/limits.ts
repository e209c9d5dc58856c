// Time limits of a connection: the only timers in this library.

import { TlsError } from '../errors.ts'
import type { Cancellation } from './cancellation.ts'
import { defer, ignore, messageOf } from './defer.ts'

/** Calls `then` after so many milliseconds (Infinity: never); the answer cancels it. */
export const after = (milliseconds: number, then: () => void): (() => void) => {
  if (milliseconds === Infinity) return ignore
  const timer = setTimeout(then, milliseconds)
  return () => clearTimeout(timer)
}

/** The same, where waiting is no reason for the process to live on. */
export const afterUnheld = (milliseconds: number, then: () => void): (() => void) => {
  if (milliseconds === Infinity) return ignore
  const timer: unknown = setTimeout(then, milliseconds)
  if (typeof timer === 'object' && timer !== null) {
    const unref: unknown = Reflect.get(timer, 'unref')
    if (typeof unref === 'function') unref.call(timer)
  }
  return () => clearTimeout(timer as Parameters<typeof clearTimeout>[0])
}

/** The same outcome as the promise, or a `timeout` with this message after so many milliseconds in which `progress()`
 * stayed the same. */
export const within = (
  milliseconds: number,
  promise: Promise<void>,
  message: string,
  progress: () => number = () => 0,
): Promise<void> => {
  const limited = defer()
  let cancel: () => void = ignore
  const watch = (seen: number): void => {
    cancel = after(milliseconds, () => {
      if (progress() === seen) limited.reject(new TlsError('timeout', message))
      else watch(progress())
    })
  }
  watch(progress())
  promise.then(limited.resolve, limited.reject).finally(() => cancel())
  return limited.promise
}

/** Limits of one call. */
export interface CallOptions {
  /** Cancels the call: it rejects with code `aborted`. */
  readonly signal?: AbortSignal
  /** Milliseconds after which the call rejects with code `timeout`. Default: no limit. */
  readonly timeoutMs?: number
}

export interface ReadOptions extends CallOptions {
  /**
   * Where the data is to go, as much of it as there is room for; the answer is the part that was filled, and the rest
   * is for the next read. It must not be touched until then. With 16 KiB or more, what is read in bulk leaves the
   * collector of garbage nothing to do.
   */
  readonly into?: Uint8Array
}

/** The same outcome as what `start` makes, unless the limits end the call first: then `cancel` is told why. */
export const limited = <T>(
  start: () => Promise<T>,
  call: string,
  { signal, timeoutMs = Infinity }: CallOptions,
  cancel: (error: TlsError) => void,
): Promise<T> => {
  if (!signal && timeoutMs === Infinity) return start()
  const outcome = defer<T>()
  const stop = (error: TlsError): void => {
    outcome.reject(error)
    cancel(error)
  }
  const cancelled = (): TlsError => {
    const message = messageOf(signal?.reason, 'no reason given')
    return new TlsError('aborted', `${call} was cancelled by its signal: ${message}`, { cause: signal?.reason })
  }
  try {
    checkTimeout(timeoutMs, 'timeoutMs')
    if (signal?.aborted) throw cancelled()
  } catch (error) {
    outcome.reject(error)
    return outcome.promise
  }
  const onAbort = (): void => stop(cancelled())
  signal?.addEventListener('abort', onAbort, { once: true })
  const clear = after(timeoutMs, () =>
    stop(new TlsError('timeout', `${call} did not end within ${timeoutMs} ms (timeoutMs)`)),
  )
  start().then(outcome.resolve, outcome.reject)
  void outcome.promise.catch(ignore).finally(() => {
    clear()
    signal?.removeEventListener('abort', onAbort)
  })
  return outcome.promise
}

/** Calls `stop` with the reason when the handshake takes too long or its signal fires; the answer lifts both limits. */
export const limitHandshake = (
  milliseconds: number,
  signal: Cancellation | undefined,
  stop: (error: TlsError) => void,
): (() => void) => {
  const onAbort = (): void => stop(abortedBy(signal?.reason))
  signal?.addEventListener('abort', onAbort, { once: true })
  let cancel = after(milliseconds, () =>
    stop(
      new TlsError('timeout', `the handshake did not end within ${milliseconds} ms (handshakeTimeout or timeoutMs)`),
    ),
  )
  return () => {
    cancel()
    cancel = ignore // the timer goes, however long the connection is kept
    signal?.removeEventListener('abort', onAbort)
  }
}

/**
 * How long one thing is waited for that can be done without: a store that does not answer must not hold a handshake.
 */
export class Patience {
  readonly #milliseconds: number
  readonly #goOn: () => void
  #awaited: object | undefined
  #stop: () => void = ignore

  constructor(milliseconds: number, goOn: () => void) {
    this.#milliseconds = milliseconds
    this.#goOn = goOn
  }

  /** The clock starts when it is told of something that it was not told of last time. */
  waitFor(awaited: object | undefined): void {
    if (awaited === this.#awaited) return
    this.#awaited = awaited
    this.#stop()
    this.#stop = awaited ? after(this.#milliseconds, this.#goOn) : ignore
  }
}

export const abortedBy = (reason: unknown): TlsError =>
  new TlsError('aborted', `the handshake was cancelled by its signal: ${messageOf(reason, 'no reason given')}`, {
    cause: reason,
  })

/** Throws `bad_option` for what setTimeout would misread. */
export const checkTimeout = (milliseconds: number, option: string): number => {
  if (milliseconds === Infinity || (milliseconds > 0 && milliseconds <= 0x7fffffff)) return milliseconds
  throw new TlsError(
    'bad_option',
    `${option}: ${milliseconds} is not a number of milliseconds from 1 to 2147483647, or Infinity`,
  )
}
