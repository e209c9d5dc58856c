// The one way to accept a server or client without checking who it is. Its name says so, and so does a search for
// `dangerously`.

import { TlsError } from '../errors.ts'
import { parseCertificate } from './certificate.ts'
import type { CertificateVerifier } from './verifier.ts'

/**
 * Dangerous: accepts any certificate, whoever signed it, whatever name and dates it has. The connection is then
 * encrypted, but anybody in between can read and change it. For tests, and for peers that are identified in another way
 * after the handshake.
 */
export const dangerouslyAcceptAnyCertificate: CertificateVerifier = {
  verify: ({ chain, leaf: parsed }) => {
    const certificates = chain.map((der, index) => (index === 0 && parsed ? parsed : parseCertificate(der)))
    const [leaf] = certificates
    if (!leaf) throw new TlsError('bad_certificate', 'the peer sent an empty chain')
    return { leaf, chain: certificates }
  },
  fingerprint: 'any certificate',
}
