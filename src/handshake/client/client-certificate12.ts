// The client's own Certificate and CertificateVerify in TLS 1.2, for a server that asks (RFC 5246 section 7.4.6 and
// 7.4.8).

import { signatureSchemeById, signatureSchemeName } from '../../wire/registry.ts'
import { clientIdentityFor } from '../auth/identities.ts'
import type { ChosenIdentity, ClientIdentity } from '../auth/identities.ts'
import { sign } from '../auth/signatures.ts'
import type { Flow } from '../flow.ts'
import { certificateTypeOf, schemeFor12 } from '../key-exchange/schemes12.ts'
import type { CertificateRequest12 } from './server-authentication12.ts'
import type { ClientHandshake12 } from './client-handshake.ts'

/** Certificate: an empty list if we have nothing that the server takes (RFC 5246 section 7.4.6). */
export function* sendClientCertificate12(hs: ClientHandshake12, request: CertificateRequest12): Flow<ClientIdentity> {
  const { config } = hs
  const { authorities, certificateTypes } = request
  const signatureAlgorithms = request.signatureAlgorithms.filter((id) => {
    const keyType = signatureSchemeById.get(id)?.keyType
    return keyType === undefined || certificateTypes.includes(certificateTypeOf(keyType))
  })
  const own = yield* clientIdentityFor(
    config,
    {
      signatureSchemes: signatureAlgorithms.map(signatureSchemeName),
      authorities,
      certificateSchemes: request.signatureAlgorithms,
    },
    // RFC 9345 section 4.1.2
    (identity) => (identity.delegated ? undefined : schemeFor12(config, identity, signatureAlgorithms)),
  )
  hs.send('Certificate', { chain: own.chosen?.identity.certificates ?? [] })
  return own
}

/** CertificateVerify: a signature over all messages so far (RFC 5246 section 7.4.8). */
export function* sendClientCertificateVerify(hs: ClientHandshake12, { identity, scheme }: ChosenIdentity): Flow<void> {
  const signature = yield* sign(identity, scheme, hs.transcript.messages())
  hs.send('CertificateVerify', { scheme: scheme.id, signature })
}
