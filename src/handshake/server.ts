// The server's side up to the choice of version (RFC 9846 section 4.2.2): reads the ClientHello, lets the application see it,
// and hands over to server13.ts or server12.ts. Called by the engine.

import { serverConfig } from '../config.ts'
import type { Defaults, ServerConfig } from '../config.ts'
import { asTlsError, TlsError } from '../errors.ts'
import { clientHelloExtensions, decodeExtensions } from '../wire/extensions.ts'
import { messages13 } from '../wire/messages.ts'
import { TLS13 } from '../wire/registry.ts'
import { Handshake } from './context.ts'
import type { Established, HandshakeIo } from './context.ts'
import { use } from './flow.ts'
import type { Flow } from './flow.ts'
import { helloInfo, selectVersion } from './negotiate.ts'
import type { ReceivedHello } from './negotiate.ts'
import { serverHandshake12 } from './server12.ts'
import { serverHandshake13 } from './server13.ts'

export type ServerHandshake = Handshake<ServerConfig>

export function* serverHandshake(config: ServerConfig, io: HandshakeIo, defaults: Defaults): Flow<Established> {
  const first: ServerHandshake = new Handshake(config, io)
  const hello = yield* readHello(first)
  const changed = yield* configFor(config, hello, defaults)
  const hs: ServerHandshake = changed === config ? first : first.withConfig(changed)
  hs.clientRandom = hello.message.random
  const version = selectVersion(hs.config, hello)
  io.setVersion(version)
  return version === TLS13 ? yield* serverHandshake13(hs, hello) : yield* serverHandshake12(hs, hello)
}

export function* readHello(hs: ServerHandshake): Flow<ReceivedHello> {
  const message = yield* hs.read(messages13, 'ClientHello')
  const extensions = decodeExtensions(clientHelloExtensions, message.extensions ?? [], 'ClientHello')
  checkHello(message, extensions)
  return { message, extensions, info: helloInfo(message, extensions) }
}

/** What holds for a ClientHello of either version. */
const checkHello = (message: ReceivedHello['message'], extensions: ReceivedHello['extensions']): void => {
  if (!message.compressionMethods.includes(0)) {
    throw new TlsError('illegal_parameter', 'ClientHello: no null compression (RFC 9846 section 4.2.2)')
  }
  const names = extensions.server_name ?? []
  if (new Set(names.map(({ nameType }) => nameType)).size !== names.length) {
    throw new TlsError('illegal_parameter', 'ClientHello: two server names of one type (RFC 6066 section 3)')
  }
  const host = names.find(({ nameType }) => nameType === 0)?.name
  if (host !== undefined && (host.includes('\0') || host === '')) {
    throw new TlsError('decode_error', 'ClientHello: the server name is not a host name (RFC 6066 section 3)')
  }
  if (extensions.pre_shared_key && message.extensions?.at(-1)?.type !== 41) {
    throw new TlsError('illegal_parameter', 'ClientHello: pre_shared_key is not the last extension (RFC 9846 section 4.3.11)')
  }
  if (message.legacyVersion < 0x0300) throw new TlsError('protocol_version', 'ClientHello: a version before SSL 3.0')
}

/** onClientHello may reject, or change options for this one connection. */
function* configFor(config: ServerConfig, hello: ReceivedHello, defaults: Defaults): Flow<ServerConfig> {
  if (!config.onClientHello) return config
  try {
    const answer = yield* use(config.onClientHello(hello.info))
    if (answer === 'reject') throw new TlsError('rejected_by_server', 'onClientHello rejected this client')
    return answer ? serverConfig({ ...config.options, ...answer }, defaults) : config
  } catch (error) {
    throw asTlsError(error)
  }
}

