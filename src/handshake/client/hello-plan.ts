// What a ClientHello will say, before any of it is encoded (RFC 9846 section 4.2.2). Everything that is drawn at random
// is in the plan, so that each step after it is a function of the plan.

import type { ActiveGroup, ClientConfig } from '../../config.ts'
import type { KeyExchange } from '../../crypto/provider.ts'
import { MAX_PLAINTEXT, MAX_RECORD_SIZE_LIMIT } from '../../record/limits.ts'
import type { ClientHelloExtensions } from '../../wire/extensions.ts'
import { isAddress } from '../../wire/host-name.ts'
import type { ClientHello } from '../../wire/messages.ts'
import { HOST_NAME, OCSP, UNCOMPRESSED } from '../../wire/numbers.ts'
import { FALLBACK_SCSV, TLS12, TLS13 } from '../../wire/registry.ts'
import { expandable, takenDelegations } from '../auth/certificate-message.ts'
import { pskOf12 } from '../key-exchange/external-psk.ts'
import type { ClientHandshake, HelloVariation, PskOffer, ServerHelloMessage } from './client-handshake.ts'
import type { Flow } from '../flow.ts'

export interface OfferedShare {
  readonly group: ActiveGroup
  readonly exchange: KeyExchange
}

export interface HelloPlan {
  readonly config: ClientConfig
  /** 32 bytes. */
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cipherSuites: readonly number[]
  /** In the order in which they are sent unless `variation` changes it; pre_shared_key is made of `psks`. */
  readonly extensions: ClientHelloExtensions
  readonly shares: readonly OfferedShare[]
  readonly psks: readonly PskOffer[]
  readonly variation: HelloVariation | undefined
  /** Set where this is a ClientHelloInner (RFC 9849). */
  readonly ech?: EchContext | undefined
  /** Set where this is a ClientHelloOuter. */
  readonly outer?: OuterHello | undefined
}

/** What the client has offered: all that is needed to judge the answer. */
export interface Offer {
  readonly plan: HelloPlan
  /** As sent; the second one after a HelloRetryRequest. */
  readonly hello: ClientHello
  /** The message as sent; of an encrypted hello the inner one. */
  readonly raw: Uint8Array
  readonly extensions: ClientHelloExtensions
  /** Extension types sent: an answer with any other is unsupported_extension. */
  readonly sent: ReadonlySet<number>
  /** Of an encrypted first hello: the outer one, which the server may answer instead. */
  readonly outer?: Offer | undefined
}

/** A hello that answers a HelloRetryRequest. */
export interface SecondHello {
  readonly first: Offer
  /** What the request changes in it. */
  readonly changes: ClientHelloExtensions
}

/**
 * One connection's Encrypted Client Hello (RFC 9849 section 6.1): what both ClientHellos have in common. ech-client.ts
 * makes it; the rest of the client knows ECH by this interface only, so that a client without ECH does not carry it.
 */
export interface EchContext {
  /** For the inner hello: TLS 1.3 only. */
  readonly config: ClientConfig
  /** The handshake that goes on if the server answers the outer hello. */
  readonly outer: ClientHandshake
  /** A HelloRetryRequest confirmed ECH: this is for the second hello. */
  readonly confirmed: boolean
  /** Sends the outer hello with the inner one, of this plan, in its extension. */
  send(hs: ClientHandshake, plan: HelloPlan, second?: SecondHello): Flow<Offer>
  /** Whether this message says that the server took the inner hello; `raw` is that hello's message. */
  confirms(hs: ClientHandshake, plan: HelloPlan, raw: Uint8Array, hello: ServerHelloMessage): boolean
}

/** What a ClientHelloOuter is good for. */
export interface OuterHello {
  /** The end of a handshake with it: throws `ech_required`, with the server's keys for another try (section 6.1.6). */
  refuse(retryConfigs: Uint8Array | undefined): never
}

interface HelloParts extends Pick<HelloPlan, 'random' | 'sessionId' | 'shares' | 'psks' | 'variation' | 'ech'> {
  /** A ticket of TLS 1.2. */
  readonly ticket12?: Uint8Array | undefined
  /** What this hello has besides the extensions that follow from the config. */
  readonly more: ClientHelloExtensions
}

export const planHello = (config: ClientConfig, { ticket12, more, ...parts }: HelloParts): HelloPlan => {
  const { variation } = parts
  const suites = offeredSuites(config)
  const extensions = helloExtensions(config, parts.shares, ticket12)
  return {
    ...parts,
    config,
    cipherSuites: variation?.suites(suites) ?? suites,
    extensions: { ...(variation?.values(extensions) ?? extensions), ...more },
  }
}

/** RFC 9846 section 4.2.4: the second ClientHello says what the first one said, but for these changes. */
export const planSecondHello = (
  first: HelloPlan,
  changes: Pick<HelloPlan, 'shares' | 'psks'> & { readonly more: ClientHelloExtensions },
): HelloPlan => {
  const { early_data: _, ...kept } = first.extensions
  const { more, ...parts } = changes
  return { ...first, ...parts, extensions: { ...kept, ...more }, ech: first.ech && { ...first.ech, confirmed: true } }
}

export const keyShares = (shares: readonly OfferedShare[]): NonNullable<ClientHelloExtensions['key_share']> =>
  shares.map(({ group, exchange }) => ({ group: group.id, keyExchange: exchange.share }))

/**
 * The extensions of a first ClientHello, in the order in which they are sent; PSKs come after, when the rest is fixed.
 */
const helloExtensions = (
  config: ClientConfig,
  shares: readonly OfferedShare[],
  ticket12: Uint8Array | undefined,
): ClientHelloExtensions => {
  const { serverName, ticketRequest, recordSizeLimit } = config
  const offers12 = config.minVersion <= TLS12
  const offers13 = config.maxVersion >= TLS13
  const usesPsks = offers13 && (config.tickets || config.psks.length > 0)
  const sni = serverName !== undefined && config.sendServerName && !isAddress(serverName)
  const schemes = config.schemes.filter(({ tls13, tls13Only }) => (offers13 && tls13) || !tls13Only).map(({ id }) => id)
  // what is undefined is left out; in one literal, for objects spread into one another cost more than what is in them
  return {
    server_name: sni ? [{ nameType: HOST_NAME, name: serverName.replace(/\.$/, '') }] : undefined,
    extended_master_secret: offers12 || undefined,
    renegotiation_info: offers12 ? none : undefined,
    supported_groups: config.groups.filter(({ tls13Only }) => offers13 || !tls13Only).map(({ id }) => id),
    ec_point_formats: offers12 ? Uint8Array.of(UNCOMPRESSED) : undefined,
    session_ticket: offers12 && config.tickets ? (ticket12 ?? none) : undefined,
    application_layer_protocol_negotiation: config.alpn.length > 0 ? config.alpn : undefined,
    status_request: config.requestOcsp ? { statusType: OCSP, request: new Uint8Array(4) } : undefined,
    encrypt_then_mac: (offers12 && config.suites.some(({ cipher }) => cipher.kind === 'cbc')) || undefined,
    signature_algorithms: schemes,
    signed_certificate_timestamp: config.requestScts ? none : undefined,
    key_share: offers13 ? keyShares(shares) : undefined,
    psk_key_exchange_modes: usesPsks ? Uint8Array.from(config.pskModes) : undefined,
    supported_versions: offers13 ? (offers12 ? [TLS13, TLS12] : [TLS13]) : undefined,
    ticket_request:
      offers13 && config.tickets && ticketRequest
        ? { newSessionCount: ticketRequest.newSession, resumptionCount: ticketRequest.resumption }
        : undefined,
    max_fragment_length: offers12 ? config.maxFragmentLength : undefined,
    record_size_limit: recordSizeLimit && Math.min(recordSizeLimit, offers13 ? MAX_RECORD_SIZE_LIMIT : MAX_PLAINTEXT),
    signature_algorithms_cert: config.certificateSchemes?.map(({ id }) => id),
    compress_certificate: offers13 ? expandable(config) : undefined,
    delegated_credential: offers13 ? takenDelegations(config) : undefined,
    post_handshake_auth: (offers13 && config.postHandshakeAuth) || undefined,
  }
}
const none = new Uint8Array(0)

const offeredSuites = (config: ClientConfig): readonly number[] => [
  ...config.suites.filter(({ authentication }) => authentication !== 'psk' || pskOf12(config)).map(({ id }) => id),
  ...(config.fallback ? [FALLBACK_SCSV] : []),
]
