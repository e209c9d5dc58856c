// The extensions of each message as tables of codecs (RFC 9846 section 4.3, RFC 6066, and the documents named beside the
// rows). A table says both how an extension is written and that it may appear in that message at all.

import { TlsError } from '../errors.ts'
import { empty, fixed, latin1, list, mapped, opaque, rest, struct, u16, u32, u8, encode, decode } from './codec.ts'
import type { Codec, Note } from './codec.ts'
import { decodeEchConfigList } from './ech.ts'
import { extensionName, extensionTypes } from './registry.ts'
import type { ExtensionName } from './registry.ts'

/** An extension as it lies on the wire. */
export interface RawExtension {
  readonly type: number
  readonly data: Uint8Array
}

const extensionEntry: Codec<RawExtension> = struct<RawExtension>({ type: u16, data: opaque(2) })

/** An extension list: no type twice (RFC 9846 section 4.3). `least` is the least length of the whole list in bytes. */
export const extensionList = (least = 0): Codec<readonly RawExtension[]> =>
  mapped(
    list(2, extensionEntry, least),
    (extensions, reader) => {
      const seen = new Set<number>()
      for (const { type } of extensions) {
        if (seen.has(type)) {
          throw new TlsError('decode_error', `${reader.what}: extension ${extensionName(type)} appears twice`)
        }
        seen.add(type)
      }
      return extensions
    },
    (extensions) => extensions,
  )

export interface KeyShareEntry {
  readonly group: number
  readonly keyExchange: Uint8Array
}

export interface PskIdentity {
  readonly identity: Uint8Array
  /** Milliseconds since the ticket came, plus ticket_age_add, modulo 2^32. */
  readonly obfuscatedTicketAge: number
}

export interface OfferedPsks {
  readonly identities: readonly PskIdentity[]
  readonly binders: readonly Uint8Array[]
}

export interface ServerNameEntry {
  readonly nameType: number
  readonly name: string
}

export interface StatusRequest {
  readonly statusType: number
  readonly request: Uint8Array
}

export interface ClientHelloExtensions {
  server_name?: readonly ServerNameEntry[]
  max_fragment_length?: number
  status_request?: StatusRequest
  supported_groups?: readonly number[]
  ec_point_formats?: Uint8Array
  signature_algorithms?: readonly number[]
  use_srtp?: Uint8Array
  heartbeat?: Uint8Array
  application_layer_protocol_negotiation?: readonly string[]
  signed_certificate_timestamp?: Uint8Array
  client_certificate_type?: Uint8Array
  server_certificate_type?: Uint8Array
  padding?: Uint8Array
  encrypt_then_mac?: true
  extended_master_secret?: true
  compress_certificate?: readonly number[]
  record_size_limit?: number
  delegated_credential?: readonly number[]
  session_ticket?: Uint8Array
  pre_shared_key?: OfferedPsks
  early_data?: true
  supported_versions?: readonly number[]
  cookie?: Uint8Array
  psk_key_exchange_modes?: Uint8Array
  certificate_authorities?: readonly Uint8Array[]
  post_handshake_auth?: true
  signature_algorithms_cert?: readonly number[]
  key_share?: readonly KeyShareEntry[]
  transparency_info?: Uint8Array
  quic_transport_parameters?: Uint8Array
  ticket_request?: { readonly newSessionCount: number; readonly resumptionCount: number }
  tls_flags?: Uint8Array
  ech_outer_extensions?: Uint8Array
  encrypted_client_hello?: Uint8Array
  renegotiation_info?: Uint8Array
}

export interface ServerHelloExtensions {
  key_share?: KeyShareEntry
  pre_shared_key?: number
  supported_versions?: number
}

export interface HelloRetryRequestExtensions {
  key_share?: number
  cookie?: Uint8Array
  supported_versions?: number
  encrypted_client_hello?: Uint8Array
}

export interface ServerHello12Extensions {
  server_name?: Uint8Array
  /** Not for servers to send; some do, and are let through. */
  supported_groups?: Uint8Array
  max_fragment_length?: number
  status_request?: true
  ec_point_formats?: Uint8Array
  application_layer_protocol_negotiation?: readonly string[]
  signed_certificate_timestamp?: readonly Uint8Array[]
  encrypt_then_mac?: true
  extended_master_secret?: true
  record_size_limit?: number
  session_ticket?: true
  renegotiation_info?: Uint8Array
}

export interface EncryptedExtensionsExtensions {
  server_name?: Uint8Array
  max_fragment_length?: number
  supported_groups?: readonly number[]
  application_layer_protocol_negotiation?: readonly string[]
  client_certificate_type?: number
  server_certificate_type?: number
  record_size_limit?: number
  early_data?: true
  quic_transport_parameters?: Uint8Array
  ticket_request?: number
  encrypted_client_hello?: Uint8Array
}

export interface CertificateRequestExtensions {
  status_request?: Uint8Array
  signature_algorithms?: readonly number[]
  signed_certificate_timestamp?: Uint8Array
  compress_certificate?: readonly number[]
  certificate_authorities?: readonly Uint8Array[]
  oid_filters?: Uint8Array
  signature_algorithms_cert?: readonly number[]
  delegated_credential?: readonly number[]
}

export interface CertificateEntryExtensions {
  status_request?: { readonly statusType: number; readonly response: Uint8Array }
  signed_certificate_timestamp?: readonly Uint8Array[]
  delegated_credential?: Uint8Array
}

export interface NewSessionTicketExtensions {
  early_data?: number
  tls_flags?: Uint8Array
}

/** Which extensions a message may carry, and how. */
export type ExtensionTable<T> = { readonly [K in keyof T]-?: Codec<NonNullable<T[K]>> }

const idList16: Codec<readonly number[]> = list(2, u16, 2)
const authorities: Codec<readonly Uint8Array[]> = list(2, opaque(2, 1), 3)
const keyShareEntry: Codec<KeyShareEntry> = struct<KeyShareEntry>({ group: u16, keyExchange: opaque(2, 1) })
const protocolNames: Codec<readonly string[]> = list(2, latin1(opaque(1, 1)), 2)
/** RFC 6962 section 3.3: SerializedSCT list. */
const sctList: Codec<readonly Uint8Array[]> = list(2, opaque(2, 1), 1)
const recordSizeLimit: Codec<number> = mapped(
  u16,
  (limit, reader) => {
    // RFC 8449 section 4: a value below 64 is illegal_parameter
    if (limit < 64) throw new TlsError('illegal_parameter', `${reader.what}: record_size_limit of ${limit}; the least is 64`)
    return limit
  },
  (limit) => limit,
)

/** RFC 8879 section 3. An algorithm that is there twice says nothing the first one did not. */
const compressionAlgorithms: Codec<readonly number[]> = mapped(
  list(1, u16, 2),
  (ids, reader) => {
    if (new Set(ids).size !== ids.length) throw new TlsError('illegal_parameter', `${reader.what}: an algorithm that appears twice`)
    return ids
  },
  (ids) => ids,
)

/** draft-ietf-tls-tlsflags section 2: some bytes, the last of which is not zero. */
const ticketFlags: Codec<Uint8Array> = mapped(
  opaque(1, 1),
  (flags, reader) => {
    if (flags.at(-1) === 0) throw new TlsError('illegal_parameter', `${reader.what}: flags that end in zeros`)
    return flags
  },
  (flags) => flags,
)

export const clientHelloExtensions: ExtensionTable<ClientHelloExtensions> = {
  server_name: list(2, struct<ServerNameEntry>({ nameType: u8, name: latin1(opaque(2, 1)) }), 1),
  max_fragment_length: u8,
  status_request: struct<StatusRequest>({ statusType: u8, request: rest }),
  supported_groups: idList16,
  ec_point_formats: opaque(1, 1),
  signature_algorithms: idList16,
  use_srtp: rest,
  heartbeat: rest,
  application_layer_protocol_negotiation: protocolNames,
  signed_certificate_timestamp: fixed(0),
  client_certificate_type: opaque(1, 1),
  server_certificate_type: opaque(1, 1),
  padding: rest,
  encrypt_then_mac: empty,
  extended_master_secret: empty,
  compress_certificate: compressionAlgorithms,
  record_size_limit: recordSizeLimit,
  delegated_credential: idList16, // RFC 9345 section 4.1.1
  session_ticket: rest,
  pre_shared_key: struct<OfferedPsks>({
    identities: list(2, struct<PskIdentity>({ identity: opaque(2, 1), obfuscatedTicketAge: u32 }), 7),
    binders: list(2, opaque(1), 1),
  }),
  early_data: empty,
  supported_versions: list(1, u16, 2),
  cookie: opaque(2, 1),
  psk_key_exchange_modes: opaque(1, 1),
  certificate_authorities: authorities,
  post_handshake_auth: empty,
  signature_algorithms_cert: idList16,
  key_share: list(2, keyShareEntry),
  transparency_info: rest,
  quic_transport_parameters: rest,
  ticket_request: struct<{ newSessionCount: number; resumptionCount: number }>({ newSessionCount: u8, resumptionCount: u8 }),
  tls_flags: rest,
  ech_outer_extensions: rest,
  encrypted_client_hello: rest,
  renegotiation_info: opaque(1),
}

export const serverHelloExtensions: ExtensionTable<ServerHelloExtensions> = {
  key_share: keyShareEntry,
  pre_shared_key: u16,
  supported_versions: u16,
}

export const helloRetryRequestExtensions: ExtensionTable<HelloRetryRequestExtensions> = {
  key_share: u16,
  cookie: opaque(2, 1),
  supported_versions: u16,
  encrypted_client_hello: fixed(8),
}

export const serverHello12Extensions: ExtensionTable<ServerHello12Extensions> = {
  server_name: fixed(0),
  supported_groups: rest,
  max_fragment_length: u8,
  status_request: empty,
  ec_point_formats: opaque(1, 1),
  application_layer_protocol_negotiation: protocolNames,
  signed_certificate_timestamp: sctList,
  encrypt_then_mac: empty,
  extended_master_secret: empty,
  record_size_limit: recordSizeLimit,
  session_ticket: empty,
  renegotiation_info: opaque(1),
}

/** RFC 9849 section 6.1.6: checked in any case. */
const echRetryConfigs: Codec<Uint8Array> = mapped(
  rest,
  (configs) => {
    decodeEchConfigList(configs)
    return configs
  },
  (configs) => configs,
)

export const encryptedExtensionsExtensions: ExtensionTable<EncryptedExtensionsExtensions> = {
  server_name: fixed(0),
  max_fragment_length: u8,
  supported_groups: idList16,
  application_layer_protocol_negotiation: protocolNames,
  client_certificate_type: u8,
  server_certificate_type: u8,
  record_size_limit: recordSizeLimit,
  early_data: empty,
  quic_transport_parameters: rest,
  ticket_request: u8, // RFC 9149 section 3
  encrypted_client_hello: echRetryConfigs,
}

export const certificateRequestExtensions: ExtensionTable<CertificateRequestExtensions> = {
  status_request: rest,
  signature_algorithms: idList16,
  signed_certificate_timestamp: rest,
  compress_certificate: compressionAlgorithms,
  certificate_authorities: authorities,
  oid_filters: rest,
  signature_algorithms_cert: idList16,
  delegated_credential: idList16,
}

export const certificateEntryExtensions: ExtensionTable<CertificateEntryExtensions> = {
  status_request: struct<{ statusType: number; response: Uint8Array }>({ statusType: u8, response: opaque(3, 1) }),
  signed_certificate_timestamp: sctList,
  delegated_credential: rest,
}

export const newSessionTicketExtensions: ExtensionTable<NewSessionTicketExtensions> = {
  early_data: u32,
  tls_flags: ticketFlags,
}

/** How an extension list is to be judged (RFC 9846 section 4.3). */
export interface ExtensionRules {
  /** For answers: the types that we sent. Anything else is `unsupported_extension`. */
  readonly offered?: ReadonlySet<number>
  /** Extensions that may be there without an offer (cookie in HelloRetryRequest). */
  readonly unasked?: readonly ExtensionName[]
  /** For messages that are not an answer: extensions that we do not know are ignored, known ones of other messages refused. */
  readonly note?: Note
}

/** Reads a list by a table: typed values by name. Unknown types are left out (they are still in the message). */
export const decodeExtensions = <T extends object>(
  table: ExtensionTable<T>, extensions: readonly RawExtension[], what: string, rules: ExtensionRules = {},
): T => {
  const values: Record<string, unknown> = {}
  for (const { type, data } of extensions) {
    const name = extensionName(type)
    if (rules.offered && !rules.offered.has(type) && !rules.unasked?.some((unasked) => extensionTypes[unasked] === type)) {
      throw new TlsError('unsupported_extension', `${what}: the peer answered with extension ${name}, which was not offered`)
    }
    if (name in table) {
      values[name] = decode(table[name as keyof T], data, `${what}, extension ${name}`, rules.note)
    } else if (name in extensionTypes) {
      throw new TlsError('illegal_parameter', `${what}: extension ${name} may not appear in this message`)
    }
  }
  return values as T
}

/** Writes the values that are given, in the order in which the object has them. */
export const encodeExtensions = <T extends object>(table: ExtensionTable<T>, values: T): RawExtension[] => {
  const extensions: RawExtension[] = []
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue
    extensions.push({
      type: extensionTypes[name as ExtensionName],
      data: encode(table[name as keyof T] as Codec<unknown>, value),
    })
  }
  return extensions
}
