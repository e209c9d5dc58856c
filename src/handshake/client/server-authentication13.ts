// {CertificateRequest*} {Certificate} {CertificateVerify}: who the server of TLS 1.3 is (RFC 9846 section 4.4.2, 4.5.1
// and 4.5.2).

import { TlsError } from '../../errors.ts'
import { certificateEntryExtensions, decodeExtensions } from '../../wire/extensions.ts'
import { OCSP } from '../../wire/numbers.ts'
import { extensionTypes } from '../../wire/registry.ts'
import { signer13, verifyPeer, verifySignature } from '../auth/authentication.ts'
import type { ByCertificate } from '../auth/authentication.ts'
import { certificateOf, certificateTypes, compressionOf, refuseUnasked } from '../auth/certificate-message.ts'
import { signedContent13 } from '../auth/signatures.ts'
import type { Flow } from '../flow.ts'
import type { Offer } from './hello-plan.ts'
import type { CertificateRequest13, ClientHandshake } from './client-handshake.ts'

export interface ServerCertificate13 {
  readonly auth: ByCertificate
  readonly ocspResponse: Uint8Array | undefined
  readonly scts: readonly Uint8Array[]
  readonly compression: string | undefined
  /** The server wants to know who we are. */
  readonly request: CertificateRequest13 | undefined
}

export function* readServerAuthentication(hs: ClientHandshake, offer: Offer): Flow<ServerCertificate13> {
  const { config, transcript } = hs
  const types = certificateTypes(offer.sent.has(extensionTypes.compress_certificate))
  let received = yield* hs.read('CertificateRequest', ...types)
  let request: CertificateRequest13 | undefined
  if (received.type === 'CertificateRequest') {
    request = received
    if (request.context.length > 0) {
      throw new TlsError('illegal_parameter', 'CertificateRequest: a context during the handshake (section 4.4.2)')
    }
    received = yield* hs.read(...types)
  }
  const message = yield* certificateOf(hs, received)
  if (message.context.length > 0)
    throw new TlsError('illegal_parameter', "Certificate: a server's context has to be empty")
  const [leaf] = message.entries
  if (!leaf) throw new TlsError('decode_error', 'Certificate: the server sent an empty list (RFC 9846 section 4.5.1.3)')
  refuseUnasked(message.entries, offer.sent.has(extensionTypes.delegated_credential))
  const entries = message.entries.map(({ extensions }) =>
    decodeExtensions(certificateEntryExtensions, extensions, 'Certificate', { offered: offer.sent }),
  )
  const {
    status_request: status,
    signed_certificate_timestamp: scts = [],
    delegated_credential: credential,
  } = entries[0] ?? {}
  if (status && status.statusType !== OCSP)
    throw new TlsError('decode_error', 'Certificate: an unknown kind of stapled status')
  const signedHash = transcript.hash()
  const peer = yield* verifyPeer(config, config.verifier, {
    chain: message.entries.map(({ data }) => data),
    peer: 'server',
    serverName: config.serverName,
    time: config.clock(),
    ...(status && { ocspResponse: status.response }),
    scts,
  })
  const signer = yield* signer13(hs, 'server', peer, credential)
  const { scheme, signature: bytes } = yield* hs.read('CertificateVerify')
  const content = signedContent13('server', signedHash)
  const signature = yield* verifySignature(config, signer, { scheme, signature: bytes, content })
  return {
    auth: { by: 'certificate', peer, signature },
    ocspResponse: status?.response,
    scts,
    compression: compressionOf(config, received),
    request,
  }
}
