// Opens the transport of a connection: TCP, or through an HTTP or SOCKS proxy, within a time limit, with the times
// that its steps took.

import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { CliError } from './errors.ts'
import type { Io } from './io.ts'
import { throughProxy } from './proxy.ts'
import type { Proxy } from './proxy.ts'
import type { Target } from './target.ts'

export interface Dialled {
  readonly stream: Duplex
  /** Bytes that came behind a proxy's answer: the server's already. */
  readonly head: Uint8Array
  /** The address that answered, where it is known. */
  readonly address: string | undefined
  /** Milliseconds. */
  readonly times: { readonly lookup?: number; readonly tcp?: number; readonly proxy?: number }
}

export interface DialSettings {
  readonly timeoutMs: number
  readonly proxy?: Proxy | undefined
}

/** A signal that is aborted by the user's, or when the time is up. */
export const limited = async <T>(
  io: Io,
  timeoutMs: number,
  late: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController()
  const stop = (): void => controller.abort(new CliError('interrupted', 'interrupted'))
  if (io.signal.aborted) stop()
  io.signal.addEventListener('abort', stop, { once: true })
  const timer = setTimeout(
    () =>
      controller.abort(
        new CliError('connection', late, {
          code: 'timeout',
          remedy: 'look at the network, or give it more time with --timeout',
        }),
      ),
    timeoutMs,
  )
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    io.signal.removeEventListener('abort', stop)
  }
}

/** Rejects when the signal is aborted, whatever `work` does. */
export const orAborted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })

/** Throws CliError and errors of node:net and node:dns, which `explain` knows. */
export const dial = (io: Io, target: Target, settings: DialSettings): Promise<Dialled> => {
  const { proxy, timeoutMs } = settings
  const late = `${target.shown} did not answer within ${timeoutMs / 1000} s`
  return limited(io, timeoutMs, late, async (signal) => {
    if (proxy === undefined) return tcp(io, target, signal)
    const { stream, times } = await tcp(io, proxy.target, signal)
    const began = performance.now()
    const head = await throughProxy(stream, proxy, target, signal).catch((error: unknown) => {
      stream.destroy()
      throw error
    })
    return { stream, head, address: undefined, times: { ...times, proxy: performance.now() - began } }
  })
}

const none = new Uint8Array(0)

const tcp = async (io: Io, { host, port }: Target, signal: AbortSignal): Promise<Dialled> => {
  const began = performance.now()
  if (io.dial !== undefined) {
    const stream = await orAborted(signal, io.dial(host, port, signal))
    return { stream, head: none, address: undefined, times: { tcp: performance.now() - began } }
  }
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host, port, autoSelectFamily: true, noDelay: true })
    let resolved = began
    const stop = (): void => {
      socket.destroy()
      reject(signal.reason as Error)
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    socket.once('lookup', () => {
      resolved = performance.now()
    })
    const failed = (error: Error): void => {
      signal.removeEventListener('abort', stop)
      reject(error)
    }
    socket.once('error', failed)
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop)
      socket.off('error', failed)
      const lookup = resolved === began ? {} : { lookup: resolved - began }
      resolve({
        stream: socket,
        head: none,
        address: socket.remoteAddress,
        times: { ...lookup, tcp: performance.now() - resolved },
      })
    })
  })
}
