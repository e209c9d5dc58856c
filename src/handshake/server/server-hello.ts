// Hellos on the server: reads and checks a ClientHello, and the fields of a ServerHello that answer it (RFC 9846
// section 4.2.2 and 4.2.3).

import type { ActiveSuite, ServerConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { clientHelloExtensions, decodeExtensions } from '../../wire/extensions.ts'
import { HELLO_RETRY_REQUEST_RANDOM } from '../../wire/messages.ts'
import type { ServerHello } from '../../wire/messages.ts'
import { HOST_NAME, NO_COMPRESSION } from '../../wire/numbers.ts'
import { isPrintable } from '../../wire/host-name.ts'
import { extensionTypes, SSL30, TLS12, TLS13 } from '../../wire/registry.ts'
import type { Flow } from '../flow.ts'
import { helloInfo } from './negotiate.ts'
import type { EchPart, ReceivedHello, ServerHandshake } from './received-hello.ts'

/** `first` is the hello before a HelloRetryRequest. */
export function* readHello(
  hs: ServerHandshake,
  echPart: EchPart | undefined,
  first?: ReceivedHello,
): Flow<ReceivedHello> {
  const received = yield* hs.receive('ClientHello')
  const { message, ech } = echPart
    ? yield* echPart.open(hs.config, received, first)
    : { message: received, ech: undefined }
  return { ...checkedHello(hs, message), ech, echPart }
}

/** The ClientHello that counts, in the transcript from here on. */
export const checkedHello = (hs: ServerHandshake, message: ReceivedHello['message']): ReceivedHello => {
  hs.transcript.add(message.raw)
  const known =
    hs.config.maxVersion >= TLS13 ? message.extensions : message.extensions?.filter(({ type }) => !only13.has(type))
  const extensions = decodeExtensions(clientHelloExtensions, known ?? [], 'ClientHello')
  checkHello(message, extensions)
  return { message, extensions, info: helloInfo(message, extensions, hs.config.provider) }
}

/** Extensions that a server without TLS 1.3 does not know, and so does not look into. */
const only13: ReadonlySet<number> = new Set([
  extensionTypes.pre_shared_key,
  extensionTypes.early_data,
  extensionTypes.cookie,
  extensionTypes.psk_key_exchange_modes,
  extensionTypes.key_share,
  extensionTypes.post_handshake_auth,
])

/** What holds for a ClientHello of either version. */
const checkHello = (message: ReceivedHello['message'], extensions: ReceivedHello['extensions']): void => {
  if (!message.compressionMethods.includes(NO_COMPRESSION)) {
    throw new TlsError('illegal_parameter', 'ClientHello: no null compression (RFC 9846 section 4.2.2)')
  }
  const names = extensions.server_name ?? []
  if (new Set(names.map(({ nameType }) => nameType)).size !== names.length) {
    throw new TlsError('illegal_parameter', 'ClientHello: two server names of one type (RFC 6066 section 3)')
  }
  const host = names.find(({ nameType }) => nameType === HOST_NAME)?.name
  if (host !== undefined && !isPrintable(host)) {
    throw new TlsError(
      'illegal_parameter',
      'ClientHello: the server name has characters that no host name has (RFC 6066 section 3)',
    )
  }
  if (extensions.pre_shared_key && message.extensions?.at(-1)?.type !== extensionTypes.pre_shared_key) {
    throw new TlsError(
      'illegal_parameter',
      'ClientHello: pre_shared_key is not the last extension (RFC 9846 section 4.3.11)',
    )
  }
  if (message.legacyVersion <= SSL30) {
    throw new TlsError('protocol_version', 'ClientHello: SSL 3.0 or older (RFC 9846 section 4.2.2, RFC 7568 section 3)')
  }
}

export const helloFields = (
  config: ServerConfig,
  hello: ReceivedHello,
  suite: ActiveSuite,
  retry = false,
): Omit<ServerHello, 'extensions'> => ({
  legacyVersion: TLS12,
  random: retry ? HELLO_RETRY_REQUEST_RANDOM : config.provider.random(32),
  sessionId: hello.message.sessionId,
  cipherSuite: suite.id,
  compressionMethod: NO_COMPRESSION,
})
