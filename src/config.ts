// Options in, one frozen and checked config out: everything that handshake/ and engine/ go by. Here with all that an
// option can ask for; config/client.ts and config/server.ts make configs that do without some of it.

import { clientConfigWith } from './config/client.ts'
import { everyClientPart } from './config/every-client.ts'
import { everyServerPart } from './config/every.ts'
import type { MadeOnce } from './config/made-once.ts'
import { serverConfigWith } from './config/server.ts'
import type { ClientConfig, Defaults, ServerConfig } from './config/types.ts'
import type { ClientOptions, ServerOptions } from './options.ts'

export type * from './config/types.ts'

/** Throws `bad_option`, `bad_key`, `key_mismatch` or `unsupported`, with a sentence that names the option. */
export const clientConfig = (options: ClientOptions, defaults: Defaults = {}): ClientConfig =>
  clientConfigWith(options, defaults, everyClientPart)

/** Throws as clientConfig does; a key that does not match its certificate is refused here, not at the first
 * connection. `made`: of the config that this one replaces. */
export const serverConfig = (options: ServerOptions, defaults: Defaults = {}, made?: MadeOnce): ServerConfig =>
  serverConfigWith(options, defaults, everyServerPart, made)
