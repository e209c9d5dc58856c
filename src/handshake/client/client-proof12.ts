// Who the server of TLS 1.2 is, and who we are to it: the messages from Certificate to ServerHelloDone, and the
// client's own Certificate and CertificateVerify (RFC 5246 section 7.4.2 to 7.4.8).

import type { ActiveSuite } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { Message, Messages12 } from '../../wire/messages.ts'
import { signatureSchemeById, signatureSchemeName } from '../../wire/registry.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { Answer12 } from './check-server-hello12.ts'
import { noSignature, sign, verifyPeer } from '../auth/authenticate.ts'
import type { VerifiedPeer, VerifiedSignature } from '../auth/authenticate.ts'
import type { ClientHandshake12, Offer } from './client-hello.ts'
import type { Connection12 } from '../connection/connection12.ts'
import type { Flow } from '../flow.ts'
import { clientIdentityFor } from '../auth/identities.ts'
import type { ChosenIdentity } from '../auth/identities.ts'
import { readServerShare } from '../key-exchange/key-exchange12.ts'
import type { ServerShare } from '../key-exchange/key-exchange12.ts'
import { certificateTypeOf, curveOffered, fitsSuite, schemeFor12 } from '../key-exchange/schemes12.ts'

type CertificateRequest = Message<Messages12, 'CertificateRequest'>

export interface ServerProof {
  readonly peer: VerifiedPeer
  readonly signature: VerifiedSignature
  /** Undefined with static RSA. */
  readonly share: ServerShare | undefined
  readonly ocspResponse: Uint8Array | undefined
  readonly request: CertificateRequest | undefined
}

/** Certificate, CertificateStatus*, ServerKeyExchange*, CertificateRequest*, ServerHelloDone: in this order only. */
export function* readServerFlight(hs: ClientHandshake12, offer: Offer, answer: Answer12, previous: Connection12 | undefined): Flow<ServerProof> {
  const { config } = hs
  const { parameters } = answer
  const { chain } = yield* hs.read('Certificate')
  const [der] = chain
  if (!der) throw new TlsError('decode_error', 'Certificate: the server sent an empty list (RFC 5246 section 7.4.2)')
  if (previous) checkSameServer(previous, der)
  checkLeaf(parseCertificate(der), parameters.suite, offer)

  const signs = parameters.suite.keyExchange === 'ecdhe'
  const rest = signs ? (['ServerKeyExchange'] as const) : (['CertificateRequest', 'ServerHelloDone'] as const)
  let message = yield* hs.read(...(answer.statusPromised ? (['CertificateStatus'] as const) : []), ...rest)
  let ocspResponse: Uint8Array | undefined
  if (message.type === 'CertificateStatus') {
    if (message.statusType !== 1) throw new TlsError('decode_error', 'CertificateStatus: an unknown kind of status (RFC 6066 section 8)')
    ocspResponse = message.response
    message = yield* hs.read(...rest)
  }
  const peer = previous?.verifiedServer ?? (yield* verifyPeer(config.verifier, { // the same certificate is not judged twice
    chain, peer: 'server', serverName: config.serverName, time: config.clock(), scts: answer.scts, ...(ocspResponse && { ocspResponse }),
  }))
  let share: ServerShare | undefined
  if (message.type === 'ServerKeyExchange') {
    share = yield* readServerShare(config, message.body, parameters, peer, offer.extensions.supported_groups ?? [])
    message = yield* hs.read('CertificateRequest', 'ServerHelloDone')
  }
  const request = message.type === 'CertificateRequest' ? message : undefined
  if (request) yield* hs.read('ServerHelloDone')
  return { peer, signature: share?.signature ?? noSignature(), share, ocspResponse, request }
}

/** The certificate has to be one for the suite that was chosen: kind of key, curve, and use (RFC 5246 section 7.4.2). */
const checkLeaf = (leaf: Certificate, suite: ActiveSuite, offer: Offer): void => {
  const { type } = leaf.publicKey
  if (!fitsSuite(suite, type)) {
    throw new TlsError('illegal_parameter', `Certificate: a key of type ${type} does not go with ${suite.name}`)
  }
  if (!curveOffered(type, offer.extensions.supported_groups)) {
    throw new TlsError('illegal_parameter', `Certificate: its curve ${type} was not offered (RFC 8422 section 5.3)`)
  }
  const needed = suite.keyExchange === 'rsa' ? 'keyEncipherment' : 'digitalSignature'
  if (leaf.keyUsage && !leaf.keyUsage.includes(needed)) {
    throw new TlsError('certificate_usage', `the server's certificate may not be used for ${needed}, which ${suite.name} needs`)
  }
}

/** The other end of a renegotiation has to be who it was before: this is what the triple handshake attack changes. */
const checkSameServer = (previous: Connection12, der: Uint8Array): void => {
  const before = previous.serverCertificate
  if (!before || !equalBytes(before, der)) {
    throw new TlsError('bad_certificate', 'the server changed its certificate in a renegotiation')
  }
}

/** Certificate: an empty list if we have nothing that the server takes (RFC 5246 section 7.4.6). */
export function* sendClientCertificate12(hs: ClientHandshake12, request: CertificateRequest): Flow<ChosenIdentity | undefined> {
  const { config } = hs
  const { authorities, certificateTypes } = request
  const signatureAlgorithms = request.signatureAlgorithms.filter((id) => {
    const keyType = signatureSchemeById.get(id)?.keyType
    return keyType === undefined || certificateTypes.includes(certificateTypeOf(keyType))
  })
  const chosen = yield* clientIdentityFor(
    config, { signatureSchemes: signatureAlgorithms.map(signatureSchemeName), authorities },
    (identity) => (identity.delegated ? undefined : schemeFor12(config, identity, signatureAlgorithms)), // RFC 9345 section 4.1.2
  )
  hs.send('Certificate', { chain: chosen?.identity.certificates ?? [] })
  return chosen
}

/** CertificateVerify: a signature over all messages so far (RFC 5246 section 7.4.8). */
export function* sendClientCertificateVerify(hs: ClientHandshake12, { identity, scheme }: ChosenIdentity): Flow<void> {
  const signature = yield* sign(identity, scheme, hs.transcript.messages())
  hs.send('CertificateVerify', { scheme: scheme.id, signature })
}
