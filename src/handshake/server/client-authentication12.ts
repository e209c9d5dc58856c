// A server of TLS 1.2 and its clients' certificates: CertificateRequest, Certificate, CertificateVerify (RFC 5246
// section 7.4.4, 7.4.6 and 7.4.8).

import { allowNoCertificate, signer12, verifyClient, verifySignature } from '../auth/authentication.ts'
import type { ByPolicy, ClientAuthentication, VerifiedPeer } from '../auth/authentication.ts'
import type { Flow } from '../flow.ts'
import { certificateTypes12, signatures12, schemes12 } from '../key-exchange/schemes12.ts'
import type { ServerHandshake12 } from './received-hello.ts'

export const sendCertificateRequest = (hs: ServerHandshake12): void => {
  const { config } = hs
  hs.send('CertificateRequest', {
    certificateTypes: certificateTypes12,
    signatureAlgorithms: schemes12(config).map(({ id }) => id),
    authorities: config.clientAuth?.authorities ?? [],
  })
}

/** Certificate of the client, an empty list if it has none (RFC 5246 section 7.4.6). */
export function* readClientCertificate12(hs: ServerHandshake12): Flow<VerifiedPeer | ByPolicy> {
  const { config } = hs
  if (!config.clientAuth?.inHandshake) return allowNoCertificate(config)
  const { chain } = yield* hs.read('Certificate')
  if (chain.length === 0) return allowNoCertificate(config, 'client_certificate_missing')
  return yield* verifyClient(config, config.clientAuth, chain)
}

/** CertificateVerify over all messages before it (RFC 5246 section 7.4.8). */
export function* readClientSignature12(
  hs: ServerHandshake12,
  peer: VerifiedPeer | ByPolicy,
): Flow<ClientAuthentication> {
  const { config, transcript } = hs
  if ('policy' in peer) return peer
  const content = transcript.messages()
  const { scheme, signature: bytes } = yield* hs.read('CertificateVerify')
  const signer = signer12(peer, schemes12(config))
  const signature = yield* verifySignature(config, signer, { scheme, signature: bytes, content }, signatures12)
  return { by: 'certificate', peer, signature }
}
