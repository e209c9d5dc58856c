// What a client offers: the extensions of its ClientHello, and the message with the binders of its PSKs (RFC 9846
// section 4.2.2).

import type { ActiveGroup, ClientConfig } from '../../config.ts'
import type { KeyExchange } from '../../crypto/provider.ts'
import { clientHelloExtensions, decodeExtensions, encodeExtensions } from '../../wire/extensions.ts'
import type { ClientHelloExtensions, RawExtension } from '../../wire/extensions.ts'
import type { ClientHello } from '../../wire/messages.ts'
import { HOST_NAME, NO_COMPRESSION, OCSP, UNCOMPRESSED } from '../../wire/numbers.ts'
import { EMPTY_RENEGOTIATION_INFO_SCSV, extensionTypes, FALLBACK_SCSV, isGrease, TLS12, TLS13 } from '../../wire/registry.ts'
import { expandable } from '../auth/certificate-compression.ts'
import { takenDelegations } from '../auth/delegated.ts'
import { addBinders } from './client-psk.ts'
import type { HelloShape } from '../grease.ts'
import { pskOf12 } from '../key-exchange/external-psk.ts'
import type { PskOffer } from './client-psk.ts'
import type { Flow } from '../flow.ts'
import type { ClientHandshake, ServerHelloMessage } from './client-handshake.ts'

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
  readonly shape: HelloShape
  /** Set where the hello went out encrypted (RFC 9849): this is the inner one. */
  readonly ech?: Envelope | undefined
  /** Set where this is the outer one and the server went by it: the keys that it wants used instead. */
  readonly refusal?: { retryConfigs: Uint8Array | undefined }
}

/** What a hello is encrypted in (ech-client.ts). */
export interface Envelope {
  arrange(parts: HelloParts, hello: ClientHello): ClientHello
  send(hs: ClientHandshake, parts: HelloParts, hello: ClientHello): Flow<Offer>
  /** Which hello this message answers. */
  judge(hs: ClientHandshake, offer: Offer, hello: ServerHelloMessage): { readonly hs: ClientHandshake; readonly offer: Offer }
}

export interface OfferedShare {
  readonly group: ActiveGroup
  readonly exchange: KeyExchange
}

/** The extensions of a first ClientHello, in the order in which they are sent; PSKs come after, when the rest is fixed. */
export const helloExtensions = (
  config: ClientConfig, shares: readonly OfferedShare[], ticket12: Uint8Array | undefined,
): ClientHelloExtensions => {
  const { serverName } = config
  const offers12 = config.minVersion <= TLS12
  const offers13 = config.maxVersion >= TLS13
  const usesPsks = offers13 && (config.tickets || config.psks.length > 0)
  const sni = serverName !== undefined && config.sendServerName && !isAddress(serverName)
  const schemes = config.schemes.filter(({ tls13, tls13Only }) => (offers13 && tls13) || !tls13Only).map(({ id }) => id)
  return {
    ...(sni && { server_name: [{ nameType: HOST_NAME, name: serverName.replace(/\.$/, '') }] }),
    ...(offers12 && { extended_master_secret: true, renegotiation_info: new Uint8Array(0) }),
    supported_groups: config.groups.filter(({ tls13Only }) => offers13 || !tls13Only).map(({ id }) => id),
    ...(offers12 && { ec_point_formats: Uint8Array.of(UNCOMPRESSED) }),
    ...(offers12 && config.tickets && { session_ticket: ticket12 ?? new Uint8Array(0) }),
    ...(config.alpn.length > 0 && { application_layer_protocol_negotiation: config.alpn }),
    ...(config.requestOcsp && { status_request: { statusType: OCSP, request: new Uint8Array(4) } }),
    ...(offers12 && config.suites.some(({ cipher }) => cipher.kind === 'cbc') && { encrypt_then_mac: true }),
    signature_algorithms: schemes,
    ...(config.requestScts && { signed_certificate_timestamp: new Uint8Array(0) }),
    ...(offers13 && { key_share: shares.map(({ group, exchange }) => ({ group: group.id, keyExchange: exchange.share })) }),
    ...(usesPsks && { psk_key_exchange_modes: Uint8Array.from(config.pskModes) }),
    ...(offers13 && { supported_versions: offers12 ? [TLS13, TLS12] : [TLS13] }),
    ...(offers13 && config.tickets && config.ticketRequest && {
      ticket_request: { newSessionCount: config.ticketRequest.newSession, resumptionCount: config.ticketRequest.resumption },
    }),
    ...(offers12 && config.maxFragmentLength !== undefined && { max_fragment_length: config.maxFragmentLength }),
    ...(config.recordSizeLimit !== undefined && { record_size_limit: config.recordSizeLimit }),
    ...(config.certificateSchemes && { signature_algorithms_cert: config.certificateSchemes.map(({ id }) => id) }),
    ...(offers13 && expandable(config)),
    ...(offers13 && takenDelegations(config)),
    ...(offers13 && config.postHandshakeAuth && { post_handshake_auth: true }),
  }
}

const isAddress = (name: string): boolean => name.includes(':') || /^[\d.]+$/.test(name)

export type HelloParts = Pick<Offer, 'random' | 'sessionId' | 'shares' | 'psks' | 'shape' | 'ech'> & { extensions: ClientHelloExtensions }

/** Encodes and sends a ClientHello; PSKs go last, with binders over everything before them. */
export function* sendHello(hs: ClientHandshake, parts: HelloParts, cipherSuites?: readonly number[]): Flow<Offer> {
  const plain = plainHello(hs.config, parts, cipherSuites)
  const arranged = parts.ech?.arrange(parts, plain) ?? plain
  const hello = parts.psks.length > 0 ? addBinders(hs, arranged, parts.psks) : arranged
  if (parts.ech) return yield* parts.ech.send(hs, parts, hello)
  const [raw = new Uint8Array(0)] = hs.send('ClientHello', hello)
  return offerOf(parts, hello, raw)
}

/** A hello without PSKs. */
export const plainHello = (
  config: ClientConfig, parts: HelloParts, cipherSuites: readonly number[] = parts.shape.suites(offeredSuites(config)),
): ClientHello => {
  const { pre_shared_key: _, ...extensions } = parts.extensions
  const plain: ClientHello = {
    legacyVersion: Math.min(config.maxVersion, TLS12),
    random: parts.random,
    sessionId: parts.sessionId,
    cipherSuites,
    compressionMethods: Uint8Array.of(NO_COMPRESSION),
    extensions: parts.shape.list(encodeExtensions(clientHelloExtensions, extensions)),
  }
  return config.shapeHello?.(plain) ?? plain
}

/** What a hello that went out offers. */
export const offerOf = (parts: HelloParts, hello: ClientHello, raw: Uint8Array): Offer => {
  const list = hello.extensions ?? []
  return {
    ...parts,
    random: hello.random,
    sessionId: hello.sessionId,
    hello,
    raw,
    extensions: { ...parts.extensions, ...readBack(list) },
    sent: new Set([...list.map(({ type }) => type), ...impliedBy(hello)].filter((type) => !isGrease(type))), // RFC 8701 section 3.1
  }
}

/** A shaped hello is judged by what it says, not by what we meant to say. */
const readBack = (list: readonly RawExtension[]): ClientHelloExtensions =>
  decodeExtensions(clientHelloExtensions, list, 'our own ClientHello')

/** The SCSV stands for an empty renegotiation_info (RFC 5746 section 3.3). */
const impliedBy = ({ cipherSuites }: ClientHello): readonly number[] =>
  cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV) ? [extensionTypes.renegotiation_info] : []

const offeredSuites = (config: ClientConfig): readonly number[] => [
  ...config.suites.filter(({ authentication }) => authentication !== 'psk' || pskOf12(config)).map(({ id }) => id),
  ...(config.fallback ? [FALLBACK_SCSV] : []),
]
