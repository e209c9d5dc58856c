// Random values of every message and every extension, within what their codecs allow. For properties.test.ts.

import fc from 'fast-check'
import type { Messages12, Messages13 } from '../../src/wire/messages.ts'
import type { RawExtension } from '../../src/wire/extensions.ts'
import { encodeEchConfigList } from '../../src/wire/ech.ts'

export const bytes = (least = 0, most = 48): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: least, maxLength: most })
const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u24 = fc.integer({ min: 0, max: 0xffffff })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const list = <T>(item: fc.Arbitrary<T>, least = 0, most = 6): fc.Arbitrary<T[]> =>
  fc.array(item, { minLength: least, maxLength: most })
const latin1 = (least = 0, most = 20): fc.Arbitrary<string> =>
  bytes(least, most).map((raw) => String.fromCharCode(...raw))

const extensions = (least = 0): fc.Arbitrary<RawExtension[]> =>
  fc.uniqueArray(fc.record({ type: u16, data: bytes() }), {
    selector: ({ type }) => type,
    minLength: least,
    maxLength: 6,
  })

const clientHello = fc.record({
  legacyVersion: u16,
  random: bytes(32, 32),
  sessionId: bytes(0, 32),
  cipherSuites: list(u16, 1),
  compressionMethods: bytes(1, 5),
  extensions: fc.option(extensions(), { nil: undefined }),
})
const serverHello = fc.record({
  legacyVersion: u16,
  random: bytes(32, 32),
  sessionId: bytes(0, 32),
  cipherSuite: u16,
  compressionMethod: u8,
  extensions: fc.option(extensions(), { nil: undefined }),
})
const nothing = fc.constant({})
const finished = fc.record({ verifyData: bytes() })
const certificateVerify = fc.record({ scheme: u16, signature: bytes() })

export const messages13: { readonly [K in keyof Messages13]: fc.Arbitrary<Messages13[K]> } = {
  ClientHello: clientHello,
  ServerHello: serverHello,
  EncryptedExtensions: fc.record({ extensions: extensions() }),
  Certificate: fc.record({ context: bytes(), entries: list(fc.record({ data: bytes(1), extensions: extensions() })) }),
  CompressedCertificate: fc.record({ algorithm: u16, uncompressedLength: u24, compressed: bytes(1) }),
  CertificateRequest: fc.record({ context: bytes(), extensions: extensions(1) }),
  CertificateVerify: certificateVerify,
  Finished: finished,
  NewSessionTicket: fc.record({
    lifetime: u32,
    ageAdd: u32,
    nonce: bytes(),
    ticket: bytes(1),
    extensions: extensions(),
  }),
  EndOfEarlyData: nothing,
  KeyUpdate: fc.record({ requestUpdate: fc.boolean() }),
}

export const messages12: { readonly [K in keyof Messages12]: fc.Arbitrary<Messages12[K]> } = {
  HelloRequest: nothing,
  ClientHello: clientHello,
  ServerHello: serverHello,
  Certificate: fc.record({ chain: list(bytes(1)) }),
  ServerKeyExchange: fc.record({ body: bytes() }),
  CertificateRequest: fc.record({
    certificateTypes: bytes(1),
    signatureAlgorithms: list(u16, 1),
    authorities: list(bytes(1)),
  }),
  ServerHelloDone: nothing,
  CertificateVerify: certificateVerify,
  ClientKeyExchange: fc.record({ body: bytes() }),
  NewSessionTicket: fc.record({ lifetimeHint: u32, ticket: bytes() }),
  CertificateStatus: fc.record({ statusType: u8, response: bytes(1) }),
  Finished: finished,
}

const ids = list(u16, 1)
/** RFC 8879 section 3: none twice. */
const algorithms = fc.uniqueArray(u16, { minLength: 1, maxLength: 6 })
/** ECHConfigs of versions that nobody knows: a list all the same (RFC 9849 section 4). */
const echConfigLists = fc
  .array(fc.record({ version: fc.integer({ min: 0, max: 0xfe0c }), body: bytes() }), { minLength: 1, maxLength: 3 })
  .map((configs) =>
    encodeEchConfigList(
      configs.map(({ version, body }) =>
        Uint8Array.of(version >> 8, version & 0xff, body.length >> 8, body.length & 0xff, ...body),
      ),
    ),
  )
const limit = fc.integer({ min: 64, max: 0xffff })
const protocols = list(latin1(1), 1)
const present = fc.constant(true as const)
const names = list(bytes(1), 1)
const scts = list(bytes(1), 1)
const keyShare = fc.record({ group: u16, keyExchange: bytes(1) })

/** By table, then by extension. */
export const extensionValues: Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<unknown>>>>> = {
  clientHelloExtensions: {
    server_name: list(fc.record({ nameType: u8, name: latin1(1) }), 1),
    max_fragment_length: u8,
    status_request: fc.record({ statusType: u8, request: bytes() }),
    supported_groups: ids,
    ec_point_formats: bytes(1),
    signature_algorithms: ids,
    use_srtp: bytes(),
    heartbeat: bytes(),
    application_layer_protocol_negotiation: protocols,
    signed_certificate_timestamp: bytes(0, 0),
    client_certificate_type: bytes(1),
    server_certificate_type: bytes(1),
    padding: bytes(),
    encrypt_then_mac: present,
    extended_master_secret: present,
    compress_certificate: algorithms,
    record_size_limit: limit,
    delegated_credential: ids,
    session_ticket: bytes(),
    pre_shared_key: fc.record({
      identities: list(fc.record({ identity: bytes(1), obfuscatedTicketAge: u32 }), 1),
      binders: list(bytes(32, 48), 1),
    }),
    early_data: present,
    supported_versions: ids,
    cookie: bytes(1),
    psk_key_exchange_modes: bytes(1),
    certificate_authorities: names,
    post_handshake_auth: present,
    signature_algorithms_cert: ids,
    key_share: list(keyShare),
    transparency_info: bytes(),
    quic_transport_parameters: bytes(),
    ticket_request: fc.record({ newSessionCount: u8, resumptionCount: u8 }),
    tls_flags: bytes(),
    ech_outer_extensions: bytes(),
    encrypted_client_hello: bytes(),
    renegotiation_info: bytes(),
  },
  serverHelloExtensions: { key_share: keyShare, pre_shared_key: u16, supported_versions: u16 },
  helloRetryRequestExtensions: {
    key_share: u16,
    cookie: bytes(1),
    supported_versions: u16,
    encrypted_client_hello: bytes(8, 8),
  },
  serverHello12Extensions: {
    server_name: bytes(0, 0),
    supported_groups: bytes(),
    max_fragment_length: u8,
    status_request: present,
    ec_point_formats: bytes(1),
    application_layer_protocol_negotiation: protocols,
    signed_certificate_timestamp: scts,
    encrypt_then_mac: present,
    extended_master_secret: present,
    record_size_limit: limit,
    session_ticket: present,
    renegotiation_info: bytes(),
  },
  encryptedExtensionsExtensions: {
    server_name: bytes(0, 0),
    max_fragment_length: u8,
    supported_groups: ids,
    application_layer_protocol_negotiation: protocols,
    client_certificate_type: u8,
    server_certificate_type: u8,
    record_size_limit: limit,
    early_data: present,
    quic_transport_parameters: bytes(),
    ticket_request: u8,
    encrypted_client_hello: echConfigLists,
  },
  certificateRequestExtensions: {
    status_request: bytes(),
    signature_algorithms: ids,
    signed_certificate_timestamp: bytes(),
    compress_certificate: algorithms,
    certificate_authorities: names,
    oid_filters: fc.array(fc.record({ oid: bytes(1, 20), values: bytes(0, 40) }), { maxLength: 4 }),
    signature_algorithms_cert: ids,
    delegated_credential: ids,
  },
  certificateEntryExtensions: {
    status_request: fc.record({ statusType: u8, response: bytes(1) }),
    signed_certificate_timestamp: scts,
    delegated_credential: bytes(),
  },
  newSessionTicketExtensions: { early_data: u32, tls_flags: bytes(1).filter((flags) => flags.at(-1) !== 0) },
}

/** Valid bytes with something wrong: a byte changed, left out, put in, or the end cut off. */
export const damaged = (valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.tuple(valid, fc.constantFrom('change', 'drop', 'insert', 'cut'), fc.nat(), u8).map(([raw, how, where, byte]) => {
    const at = raw.length === 0 ? 0 : where % raw.length
    const list = [...raw]
    if (how === 'change') list[at] = byte
    else if (how === 'drop') list.splice(at, 1)
    else if (how === 'insert') list.splice(at, 0, byte)
    else list.length = at
    return Uint8Array.from(list)
  })
