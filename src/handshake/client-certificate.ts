// The client's own certificate in TLS 1.3, for a server that asks (RFC 9846 section 4.4.2, 4.5.1 and 4.5.2). Called by
// client13.ts and post-auth13.ts.

import { asTlsError, TlsError } from '../errors.ts'
import type { Identity } from '../options.ts'
import { certificateRequestExtensions, decodeExtensions } from '../wire/extensions.ts'
import { messages13 } from '../wire/messages.ts'
import type { Message, Messages13 } from '../wire/messages.ts'
import { signatureSchemeName } from '../wire/registry.ts'
import { schemeFor, sign, signedContent13 } from './authenticate.ts'
import { sendCertificateMessage } from './certificate-compression.ts'
import type { ClientHandshake } from './client-hello.ts'
import { use } from './flow.ts'
import type { Flow } from './flow.ts'

type CertificateRequest = Message<Messages13, 'CertificateRequest'>

/** {Certificate*} {CertificateVerify*}: an empty list if we have nothing that the server takes (section 4.5.1). */
export function* sendClientCertificate(hs: ClientHandshake, request: CertificateRequest): Flow<void> {
  const asked = decodeExtensions(certificateRequestExtensions, request.extensions, 'CertificateRequest')
  if (!asked.signature_algorithms) {
    throw new TlsError('missing_extension', 'CertificateRequest: no signature_algorithms (section 4.4.2)')
  }
  const offered = asked.signature_algorithms
  const identity = yield* chooseIdentity(hs, offered, asked.certificate_authorities ?? [])
  const scheme = identity && schemeFor(identity, offered, true)
  const entries = identity && scheme ? identity.certificates.map((data) => ({ data, extensions: [] })) : []
  const message = { context: request.context, entries }
  if (!identity || !scheme) return void hs.send(messages13, 'Certificate', message)
  yield* sendCertificateMessage(hs, identity, message, asked.compress_certificate)
  const content = signedContent13('client', hs.transcript.hash())
  hs.send(messages13, 'CertificateVerify', { scheme: scheme.id, signature: yield* sign(identity, scheme, content) })
}

function* chooseIdentity(hs: ClientHandshake, schemes: readonly number[], authorities: readonly Uint8Array[]): Flow<Identity | undefined> {
  const { config } = hs
  try {
    return yield* use(
      config.identityFor({ signatureSchemes: schemes.map(signatureSchemeName), authorities, serverName: config.serverName }),
    )
  } catch (error) {
    throw asTlsError(error)
  }
}

