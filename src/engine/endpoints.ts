// The two ends as engines, with the features that a caller has.

import { explanations } from '../config/explanations.ts'
import type { ClientConfig, Defaults, ServerConfig } from '../config.ts'
import { clientHandshake } from '../handshake/client/client.ts'
import type { ClientFeature } from '../handshake/client/client.ts'
import { serverHandshake } from '../handshake/server/server.ts'
import type { ServerFeature } from '../handshake/server/server.ts'
import type { HelloSource } from '../options/hello-info.ts'
import type { SessionState } from '../session/state.ts'
import { Engine } from './engine.ts'
import type { TlsEngine } from './types.ts'

export type { ClientFeature } from '../handshake/client/client.ts'
export type { ServerFeature } from '../handshake/server/server.ts'
export type { TlsEngine } from './types.ts'

/**
 * A client that has its ClientHello ready in takeOutput(). `config` was made with the same feature; `session` takes
 * precedence over the one in it.
 */
export const clientEngineWith = (
  config: ClientConfig,
  { handshake: parts }: ClientFeature,
  session: SessionState | undefined = config.session,
): TlsEngine =>
  new Engine({
    config,
    role: 'client',
    handshake: (io) => clientHandshake(config, io, parts, session),
    explain: config.explain,
  })

/**
 * A server that waits for a ClientHello. `defaults` fill in what onClientHello leaves out, which is told of `source`.
 */
export const serverEngineWith = (
  config: ServerConfig,
  defaults: Defaults,
  feature: ServerFeature,
  source?: HelloSource,
): TlsEngine =>
  new Engine({
    config,
    role: 'server',
    handshake: (io) => serverHandshake(config, io, { defaults, feature, source }),
    explain: explanations,
  })

interface Feature<C, H, D> {
  readonly config: C
  readonly handshake: H
  readonly defaults?: D
}

/** Several features of one side as one. */
export const joined = <C, H, D extends object>(
  features: readonly Feature<C, H, D>[],
): Feature<C, H, D> & { readonly defaults: D } => ({
  config: Object.assign({}, ...features.map(({ config }) => config)),
  handshake: Object.assign({}, ...features.map(({ handshake }) => handshake)),
  defaults: Object.assign({}, ...features.map(({ defaults }) => defaults)),
})
