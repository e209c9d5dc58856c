// The client's side from ClientHello to the choice of version (RFC 9846 section 4.2.2 and 4.2.3). One ClientHello offers both
// versions; what the ServerHello says decides whether client13.ts or client12.ts goes on.

import type { ActiveGroup, ClientConfig } from '../config.ts'
import type { KeyExchange } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { equalBytes } from '../wire/bytes.ts'
import { clientHelloExtensions, decodeExtensions, encodeExtensions, serverHelloExtensions } from '../wire/extensions.ts'
import type { ClientHelloExtensions, RawExtension } from '../wire/extensions.ts'
import { messages13 } from '../wire/messages.ts'
import type { ClientHello, Message, Messages13, ServerHello } from '../wire/messages.ts'
import {
  cipherSuiteName, EMPTY_RENEGOTIATION_INFO_SCSV, extensionTypes, FALLBACK_SCSV, TLS12, TLS13, versionName, versions,
} from '../wire/registry.ts'
import { clientHandshake12 } from './client12.ts'
import { clientHandshake13 } from './client13.ts'
import { Handshake } from './context.ts'
import type { Established, HandshakeIo } from './context.ts'
import { startEarlyData } from './early-data.ts'
import { use } from './flow.ts'
import type { Flow } from './flow.ts'
import { addBinders, pskOffers, takeSession } from './client-psk.ts'
import type { PskOffer } from './client-psk.ts'

/** What the client has offered so far: all that is needed to judge the answer. */
export interface Offer {
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  /** As sent; the second one after a HelloRetryRequest. */
  readonly hello: ClientHello
  /** The message as sent. */
  readonly raw: Uint8Array
  readonly extensions: ClientHelloExtensions
  /** Extension types sent: an answer with any other is unsupported_extension. */
  readonly sent: ReadonlySet<number>
  readonly shares: readonly OfferedShare[]
  readonly psks: readonly PskOffer[]
}

export interface OfferedShare {
  readonly group: ActiveGroup
  readonly exchange: KeyExchange
}

export type ClientHandshake = Handshake<ClientConfig>
export type ServerHelloMessage = Message<Messages13, 'ServerHello'>

export function* clientHandshake(config: ClientConfig, io: HandshakeIo): Flow<Established> {
  const hs: ClientHandshake = new Handshake(config, io)
  const session = yield* takeSession(config)
  const random = config.provider.random(32)
  hs.clientRandom = random
  const offers13 = config.maxVersion >= TLS13
  const shares: OfferedShare[] = []
  for (const group of offers13 ? config.keyShares : []) shares.push({ group, exchange: yield* use(group.start()) })
  const resumes12 = session?.version === TLS12 && session.sessionId.length === 0 && session.ticket.length > 0
  const sessionId =
    session?.version === TLS12 && session.sessionId.length > 0
      ? session.sessionId
      : (offers13 && config.compatibilityMode) || resumes12
        ? config.provider.random(32)
        : new Uint8Array(0)
  const psks = pskOffers(config, session)
  const extensions = helloExtensions(config, shares, session?.version === TLS12 ? session.ticket : undefined)
  if (psks.some(({ earlyData }) => earlyData) && config.earlyData) extensions.early_data = true
  const offer = sendHello(hs, { random, sessionId, extensions, shares, psks })
  if (offer.extensions.early_data) yield* startEarlyData(hs, offer)

  const serverHello = yield* hs.read(messages13, 'ServerHello')
  const version = chosenVersion(config, serverHello)
  checkEcho(offer, serverHello, version)
  io.setVersion(version)
  return version === TLS13
    ? yield* clientHandshake13(hs, offer, serverHello)
    : yield* clientHandshake12(hs, offer, serverHello, session?.version === TLS12 ? session : undefined)
}

/** The extensions of a first ClientHello, in the order in which they are sent; PSKs come after, when the rest is fixed. */
const helloExtensions = (
  config: ClientConfig, shares: readonly OfferedShare[], ticket12: Uint8Array | undefined,
): ClientHelloExtensions => {
  const { serverName } = config
  const offers12 = config.minVersion <= TLS12
  const offers13 = config.maxVersion >= TLS13
  const sni = serverName !== undefined && config.sendServerName && !isAddress(serverName)
  const schemes = config.schemes.filter(({ tls13, tls13Only }) => (offers13 && tls13) || !tls13Only).map(({ id }) => id)
  return {
    ...(sni && { server_name: [{ nameType: 0, name: serverName.replace(/\.$/, '') }] }),
    ...(offers12 && { extended_master_secret: true, renegotiation_info: new Uint8Array(0) }),
    supported_groups: config.groups.filter(({ tls13Only }) => offers13 || !tls13Only).map(({ id }) => id),
    ...(offers12 && { ec_point_formats: Uint8Array.of(0), session_ticket: ticket12 ?? new Uint8Array(0) }),
    ...(config.alpn.length > 0 && { application_layer_protocol_negotiation: config.alpn }),
    status_request: { statusType: 1, request: new Uint8Array(4) },
    ...(offers12 && config.legacy && { encrypt_then_mac: true }),
    signature_algorithms: schemes,
    signed_certificate_timestamp: new Uint8Array(0),
    ...(offers13 && { key_share: shares.map(({ group, exchange }) => ({ group: group.id, keyExchange: exchange.share })) }),
    ...(offers13 && { psk_key_exchange_modes: Uint8Array.of(1) }),
    ...(offers13 && { supported_versions: offers12 ? [TLS13, TLS12] : [TLS13] }),
    ...(config.recordSizeLimit !== undefined && { record_size_limit: config.recordSizeLimit }),
    ...(config.certificateSchemes && { signature_algorithms_cert: config.certificateSchemes.map(({ id }) => id) }),
    ...(offers13 && config.postHandshakeAuth && { post_handshake_auth: true }),
  }
}

const isAddress = (name: string): boolean => name.includes(':') || /^[\d.]+$/.test(name)

export type HelloParts = Pick<Offer, 'random' | 'sessionId' | 'shares' | 'psks'> & { extensions: ClientHelloExtensions }

/** Encodes and sends a ClientHello; PSKs go last, with binders over everything before them. */
export const sendHello = (hs: ClientHandshake, parts: HelloParts, cipherSuites = offeredSuites(hs.config)): Offer => {
  const { config } = hs
  const { pre_shared_key: _, ...extensions } = parts.extensions
  const plain: ClientHello = {
    legacyVersion: Math.min(config.maxVersion, TLS12),
    random: parts.random,
    sessionId: parts.sessionId,
    cipherSuites,
    compressionMethods: Uint8Array.of(0),
    extensions: encodeExtensions(clientHelloExtensions, extensions),
  }
  const shaped = config.shapeHello?.(plain) ?? plain
  const hello = parts.psks.length > 0 ? addBinders(hs, shaped, parts.psks) : shaped
  const [raw = new Uint8Array(0)] = hs.send(messages13, 'ClientHello', hello)
  const list = hello.extensions ?? []
  return {
    ...parts,
    random: hello.random,
    sessionId: hello.sessionId,
    hello,
    raw,
    extensions: { ...parts.extensions, ...readBack(list) },
    sent: new Set([...list.map(({ type }) => type), ...impliedBy(hello)]),
  }
}

/** A shaped hello is judged by what it says, not by what we meant to say. */
const readBack = (list: readonly RawExtension[]): ClientHelloExtensions =>
  decodeExtensions(clientHelloExtensions, list, 'our own ClientHello')

/** The SCSV stands for an empty renegotiation_info (RFC 5746 section 3.3). */
const impliedBy = ({ cipherSuites }: ClientHello): readonly number[] =>
  cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV) ? [extensionTypes.renegotiation_info] : []

const offeredSuites = (config: ClientConfig): readonly number[] => [
  ...config.suites.map(({ id }) => id),
  ...(config.fallback ? [FALLBACK_SCSV] : []),
]

/** RFC 9846 section 4.2.3 and 4.3.1: the version, with the downgrade sentinels. */
const chosenVersion = (config: ClientConfig, hello: ServerHello): number => {
  const type = extensionTypes.supported_versions
  const extension = hello.extensions?.find((candidate) => candidate.type === type)
  const version = extension
    ? decodeExtensions(serverHelloExtensions, [extension], 'ServerHello').supported_versions ?? 0
    : hello.legacyVersion
  if (extension && (version < TLS13 || config.maxVersion < TLS13)) {
    throw new TlsError('illegal_parameter', `ServerHello: supported_versions names ${versionName(version)}`)
  }
  if (extension && hello.legacyVersion !== TLS12) {
    throw new TlsError('illegal_parameter', `ServerHello: legacy_version is ${versionName(hello.legacyVersion)}`)
  }
  if (!extension && version >= TLS13) {
    throw new TlsError('illegal_parameter', 'ServerHello: TLS 1.3 or newer without supported_versions')
  }
  if (version < config.minVersion || version > config.maxVersion || ![TLS12, TLS13].includes(version)) {
    const range = `${versionName(config.minVersion)} to ${versionName(config.maxVersion)}`
    throw new TlsError(
      'protocol_version',
      `the server wants ${versionName(version)}, and this client speaks ${config.minVersion === config.maxVersion ? `only ${versionName(config.minVersion)}` : range}`,
    )
  }
  if (config.maxVersion >= TLS13 && version < TLS13 && hasSentinel(hello.random)) {
    throw new TlsError('downgrade_detected', 'the server can do TLS 1.3 and somebody on the way made it believe that we cannot')
  }
  return version
}

const DOWNGRADE = Uint8Array.of(0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44)

/** The last eight bytes of the random: "DOWNGRD" and 1 (TLS 1.2) or 0 (older). */
export const downgradeSentinel = (version: number): Uint8Array =>
  Uint8Array.of(...DOWNGRADE, version === versions['TLS 1.2'] ? 1 : 0)

const hasSentinel = (random: Uint8Array): boolean => equalBytes(random.subarray(24, 31), DOWNGRADE) && (random[31] ?? 2) <= 1

/** Fields that have to be what we sent (section 4.2.3). */
const checkEcho = (offer: Offer, serverHello: ServerHello, version: number): void => {
  const { cipherSuite, compressionMethod, sessionId } = serverHello
  if (compressionMethod !== 0) throw new TlsError('illegal_parameter', 'ServerHello: compression was chosen')
  if (!offer.hello.cipherSuites.includes(cipherSuite)) {
    throw new TlsError('illegal_parameter', `ServerHello: ${cipherSuiteName(cipherSuite)} was not offered`)
  }
  if (version === TLS13 && !equalBytes(sessionId, offer.sessionId)) {
    throw new TlsError('illegal_parameter', 'ServerHello: the session ID is not the one we sent')
  }
}
