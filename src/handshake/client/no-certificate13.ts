// The answer of a client that has no certificates to a server that asks for one (RFC 9846 section 4.4.2 and 4.5.1).

import { TlsError } from '../../errors.ts'
import { certificateRequestExtensions, decodeExtensions } from '../../wire/extensions.ts'
import type { CertificateRequestExtensions } from '../../wire/extensions.ts'
import type { Flow } from '../flow.ts'
import type { CertificateRequest13, ClientHandshake } from './client-handshake.ts'

type Asked = CertificateRequestExtensions & Required<Pick<CertificateRequestExtensions, 'signature_algorithms'>>

/** Throws `missing_extension` for a request that does not say what may sign (section 4.4.2). */
export const readCertificateRequest = ({ extensions }: CertificateRequest13): Asked => {
  const { signature_algorithms, ...asked } = decodeExtensions(
    certificateRequestExtensions,
    extensions,
    'CertificateRequest',
  )
  if (signature_algorithms) return { ...asked, signature_algorithms }
  throw new TlsError('missing_extension', 'CertificateRequest: no signature_algorithms (section 4.4.2)')
}

/** {Certificate} with an empty list. */
export function* sendNoCertificate(hs: ClientHandshake, request: CertificateRequest13): Flow<undefined> {
  readCertificateRequest(request)
  hs.send('Certificate', { context: request.context, entries: [] })
}
