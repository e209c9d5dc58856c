// OpenSSL's numbers of what is wrong with a certificate (X509_V_ERR_*, x509_vfy.h), by the codes that node:tls shows.

const numbers: Readonly<Record<string, number>> = {
  UNABLE_TO_GET_ISSUER_CERT: 2,
  UNABLE_TO_GET_CRL: 3,
  CERT_SIGNATURE_FAILURE: 7,
  CERT_NOT_YET_VALID: 9,
  CERT_HAS_EXPIRED: 10,
  CRL_HAS_EXPIRED: 12,
  DEPTH_ZERO_SELF_SIGNED_CERT: 18,
  SELF_SIGNED_CERT_IN_CHAIN: 19,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 20,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 21,
  CERT_CHAIN_TOO_LONG: 22,
  CERT_REVOKED: 23,
  PATH_LENGTH_EXCEEDED: 25,
  INVALID_PURPOSE: 26,
  CERT_REJECTED: 28,
  INVALID_CA: 79,
}

/** X509_V_ERR_UNSPECIFIED (1) for a code that OpenSSL does not have. */
export const verifyResultOf = (code: string): number => numbers[code] ?? 1
