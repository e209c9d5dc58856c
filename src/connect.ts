// connect(): the client. A stream made uniform, an engine, and a pump between them. The entry points call it with what
// they supply by default.

import { splitOptions } from './connection-options.ts'
import { establish } from './connection.ts'
import type { ConnectionOptions, TlsConnection } from './connection.ts'
import { createClientEngine, clientConfig } from './engine/index.ts'
import type { Defaults } from './engine/index.ts'
import type { ClientOptions } from './options.ts'
import { adapt } from './stream/adapt.ts'
import type { AnyDuplex } from './stream/types.ts'

export type ConnectOptions = ClientOptions & ConnectionOptions

/**
 * Speaks TLS over a duplex stream as the client. Resolves when the handshake is done and the server is who it should be.
 * The stream is taken over: if this rejects (always with a TlsError), it is closed.
 */
export type Connect = (stream: AnyDuplex, options: ConnectOptions) => Promise<TlsConnection>

export const connectWith =
  (defaults: Defaults): Connect =>
  async (stream, options) => {
    const { connection, rest } = splitOptions<ClientOptions>(options)
    return establish(adapt(stream), () => createClientEngine(clientConfig(rest, defaults)), connection)
  }
