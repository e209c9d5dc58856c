// The server's side up to the choice of version (RFC 9846 section 4.2.2): reads the ClientHello, lets the application
// see it, and hands over to server13.ts or server12.ts.

import { serverConfig } from '../../config.ts'
import type { Defaults, ServerConfig } from '../../config.ts'
import { asTlsError, TlsError } from '../../errors.ts'
import { mergeOptions } from '../../options/merge.ts'
import { messages12, messages13 } from '../../wire/messages.ts'
import { TLS13 } from '../../wire/registry.ts'
import { Handshake } from '../context.ts'
import type { Established, HandshakeIo } from '../context.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { selectVersion } from './negotiate.ts'
import { readHello } from './server-hello.ts'
import { serverHandshake12 } from './server12.ts'
import { serverHandshake13 } from './server13.ts'
import type { ReceivedHello, ServerHandshake } from './received-hello.ts'

export function* serverHandshake(config: ServerConfig, io: HandshakeIo, defaults: Defaults): Flow<Established> {
  const first: ServerHandshake = new Handshake(config, io, messages13)
  const hello = yield* readHello(first)
  const changed = yield* configFor(config, hello, defaults)
  const hs: ServerHandshake = changed === config ? first : first.withConfig(changed)
  hs.clientRandom = hello.message.random
  const version = selectVersion(hs.config, hello)
  io.setVersion(version)
  return version === TLS13
    ? yield* serverHandshake13(hs, hello)
    : yield* serverHandshake12(hs.withMessages(messages12), hello)
}

/** onClientHello may reject, or change options for this one connection. */
function* configFor(config: ServerConfig, hello: ReceivedHello, defaults: Defaults): Flow<ServerConfig> {
  if (!config.onClientHello) return config
  try {
    const answer = yield* use(config.onClientHello(hello.info, config.source))
    if (answer === 'reject') throw new TlsError('rejected_by_server', 'onClientHello rejected this client')
    if (!answer) return config
    const changed = serverConfig(mergeOptions(config.options, answer), defaults, config.made)
    return { ...changed, source: config.source, seam: config.seam }
  } catch (error) {
    throw asTlsError(error)
  }
}
