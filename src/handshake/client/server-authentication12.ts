// Certificate to ServerHelloDone: who the server of TLS 1.2 is, and its key share (RFC 5246 section 7.4.2 to 7.4.5, RFC
// 6066 section 8).

import type { ActiveGroup, ActiveSuite } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { Message, Messages12 } from '../../wire/messages.ts'
import { OCSP } from '../../wire/numbers.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { keyTransport, leafOf, verifyPeer } from '../auth/authentication.ts'
import type { ByCertificate } from '../auth/authentication.ts'
import type { Connection12 } from '../connection/connection12.ts'
import type { Flow } from '../flow.ts'
import { completeEcdhe, encryptPremaster, readServerShare } from '../key-exchange/key-exchange12.ts'
import type { ClientExchange, ServerShare } from '../key-exchange/key-exchange12.ts'
import { curveOffered, fitsSuite } from '../key-exchange/schemes12.ts'
import type { Answer12 } from './check-server-hello12.ts'
import type { Offer } from './hello-plan.ts'
import type { ClientHandshake12 } from './client-handshake.ts'

export type CertificateRequest12 = Message<Messages12, 'CertificateRequest'>

export interface ServerFlight12 {
  readonly known: ByCertificate
  /** Undefined with static RSA. */
  readonly group: ActiveGroup | undefined
  readonly ocspResponse: Uint8Array | undefined
  /** The server wants to know who we are. */
  readonly request: CertificateRequest12 | undefined
  /** Our side of the key exchange: what ClientKeyExchange says, and the premaster secret. */
  readonly exchange: () => Flow<ClientExchange>
}

/** Certificate, CertificateStatus*, ServerKeyExchange*, CertificateRequest*, ServerHelloDone: in this order only. */
export function* readServerAuthentication12(
  hs: ClientHandshake12,
  offer: Offer,
  answer: Answer12,
  previous: Connection12 | undefined,
): Flow<ServerFlight12> {
  const { config } = hs
  const { parameters } = answer
  const { suite } = parameters
  const { chain } = yield* hs.read('Certificate')
  const [der] = chain
  if (!der) throw new TlsError('decode_error', 'Certificate: the server sent an empty list (RFC 5246 section 7.4.2)')
  if (previous) checkSameServer(previous, der)
  const leaf = leafOf(chain, config.verifier)
  checkLeaf(leaf, suite, offer)

  const rest =
    suite.keyExchange === 'ecdhe'
      ? (['ServerKeyExchange'] as const)
      : (['CertificateRequest', 'ServerHelloDone'] as const)
  let message = yield* hs.read(...(answer.statusPromised ? (['CertificateStatus'] as const) : []), ...rest)
  let ocspResponse: Uint8Array | undefined
  if (message.type === 'CertificateStatus') {
    if (message.statusType !== OCSP)
      throw new TlsError('decode_error', 'CertificateStatus: an unknown kind of status (RFC 6066 section 8)')
    ocspResponse = message.response
    message = yield* hs.read(...rest)
  }
  const stapled = ocspResponse && { ocspResponse }
  const request = {
    chain,
    peer: 'server',
    serverName: config.serverName,
    time: config.clock(),
    scts: answer.scts,
    ...stapled,
  } as const
  // the same certificate is not judged twice
  const peer = previous?.verifiedServer ?? (yield* verifyPeer(config, config.verifier, request, leaf))
  let share: ServerShare | undefined
  if (message.type === 'ServerKeyExchange') {
    share = yield* readServerShare(config, message.body, parameters, peer, offer.extensions.supported_groups ?? [])
    message = yield* hs.read('CertificateRequest', 'ServerHelloDone')
  }
  const asked = message.type === 'CertificateRequest' ? message : undefined
  if (asked) yield* hs.read('ServerHelloDone')
  return {
    known: { by: 'certificate', peer, signature: share?.signature ?? keyTransport(suite) },
    group: share?.group,
    ocspResponse,
    request: asked,
    exchange: () =>
      share ? completeEcdhe(share) : encryptPremaster(config, offer.hello.legacyVersion, peer.publicKey),
  }
}

/**
 * The certificate has to be one for the suite that was chosen: kind of key, curve, and use (RFC 5246 section 7.4.2).
 */
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
    throw new TlsError(
      'certificate_usage',
      `the server's certificate may not be used for ${needed}, which ${suite.name} needs`,
    )
  }
}

/** The other end of a renegotiation has to be who it was before: this is what the triple handshake attack changes. */
const checkSameServer = (previous: Connection12, der: Uint8Array): void => {
  const before = previous.serverCertificate
  if (!before || !equalBytes(before, der)) {
    throw new TlsError('bad_certificate', 'the server changed its certificate in a renegotiation')
  }
}
