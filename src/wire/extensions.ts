// The extensions of each message as tables of codecs (RFC 9846 section 4.3, RFC 6066, and the documents named beside
// the rows). A table says both how an extension is written and that it may appear in that message at all.

import { TlsError } from '../errors.ts'
import {
  decode,
  empty,
  encodeAll,
  fixed,
  list,
  mapped,
  opaque,
  quickly,
  rest,
  struct,
  u16,
  u16At,
  u16s,
  u32,
  u8,
} from './codec.ts'
import type { Codec, Decoded, Fields, Note, Reader } from './codec.ts'
import { latin1, texts } from './texts.ts'
import { firstRepeated } from './code-points.ts'
import { extensionName, extensionTypes, knownExtensionName } from './registry.ts'
import type { ExtensionName } from './registry.ts'

const extensionEntry = struct({ type: u16, data: opaque(2) })

/** An extension as it is on the wire. */
export type RawExtension = Decoded<typeof extensionEntry>

/**
 * An extension list: no type twice (RFC 9846 section 4.3). `least` is the least length of the whole list in bytes.
 * Lists come from anybody who connects, with 16,000 extensions if it likes: reading one costs little more than its
 * bytes.
 */
export const extensionList = (least = 0): Codec<readonly RawExtension[]> =>
  mapped(
    quickly(list(2, extensionEntry, least), (reader) => readExtensions(reader, least)),
    withoutRepeats,
    (extensions) => extensions,
  )

const nothing = new Uint8Array(0)

/** Counted first, since an array that grows costs several times as much. */
const readExtensions = (reader: Reader, least: number): RawExtension[] | undefined => {
  const { bytes } = reader
  const start = reader.offset + 2
  const end = start + u16At(bytes, reader.offset)
  if (end - start < least || end > bytes.length) return undefined
  reader.offset = end
  let count = 0
  let at = start
  for (; at < end; count++) at += 4 + u16At(bytes, at + 2)
  if (at > end) return undefined
  const extensions = new Array<RawExtension>(count)
  at = start
  for (let i = 0; i < count; i++) {
    const type = u16At(bytes, at)
    const length = u16At(bytes, at + 2)
    at += 4
    extensions[i] = { type, data: length === 0 ? nothing : new Uint8Array(bytes.buffer, bytes.byteOffset + at, length) }
    at += length
  }
  return extensions
}

const withoutRepeats = (extensions: readonly RawExtension[], { what }: Reader): readonly RawExtension[] => {
  const repeated = firstRepeated(extensions.map(({ type }) => type))
  if (repeated === undefined) return extensions
  throw new TlsError('decode_error', `${what}: extension ${extensionName(repeated)} appears twice`)
}

/** Which extensions a message may carry, and how. */
export type ExtensionTable = { readonly [K in ExtensionName]?: Codec<unknown> }

/** The extensions of one message by name, as its table reads them. */
export type ExtensionValues<T> = { -readonly [K in keyof T]?: Decoded<T[K]> }

/** The same for writing: one that is undefined is left out. */
export type WrittenExtensions<T> = { readonly [K in keyof T]?: Decoded<T[K]> | undefined }

const idList16: Codec<readonly number[]> = u16s(2)
const authorities: Codec<readonly Uint8Array[]> = list(2, opaque(2, 1), 3)
const keyShareEntry = struct({ group: u16, keyExchange: opaque(2, 1) })
export type KeyShareEntry = Decoded<typeof keyShareEntry>
const protocolNames = texts()
/** RFC 6962 section 3.3: SerializedSCT list. */
const sctList: Codec<readonly Uint8Array[]> = list(2, opaque(2, 1), 1)
const recordSizeLimit: Codec<number> = mapped(
  u16,
  (limit, reader) => {
    // RFC 8449 section 4: a value below 64 is illegal_parameter
    if (limit < 64)
      throw new TlsError('illegal_parameter', `${reader.what}: record_size_limit of ${limit}; the least is 64`)
    return limit
  },
  (limit) => limit,
)

/** RFC 8879 section 3. An algorithm that is there twice says nothing the first one did not. */
const compressionAlgorithms: Codec<readonly number[]> = mapped(
  u16s(1),
  (ids, reader) => {
    if (new Set(ids).size !== ids.length)
      throw new TlsError('illegal_parameter', `${reader.what}: an algorithm that appears twice`)
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

const offeredPsks = struct({
  identities: list(
    2,
    struct({
      identity: opaque(2, 1),
      /** Milliseconds since the ticket came, plus ticket_age_add, modulo 2^32. */
      obfuscatedTicketAge: u32,
    }),
    7,
  ),
  binders: list(2, opaque(1), 1),
})
export type OfferedPsks = Decoded<typeof offeredPsks>

/** The identity of an imported PSK (RFC 9258 section 5.1). */
export const importedIdentity = struct({
  externalIdentity: opaque(2, 1),
  context: opaque(2),
  targetProtocol: u16,
  targetKdf: u16,
})
export type ImportedIdentity = Decoded<typeof importedIdentity>

/** Types that a name can have. */
const NAME_TYPES = 256

export const clientHelloExtensions = {
  server_name: quickly(list(2, struct({ nameType: u8, name: latin1(opaque(2, 1)) }), 1), (reader) => {
    const { bytes } = reader
    let at = 2
    for (let count = 0; at < bytes.length; count++) {
      at += 3 + u16At(bytes, at + 1)
      if (count === NAME_TYPES)
        throw new TlsError('illegal_parameter', `${reader.what}: two server names of one type (RFC 6066 section 3)`)
    }
    return undefined
  }),
  max_fragment_length: u8,
  status_request: struct({ statusType: u8, request: rest }),
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
  pre_shared_key: offeredPsks,
  early_data: empty,
  supported_versions: u16s(1),
  cookie: opaque(2, 1),
  psk_key_exchange_modes: opaque(1, 1),
  certificate_authorities: authorities,
  post_handshake_auth: empty,
  signature_algorithms_cert: idList16,
  key_share: list(2, keyShareEntry),
  transparency_info: rest,
  quic_transport_parameters: rest,
  ticket_request: struct({ newSessionCount: u8, resumptionCount: u8 }),
  tls_flags: rest,
  ech_outer_extensions: rest,
  encrypted_client_hello: rest,
  renegotiation_info: opaque(1),
} satisfies ExtensionTable
export type ClientHelloExtensions = WrittenExtensions<typeof clientHelloExtensions>

export const serverHelloExtensions = {
  key_share: keyShareEntry,
  pre_shared_key: u16,
  supported_versions: u16,
} satisfies ExtensionTable
export type ServerHelloExtensions = ExtensionValues<typeof serverHelloExtensions>

export const helloRetryRequestExtensions = {
  key_share: u16,
  cookie: opaque(2, 1),
  supported_versions: u16,
  encrypted_client_hello: fixed(8),
} satisfies ExtensionTable
export type HelloRetryRequestExtensions = ExtensionValues<typeof helloRetryRequestExtensions>

export const serverHello12Extensions = {
  server_name: fixed(0),
  /** Not for servers to send; some do, and it is ignored. */
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
} satisfies ExtensionTable
export type ServerHello12Extensions = ExtensionValues<typeof serverHello12Extensions>

export const encryptedExtensionsExtensions = {
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
  encrypted_client_hello: rest, // an ECHConfigList; echRetryConfigs() of the client decodes it
} satisfies ExtensionTable
export type EncryptedExtensionsExtensions = ExtensionValues<typeof encryptedExtensionsExtensions>

/**
 * What a client's certificate has to have: an extension (its OBJECT IDENTIFIER, DER), and values in it (DER, empty for
 * any).
 */
const oidFilter = struct({ oid: opaque(1, 1), values: opaque(2) })
export type OidFilter = Decoded<typeof oidFilter>

export const certificateRequestExtensions = {
  status_request: rest,
  signature_algorithms: idList16,
  signed_certificate_timestamp: rest,
  compress_certificate: compressionAlgorithms,
  certificate_authorities: authorities,
  oid_filters: list(2, oidFilter),
  signature_algorithms_cert: idList16,
  delegated_credential: idList16,
} satisfies ExtensionTable
export type CertificateRequestExtensions = ExtensionValues<typeof certificateRequestExtensions>

export const certificateEntryExtensions = {
  status_request: struct({ statusType: u8, response: opaque(3, 1) }),
  signed_certificate_timestamp: sctList,
  delegated_credential: rest,
} satisfies ExtensionTable
export type CertificateEntryExtensions = ExtensionValues<typeof certificateEntryExtensions>

export const newSessionTicketExtensions = {
  early_data: u32,
  tls_flags: ticketFlags,
} satisfies ExtensionTable
export type NewSessionTicketExtensions = ExtensionValues<typeof newSessionTicketExtensions>

/** How an extension list is to be judged (RFC 9846 section 4.3). */
export interface ExtensionRules {
  /** For answers: the types that we sent. Anything else is `unsupported_extension`. */
  readonly offered?: ReadonlySet<number>
  /** Extensions that may be there without an offer (cookie in HelloRetryRequest). */
  readonly unasked?: readonly ExtensionName[]
  /**
   * For messages that are not an answer: extensions that we do not know are ignored, known ones of other messages
   * refused.
   */
  readonly note?: Note
}

/** Reads a list by a table: typed values by name. Unknown types are left out (they are still in the message). */
export const decodeExtensions = <T extends ExtensionTable>(
  table: T,
  extensions: readonly RawExtension[],
  what: string,
  rules: ExtensionRules = {},
): ExtensionValues<T> => {
  const rows: Fields = table
  const values: Record<string, unknown> = {}
  for (const { type, data } of extensions) {
    if (
      rules.offered &&
      !rules.offered.has(type) &&
      !rules.unasked?.some((unasked) => extensionTypes[unasked] === type)
    ) {
      throw new TlsError(
        'unsupported_extension',
        `${what}: the peer answered with extension ${extensionName(type)}, which was not offered`,
      )
    }
    const name = knownExtensionName(type)
    if (name === undefined) continue
    const codec = rows[name]
    if (codec) {
      values[name] = decode(codec, data, `${what}, extension ${name}`, rules.note)
    } else {
      throw new TlsError('illegal_parameter', `${what}: extension ${name} may not appear in this message`)
    }
  }
  return values as ExtensionValues<T>
}

/** One extension of a list, where the others do not count yet. Undefined if it is not there. */
export const decodeExtension = <T extends ExtensionTable, K extends keyof T & ExtensionName>(
  table: T,
  name: K,
  extensions: readonly RawExtension[],
  what: string,
): ExtensionValues<T>[K] => {
  const found = extensions.find(({ type }) => type === extensionTypes[name])
  return found && decodeExtensions(table, [found], what)[name]
}

/** Writes the values that are given, in the order in which the object has them. */
export const encodeExtensions = <T extends ExtensionTable>(table: T, values: WrittenExtensions<T>): RawExtension[] => {
  const rows: Fields = table
  const types: number[] = []
  const codecs: Codec<unknown>[] = []
  const given: unknown[] = []
  for (const name of Object.keys(values) as (ExtensionName & keyof T)[]) {
    const codec = rows[name]
    const value: unknown = values[name]
    if (value === undefined || !codec) continue
    types.push(extensionTypes[name])
    codecs.push(codec)
    given.push(value)
  }
  if (types.length === 0) return []
  return encodeAll(codecs, given).map((data, i) => ({ type: types[i] ?? 0, data }))
}
