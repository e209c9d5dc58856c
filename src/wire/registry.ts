// The IANA numbers that this library speaks, as tables: versions, content and handshake types, extensions, cipher
// suites, groups and signature schemes (RFC 9846 section 4 and appendix B). Nothing but this file, wire/numbers.ts and
// the alerts of errors.ts spells a code point.

import type { CipherSuiteName, GroupName, ProtocolVersion, SignatureSchemeName } from './names.ts'
import { groupIds } from './numbers.ts'

export type { ProtocolVersion } from './names.ts'
export const versions = { 'TLS 1.0': 0x0301, 'TLS 1.1': 0x0302, 'TLS 1.2': 0x0303, 'TLS 1.3': 0x0304 } as const
/** Refused, and in no list of ours. */
export const SSL30 = 0x0300
/** legacy_record_version of a first ClientHello (section 5.1). */
export const TLS10 = 0x0301
export const TLS12 = 0x0303
export const TLS13 = 0x0304

export const contentTypes = {
  change_cipher_spec: 20,
  alert: 21,
  handshake: 22,
  application_data: 23,
  heartbeat: 24,
} as const

export const handshakeTypes = {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  new_session_ticket: 4,
  end_of_early_data: 5,
  encrypted_extensions: 8,
  certificate: 11,
  server_key_exchange: 12,
  certificate_request: 13,
  server_hello_done: 14,
  certificate_verify: 15,
  client_key_exchange: 16,
  finished: 20,
  certificate_url: 21,
  certificate_status: 22,
  key_update: 24,
  compressed_certificate: 25,
  message_hash: 254,
} as const

export const extensionTypes = {
  server_name: 0,
  max_fragment_length: 1,
  status_request: 5,
  supported_groups: 10,
  ec_point_formats: 11,
  signature_algorithms: 13,
  use_srtp: 14,
  heartbeat: 15,
  application_layer_protocol_negotiation: 16,
  signed_certificate_timestamp: 18,
  client_certificate_type: 19,
  server_certificate_type: 20,
  padding: 21,
  encrypt_then_mac: 22,
  extended_master_secret: 23,
  compress_certificate: 27,
  record_size_limit: 28,
  delegated_credential: 34,
  session_ticket: 35,
  pre_shared_key: 41,
  early_data: 42,
  supported_versions: 43,
  cookie: 44,
  psk_key_exchange_modes: 45,
  certificate_authorities: 47,
  oid_filters: 48,
  post_handshake_auth: 49,
  signature_algorithms_cert: 50,
  key_share: 51,
  transparency_info: 52,
  quic_transport_parameters: 57,
  ticket_request: 58,
  tls_flags: 62,
  ech_outer_extensions: 0xfd00,
  encrypted_client_hello: 0xfe0d,
  renegotiation_info: 0xff01,
} as const
export type ExtensionName = keyof typeof extensionTypes

type SuiteHash = 'sha256' | 'sha384'
type SuiteCipher =
  'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305' | 'aes-128-ccm' | 'aes-128-ccm-8' | 'aes-128-cbc' | 'aes-256-cbc'

export interface CipherSuite {
  readonly id: number
  readonly name: CipherSuiteName
  readonly version: ProtocolVersion
  readonly cipher: SuiteCipher
  /** The hash of the key schedule (TLS 1.3) or of the PRF (TLS 1.2). */
  readonly hash: SuiteHash
  /** TLS 1.2 only. */
  readonly keyExchange?: 'ecdhe' | 'rsa' | 'psk' | 'ecdhe_psk'
  /** TLS 1.2 only: the kind of certificate key. */
  readonly authentication?: 'ecdsa' | 'rsa' | 'psk'
  /** TLS 1.2 CBC only: the record MAC. */
  readonly mac?: 'sha1' | 'sha256' | 'sha384'
  /** Off unless asked for by the `legacy` option or by name. */
  readonly legacy?: true
}

const tls13 = (
  id: number,
  name: CipherSuiteName,
  cipher: SuiteCipher,
  hash: SuiteHash,
  legacy?: true,
): CipherSuite => ({
  id,
  name,
  version: 'TLS 1.3',
  cipher,
  hash,
  ...(legacy && { legacy }),
})
type KeyExchangeName = NonNullable<CipherSuite['keyExchange']>
type AuthenticationName = NonNullable<CipherSuite['authentication']>
const tls12 = (
  id: number,
  name: CipherSuiteName,
  keyExchange: KeyExchangeName,
  authentication: AuthenticationName,
  cipher: SuiteCipher,
  hash: SuiteHash,
  more: Pick<CipherSuite, 'mac' | 'legacy'> = {},
): CipherSuite => ({ id, name, version: 'TLS 1.2', keyExchange, authentication, cipher, hash, ...more })
const cbc = (mac: 'sha1' | 'sha256' | 'sha384') => ({ mac, legacy: true }) as const
const legacy = { legacy: true } as const

/**
 * Every suite that this library knows. RC4, 3DES, DES, NULL, EXPORT and anonymous suites are not here and never will
 * be.
 */
export const cipherSuites: readonly CipherSuite[] = [
  tls13(0x1301, 'TLS_AES_128_GCM_SHA256', 'aes-128-gcm', 'sha256'),
  tls13(0x1302, 'TLS_AES_256_GCM_SHA384', 'aes-256-gcm', 'sha384'),
  tls13(0x1303, 'TLS_CHACHA20_POLY1305_SHA256', 'chacha20-poly1305', 'sha256'),
  tls13(0x1304, 'TLS_AES_128_CCM_SHA256', 'aes-128-ccm', 'sha256', true),
  tls13(0x1305, 'TLS_AES_128_CCM_8_SHA256', 'aes-128-ccm-8', 'sha256', true),
  tls12(0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ecdhe', 'ecdsa', 'aes-128-gcm', 'sha256'),
  tls12(0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ecdhe', 'rsa', 'aes-128-gcm', 'sha256'),
  tls12(0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ecdhe', 'ecdsa', 'aes-256-gcm', 'sha384'),
  tls12(0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ecdhe', 'rsa', 'aes-256-gcm', 'sha384'),
  tls12(0xcca9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ecdhe', 'ecdsa', 'chacha20-poly1305', 'sha256'),
  tls12(0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ecdhe', 'rsa', 'chacha20-poly1305', 'sha256'),
  tls12(0xc0ac, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM', 'ecdhe', 'ecdsa', 'aes-128-ccm', 'sha256', legacy),
  tls12(0xc0ae, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'ecdhe', 'ecdsa', 'aes-128-ccm-8', 'sha256', legacy),
  tls12(0xc009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ecdhe', 'ecdsa', 'aes-128-cbc', 'sha256', cbc('sha1')),
  tls12(0xc00a, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ecdhe', 'ecdsa', 'aes-256-cbc', 'sha256', cbc('sha1')),
  tls12(0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ecdhe', 'rsa', 'aes-128-cbc', 'sha256', cbc('sha1')),
  tls12(0xc014, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ecdhe', 'rsa', 'aes-256-cbc', 'sha256', cbc('sha1')),
  tls12(0xc023, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 'ecdhe', 'ecdsa', 'aes-128-cbc', 'sha256', cbc('sha256')),
  tls12(0xc027, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 'ecdhe', 'rsa', 'aes-128-cbc', 'sha256', cbc('sha256')),
  tls12(0xc024, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384', 'ecdhe', 'ecdsa', 'aes-256-cbc', 'sha384', cbc('sha384')),
  tls12(0xc028, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 'ecdhe', 'rsa', 'aes-256-cbc', 'sha384', cbc('sha384')),
  tls12(0x009c, 'TLS_RSA_WITH_AES_128_GCM_SHA256', 'rsa', 'rsa', 'aes-128-gcm', 'sha256', legacy),
  tls12(0x009d, 'TLS_RSA_WITH_AES_256_GCM_SHA384', 'rsa', 'rsa', 'aes-256-gcm', 'sha384', legacy),
  tls12(0x002f, 'TLS_RSA_WITH_AES_128_CBC_SHA', 'rsa', 'rsa', 'aes-128-cbc', 'sha256', cbc('sha1')),
  tls12(0x0035, 'TLS_RSA_WITH_AES_256_CBC_SHA', 'rsa', 'rsa', 'aes-256-cbc', 'sha256', cbc('sha1')),
  tls12(0x003c, 'TLS_RSA_WITH_AES_128_CBC_SHA256', 'rsa', 'rsa', 'aes-128-cbc', 'sha256', cbc('sha256')),
  tls12(0x003d, 'TLS_RSA_WITH_AES_256_CBC_SHA256', 'rsa', 'rsa', 'aes-256-cbc', 'sha256', cbc('sha256')),
  tls12(0xd001, 'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256', 'ecdhe_psk', 'psk', 'aes-128-gcm', 'sha256', legacy),
  tls12(0xd002, 'TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384', 'ecdhe_psk', 'psk', 'aes-256-gcm', 'sha384', legacy),
  tls12(
    0xccac,
    'TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256',
    'ecdhe_psk',
    'psk',
    'chacha20-poly1305',
    'sha256',
    legacy,
  ),
  tls12(0xc035, 'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA', 'ecdhe_psk', 'psk', 'aes-128-cbc', 'sha256', cbc('sha1')),
  tls12(0xc036, 'TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA', 'ecdhe_psk', 'psk', 'aes-256-cbc', 'sha256', cbc('sha1')),
  tls12(0x008c, 'TLS_PSK_WITH_AES_128_CBC_SHA', 'psk', 'psk', 'aes-128-cbc', 'sha256', cbc('sha1')),
  tls12(0x008d, 'TLS_PSK_WITH_AES_256_CBC_SHA', 'psk', 'psk', 'aes-256-cbc', 'sha256', cbc('sha1')),
  tls12(0x00a8, 'TLS_PSK_WITH_AES_128_GCM_SHA256', 'psk', 'psk', 'aes-128-gcm', 'sha256', legacy),
  tls12(0x00a9, 'TLS_PSK_WITH_AES_256_GCM_SHA384', 'psk', 'psk', 'aes-256-gcm', 'sha384', legacy),
]

/** Signalling values in the cipher suite list (RFC 5746 section 3.3, RFC 7507). */
export const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff
export const FALLBACK_SCSV = 0x5600

export interface NamedGroup {
  readonly id: number
  readonly name: GroupName
  /** TLS 1.3 only groups (with ML-KEM) are not offered to, nor used with, TLS 1.2. */
  readonly tls13Only?: true
}

export const namedGroups: readonly NamedGroup[] = [
  { id: groupIds.X25519MLKEM768, name: 'X25519MLKEM768', tls13Only: true },
  { id: groupIds.SecP256r1MLKEM768, name: 'SecP256r1MLKEM768', tls13Only: true },
  { id: groupIds.SecP384r1MLKEM1024, name: 'SecP384r1MLKEM1024', tls13Only: true },
  { id: groupIds.X25519, name: 'X25519' },
  { id: groupIds['P-256'], name: 'P-256' },
  { id: groupIds['P-384'], name: 'P-384' },
  { id: groupIds['P-521'], name: 'P-521' },
  { id: groupIds.X448, name: 'X448' },
  { id: groupIds.MLKEM512, name: 'MLKEM512', tls13Only: true },
  { id: groupIds.MLKEM768, name: 'MLKEM768', tls13Only: true },
  { id: groupIds.MLKEM1024, name: 'MLKEM1024', tls13Only: true },
]

/** What a SignatureScheme of TLS signs with; ECDSA is not tied to a curve here. */
export type SchemeAlgorithm =
  | 'rsa_pkcs1_md5_sha1'
  | 'rsa_pkcs1_sha1'
  | 'rsa_pkcs1_sha256'
  | 'rsa_pkcs1_sha384'
  | 'rsa_pkcs1_sha512'
  | 'rsa_pss_sha256'
  | 'rsa_pss_sha384'
  | 'rsa_pss_sha512'
  | 'ecdsa_sha1'
  | 'ecdsa_sha256'
  | 'ecdsa_sha384'
  | 'ecdsa_sha512'
  | 'ed25519'
  | 'ed448'
  | 'mldsa44'
  | 'mldsa65'
  | 'mldsa87'
type SchemeKeyType =
  'rsa' | 'rsa-pss' | 'p256' | 'p384' | 'p521' | 'ed25519' | 'ed448' | 'mldsa44' | 'mldsa65' | 'mldsa87'

export interface SignatureScheme {
  readonly id: number
  readonly name: SignatureSchemeName
  readonly algorithm: SchemeAlgorithm
  /** The key this scheme is for in TLS 1.3, where ECDSA schemes name the curve (RFC 9846 section 4.3.3). */
  readonly keyType: SchemeKeyType
  /** Allowed in CertificateVerify of TLS 1.3; the others are for certificates and TLS 1.2. */
  readonly tls13: boolean
  /** Off unless asked for (SHA-1). */
  readonly legacy?: true
  /** Not defined for TLS 1.2. */
  readonly tls13Only?: true
}

const scheme = (
  id: number,
  name: SignatureSchemeName,
  algorithm: SchemeAlgorithm,
  keyType: SchemeKeyType,
  tls13: boolean,
  more: Pick<SignatureScheme, 'legacy' | 'tls13Only'> = {},
): SignatureScheme => ({ id, name, algorithm, keyType, tls13, ...more })

/** RSA and ECDSA with SHA-1: what a client of TLS 1.2 supports that names no schemes (RFC 5246 section 7.4.1.4.1). */
export const IMPLIED_SCHEMES_12: readonly number[] = [0x0201, 0x0203]

/** In order of preference. */
export const signatureSchemes: readonly SignatureScheme[] = [
  scheme(0x0403, 'ecdsa_secp256r1_sha256', 'ecdsa_sha256', 'p256', true),
  scheme(0x0807, 'ed25519', 'ed25519', 'ed25519', true),
  scheme(0x0804, 'rsa_pss_rsae_sha256', 'rsa_pss_sha256', 'rsa', true),
  scheme(0x0503, 'ecdsa_secp384r1_sha384', 'ecdsa_sha384', 'p384', true),
  scheme(0x0805, 'rsa_pss_rsae_sha384', 'rsa_pss_sha384', 'rsa', true),
  scheme(0x0603, 'ecdsa_secp521r1_sha512', 'ecdsa_sha512', 'p521', true),
  scheme(0x0806, 'rsa_pss_rsae_sha512', 'rsa_pss_sha512', 'rsa', true),
  scheme(0x0809, 'rsa_pss_pss_sha256', 'rsa_pss_sha256', 'rsa-pss', true),
  scheme(0x080a, 'rsa_pss_pss_sha384', 'rsa_pss_sha384', 'rsa-pss', true),
  scheme(0x080b, 'rsa_pss_pss_sha512', 'rsa_pss_sha512', 'rsa-pss', true),
  scheme(0x0808, 'ed448', 'ed448', 'ed448', true),
  scheme(0x0904, 'mldsa44', 'mldsa44', 'mldsa44', true, { tls13Only: true }),
  scheme(0x0905, 'mldsa65', 'mldsa65', 'mldsa65', true, { tls13Only: true }),
  scheme(0x0906, 'mldsa87', 'mldsa87', 'mldsa87', true, { tls13Only: true }),
  scheme(0x0401, 'rsa_pkcs1_sha256', 'rsa_pkcs1_sha256', 'rsa', false),
  scheme(0x0501, 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha384', 'rsa', false),
  scheme(0x0601, 'rsa_pkcs1_sha512', 'rsa_pkcs1_sha512', 'rsa', false),
  scheme(0x0203, 'ecdsa_sha1', 'ecdsa_sha1', 'p256', false, { legacy: true }),
  scheme(0x0201, 'rsa_pkcs1_sha1', 'rsa_pkcs1_sha1', 'rsa', false, { legacy: true }),
]

const byId = <T extends { readonly id: number }>(rows: readonly T[]): ReadonlyMap<number, T> =>
  new Map(rows.map((row) => [row.id, row]))

export const cipherSuiteById: ReadonlyMap<number, CipherSuite> = byId(cipherSuites)
export const namedGroupById: ReadonlyMap<number, NamedGroup> = byId(namedGroups)
export const signatureSchemeById: ReadonlyMap<number, SignatureScheme> = byId(signatureSchemes)

const nameIn = (table: Readonly<Record<string, number>>) => {
  const names = new Map(Object.entries(table).map(([name, id]) => [id, name]))
  return (id: number): string => names.get(id) ?? `unknown(${id})`
}
export const contentTypeName: (id: number) => string = nameIn(contentTypes)
export const handshakeTypeName: (id: number) => string = nameIn(handshakeTypes)
const extensionNames: ReadonlyMap<number, string> = new Map(
  Object.entries(extensionTypes).map(([name, id]) => [id, name]),
)
/** A bit for each type that we know: a hello may have thousands of others, and each is asked about. */
const bitsOf = (ids: readonly number[]): Uint8Array => {
  const bits = new Uint8Array(0x2000)
  for (const id of ids) bits[id >> 3] = (bits[id >> 3] ?? 0) | (1 << (id & 7))
  return bits
}
const knownExtensions = bitsOf(Object.values(extensionTypes))
/** Undefined for a type that we do not know. */
export const knownExtensionName = (id: number): string | undefined =>
  ((knownExtensions[id >> 3] ?? 0) >> (id & 7)) & 1 ? extensionNames.get(id) : undefined
export const extensionName = (id: number): string => extensionNames.get(id) ?? `unknown(${id})`
const hex = (id: number): string => `0x${id.toString(16).padStart(4, '0')}`
export const cipherSuiteName = (id: number): string => cipherSuiteById.get(id)?.name ?? hex(id)
export const namedGroupName = (id: number): string => namedGroupById.get(id)?.name ?? hex(id)
export const signatureSchemeName = (id: number): string => signatureSchemeById.get(id)?.name ?? hex(id)
export const versionName = (id: number): string =>
  Object.entries(versions).find(([, number]) => number === id)?.[0] ?? hex(id)

/** GREASE values (RFC 8701 section 2): 0x0A0A, 0x1A1A, ... 0xFAFA. */
export const isGrease = (id: number): boolean => (id & 0x0f0f) === 0x0a0a && id >> 8 === (id & 0xff)
