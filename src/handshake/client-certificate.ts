// The client's own certificate in TLS 1.3, for a server that asks (RFC 9846 section 4.4.2, 4.5.1 and 4.5.2). Called by
// client13.ts and post-auth13.ts.

import { TlsError } from '../errors.ts'
import { certificateEntryExtensions, certificateRequestExtensions, decodeExtensions, encodeExtensions } from '../wire/extensions.ts'
import { messages13 } from '../wire/messages.ts'
import type { Message, Messages13 } from '../wire/messages.ts'
import { signatureSchemeName } from '../wire/registry.ts'
import { sign, signedContent13 } from './authenticate.ts'
import { sendCertificateMessage } from './certificate-compression.ts'
import type { ClientHandshake } from './client-hello.ts'
import { delegationOf, schemeFor13 } from './delegated.ts'
import type { Flow } from './flow.ts'
import { clientIdentityFor } from './identities.ts'

type CertificateRequest = Message<Messages13, 'CertificateRequest'>

/** {Certificate*} {CertificateVerify*}: an empty list if we have nothing that the server takes (section 4.5.1). */
export function* sendClientCertificate(hs: ClientHandshake, request: CertificateRequest): Flow<void> {
  const asked = decodeExtensions(certificateRequestExtensions, request.extensions, 'CertificateRequest')
  if (!asked.signature_algorithms) {
    throw new TlsError('missing_extension', 'CertificateRequest: no signature_algorithms (section 4.4.2)')
  }
  const offered = asked.signature_algorithms
  const chosen = yield* clientIdentityFor(
    hs.config, { signatureSchemes: offered.map(signatureSchemeName), authorities: asked.certificate_authorities ?? [] },
    (identity) => schemeFor13(hs.config, identity, { signature_algorithms: offered, delegated_credential: asked.delegated_credential }),
  )
  if (!chosen) return void hs.send(messages13, 'Certificate', { context: request.context, entries: [] })
  const { identity, scheme } = chosen
  const leafExtensions = encodeExtensions(certificateEntryExtensions, delegationOf(identity))
  const entries = identity.certificates.map((data, index) => ({ data, extensions: index === 0 ? leafExtensions : [] }))
  yield* sendCertificateMessage(hs, identity, { context: request.context, entries }, asked.compress_certificate)
  const content = signedContent13('client', hs.transcript.hash())
  hs.send(messages13, 'CertificateVerify', { scheme: scheme.id, signature: yield* sign(identity, scheme, content) })
}
