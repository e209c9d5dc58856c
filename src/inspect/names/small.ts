// The names of IANA's registries of extensions, groups, signature schemes and certificate types, and where each is
// defined: for what other programs offer. wire/registry.ts has what this library speaks.

/** Name and the document that defines it. */
export type Row = readonly [name: string, source: string]

const nine = (section: string): string => `RFC 9846 section ${section}`

/** The version of an SSL 2.0 hello. */
export const SSL20 = 0x0002

/** TLS ExtensionType Values. */
export const extensionRows: Readonly<Record<number, Row>> = {
  0: ['server_name', 'RFC 6066 section 3'],
  1: ['max_fragment_length', 'RFC 6066 section 4'],
  2: ['client_certificate_url', 'RFC 6066 section 5'],
  3: ['trusted_ca_keys', 'RFC 6066 section 6'],
  4: ['truncated_hmac', 'RFC 6066 section 7'],
  5: ['status_request', 'RFC 6066 section 8'],
  6: ['user_mapping', 'RFC 4681'],
  7: ['client_authz', 'RFC 5878'],
  8: ['server_authz', 'RFC 5878'],
  9: ['cert_type', 'RFC 6091'],
  10: ['supported_groups', nine('4.3.7')],
  11: ['ec_point_formats', 'RFC 8422 section 5.1.2'],
  12: ['srp', 'RFC 5054 section 2.8.1'],
  13: ['signature_algorithms', nine('4.3.3')],
  14: ['use_srtp', 'RFC 5764 section 4.1'],
  15: ['heartbeat', 'RFC 6520 section 2'],
  16: ['application_layer_protocol_negotiation', 'RFC 7301 section 3.1'],
  17: ['status_request_v2', 'RFC 6961'],
  18: ['signed_certificate_timestamp', 'RFC 6962 section 3.3.1'],
  19: ['client_certificate_type', 'RFC 7250 section 3'],
  20: ['server_certificate_type', 'RFC 7250 section 3'],
  21: ['padding', 'RFC 7685'],
  22: ['encrypt_then_mac', 'RFC 7366'],
  23: ['extended_master_secret', 'RFC 7627 section 5.1'],
  24: ['token_binding', 'RFC 8472'],
  25: ['cached_info', 'RFC 7924'],
  26: ['tls_lts', 'draft-gutmann-tls-lts'],
  27: ['compress_certificate', 'RFC 8879 section 3'],
  28: ['record_size_limit', 'RFC 8449 section 4'],
  29: ['pwd_protect', 'RFC 8492'],
  30: ['pwd_clear', 'RFC 8492'],
  31: ['password_salt', 'RFC 8492'],
  32: ['ticket_pinning', 'RFC 8672'],
  33: ['tls_cert_with_extern_psk', 'RFC 8773'],
  34: ['delegated_credential', 'RFC 9345 section 4.1.1'],
  35: ['session_ticket', 'RFC 5077 section 3.2'],
  36: ['TLMSP', 'ETSI TS 103 523-2'],
  37: ['TLMSP_proxying', 'ETSI TS 103 523-2'],
  38: ['TLMSP_delegate', 'ETSI TS 103 523-2'],
  39: ['supported_ekt_ciphers', 'RFC 8870'],
  41: ['pre_shared_key', nine('4.3.11')],
  42: ['early_data', nine('4.3.10')],
  43: ['supported_versions', nine('4.3.1')],
  44: ['cookie', nine('4.3.2')],
  45: ['psk_key_exchange_modes', nine('4.3.9')],
  47: ['certificate_authorities', nine('4.3.4')],
  48: ['oid_filters', nine('4.3.5')],
  49: ['post_handshake_auth', nine('4.3.6')],
  50: ['signature_algorithms_cert', nine('4.3.3')],
  51: ['key_share', nine('4.3.8')],
  52: ['transparency_info', 'RFC 9162'],
  53: ['connection_id_deprecated', 'RFC 9146'],
  54: ['connection_id', 'RFC 9146'],
  55: ['external_id_hash', 'RFC 8844'],
  56: ['external_session_id', 'RFC 8844'],
  57: ['quic_transport_parameters', 'RFC 9001 section 8.2'],
  58: ['ticket_request', 'RFC 9149 section 2'],
  59: ['dnssec_chain', 'RFC 9102'],
  61: ['rrc', 'draft-ietf-tls-dtls-rrc'],
  62: ['tls_flags', 'draft-ietf-tls-tlsflags'],
  13172: ['next_protocol_negotiation', 'draft-agl-tls-nextprotoneg'],
  17513: ['application_settings_old', 'draft-vvv-tls-alps'],
  17613: ['application_settings', 'draft-vvv-tls-alps'],
  30032: ['channel_id', 'draft-balfanz-tls-channelid'],
  0xfd00: ['ech_outer_extensions', 'RFC 9849 section 5.1'],
  0xfe0d: ['encrypted_client_hello', 'RFC 9849 section 5'],
  0xff01: ['renegotiation_info', 'RFC 5746 section 3.2'],
}

const binary = [
  '163k1',
  '163r1',
  '163r2',
  '193r1',
  '193r2',
  '233k1',
  '233r1',
  '239k1',
  '283k1',
  '283r1',
  '409k1',
  '409r1',
  '571k1',
  '571r1',
]
const prime = ['160k1', '160r1', '160r2', '192k1', '192r1', '224k1', '224r1', '256k1', '256r1', '384r1', '521r1']
const row = (name: string, source: string): Row => [name, source]
const rows = (first: number, names: readonly string[], source: string): Record<number, Row> =>
  Object.fromEntries(names.map((name, i) => [first + i, row(name, source)]))

/** TLS Supported Groups, by the names of the registry. */
export const groupRows: Readonly<Record<number, Row>> = {
  ...rows(
    1,
    binary.map((name) => `sect${name}`),
    'RFC 8422 section 5.1.1 (deprecated)',
  ),
  ...rows(
    15,
    prime.map((name) => `secp${name}`),
    'RFC 8422 section 5.1.1',
  ),
  ...rows(26, ['brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'], 'RFC 7027'),
  ...rows(29, ['x25519', 'x448'], nine('4.3.7')),
  ...rows(31, ['brainpoolP256r1tls13', 'brainpoolP384r1tls13', 'brainpoolP512r1tls13'], 'RFC 8734'),
  ...rows(
    34,
    ['A', 'B', 'C', 'D'].map((letter) => `GC256${letter}`),
    'RFC 9189',
  ),
  ...rows(
    38,
    ['A', 'B', 'C'].map((letter) => `GC512${letter}`),
    'RFC 9189',
  ),
  41: ['curveSM2', 'RFC 8998'],
  ...rows(
    0x100,
    ['2048', '3072', '4096', '6144', '8192'].map((bits) => `ffdhe${bits}`),
    'RFC 7919',
  ),
  ...rows(0x200, ['MLKEM512', 'MLKEM768', 'MLKEM1024'], 'draft-ietf-tls-mlkem'),
  ...rows(0x11eb, ['SecP256r1MLKEM768', 'X25519MLKEM768', 'SecP384r1MLKEM1024'], 'draft-ietf-tls-ecdhe-mlkem'),
  0x11ee: ['curveSM2MLKEM768', 'draft-yang-tls-hybrid-sm2-mlkem'],
  0x6399: ['X25519Kyber768Draft00', 'draft-tls-westerbaan-xyber768d00 (obsolete)'],
  0x639a: ['SecP256r1Kyber768Draft00', 'draft-kwiatkowski-tls-ecdhe-kyber (obsolete)'],
  0xff01: ['arbitrary_explicit_prime_curves', 'RFC 8422 section 5.1.1 (deprecated)'],
  0xff02: ['arbitrary_explicit_char2_curves', 'RFC 8422 section 5.1.1 (deprecated)'],
}

const hashes = ['none', 'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']
const keys = ['anonymous', 'rsa', 'dsa', 'ecdsa']
/** The pairs of TLS 1.2 that no scheme of TLS 1.3 took the number of (RFC 5246 section 7.4.1.4.1). */
const pairs = Object.fromEntries(
  hashes.flatMap((hash, i) => keys.map((key, j) => [i * 256 + j, row(`${key}_${hash}`, 'RFC 5246 section 7.4.1.4.1')])),
)

/** TLS SignatureScheme. */
export const schemeRows: Readonly<Record<number, Row>> = {
  ...pairs,
  0x0201: ['rsa_pkcs1_sha1', nine('4.3.3')],
  0x0203: ['ecdsa_sha1', nine('4.3.3')],
  0x0401: ['rsa_pkcs1_sha256', nine('4.3.3')],
  0x0403: ['ecdsa_secp256r1_sha256', nine('4.3.3')],
  0x0420: ['rsa_pkcs1_sha256_legacy', 'draft-ietf-tls-tls13-pkcs1'],
  0x0501: ['rsa_pkcs1_sha384', nine('4.3.3')],
  0x0503: ['ecdsa_secp384r1_sha384', nine('4.3.3')],
  0x0520: ['rsa_pkcs1_sha384_legacy', 'draft-ietf-tls-tls13-pkcs1'],
  0x0601: ['rsa_pkcs1_sha512', nine('4.3.3')],
  0x0603: ['ecdsa_secp521r1_sha512', nine('4.3.3')],
  0x0620: ['rsa_pkcs1_sha512_legacy', 'draft-ietf-tls-tls13-pkcs1'],
  ...rows(
    0x0704,
    ['eccsi_sha256', 'iso_ibs1', 'iso_ibs2', 'iso_chinese_ibs'],
    'draft-wang-tls-raw-public-key-with-ibc',
  ),
  0x0708: ['sm2sig_sm3', 'RFC 8998'],
  ...rows(0x0709, ['gostr34102012_256a', 'gostr34102012_256b', 'gostr34102012_256c', 'gostr34102012_256d'], 'RFC 9367'),
  ...rows(0x070d, ['gostr34102012_512a', 'gostr34102012_512b', 'gostr34102012_512c'], 'RFC 9367'),
  ...rows(
    0x0804,
    ['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512', 'ed25519', 'ed448'],
    nine('4.3.3'),
  ),
  ...rows(0x0809, ['rsa_pss_pss_sha256', 'rsa_pss_pss_sha384', 'rsa_pss_pss_sha512'], nine('4.3.3')),
  ...rows(
    0x081a,
    ['ecdsa_brainpoolP256r1tls13_sha256', 'ecdsa_brainpoolP384r1tls13_sha384', 'ecdsa_brainpoolP512r1tls13_sha512'],
    'RFC 8734',
  ),
  ...rows(0x0904, ['mldsa44', 'mldsa65', 'mldsa87'], 'draft-ietf-tls-mldsa'),
}

/** TLS ClientCertificateType Identifiers (RFC 5246 section 7.4.4, RFC 8422 section 5.5). */
export const clientCertificateTypeNames: Readonly<Record<number, string>> = {
  1: 'rsa_sign',
  2: 'dss_sign',
  3: 'rsa_fixed_dh',
  4: 'dss_fixed_dh',
  5: 'rsa_ephemeral_dh_RESERVED',
  6: 'dss_ephemeral_dh_RESERVED',
  20: 'fortezza_dms_RESERVED',
  64: 'ecdsa_sign',
  65: 'rsa_fixed_ecdh',
  66: 'ecdsa_fixed_ecdh',
  67: 'gost_sign256',
  68: 'gost_sign512',
}
