// A client over a stream that was made uniform: options, an engine, and a pump between them. connect() does it for any
// stream (connect-base.ts), connectOver() of puretls/client for those kinds that it was made for.

import type { ClientMachine } from './client-machine.ts'
import { preparedFor, splitOptions } from './connection-options.ts'
import type { ConnectionOptions, TlsConnection } from './connection.ts'
import { isPromise } from './crypto/maybe.ts'
import type { MaybePromise } from './crypto/provider.ts'
import { TlsError } from './errors.ts'
import type { ClientOptions } from './options.ts'
import { adaptAs, byteStreams } from './stream/kinds.ts'
import type { StreamKind } from './stream/kinds.ts'
import type { ByteStream } from './stream/types.ts'

export type ConnectOptions = ClientOptions & ConnectionOptions

/** `machine` may have to be loaded first; once it is there, it is no promise. */
export const overStream = async (
  transport: ByteStream,
  machine: () => MaybePromise<ClientMachine>,
  options: ConnectOptions,
): Promise<TlsConnection> => {
  const loaded = machine()
  if (!isPromise(loaded)) {
    const prepared = preparedFor(transport, () => loaded.prepare(options))
    return loaded.establish(transport, prepared.makeEngine, prepared.connection)
  }
  // what the options say now counts, though the machine comes later
  const prepared = preparedFor(transport, () => splitOptions<ClientOptions>(options))
  loaded.catch((thrown: unknown) => transport.abort(thrown))
  const { prepare, establish } = await loaded
  return establish(transport, () => prepare(prepared.rest).makeEngine(), prepared.connection)
}

/** The streams that these kinds are for. */
type StreamOf<K> = K extends StreamKind<infer T> ? T : never

/** connect() over streams of some kinds alone: of these, and ByteStreams. */
export type ConnectOver<K extends StreamKind<object>> = (
  stream: ByteStream | StreamOf<K>,
  options: ConnectOptions,
) => Promise<TlsConnection>

export const connectOverBy = <K extends StreamKind<object>>(
  kinds: readonly K[],
  machine: ClientMachine,
): ConnectOver<K> => {
  if (!Array.isArray(kinds) || !kinds.every((kind) => typeof kind === 'function'))
    throw new TlsError('bad_option', 'connectOver: it takes a list of kinds of streams, such as [nodeStreams]')
  const all = [...kinds, byteStreams]
  return async (stream, options) => overStream(adaptAs(stream, all, known), () => machine, options)
}

const known = 'this client is for ByteStreams and the kinds that connectOver() was given (such as nodeStreams)'
