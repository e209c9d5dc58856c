// The client of TLS 1.3 from ServerHello on, as the ladder of RFC 9846 section 2.

import { TlsError } from '../../errors.ts'
import type { ConnectionInfo } from '../../info.ts'
import { earlyStage, finishedVerifyData } from '../../keys/schedule13.ts'
import type { HandshakeStage, MasterStage } from '../../keys/schedule13.ts'
import { decodeExtensions, encryptedExtensionsExtensions } from '../../wire/extensions.ts'
import { MAX_RECORD_SIZE_LIMIT } from '../../record/limits.ts'
import { isHelloRetryRequest } from '../../wire/messages.ts'
import { provenByFinished, verifyFinished } from '../auth/authentication.ts'
import type { Proofs, ServerAuthentication, VerifiedFinished } from '../auth/authentication.ts'
import type { ClientIdentity } from '../auth/identities.ts'
import { Connection13 } from '../connection/connection13.ts'
import { confirmConnection, connectionInfo, ownInfo } from '../connection/info.ts'
import type { Established } from '../context.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { installRead13, installWrite13 } from '../keys13.ts'
import { chosenAlpn } from './check-alpn.ts'
import { checkServerHello13 } from './check-server-hello13.ts'
import type { ServerChoice13 } from './check-server-hello13.ts'
import { sendNoCertificate } from './no-certificate13.ts'
import type { Offer } from './hello-plan.ts'
import { clientPostHandshake13 } from './client-post-handshake13.ts'
import { retryHello } from './client-retry.ts'
import { readServerAuthentication } from './server-authentication13.ts'
import type { ServerCertificate13 } from './server-authentication13.ts'
import type { ClientHandshake, ServerHelloMessage } from './client-handshake.ts'

/*
 *       Client                                             Server
 *
 *       ClientHello                     -------->
 *                                       <--------  ServerHello              readServerHello, with HelloRetryRequest
 *                                                                           establishHandshakeKeys
 *                                            {EncryptedExtensions}          readServerParameters
 *                                            {CertificateRequest*}
 *                                                   {Certificate*}
 *                                             {CertificateVerify*}          readServerAuthentication
 *                                       <--------       {Finished}          readServerFinished
 *       {Certificate*}
 *       {CertificateVerify*}
 *       {Finished}                      -------->                           sendClientFlight
 *       [Application Data]              <------->  [Application Data]       establish
 */
export function* clientHandshake13(
  hs: ClientHandshake,
  firstOffer: Offer,
  first: ServerHelloMessage,
): Flow<Established> {
  const hello = yield* readServerHello(hs, firstOffer, first)
  const keys = yield* establishHandshakeKeys(hs, hello)
  const parameters = yield* readServerParameters(hs, hello, keys)
  const certificate = hello.psk ? undefined : yield* readServerAuthentication(hs, hello.offer)
  const { finished, master } = yield* readServerFinished(hs, hello, keys)
  const auth = certificate?.auth ?? pskAuthentication(hello, finished)
  const info = infoOf(hs, hello, parameters, auth, certificate)
  yield* confirmConnection(hs.config, info)
  const own = yield* sendClientFlight(hs, hello, parameters, { keys, master, request: certificate?.request })
  hello.offer.plan.outer?.refuse(parameters.retryConfigs)
  return establish(hs, hello, master, { auth, finished }, own ? { ...info, ...ownInfo(own) } : info, own)
}

interface Hello13 extends ServerChoice13 {
  /** What the ServerHello answers: the second one after a HelloRetryRequest. */
  readonly offer: Offer
  readonly retried: boolean
  /** Early data went out with the first flight. */
  readonly sentEarlyData: boolean
}

function* readServerHello(hs: ClientHandshake, firstOffer: Offer, first: ServerHelloMessage): Flow<Hello13> {
  const sentEarlyData = firstOffer.extensions.early_data === true
  if (!isHelloRetryRequest(first)) {
    const choice = checkServerHello13(hs.config, firstOffer, first)
    hs.transcript.start(choice.suite.hash)
    return { ...choice, offer: firstOffer, retried: false, sentEarlyData }
  }
  const { offer, serverHello } = yield* retryHello(hs, firstOffer, first)
  return { ...checkServerHello13(hs.config, offer, serverHello), offer, retried: true, sentEarlyData }
}

/** Early data may still be on its way: the server has not said yet whether it takes it (section 4.3.10). */
const mayHaveEarlyData = ({ sentEarlyData, retried }: Hello13): boolean => sentEarlyData && !retried

/**
 * Section 7.1: the server's side is read with them at once, ours written with them once early data is out of the way.
 */
function* establishHandshakeKeys(hs: ClientHandshake, hello: Hello13): Flow<HandshakeStage> {
  const { suite, psk, share, peerShare, retried } = hello
  const shared = share && (yield* use(share.exchange.complete(peerShare)))
  const keys = (psk?.stage ?? earlyStage(suite.hash, undefined)).handshake(shared, hs.transcript.hash())
  yield* installRead13(hs, suite, keys.server)
  hs.keyLog('CLIENT_HANDSHAKE_TRAFFIC_SECRET', keys.client.secret)
  hs.keyLog('SERVER_HANDSHAKE_TRAFFIC_SECRET', keys.server.secret)
  if (hs.config.compatibilityMode && !retried && !hello.sentEarlyData) hs.io.sendChangeCipherSpec()
  if (!mayHaveEarlyData(hello)) yield* installWrite13(hs, suite, keys.client)
  return keys
}

interface ServerParameters13 {
  readonly alpn: string | undefined
  readonly earlyData: ConnectionInfo['earlyData']
  /** For another try, from a server that refused ECH. */
  readonly retryConfigs: Uint8Array | undefined
  readonly earlyDataRefusal: ConnectionInfo['earlyDataRefusal']
}

function* readServerParameters(hs: ClientHandshake, hello: Hello13, keys: HandshakeStage): Flow<ServerParameters13> {
  const { config, io } = hs
  const { offer, sentEarlyData } = hello
  const message = yield* hs.read('EncryptedExtensions')
  const extensions = decodeExtensions(encryptedExtensionsExtensions, message.extensions, 'EncryptedExtensions', {
    offered: offer.sent,
  })
  const { encrypted_client_hello: configs } = extensions
  const retryConfigs = configs && hs.parts.retryConfigs?.(offer.plan, configs)
  const alpn = chosenAlpn(config, extensions.application_layer_protocol_negotiation)
  const { record_size_limit: limit } = extensions
  if (limit !== undefined) {
    io.setMaxFragment(Math.min(limit, MAX_RECORD_SIZE_LIMIT) - 1)
    io.setMaxContent((config.recordSizeLimit ?? MAX_RECORD_SIZE_LIMIT) - 1)
  }
  const early = hs.parts.sessions?.early
  const terms = { ...hello, first: offer.plan.psks[0], alpn }
  if (extensions.early_data) {
    early?.checkAccepted(terms)
    return { alpn, retryConfigs, earlyData: 'accepted', earlyDataRefusal: undefined }
  }
  if (!sentEarlyData)
    return { alpn, retryConfigs, earlyData: 'none', earlyDataRefusal: early?.whyNoneSent(config, terms.first) }
  io.endEarlyData(false)
  if (mayHaveEarlyData(hello)) yield* installWrite13(hs, hello.suite, keys.client)
  return { alpn, retryConfigs, earlyData: 'rejected', earlyDataRefusal: early?.whyRejected(terms) }
}

interface ServerFinished {
  readonly finished: VerifiedFinished
  readonly master: MasterStage
}

function* readServerFinished(hs: ClientHandshake, { suite }: Hello13, keys: HandshakeStage): Flow<ServerFinished> {
  const before = hs.transcript.hash()
  const { verifyData } = yield* hs.read('Finished')
  const finished = verifyFinished(verifyData, keys.server, before)
  const master = keys.master(hs.transcript.hash())
  yield* installRead13(hs, suite, master.server)
  return { finished, master }
}

/** The server's Finished is made with keys that stand on the PSK: it is the proof that the server has it. */
const pskAuthentication = ({ psk }: Hello13, finished: VerifiedFinished): ServerAuthentication => {
  if (!psk) throw new TlsError('internal_error', 'neither a certificate nor a PSK')
  const identity = psk.session ? undefined : psk.identity
  return { by: 'psk', psk: provenByFinished(finished, { session: psk.session, identity }) }
}

interface ClientFlight {
  readonly keys: HandshakeStage
  readonly master: MasterStage
  readonly request: ServerCertificate13['request']
}

function* sendClientFlight(
  hs: ClientHandshake,
  { suite }: Hello13,
  { earlyData }: ServerParameters13,
  { keys, master, request }: ClientFlight,
): Flow<ClientIdentity | undefined> {
  if (earlyData === 'accepted') {
    hs.io.endEarlyData(true)
    yield* installWrite13(hs, suite, keys.client, hs.hold('EndOfEarlyData', {}))
  }
  const own = request && (yield* hs.parts.certificates?.send(hs, request) ?? sendNoCertificate(hs, request))
  const finished = hs.hold('Finished', { verifyData: finishedVerifyData(keys.client, hs.transcript.hash()) })
  yield* installWrite13(hs, suite, master.client, finished)
  return own
}

const infoOf = (
  { config }: ClientHandshake,
  { offer, suite, share, retried }: Hello13,
  parameters: ServerParameters13,
  auth: ServerAuthentication,
  certificate: ServerCertificate13 | undefined,
): ConnectionInfo =>
  connectionInfo(auth, {
    alpn: parameters.alpn,
    earlyData: parameters.earlyData,
    earlyDataRefusal: parameters.earlyDataRefusal,
    version: 'TLS 1.3',
    suite,
    group: share?.group,
    serverName: config.serverName,
    helloRetryRequest: retried,
    echAccepted: offer.plan.ech !== undefined,
    certificateCompression: certificate?.compression,
    ocspResponse: certificate?.ocspResponse,
    scts: certificate?.scts ?? [],
  })

const establish = (
  hs: ClientHandshake,
  { suite }: Hello13,
  master: MasterStage,
  proofs: Proofs<ServerAuthentication>,
  info: ConnectionInfo,
  own: ClientIdentity | undefined,
): Established => {
  const connection = new Connection13(hs, suite, {
    read: master.server,
    write: master.client,
    exporter: master.exporter,
    resumption: master.resumption(hs.transcript.hash()),
    role: 'client',
    serverCertificate: info.peerCertificates[0],
  })
  connection.logSecrets(master)
  const { ticketRequest } = hs.config
  if (ticketRequest) hs.io.expectMessages(Math.max(ticketRequest.newSession, ticketRequest.resumption)) // RFC 9149
  const shown = { ownIdentity: info.ownIdentity, asked: own?.asked }
  const facts = hs.parts.sessions?.facts(hs.config, proofs.auth, info, shown)
  return connection.establish(proofs, info, {
    flow: clientPostHandshake13(hs, connection, facts),
    forksTranscript: hs.config.postHandshakeAuth && hs.parts.certificates !== undefined,
  })
}
