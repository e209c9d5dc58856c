// The client's own certificate in TLS 1.3, for a server that asks (RFC 9846 section 4.4.2, 4.5.1 and 4.5.2).

import { TlsError } from '../../errors.ts'
import { certificateRequestExtensions, decodeExtensions } from '../../wire/extensions.ts'
import type { Message, Messages13 } from '../../wire/messages.ts'
import { signatureSchemeName } from '../../wire/registry.ts'
import { schemeFor13 } from '../auth/delegated.ts'
import type { Flow } from '../flow.ts'
import { clientIdentityFor } from '../auth/identities.ts'
import type { ClientIdentity } from '../auth/identities.ts'
import { oidFilter } from './oid-filters.ts'
import { sendProof13 } from '../auth/send-certificate13.ts'
import type { ClientHandshake } from './client-handshake.ts'

type CertificateRequest = Message<Messages13, 'CertificateRequest'>

/** {Certificate*} {CertificateVerify*}: an empty list if we have nothing that the server takes (section 4.5.1). */
export function* sendClientCertificate(hs: ClientHandshake, request: CertificateRequest): Flow<ClientIdentity> {
  const asked = decodeExtensions(certificateRequestExtensions, request.extensions, 'CertificateRequest')
  if (!asked.signature_algorithms) {
    throw new TlsError('missing_extension', 'CertificateRequest: no signature_algorithms (section 4.4.2)')
  }
  const offered = asked.signature_algorithms
  const fits = oidFilter(asked.oid_filters)
  const own = yield* clientIdentityFor(
    hs.config,
    {
      signatureSchemes: offered.map(signatureSchemeName),
      authorities: asked.certificate_authorities ?? [],
      certificateSchemes: asked.signature_algorithms_cert ?? offered,
    },
    (identity) =>
      fits(identity.leaf)
        ? schemeFor13(hs.config, identity, {
            signature_algorithms: offered,
            delegated_credential: asked.delegated_credential,
          })
        : undefined,
  )
  if (!own.chosen) hs.send('Certificate', { context: request.context, entries: [] })
  else
    yield* sendProof13(hs, own.chosen, {
      role: 'client',
      context: request.context,
      leafExtensions: {},
      compression: asked.compress_certificate,
    })
  return own
}
