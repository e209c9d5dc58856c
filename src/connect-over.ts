// A client over a stream that was made uniform: options, an engine, and a pump between them. connect() does it for any
// stream (connect-base.ts), connectOver() of puretls/client for those kinds that it was made for.

import type { ClientMachine } from './client-machine.ts'
import { preparedFor } from './connection-options.ts'
import type { ConnectionOptions, TlsConnection } from './connection.ts'
import { TlsError } from './errors.ts'
import type { ClientOptions } from './options.ts'
import { adaptAs, byteStreams } from './stream/kinds.ts'
import type { StreamKind } from './stream/kinds.ts'
import type { ByteStream } from './stream/types.ts'

export type ConnectOptions = ClientOptions & ConnectionOptions

export const overStream = (
  transport: ByteStream,
  { prepare, establish }: ClientMachine,
  options: ConnectOptions,
): Promise<TlsConnection> => {
  const { makeEngine, connection } = preparedFor(transport, () => prepare(options))
  return establish(transport, makeEngine, connection)
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
  return async (stream, options) => overStream(adaptAs(stream, all, known), machine, options)
}

const known = 'this client is for ByteStreams and the kinds that connectOver() was given (such as nodeStreams)'
