// `puretls serve --proxy`: TLS ends here, and goes on in the clear to a server behind.

import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { dial } from '../dial.ts'
import type { Io } from '../io.ts'
import type { Target } from '../target.ts'
import type { TlsConnection } from '../../index.node.ts'

const CONNECT_TIMEOUT = 10_000

/** Carries data both ways until both have ended; each end is passed on. Throws if the server behind cannot be
 * reached. */
export const proxyTo = async (io: Io, connection: TlsConnection, target: Target, idleMs: number): Promise<void> => {
  const { stream } = await dial(io, target, { timeoutMs: CONNECT_TIMEOUT })
  const idle = new Idle(idleMs, () => {
    stream.destroy()
    connection.abort(new Error(`no data for ${idleMs} ms`))
  })
  try {
    await Promise.all([toBackend(connection, stream, idle), toClient(connection, stream, idle)])
    await connection.close()
  } finally {
    idle.stop()
    stream.destroy()
  }
}

const toBackend = async (connection: TlsConnection, stream: Duplex, idle: Idle): Promise<void> => {
  for await (const data of connection) {
    idle.touch()
    if (!stream.write(data)) await once(stream, 'drain')
  }
  stream.end()
}

const toClient = async (connection: TlsConnection, stream: Duplex, idle: Idle): Promise<void> => {
  for await (const data of stream) {
    idle.touch()
    await connection.write(data as Uint8Array)
  }
  await connection.closeWrite()
}

class Idle {
  readonly #ms: number
  readonly #end: () => void
  #timer: NodeJS.Timeout

  constructor(ms: number, end: () => void) {
    this.#ms = ms
    this.#end = end
    this.#timer = setTimeout(end, ms)
  }

  touch(): void {
    this.stop()
    this.#timer = setTimeout(this.#end, this.#ms)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
