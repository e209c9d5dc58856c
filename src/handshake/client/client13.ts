// The client of TLS 1.3 from ServerHello on, as the ladder of RFC 9846 section 2.

import type { ActiveSuite, ClientConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { earlyStage, finishedVerifyData } from '../../keys/schedule13.ts'
import {
  certificateEntryExtensions, decodeExtensions, encryptedExtensionsExtensions,
  serverHelloExtensions,
} from '../../wire/extensions.ts'
import { extensionTypes } from '../../wire/registry.ts'
import type { EncryptedExtensionsExtensions, ServerHelloExtensions } from '../../wire/extensions.ts'
import { isHelloRetryRequest } from '../../wire/messages.ts'
import type { Message, Messages13 } from '../../wire/messages.ts'
import { confirmConnection, noSignature, pskPeer, signedContent13, verifyFinished, verifyPeer, verifySignature } from '../auth/authenticate.ts'
import type { UnauthenticatedPeer, VerifiedFinished, VerifiedPeer, VerifiedSignature } from '../auth/authenticate.ts'
import { certificateOf, certificateTypes, compressionOf } from '../auth/certificate-compression.ts'
import type { ClientHandshake, Offer, OfferedShare, ServerHelloMessage } from './client-hello.ts'
import type { PskOffer } from './client-psk.ts'
import { sendClientCertificate } from './client-certificate13.ts'
import type { Established } from '../context.ts'
import { handshakeSigner, refuseUnasked } from '../auth/delegated.ts'
import type { ConnectionInfo } from '../../info.ts'
import { noteRetryConfigs } from './ech-client.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { retryHello } from './client-retry.ts'
import { Connection13 } from '../connection/connection13.ts'
import { chosenSuite13, installRead13, installWrite13 } from '../keys13.ts'
import { clientAfterwards } from '../connection/post-handshake13.ts'

type CertificateRequest = Message<Messages13, 'CertificateRequest'>

interface PeerProof {
  readonly peer: VerifiedPeer | UnauthenticatedPeer
  readonly signature: VerifiedSignature
  readonly ocspResponse: Uint8Array | undefined
  readonly scts: readonly Uint8Array[]
  readonly compression: string | undefined
  readonly delegatedUntil: number | undefined
  readonly request: CertificateRequest | undefined
}

export function* clientHandshake13(hs: ClientHandshake, firstOffer: Offer, first: ServerHelloMessage): Flow<Established> {
  const { config, io, transcript } = hs
  let offer = firstOffer
  let serverHello = first
  const retried = isHelloRetryRequest(first)
  if (retried) ({ offer, serverHello } = yield* retryHello(hs, firstOffer, first)) // <-------- HelloRetryRequest
  const suite = chosenSuite13(config, serverHello.cipherSuite)
  if (!retried) transcript.start(suite.hash)
  const answer = decodeExtensions(serverHelloExtensions, serverHello.extensions ?? [], 'ServerHello', { offered: offer.sent })
  const psk = chosenPsk(offer, answer, suite)
  const share = chosenShare(config, offer, answer, psk)
  const shared = share && (yield* use(share.exchange.complete(answer.key_share?.keyExchange ?? new Uint8Array(0))))
  const handshake = earlyStage(suite.hash, psk?.secret).handshake(shared, transcript.hash())
  yield* installRead13(hs, suite, handshake.server)
  hs.keyLog('CLIENT_HANDSHAKE_TRAFFIC_SECRET', handshake.client.secret)
  hs.keyLog('SERVER_HANDSHAKE_TRAFFIC_SECRET', handshake.server.secret)
  if (config.compatibilityMode && !retried && !offer.extensions.early_data) io.sendChangeCipherSpec()
  const mayHaveEarlyData = offer.extensions.early_data === true && !retried
  if (!mayHaveEarlyData) yield* installWrite13(hs, suite, handshake.client)

  const encrypted = yield* hs.read('EncryptedExtensions')
  const extensions = decodeExtensions(encryptedExtensionsExtensions, encrypted.extensions, 'EncryptedExtensions', { offered: offer.sent })
  noteRetryConfigs(offer, extensions)
  const alpn = chosenAlpn(config, extensions)
  if (extensions.record_size_limit !== undefined) io.setMaxFragment(Math.min(extensions.record_size_limit, 16385) - 1)
  const earlyAccepted = extensions.early_data === true
  if (earlyAccepted) checkEarlyData(offer, psk, suite, alpn)
  const rejected = firstOffer.extensions.early_data === true && !earlyAccepted
  if (rejected) {
    io.allowSend(false)
    io.emit({ type: 'earlyDataRejected', data: config.earlyData ?? new Uint8Array(0) })
    if (mayHaveEarlyData) yield* installWrite13(hs, suite, handshake.client)
  }

  const proof = psk ? pskProof(psk) : yield* serverCertificate(hs, offer)
  const finishedHash = transcript.hash()
  const finished = yield* hs.read('Finished')
  const verified: VerifiedFinished = verifyFinished(finished.verifyData, handshake.server, finishedHash)
  const master = handshake.master(transcript.hash())
  yield* installRead13(hs, suite, master.server)

  const { peer } = proof
  const peerCertificates = psk?.session?.peerCertificates ?? ('certificates' in peer ? peer.certificates : [])
  const info: ConnectionInfo = {
    version: 'TLS 1.3',
    cipherSuite: suite.name,
    group: share?.group.name,
    signatureScheme: proof.signature.scheme ?? (psk?.session?.signatureScheme || undefined),
    alpn,
    serverName: config.serverName,
    resumed: psk?.session !== undefined,
    ...(psk && !psk.session && { pskIdentity: psk.identity }),
    helloRetryRequest: retried,
    earlyData: earlyAccepted ? 'accepted' : rejected ? 'rejected' : 'none',
    peerCertificates,
    verifiedChain: 'chain' in peer ? peer.chain : [],
    ocspResponse: proof.ocspResponse,
    scts: proof.scts,
    ...(proof.delegatedUntil !== undefined && { delegatedUntil: proof.delegatedUntil }),
    ...(offer.ech && { echAccepted: true }),
    ...(proof.compression !== undefined && { certificateCompression: proof.compression }),
  }
  yield* confirmConnection(config, info)

  if (earlyAccepted) {
    hs.send('EndOfEarlyData', {})
    yield* installWrite13(hs, suite, handshake.client)
  }
  if (proof.request) yield* sendClientCertificate(hs, proof.request)
  hs.send('Finished', { verifyData: finishedVerifyData(handshake.client, transcript.hash()) })
  yield* installWrite13(hs, suite, master.client)
  const connection = new Connection13(hs, suite, {
    read: master.server, write: master.client, exporter: master.exporter,
    resumption: master.resumption(transcript.hash()), role: 'client', serverCertificate: peerCertificates[0],
  })
  connection.logSecrets(master)
  const authenticatedAt = psk?.session?.authenticatedAt ?? config.clock()
  return connection.establish(verified, clientAfterwards(hs, connection, { ...info, authenticatedAt }), info)
}

/** RFC 9846 section 4.3.11: the index has to be one of ours, and the suite has the PSK's hash. */
const chosenPsk = (offer: Offer, answer: ServerHelloExtensions, suite: ActiveSuite): PskOffer | undefined => {
  const index = answer.pre_shared_key
  if (index === undefined) return undefined
  const psk = offer.psks[index]
  if (!psk) throw new TlsError('illegal_parameter', `ServerHello: PSK ${index} was chosen, ${offer.psks.length} were offered`)
  if (psk.suite.hash.name !== suite.hash.name) {
    throw new TlsError('illegal_parameter', `ServerHello: a PSK for ${psk.suite.hash.name} with ${suite.name}`)
  }
  return psk
}

/** RFC 9846 section 4.3.8: the answer is for one of the groups that we sent a share for. */
const chosenShare = (
  config: ClientConfig, offer: Offer, answer: ServerHelloExtensions, psk: PskOffer | undefined,
): OfferedShare | undefined => {
  const entry = answer.key_share
  if (!entry && psk && config.pskModes.includes(0)) return undefined // psk_ke (section 4.3.9)
  if (!entry) throw new TlsError('missing_extension', 'ServerHello: no key_share')
  const share = offer.shares.find(({ group }) => group.id === entry.group)
  if (!share) throw new TlsError('illegal_parameter', `ServerHello: a key share for group ${entry.group}, for which none was offered`)
  return share
}

export const chosenAlpn = (
  config: ClientConfig, extensions: Pick<EncryptedExtensionsExtensions, 'application_layer_protocol_negotiation'>,
): string | undefined => {
  const list = extensions.application_layer_protocol_negotiation
  if (!list) return undefined
  const [protocol] = list
  if (protocol === undefined || list.length !== 1) {
    throw new TlsError('decode_error', 'ALPN: the server has to choose exactly one protocol (RFC 7301 section 3.1)')
  }
  if (!config.alpn.includes(protocol)) {
    throw new TlsError('illegal_parameter', `ALPN: the server chose ${JSON.stringify(protocol)}, which was not offered`)
  }
  return protocol
}

/** RFC 9846 section 4.3.10: early data only with the first PSK, and the ALPN of its session. */
const checkEarlyData = (offer: Offer, psk: PskOffer | undefined, suite: ActiveSuite, alpn: string | undefined): void => {
  if (!psk || psk !== offer.psks[0]) {
    throw new TlsError('illegal_parameter', 'EncryptedExtensions: early data was accepted without the first PSK')
  }
  if (psk.suite.id !== suite.id) {
    throw new TlsError('illegal_parameter', `EncryptedExtensions: early data for ${psk.suite.name} was accepted under ${suite.name}`)
  }
  if (psk.session && psk.session.alpn !== (alpn ?? '')) {
    throw new TlsError('illegal_parameter', 'EncryptedExtensions: early data was accepted under another application protocol')
  }
}

const pskProof = (psk: PskOffer): PeerProof => ({
  peer: pskPeer(),
  signature: noSignature(),
  ocspResponse: psk.session && psk.session.ocspResponse.length > 0 ? psk.session.ocspResponse : undefined,
  scts: psk.session?.scts ?? [],
  compression: undefined,
  delegatedUntil: undefined,
  request: undefined,
})

/** {CertificateRequest*} {Certificate} {CertificateVerify} */
function* serverCertificate(hs: ClientHandshake, offer: Offer): Flow<PeerProof> {
  const { config, transcript } = hs
  const types = certificateTypes(offer.sent.has(extensionTypes.compress_certificate))
  let received = yield* hs.read('CertificateRequest', ...types)
  let request: CertificateRequest | undefined
  if (received.type === 'CertificateRequest') {
    request = received
    if (request.context.length > 0) {
      throw new TlsError('illegal_parameter', 'CertificateRequest: a context during the handshake (section 4.4.2)')
    }
    received = yield* hs.read(...types)
  }
  const message = yield* certificateOf(config, received)
  if (message.context.length > 0) throw new TlsError('illegal_parameter', 'Certificate: a server\'s context has to be empty')
  const [leaf] = message.entries
  if (!leaf) throw new TlsError('decode_error', 'Certificate: the server sent an empty list (RFC 9846 section 4.5.1.3)')
  refuseUnasked(message.entries, offer.sent.has(extensionTypes.delegated_credential))
  const entries = message.entries.map(({ extensions }) =>
    decodeExtensions(certificateEntryExtensions, extensions, 'Certificate', { offered: offer.sent }),
  )
  const { status_request: status, signed_certificate_timestamp: scts = [], delegated_credential: credential } = entries[0] ?? {}
  if (status && status.statusType !== 1) throw new TlsError('decode_error', 'Certificate: an unknown kind of stapled status')
  const verifyHash = transcript.hash()
  const peer = yield* verifyPeer(config.verifier, {
    chain: message.entries.map(({ data }) => data),
    peer: 'server',
    serverName: config.serverName,
    time: config.clock(),
    ...(status && { ocspResponse: status.response }),
    scts,
  })
  const { peer: signer, allowed, delegatedUntil } = yield* handshakeSigner(config, 'server', peer, credential)
  const proof = yield* hs.read('CertificateVerify')
  const content = signedContent13('server', verifyHash)
  const signature = yield* verifySignature(config, proof.scheme, proof.signature, content, signer, allowed)
  return { peer, signature, ocspResponse: status?.response, scts, compression: compressionOf(config, received), delegatedUntil, request }
}
