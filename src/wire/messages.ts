// The handshake messages of TLS 1.3 (RFC 9846 section 4) and TLS 1.2 (RFC 5246 section 7.4) as codecs. handshake/ reads and
// writes through these; nothing else knows how a message lies on the wire.

import { TlsError } from '../errors.ts'
import { decode, empty, encode, fixed, list, mapped, opaque, rest, struct, u16, u24, u32, u8 } from './codec.ts'
import type { Codec, Note } from './codec.ts'
import { extensionList } from './extensions.ts'
import type { RawExtension } from './extensions.ts'
import { concat, equalBytes, fromHex } from './bytes.ts'
import { handshakeTypes } from './registry.ts'

export interface ClientHello {
  readonly legacyVersion: number
  /** 32 bytes. */
  readonly random: Uint8Array
  /** 0 to 32 bytes. */
  readonly sessionId: Uint8Array
  readonly cipherSuites: readonly number[]
  readonly compressionMethods: Uint8Array
  /** Undefined if the block is left out altogether (TLS 1.2 and older only). */
  readonly extensions: readonly RawExtension[] | undefined
}

export interface ServerHello {
  readonly legacyVersion: number
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cipherSuite: number
  readonly compressionMethod: number
  readonly extensions: readonly RawExtension[] | undefined
}

export interface EncryptedExtensions {
  readonly extensions: readonly RawExtension[]
}

export interface CertificateEntry {
  /** DER, or a SubjectPublicKeyInfo with raw public keys. */
  readonly data: Uint8Array
  readonly extensions: readonly RawExtension[]
}

export interface Certificate13 {
  readonly context: Uint8Array
  readonly entries: readonly CertificateEntry[]
}

export interface CompressedCertificate {
  readonly algorithm: number
  readonly uncompressedLength: number
  readonly compressed: Uint8Array
}

export interface CertificateRequest13 {
  readonly context: Uint8Array
  readonly extensions: readonly RawExtension[]
}

export interface CertificateVerify {
  readonly scheme: number
  readonly signature: Uint8Array
}

export interface Finished {
  readonly verifyData: Uint8Array
}

export interface NewSessionTicket13 {
  /** Seconds. */
  readonly lifetime: number
  readonly ageAdd: number
  readonly nonce: Uint8Array
  readonly ticket: Uint8Array
  readonly extensions: readonly RawExtension[]
}

export interface KeyUpdate {
  readonly requestUpdate: boolean
}

export interface Certificate12 {
  readonly chain: readonly Uint8Array[]
}

export interface CertificateRequest12 {
  readonly certificateTypes: Uint8Array
  readonly signatureAlgorithms: readonly number[]
  readonly authorities: readonly Uint8Array[]
}

export interface CertificateStatus {
  readonly statusType: number
  readonly response: Uint8Array
}

export interface NewSessionTicket12 {
  /** Seconds; 0 says nothing. */
  readonly lifetimeHint: number
  readonly ticket: Uint8Array
}

/** ServerKeyExchange and ClientKeyExchange are read by the key exchange that was negotiated. */
export interface KeyExchangeMessage {
  readonly body: Uint8Array
}

export type Nothing = Readonly<Record<never, never>>

const nothing: Codec<Nothing> = mapped(empty, () => ({}), () => true)

const optionalExtensions: Codec<readonly RawExtension[] | undefined> = {
  encode: (writer, value) => {
    if (value) extensionList().encode(writer, value)
  },
  decode: (reader) => (reader.remaining === 0 ? undefined : extensionList().decode(reader)),
}

export const clientHello: Codec<ClientHello> = struct<ClientHello>({
  legacyVersion: u16,
  random: fixed(32),
  sessionId: opaque(1, 0, 32),
  cipherSuites: list(2, u16, 2),
  compressionMethods: opaque(1, 1),
  extensions: optionalExtensions,
})

const serverHello: Codec<ServerHello> = struct<ServerHello>({
  legacyVersion: u16,
  random: fixed(32),
  sessionId: opaque(1, 0, 32),
  cipherSuite: u16,
  compressionMethod: u8,
  extensions: optionalExtensions,
})

/** RFC 9846 section 4.7.3: a value other than 0 or 1 is illegal_parameter. */
const updateRequest: Codec<boolean> = mapped(
  u8,
  (value) => {
    if (value > 1) throw new TlsError('illegal_parameter', `KeyUpdate: request_update is ${value}; it has to be 0 or 1`)
    return value === 1
  },
  (requested) => (requested ? 1 : 0),
)

const certificateVerify: Codec<CertificateVerify> = struct<CertificateVerify>({ scheme: u16, signature: opaque(2) })
const finished: Codec<Finished> = struct<Finished>({ verifyData: rest })
const keyExchangeBody: Codec<KeyExchangeMessage> = struct<KeyExchangeMessage>({ body: rest })

export interface Messages13 {
  ClientHello: ClientHello
  ServerHello: ServerHello
  EncryptedExtensions: EncryptedExtensions
  Certificate: Certificate13
  CompressedCertificate: CompressedCertificate
  CertificateRequest: CertificateRequest13
  CertificateVerify: CertificateVerify
  Finished: Finished
  NewSessionTicket: NewSessionTicket13
  EndOfEarlyData: Nothing
  KeyUpdate: KeyUpdate
}

export interface Messages12 {
  HelloRequest: Nothing
  ClientHello: ClientHello
  ServerHello: ServerHello
  Certificate: Certificate12
  ServerKeyExchange: KeyExchangeMessage
  CertificateRequest: CertificateRequest12
  ServerHelloDone: Nothing
  CertificateVerify: CertificateVerify
  ClientKeyExchange: KeyExchangeMessage
  NewSessionTicket: NewSessionTicket12
  CertificateStatus: CertificateStatus
  Finished: Finished
}

export type MessageTable<M> = { readonly [K in keyof M]: Codec<M[K]> }

export const messages13: MessageTable<Messages13> = {
  ClientHello: clientHello,
  ServerHello: serverHello,
  EncryptedExtensions: struct<EncryptedExtensions>({ extensions: extensionList() }),
  Certificate: struct<Certificate13>({
    context: opaque(1),
    entries: list(3, struct<CertificateEntry>({ data: opaque(3, 1), extensions: extensionList() })),
  }),
  CompressedCertificate: struct<CompressedCertificate>({
    algorithm: u16,
    uncompressedLength: u24,
    compressed: opaque(3, 1),
  }),
  CertificateRequest: struct<CertificateRequest13>({ context: opaque(1), extensions: extensionList(2) }),
  CertificateVerify: certificateVerify,
  Finished: finished,
  NewSessionTicket: struct<NewSessionTicket13>({
    lifetime: u32,
    ageAdd: u32,
    nonce: opaque(1),
    ticket: opaque(2, 1),
    extensions: extensionList(),
  }),
  EndOfEarlyData: nothing,
  KeyUpdate: struct<KeyUpdate>({ requestUpdate: updateRequest }),
}

export const messages12: MessageTable<Messages12> = {
  HelloRequest: nothing,
  ClientHello: clientHello,
  ServerHello: serverHello,
  Certificate: struct<Certificate12>({ chain: list(3, opaque(3, 1)) }),
  ServerKeyExchange: keyExchangeBody,
  CertificateRequest: struct<CertificateRequest12>({
    certificateTypes: opaque(1, 1),
    signatureAlgorithms: list(2, u16, 2),
    authorities: list(2, opaque(2, 1)),
  }),
  ServerHelloDone: nothing,
  CertificateVerify: certificateVerify,
  ClientKeyExchange: keyExchangeBody,
  NewSessionTicket: struct<NewSessionTicket12>({ lifetimeHint: u32, ticket: opaque(2) }),
  CertificateStatus: struct<CertificateStatus>({ statusType: u8, response: opaque(3, 1) }),
  Finished: finished,
}

/** A handshake message that was read: its fields, its name, and its bytes with the header, for the transcript. */
export type Message<M, K extends keyof M = keyof M> = {
  [P in K]: { readonly type: P; readonly raw: Uint8Array } & M[P]
}[K]

export type MessageName = keyof Messages13 | keyof Messages12

const typeNumbers: Readonly<Record<MessageName, number>> = {
  HelloRequest: handshakeTypes.hello_request,
  ClientHello: handshakeTypes.client_hello,
  ServerHello: handshakeTypes.server_hello,
  NewSessionTicket: handshakeTypes.new_session_ticket,
  EndOfEarlyData: handshakeTypes.end_of_early_data,
  EncryptedExtensions: handshakeTypes.encrypted_extensions,
  Certificate: handshakeTypes.certificate,
  ServerKeyExchange: handshakeTypes.server_key_exchange,
  CertificateRequest: handshakeTypes.certificate_request,
  ServerHelloDone: handshakeTypes.server_hello_done,
  CertificateVerify: handshakeTypes.certificate_verify,
  ClientKeyExchange: handshakeTypes.client_key_exchange,
  Finished: handshakeTypes.finished,
  CertificateStatus: handshakeTypes.certificate_status,
  KeyUpdate: handshakeTypes.key_update,
  CompressedCertificate: handshakeTypes.compressed_certificate,
}
const namesByNumber = new Map(Object.entries(typeNumbers).map(([name, number]) => [number, name as MessageName]))

/** The name of a handshake message type, or undefined for a number that we don't know. */
export const messageName = (type: number): MessageName | undefined => namesByNumber.get(type)

/** Bytes of msg_type and length before the body of each handshake message. */
export const HEADER_LENGTH = 4

export const encodeMessage = <M, K extends keyof M & MessageName>(table: MessageTable<M>, type: K, value: M[K]): Uint8Array => {
  const body = encode(table[type], value)
  const length = body.length
  return concat(Uint8Array.of(typeNumbers[type], length >> 16, (length >> 8) & 0xff, length & 0xff), body)
}

/** Reads one whole handshake message (header included) by a table. Throws `decode_error`. */
export const decodeMessage = <M, K extends keyof M & MessageName>(
  table: MessageTable<M>, type: K, raw: Uint8Array, note?: Note,
): Message<M, K> => {
  const fields = decode(table[type], raw.subarray(HEADER_LENGTH), type, note, HEADER_LENGTH)
  return { ...fields, type, raw } as unknown as Message<M, K>
}

/** The random of a ServerHello that is a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 9846 section 4.2.3). */
export const HELLO_RETRY_REQUEST_RANDOM: Uint8Array = fromHex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c')

export const isHelloRetryRequest = (hello: ServerHello): boolean => equalBytes(hello.random, HELLO_RETRY_REQUEST_RANDOM)
