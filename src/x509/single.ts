// Questions about one certificate, for callers that verify chains by other means: is it for this host, did that CA sign
// it.

import { run } from '../crypto/maybe.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import type { Certificate } from './certificate.ts'
import { referenceName } from './names.ts'
import { checkServerName } from './path.ts'
import { asCertificateError, describe, quote, reject } from './rejection.ts'
import { checkIssuer } from './rules.ts'
import { verifySignature } from './signature.ts'

/** Throws CertificateError `certificate_name_mismatch` unless the certificate is for the DNS name or IP address (RFC
 * 9525 section 6), `malformed` if its alternative names can't be read, and TlsError `bad_option` for what is
 * neither. */
export const verifyHostname = (certificate: Certificate, serverName: string): void => {
  const reference = referenceName(serverName)
  if (reference === undefined) {
    throw new TlsError('bad_option', `serverName: ${quote(serverName)} is neither a DNS name nor an IP address`)
  }
  try {
    checkServerName(certificate, reference)
  } catch (error) {
    throw asCertificateError(error, certificate)
  }
}

/** Rejects with a CertificateError unless `parent` may sign certificates (RFC 5280 sections 4.2.1.3 and 4.2.1.9) and
 * its key signed `certificate`: `not_a_ca`, `bad_signature`, `unsupported_algorithm`. Names, dates and trust are
 * not looked at. */
export const checkSignatureFrom = async (
  certificate: Certificate,
  parent: Certificate,
  provider: CryptoProvider,
): Promise<void> => {
  try {
    checkIssuer(parent)
    if (await run(verifySignature(provider, parent.publicKey, certificate))) return
  } catch (error) {
    throw asCertificateError(error, parent)
  }
  reject(
    'bad_signature',
    `the signature on ${describe(certificate)} is not by the key of ${describe(parent)}`,
    certificate,
  )
}
