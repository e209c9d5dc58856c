// The server's side up to the choice of version (RFC 9846 section 4.2.2): reads the ClientHello, lets the application
// see it, and hands over to server13.ts or server12.ts.

import { serverConfigWith } from '../../config/server.ts'
import type { Defaults, ServerConfig, ServerConfigParts } from '../../config.ts'
import { asTlsError, TlsError } from '../../errors.ts'
import type { HelloSource } from '../../options/hello-info.ts'
import { mergeOptions } from '../../options/merge.ts'
import { messages12, messages13 } from '../../wire/messages.ts'
import { TLS13 } from '../../wire/registry.ts'
import { Handshake } from '../context.ts'
import type { Established, HandshakeIo } from '../context.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { selectVersion } from './negotiate.ts'
import { readHello } from './server-hello.ts'
import type { serverHandshake12 } from './server12.ts'
import { serverHandshake13 } from './server13.ts'
import type { EchPart, ReceivedHello, ServerHandshake, ServerHandshakeParts } from './received-hello.ts'

/** What a server can do beside TLS 1.3 with the ClientHello in the clear: features.ts has all of it. */
export interface ServerParts extends ServerHandshakeParts {
  readonly tls12?: typeof serverHandshake12
  readonly ech?: EchPart
}

/** A capability of a server that is there only where it is asked for. */
export interface ServerFeature {
  readonly config: ServerConfigParts
  readonly handshake: ServerParts
  /** What is made where options name nothing. */
  readonly defaults?: Pick<Defaults, 'tickets' | 'replayGuard'>
}

/** What onClientHello is asked with, and what its answer is completed by. */
export interface ServerSetting {
  readonly defaults: Defaults
  readonly feature: ServerFeature
  /** Where the ClientHello comes from. */
  readonly source?: HelloSource | undefined
}

const nowhere: HelloSource = { stream: undefined, context: undefined }

export function* serverHandshake(config: ServerConfig, io: HandshakeIo, setting: ServerSetting): Flow<Established> {
  const parts = setting.feature.handshake
  const first: ServerHandshake = new Handshake(config, io, parts, messages13)
  const hello = yield* readHello(first, parts.ech)
  const changed = yield* configFor(config, hello, setting)
  const hs: ServerHandshake = changed === config ? first : first.withConfig(changed)
  hs.clientRandom = hello.message.random
  const version = selectVersion(hs.config, hello)
  io.setVersion(version)
  if (version === TLS13) return yield* serverHandshake13(hs, hello)
  if (!parts.tls12) throw new TlsError('internal_error', 'TLS 1.2 was chosen, and is not there')
  return yield* parts.tls12(hs.withMessages(messages12), hello, (changes) => changedConfig(hs.config, changes, setting))
}

/** onClientHello may reject, or change options for this one connection. */
function* configFor(config: ServerConfig, hello: ReceivedHello, setting: ServerSetting): Flow<ServerConfig> {
  if (!config.onClientHello) return config
  try {
    const answer = yield* use(config.onClientHello(hello.info, setting.source ?? nowhere))
    if (answer === 'reject') throw new TlsError('rejected_by_server', 'onClientHello rejected this client')
    return answer ? changedConfig(config, answer, setting) : config
  } catch (error) {
    throw asTlsError(error)
  }
}

const changedConfig = (config: ServerConfig, changes: object, { defaults, feature }: ServerSetting): ServerConfig => {
  const all = { provider: config.provider, ...defaults }
  const changed = serverConfigWith(mergeOptions(config.options, changes), all, feature.config, config.made)
  return { ...changed, seam: config.seam }
}
