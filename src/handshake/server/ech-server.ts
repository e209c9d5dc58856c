// Encrypted Client Hello on the server (RFC 9849 section 7): finds the ClientHelloInner in what came, and confirms
// that it was taken.

import type { ActiveSuite, ServerConfig } from '../../config.ts'
import type { EchServerKey } from '../../ech.ts'
import { TlsError } from '../../errors.ts'
import { hpkeReceiver } from '../../keys/hpke.ts'
import type { HpkeReceiver, SecretListener } from '../../keys/hpke.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { decode, Reader } from '../../wire/codec.ts'
import { decodeEch, ECH_INNER, echInfo, outerExtensions } from '../../wire/ech.ts'
import type { EchOuter } from '../../wire/ech.ts'
import { clientHelloExtensions, decodeExtension } from '../../wire/extensions.ts'
import type { RawExtension } from '../../wire/extensions.ts'
import { clientHello, encodeMessage, HEADER_LENGTH, messages13 } from '../../wire/messages.ts'
import type { ClientHello, ServerHello } from '../../wire/messages.ts'
import { extensionName, extensionTypes, isGrease, TLS13 } from '../../wire/registry.ts'
import { CONFIRMATION_LENGTH, helloConfirmation, retryConfirmation, withTail } from '../ech-confirm.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import type {
  ClientHelloMessage,
  EchOutcome,
  EchPart,
  OpenedHello,
  ReceivedHello,
  ServerHandshake,
} from './received-hello.ts'

/** The hello that counts. `first` is what the first one came to, when this is the second. */
export function* openHello(
  config: ServerConfig,
  received: ClientHelloMessage,
  first?: ReceivedHello,
): Flow<OpenedHello> {
  const data = decodeExtension(
    clientHelloExtensions,
    'encrypted_client_hello',
    received.extensions ?? [],
    'ClientHello',
  )
  if (first) return yield* openSecond(received, data, first.ech)
  if (!data || config.maxVersion < TLS13) return { message: received, ech: undefined }
  const outer = decodeEch(data)
  if (outer === 'inner') {
    if (config.ech)
      throw new TlsError(
        'illegal_parameter',
        'ClientHello: an inner encrypted_client_hello from the network (RFC 9849 section 7)',
      )
    return { message: received, ech: { kind: 'backend' } }
  }
  for (const key of candidates(config, outer)) {
    let secret = new Uint8Array(0)
    const context = yield* contextFor(config, key, outer, (shared) => {
      secret = shared.slice()
    })
    const opened = context && (yield* use(context.open(associatedData(received, outer), outer.payload)))
    if (!context || !opened) continue
    logEch(config, received, key, secret)
    return { message: innerHello(opened, received), ech: { kind: 'accepted', context, outer } }
  }
  return { message: received, ech: { kind: 'rejected' } }
}

/** Section 7.1: by the identifier, or all of them; with a suite that the config has. */
const candidates = ({ ech }: ServerConfig, { configId, suite }: EchOuter): readonly EchServerKey[] =>
  (ech?.keys ?? []).filter(
    ({ config }) =>
      (ech?.ignoreConfigId || config.configId === configId) &&
      config.suites.some(({ kdf, aead }) => kdf === suite.kdf && aead === suite.aead),
  )

/** ECH_SECRET and ECH_CONFIG, under the random that is seen on the way (RFC 9850 section 2.3). */
const logEch = (
  { keyLog }: ServerConfig,
  outer: ClientHelloMessage,
  { config }: EchServerKey,
  sharedSecret: Uint8Array,
): void => {
  keyLog?.('ECH_SECRET', outer.random, sharedSecret)
  keyLog?.('ECH_CONFIG', outer.random, config.raw)
}

function* contextFor(
  { provider }: ServerConfig,
  { config, keys }: EchServerKey,
  { suite, enc }: EchOuter,
  onSecret: SecretListener,
): Flow<HpkeReceiver | undefined> {
  const pair = yield* use(keys)
  try {
    return yield* use(hpkeReceiver(provider, { kem: config.kem, ...suite }, enc, pair, echInfo(config.raw), onSecret))
  } catch {
    return undefined // an invalid encapsulated key: not for this config
  }
}

/** Section 7.1.1: the second hello goes on with what the first one settled. */
function* openSecond(
  received: ClientHelloMessage,
  data: Uint8Array | undefined,
  ech: EchOutcome | undefined,
): Flow<OpenedHello> {
  if (ech?.kind === 'backend' && (!data || !equalBytes(data, ECH_INNER))) {
    throw new TlsError(
      'illegal_parameter',
      'ClientHello: the inner encrypted_client_hello is gone after HelloRetryRequest (RFC 9849 section 6.1.5)',
    )
  }
  if (ech?.kind !== 'accepted') return { message: received, ech: ech ?? (data && { kind: 'rejected' }) }
  if (!data)
    throw new TlsError(
      'missing_extension',
      'ClientHello: no encrypted_client_hello after HelloRetryRequest (RFC 9849 section 7.1.1)',
    )
  const outer = decodeEch(data)
  const before = ech.outer
  if (
    outer === 'inner' ||
    outer.enc.length > 0 ||
    outer.configId !== before.configId ||
    outer.suite.kdf !== before.suite.kdf ||
    outer.suite.aead !== before.suite.aead
  ) {
    throw new TlsError(
      'illegal_parameter',
      'ClientHello: another encrypted_client_hello after HelloRetryRequest (RFC 9849 section 7.1.1)',
    )
  }
  const opened = yield* use(ech.context.open(associatedData(received, outer), outer.payload))
  if (!opened)
    throw new TlsError(
      'bad_ech',
      'ClientHello: the second encrypted_client_hello does not decrypt (RFC 9849 section 7.1.1)',
    )
  return { message: innerHello(opened, received), ech }
}

/** ClientHelloOuterAAD: the hello with zeros for the payload (section 5.2). */
const associatedData = ({ raw }: ClientHelloMessage, { payload }: EchOuter): Uint8Array => {
  const body = raw.slice(HEADER_LENGTH)
  const start = payload.byteOffset - raw.byteOffset - HEADER_LENGTH // the payload was read out of `raw`, not copied
  return body.fill(0, start, start + payload.length)
}

/** ClientHelloInner out of EncodedClientHelloInner (section 5.1), checked as section 7.1 says. */
const innerHello = (encoded: Uint8Array, outer: ClientHelloMessage): ClientHelloMessage => {
  const reader = new Reader(encoded, 'EncodedClientHelloInner')
  const fields = clientHello.decode(reader)
  if (reader.take(reader.remaining).some((byte) => byte !== 0)) {
    throw new TlsError('illegal_parameter', 'EncodedClientHelloInner: padding that is not zero (RFC 9849 section 5.1)')
  }
  const extensions = expandOuter(fields.extensions ?? [], outer.extensions ?? [])
  const hello: ClientHello = { ...fields, sessionId: outer.sessionId, extensions }
  checkInner(fields, extensions)
  const raw = encodeMessage(messages13, 'ClientHello', hello)
  return { ...hello, type: 'ClientHello', raw }
}

/** Puts the outer extensions in the place of the reference to them; one pass over both lists (section 5.1). */
const expandOuter = (inner: readonly RawExtension[], outer: readonly RawExtension[]): readonly RawExtension[] => {
  let next = 0
  return inner.flatMap((extension): readonly RawExtension[] => {
    if (extension.type !== extensionTypes.ech_outer_extensions) return [extension]
    return decode(outerExtensions, extension.data, 'ech_outer_extensions').map((type) => {
      if (type === extensionTypes.encrypted_client_hello || type === extensionTypes.ech_outer_extensions) {
        throw new TlsError(
          'illegal_parameter',
          `ech_outer_extensions: it refers to ${extensionName(type)} (RFC 9849 section 5.1)`,
        )
      }
      while (next < outer.length && outer[next]?.type !== type) next++
      const found = outer[next++]
      if (!found) {
        throw new TlsError(
          'illegal_parameter',
          `ech_outer_extensions: ${extensionName(type)} is missing, out of order or there twice (RFC 9849 section 5.1)`,
        )
      }
      return found
    })
  })
}

const checkInner = (fields: ClientHello, extensions: readonly RawExtension[]): void => {
  const ech = decodeExtension(clientHelloExtensions, 'encrypted_client_hello', extensions, 'ClientHelloInner')
  if (!ech || !equalBytes(ech, ECH_INNER)) {
    throw new TlsError('illegal_parameter', 'ClientHelloInner: no inner encrypted_client_hello (RFC 9849 section 7.1)')
  }
  if (new Set(extensions.map(({ type }) => type)).size !== extensions.length) {
    throw new TlsError('illegal_parameter', 'ClientHelloInner: an extension that appears twice (RFC 9846 section 4.3)')
  }
  if (fields.sessionId.length > 0) {
    throw new TlsError('illegal_parameter', 'EncodedClientHelloInner: a session ID (RFC 9849 section 5.1)')
  }
  const versions = decodeExtension(clientHelloExtensions, 'supported_versions', extensions, 'ClientHelloInner') ?? []
  if (versions.some((version) => version < TLS13 && !isGrease(version))) {
    throw new TlsError('illegal_parameter', 'ClientHelloInner: it offers TLS 1.2 or older (RFC 9849 section 7.1)')
  }
  if (!versions.includes(TLS13))
    throw new TlsError('illegal_parameter', 'ClientHelloInner: it does not offer TLS 1.3 (RFC 9849 section 7.1)')
}

/** Whether we go by a ClientHelloInner, and have to say so. */
const confirmsEch = ({ ech }: ReceivedHello): boolean => ech?.kind === 'accepted' || ech?.kind === 'backend'

/** The ServerHello, with the confirmation in its random where ECH was accepted (section 7.2). */
const confirmedHello = (
  hs: ServerHandshake,
  hello: ReceivedHello,
  suite: ActiveSuite,
  fields: ServerHello,
): ServerHello =>
  confirmsEch(hello)
    ? {
        ...fields,
        random: withTail(fields.random, helloConfirmation(suite.hash, hello.message.random, hs.transcript, fields)),
      }
    : fields

/** The HelloRetryRequest, with the extension where ECH was accepted (section 7.2.1). */
const confirmedRetry = (hello: ReceivedHello, suite: ActiveSuite, fields: ServerHello): ServerHello => {
  if (!confirmsEch(hello)) return fields
  const type = extensionTypes.encrypted_client_hello
  const extensions = fields.extensions ?? []
  const zeroed = { ...fields, extensions: [...extensions, { type, data: new Uint8Array(CONFIRMATION_LENGTH) }] }
  const data = retryConfirmation(suite.hash, hello.message.random, hello.message.raw, zeroed)
  return { ...fields, extensions: [...extensions, { type, data }] }
}

export const echPart: EchPart = { open: openHello, confirmHello: confirmedHello, confirmRetry: confirmedRetry }
