// connect(): the client. A stream made uniform (or dialled), an engine, and a pump between them. The entry points give
// it a machine: what it runs, and with what features.

import type { ClientMachine } from './client-machine.ts'
import { overStream } from './connect-over.ts'
import type { ConnectOptions } from './connect-over.ts'
import { preparedFor, splitOptions } from './connection-options.ts'
import type { TlsConnection } from './connection.ts'
import { isPromise } from './crypto/maybe.ts'
import type { MaybePromise } from './crypto/provider.ts'
import { TlsError } from './errors.ts'
import { checkOptions } from './options/check.ts'
import type { ClientOptions } from './options.ts'
import { DialAttempt, parseAddress, socketsOr } from './sockets.ts'
import type { Sockets } from './sockets.ts'
import { adapt } from './stream/adapt.ts'
import { abortedBy, checkTimeout } from './stream/limits.ts'
import type { AnyDuplex, ByteStream } from './stream/types.ts'

export type { ConnectOptions } from './connect-over.ts'

/** Options of connect('host:port'): the server's name is that of the address, unless another one is given. */
export type DialOptions = Partial<Pick<ConnectOptions, 'serverName'>> &
  Omit<ConnectOptions, 'serverName'> & {
    /** Milliseconds for looking up the name, TCP and the handshake together; Infinity for no limit. Default 30000. */
    readonly timeoutMs?: number
  }

/** The two forms of connect(): over a stream, and to an address. */
export interface Connect {
  /**
   * Speaks TLS over a duplex stream as the client. Resolves when the handshake is done and the server has proved to be
   * `serverName`. The stream is taken over: if this rejects (always with a TlsError), it is closed.
   *
   * ```ts
   * const connection = await connect(socket, { serverName: 'example.org', alpn: ['http/1.1'] })
   * await connection.write(new TextEncoder().encode('GET / HTTP/1.1\\r\\nhost: example.org\\r\\n\\r\\n'))
   * for await (const data of connection) process(data)
   * ```
   */
  (stream: AnyDuplex, options: ConnectOptions): Promise<TlsConnection>
  /**
   * Dials `host:port` (IPv6 in brackets: `[2001:db8::1]:443`) over TCP and speaks TLS as the client; on Node, Bun
   * and Deno. The name or address is the `serverName`, if none is given. Rejects with a TlsError:
   * `transport_failed` if there is no connection, `timeout` after `timeoutMs`, `aborted` by `signal`, `unsupported`
   * where there are no sockets.
   *
   * ```ts
   * const connection = await connect('example.org:443', { alpn: ['h2'], timeoutMs: 5000 })
   * console.log(connection.info.version, connection.info.cipherSuite)
   * ```
   */
  (address: string, options?: DialOptions): Promise<TlsConnection>
}

/** `machine` may have to be loaded first; once it is there, it is no promise. */
export const connectBy = (machine: () => MaybePromise<ClientMachine>, sockets?: Sockets): Connect => {
  return async (target: AnyDuplex | string, options?: ConnectOptions | DialOptions) =>
    typeof target === 'string'
      ? dial(target, options ?? {}, await machine(), socketsOr(sockets, 'connect'))
      : overAny(adapt(target, ', or "host:port"'), machine(), options as ConnectOptions)
}

const overAny = async (
  transport: ByteStream,
  machine: MaybePromise<ClientMachine>,
  options: ConnectOptions,
): Promise<TlsConnection> => {
  if (!isPromise(machine)) return overStream(transport, machine, options)
  // what the options say now counts, though the machine comes later
  const { connection, rest } = preparedFor(transport, () => splitOptions<ClientOptions>(options, checkOptions))
  machine.catch((thrown: unknown) => transport.abort(thrown))
  const { prepare, establish } = await machine
  return establish(transport, () => prepare(rest).makeEngine(), connection)
}

const dial = async (
  address: string,
  options: DialOptions,
  { prepare, establish }: ClientMachine,
  sockets: Sockets,
): Promise<TlsConnection> => {
  const { host, port } = parseAddress(address)
  const { timeoutMs = 30_000 } = options
  checkTimeout(timeoutMs, 'timeoutMs')
  const { connection, makeEngine } = prepare(options, host.replace(/%.*$/, '')) // refused before anything is dialled
  const deadline = Date.now() + timeoutMs
  const reach = (attempt: DialAttempt): Promise<AnyDuplex> => sockets.dial({ host, port }, attempt)
  const stream = await dialWithin(timeoutMs, connection.signal, reach, address)
  const left = Math.max(1, Math.min(connection.handshakeTimeout ?? 30_000, deadline - Date.now()))
  return establish(adapt(stream), makeEngine, { ...connection, handshakeTimeout: left })
}

/** Runs `work`, which the caller's signal and the clock cancel. */
const dialWithin = async <T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (attempt: DialAttempt) => Promise<T>,
  address: string,
): Promise<T> => {
  const attempt = new DialAttempt()
  const onAbort = (): void => attempt.cancel(abortedBy(signal?.reason))
  if (signal?.aborted) throw abortedBy(signal.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  const late = (): void =>
    attempt.cancel(new TlsError('timeout', `${address} could not be reached within ${milliseconds} ms (timeoutMs)`))
  const timer = milliseconds === Infinity ? undefined : setTimeout(late, milliseconds)
  try {
    return await work(attempt)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
