// What a run of the command touches: streams, environment, clock. main.ts gives the process's own; tests give others,
// so that they run in process.

import { fstatSync } from 'node:fs'
import type { Duplex, Readable, Writable } from 'node:stream'

/** Where text and bytes go. */
export interface Sink {
  /** Resolves when more may be written. */
  write(data: string | Uint8Array): Promise<void>
  readonly isTTY: boolean
  /** Characters in a line, where it is a terminal. */
  readonly columns: number
}

export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Something is piped into stdin: a pipe, a file or a socket; not a terminal and not /dev/null. */
  readonly stdinIsPiped: boolean
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder that relative paths start from. */
  readonly cwd: string
  readonly platform: string
  /** Aborted by Ctrl-C and SIGTERM: what runs until it is stopped ends then. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Opens a connection, in place of node:net. For tests, and for programs with a transport of their own. */
  readonly dial?: ((host: string, port: number, signal: AbortSignal) => Promise<Duplex>) | undefined
}

/** A writable stream as a sink; what is written after the reader is gone is dropped. */
export const sinkOf = (stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }): Sink => {
  let isOpen = true
  stream.on('error', () => {
    isOpen = false
  })
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80
    },
    write: (data) =>
      new Promise((resolve) => {
        if (!isOpen || data.length === 0) resolve()
        else stream.write(data, () => resolve())
      }),
  }
}

const isPiped = (): boolean => {
  try {
    const stdin = fstatSync(0)
    return stdin.isFIFO() || stdin.isFile() || stdin.isSocket()
  } catch {
    return false
  }
}

/** That of this process. */
export const processIo = (signal: AbortSignal): Io => ({
  stdin: process.stdin,
  stdinIsPiped: isPiped(),
  stdout: sinkOf(process.stdout),
  stderr: sinkOf(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  platform: process.platform,
  signal,
  clock: Date.now,
})
