// The handshake messages of TLS 1.3 (RFC 9846 section 4) and TLS 1.2 (RFC 5246 section 7.4) as codecs. handshake/ reads
// and writes through these; nothing else knows how a message is laid out on the wire.

import { TlsError } from '../errors.ts'
import { decode, empty, encode, fixed, list, mapped, opaque, rest, struct, u16, u16s, u24, u32, u8 } from './codec.ts'
import type { Codec, Decoded, DecodedFields, Note } from './codec.ts'
import { extensionList } from './extensions.ts'
import type { RawExtension } from './extensions.ts'
import { equalBytes, fromHex } from './bytes.ts'
import { handshakeTypes } from './registry.ts'

export type Nothing = Readonly<Record<never, never>>

const nothing: Codec<Nothing> = mapped(
  empty,
  () => ({}),
  () => true,
)

/** Undefined if the block is left out altogether (TLS 1.2 and older only). */
const optionalExtensions: Codec<readonly RawExtension[] | undefined> = {
  encode: (writer, value) => {
    if (value) extensionList().encode(writer, value)
  },
  decode: (reader) => (reader.remaining === 0 ? undefined : extensionList().decode(reader)),
}

export const clientHello = struct({
  legacyVersion: u16,
  random: fixed(32),
  sessionId: opaque(1, 0, 32),
  cipherSuites: u16s(2),
  compressionMethods: opaque(1, 1),
  extensions: optionalExtensions,
})
export type ClientHello = Decoded<typeof clientHello>

const serverHello = struct({
  legacyVersion: u16,
  random: fixed(32),
  sessionId: opaque(1, 0, 32),
  cipherSuite: u16,
  compressionMethod: u8,
  extensions: optionalExtensions,
})
export type ServerHello = Decoded<typeof serverHello>

/** RFC 9846 section 4.7.3: a value other than 0 or 1 is illegal_parameter. */
const updateRequest: Codec<boolean> = mapped(
  u8,
  (value) => {
    if (value > 1) throw new TlsError('illegal_parameter', `KeyUpdate: request_update is ${value}; it has to be 0 or 1`)
    return value === 1
  },
  (requested) => (requested ? 1 : 0),
)

const certificateVerify = struct({ scheme: u16, signature: opaque(2) })
const finished = struct({ verifyData: rest })
/** ServerKeyExchange and ClientKeyExchange are read by the key exchange that was negotiated. */
const keyExchangeBody = struct({ body: rest })

const certificateEntry = struct({
  /** DER, or a SubjectPublicKeyInfo with raw public keys. */
  data: opaque(3, 1),
  extensions: extensionList(),
})
export type CertificateEntry = Decoded<typeof certificateEntry>

/** Codecs by the name of their message. */
export type MessageTable<M> = { readonly [K in keyof M]: Codec<M[K]> }

export const messages13 = {
  ClientHello: clientHello,
  ServerHello: serverHello,
  EncryptedExtensions: struct({ extensions: extensionList() }),
  Certificate: struct({
    context: opaque(1),
    entries: list(3, certificateEntry),
  }),
  CompressedCertificate: struct({
    algorithm: u16,
    uncompressedLength: u24,
    compressed: opaque(3, 1),
  }),
  CertificateRequest: struct({ context: opaque(1), extensions: extensionList(2) }),
  CertificateVerify: certificateVerify,
  Finished: finished,
  NewSessionTicket: struct({
    /** Seconds. */
    lifetime: u32,
    ageAdd: u32,
    nonce: opaque(1),
    ticket: opaque(2, 1),
    extensions: extensionList(),
  }),
  EndOfEarlyData: nothing,
  KeyUpdate: struct({ requestUpdate: updateRequest }),
}
export type Messages13 = DecodedFields<typeof messages13>
export type Certificate13 = Messages13['Certificate']
export type CompressedCertificate = Messages13['CompressedCertificate']
export type CertificateRequest13 = Messages13['CertificateRequest']
export type NewSessionTicket13 = Messages13['NewSessionTicket']

export const messages12 = {
  HelloRequest: nothing,
  ClientHello: clientHello,
  ServerHello: serverHello,
  Certificate: struct({ chain: list(3, opaque(3, 1)) }),
  ServerKeyExchange: keyExchangeBody,
  CertificateRequest: struct({
    certificateTypes: opaque(1, 1),
    signatureAlgorithms: u16s(2),
    authorities: list(2, opaque(2, 1)),
  }),
  ServerHelloDone: nothing,
  CertificateVerify: certificateVerify,
  ClientKeyExchange: keyExchangeBody,
  NewSessionTicket: struct({
    /** Seconds; 0 says nothing. */
    lifetimeHint: u32,
    ticket: opaque(2),
  }),
  CertificateStatus: struct({ statusType: u8, response: opaque(3, 1) }),
  Finished: finished,
}
export type Messages12 = DecodedFields<typeof messages12>
export type NewSessionTicket12 = Messages12['NewSessionTicket']

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

export const encodeMessage = <M, K extends keyof M & MessageName>(
  table: MessageTable<M>,
  type: K,
  value: M[K],
): Uint8Array => {
  const message = encode(table[type], value, HEADER_LENGTH)
  const length = message.length - HEADER_LENGTH
  message[0] = typeNumbers[type]
  message[1] = length >> 16
  message[2] = (length >> 8) & 0xff
  message[3] = length & 0xff
  return message
}

/** Reads one whole handshake message (header included) by a table. Throws `decode_error`. */
export const decodeMessage = <M, K extends keyof M & MessageName>(
  table: MessageTable<M>,
  type: K,
  raw: Uint8Array,
  note?: Note,
): Message<M, K> => {
  const fields = decode(table[type], raw.subarray(HEADER_LENGTH), type, note, HEADER_LENGTH)
  // the fields were made here: to add to them is half of what a copy costs
  return Object.assign(fields as object, { type, raw }) as unknown as Message<M, K>
}

/** The random of a ServerHello that is a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 9846 section 4.2.3). */
export const HELLO_RETRY_REQUEST_RANDOM: Uint8Array = fromHex(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
)

export const isHelloRetryRequest = (hello: ServerHello): boolean => equalBytes(hello.random, HELLO_RETRY_REQUEST_RANDOM)
