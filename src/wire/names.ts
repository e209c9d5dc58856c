// The IANA names of what this library speaks, as types, so that an editor completes them. The rows of registry.ts have to have these
// names, and each name has to have a row (test/wire/names.test.ts).

export type ProtocolVersion = 'TLS 1.2' | 'TLS 1.3'

export type CipherSuiteName =
  | 'TLS_AES_128_GCM_SHA256' | 'TLS_AES_256_GCM_SHA384' | 'TLS_CHACHA20_POLY1305_SHA256'
  | 'TLS_AES_128_CCM_SHA256' | 'TLS_AES_128_CCM_8_SHA256' | 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'
  | 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' | 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'
  | 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384' | 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'
  | 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256' | 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM'
  | 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8' | 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'
  | 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA' | 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'
  | 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA' | 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'
  | 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256' | 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384'
  | 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384' | 'TLS_RSA_WITH_AES_128_GCM_SHA256'
  | 'TLS_RSA_WITH_AES_256_GCM_SHA384' | 'TLS_RSA_WITH_AES_128_CBC_SHA' | 'TLS_RSA_WITH_AES_256_CBC_SHA'
  | 'TLS_RSA_WITH_AES_128_CBC_SHA256' | 'TLS_RSA_WITH_AES_256_CBC_SHA256'
  | 'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256' | 'TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384'
  | 'TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256' | 'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA'
  | 'TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA' | 'TLS_PSK_WITH_AES_128_CBC_SHA' | 'TLS_PSK_WITH_AES_256_CBC_SHA'
  | 'TLS_PSK_WITH_AES_128_GCM_SHA256' | 'TLS_PSK_WITH_AES_256_GCM_SHA384'

export type GroupName =
  | 'X25519MLKEM768' | 'SecP256r1MLKEM768' | 'SecP384r1MLKEM1024' | 'X25519' | 'P-256' | 'P-384' | 'P-521'
  | 'X448' | 'MLKEM512' | 'MLKEM768' | 'MLKEM1024'

export type SignatureSchemeName =
  | 'ecdsa_secp256r1_sha256' | 'ed25519' | 'rsa_pss_rsae_sha256' | 'ecdsa_secp384r1_sha384'
  | 'rsa_pss_rsae_sha384' | 'ecdsa_secp521r1_sha512' | 'rsa_pss_rsae_sha512' | 'rsa_pss_pss_sha256'
  | 'rsa_pss_pss_sha384' | 'rsa_pss_pss_sha512' | 'ed448' | 'mldsa44' | 'mldsa65' | 'mldsa87'
  | 'rsa_pkcs1_sha256' | 'rsa_pkcs1_sha384' | 'rsa_pkcs1_sha512' | 'ecdsa_sha1' | 'rsa_pkcs1_sha1'

/** One of the names that an editor completes, or any other text: names that a provider of one's own brings. */
export type AnyOf<Name extends string> = Name | (string & Record<never, never>)
