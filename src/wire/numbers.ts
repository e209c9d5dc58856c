// The IANA numbers of small registries, which need no table of facts: wire/registry.ts has the others.

/** TLS Supported Groups (RFC 9846 section 4.3.7, draft-ietf-tls-ecdhe-mlkem). */
export const groupIds = {
  X25519MLKEM768: 0x11ec,
  SecP256r1MLKEM768: 0x11eb,
  SecP384r1MLKEM1024: 0x11ed,
  X25519: 0x001d,
  'P-256': 0x0017,
  'P-384': 0x0018,
  'P-521': 0x0019,
  X448: 0x001e,
  MLKEM512: 0x0200,
  MLKEM768: 0x0201,
  MLKEM1024: 0x0202,
} as const

/** NameType of server_name (RFC 6066 section 3). */
export const HOST_NAME = 0

/** CertificateStatusType of status_request (RFC 6066 section 8). */
export const OCSP = 1

/** ECPointFormat (RFC 8422 section 5.1.2). */
export const UNCOMPRESSED = 0

/** ECCurveType (RFC 8422 section 5.4). */
export const NAMED_CURVE = 3

/** CompressionMethod: the only one that is left (RFC 9846 section 4.2.2). */
export const NO_COMPRESSION = 0

/** PskKeyExchangeMode (RFC 9846 section 4.3.9). */
export const pskModes = { psk_ke: 0, psk_dhe_ke: 1 } as const

/** ClientCertificateType (RFC 5246 section 7.4.4, RFC 8422 section 5.5). */
export const clientCertificateTypes = { rsa_sign: 1, ecdsa_sign: 64 } as const

/** HashAlgorithm and SignatureAlgorithm, as an SCT names them (RFC 5246 section 7.4.1.4.1). */
export const hashAlgorithms = { sha256: 4 } as const
export const signatureAlgorithms = { rsa: 1, ecdsa: 3 } as const

/** CertificateCompressionAlgorithm (RFC 8879 section 7.3). */
export const compressionIds = { zlib: 1, brotli: 2, zstd: 3 } as const

/** TLS KDF Identifiers (RFC 9258 section 10). */
export const kdfIds = { sha256: 1, sha384: 2 } as const

/** KEM, KDF and AEAD of HPKE (RFC 9180 section 7). */
export const hpkeKems = { P256_SHA256: 0x0010, X25519_SHA256: 0x0020 } as const
export const hpkeKdfs = { sha256: 1, sha384: 2, sha512: 3 } as const
export const hpkeAeads = { 'aes-128-gcm': 1, 'aes-256-gcm': 2, 'chacha20-poly1305': 3 } as const
