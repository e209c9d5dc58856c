// The server of TLS 1.3 from ClientHello on, as the ladder of RFC 9846 section 2.

import type { ActiveSuite, ServerConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { earlyStage, finishedVerifyData } from '../../keys/schedule13.ts'
import type { MasterStage, TrafficSecret } from '../../keys/schedule13.ts'
import {
  encodeExtensions,
  encryptedExtensionsExtensions, serverHelloExtensions,
} from '../../wire/extensions.ts'
import { TLS13 } from '../../wire/registry.ts'
import { absentPeer, confirmConnection, noSignature, pskPeer, verifyFinished } from '../auth/authenticate.ts'
import { askedTypes, certificateOf, compressionOf } from '../auth/certificate-compression.ts'
import { Connection13 } from '../connection/connection13.ts'
import type { Established } from '../context.ts'
import { schemeFor13 } from '../auth/delegated.ts'
import type { ConnectionInfo } from '../../info.ts'
import { confirmedHello, retryConfigsFor } from './ech-server.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import type { ChosenIdentity } from '../auth/identities.ts'
import { sendProof13 } from '../auth/send-certificate13.ts'
import { selectAlpn, selectGroup13, selectIdentity, selectSuite13 } from './negotiate.ts'
import type { ReceivedHello } from './negotiate.ts'
import { installRead13, installWrite13 } from '../keys13.ts'
import { CertificateRequests, certificateRequest, readClientProof } from '../connection/post-auth13.ts'
import type { ClientProof } from '../connection/post-auth13.ts'
import { sendTickets, serverAfterwards, ticketCount } from '../connection/post-handshake13.ts'
import { serverFingerprint } from '../connection/session-key.ts'
import { helloFields } from './server-hello.ts'
import type { ServerHandshake } from './server-hello.ts'
import { mayAcceptEarlyData, selectPsk } from './server-psk.ts'
import { retryClient } from './server-retry.ts'

/** Bytes of early data that are skipped if none was allowed: what a client may have sent by an older ticket. */
const SKIP_AT_LEAST = 16384

export function* serverHandshake13(hs: ServerHandshake, firstHello: ReceivedHello): Flow<Established> {
  const { config, io, transcript } = hs
  checkOffer13(firstHello)
  const suite = selectSuite13(config, firstHello.message)
  const pskOnly = !firstHello.extensions.key_share || !firstHello.extensions.psk_key_exchange_modes?.includes(1)
  const chosen = pskOnly && canDoWithoutShare(config, firstHello) ? undefined : selectGroup13(config, firstHello.extensions)
  const retried = chosen !== undefined && (chosen.share === undefined || config.cookie)
  const hello = retried ? yield* retryClient(hs, firstHello, suite, chosen) : firstHello // HelloRetryRequest -------->
  const { group, share } = retried ? selectGroup13(config, hello.extensions) : (chosen ?? {})
  if (group && share === undefined) throw new TlsError('illegal_parameter', 'ClientHello: still no key share after HelloRetryRequest')
  const alpn = yield* selectAlpn(config, hello)
  const certificate = yield* identityOf(hs, hello)
  const fingerprint = serverFingerprint(config, certificate.choice?.identity)
  const psk = yield* selectPsk(hs, hello, suite, fingerprint)
  if (!psk && certificate.problem) throw certificate.problem
  if (!psk && !group) throw new TlsError('missing_extension', 'ClientHello: no key_share, and its PSK is not known here')
  const early = !retried && (yield* mayAcceptEarlyData(hs, hello, suite, psk, alpn))
  if (!retried) transcript.start(suite.hash)
  const stage = earlyStage(suite.hash, psk?.secret)
  const earlyTraffic = early ? stage.clientEarlyTraffic(transcript.hash()) : undefined

  const answer = group && share && (yield* use(group.respond(share)))
  hs.send('ServerHello', confirmedHello(hs, hello, suite, { // -------->
    ...helloFields(config, hello, suite),
    extensions: encodeExtensions(serverHelloExtensions, {
      ...(psk && { pre_shared_key: psk.index }),
      ...(group && answer && { key_share: { group: group.id, keyExchange: answer.share } }),
      supported_versions: TLS13,
    }),
  }))
  const handshake = stage.handshake(answer?.secret, transcript.hash())
  if (hello.message.sessionId.length > 0 && !retried) io.sendChangeCipherSpec()
  yield* installWrite13(hs, suite, handshake.server)
  hs.keyLog('CLIENT_HANDSHAKE_TRAFFIC_SECRET', handshake.client.secret)
  hs.keyLog('SERVER_HANDSHAKE_TRAFFIC_SECRET', handshake.server.secret)
  sendEncryptedExtensions(hs, hello, { alpn, early, tickets: ticketCount(config, hello, psk !== undefined), resumed: psk !== undefined }) // {EncryptedExtensions} -------->
  if (!psk && config.clientAuth) hs.send('CertificateRequest', certificateRequest(config, new Uint8Array(0))) // {CertificateRequest} -------->
  let scheme: string | undefined
  if (!psk && certificate.choice) scheme = yield* sendCertificate(hs, hello, certificate.choice) // {Certificate, CertificateVerify} -------->
  hs.send('Finished', { verifyData: finishedVerifyData(handshake.server, transcript.hash()) }) // {Finished} -------->
  const master = handshake.master(transcript.hash())
  yield* installWrite13(hs, suite, master.server)
  if (!config.clientAuth) io.allowSend(true) // 0.5-RTT data (section 2.3)

  if (earlyTraffic) yield* readEarlyData(hs, suite, earlyTraffic) // <-------- (early data, EndOfEarlyData)
  else if (firstHello.extensions.early_data && !retried) {
    io.skipEarlyData('undecryptable', Math.max(config.maxEarlyData, SKIP_AT_LEAST))
  }
  yield* installRead13(hs, suite, handshake.client)
  const proof: ClientProof = psk ? { peer: pskPeer(), signature: noSignature() } : yield* clientCertificate(hs) // <-------- {Certificate*, CertificateVerify*}
  const finishedHash = transcript.hash()
  const finished = yield* hs.read('Finished') // <-------- {Finished}
  const verified = verifyFinished(finished.verifyData, handshake.client, finishedHash)
  io.skipEarlyData('none')
  yield* installRead13(hs, suite, master.client)
  const connection = serverConnection(hs, suite, master, certificate.choice?.identity.certificates[0])
  const facts = {
    alpn,
    serverName: hello.info.serverName,
    signatureScheme: proof.signature.scheme ?? psk?.session?.signatureScheme ?? '',
    peerCertificates: psk?.session?.peerCertificates ?? ('certificates' in proof.peer ? proof.peer.certificates : []),
    authenticatedAt: psk?.session?.authenticatedAt ?? config.clock(),
    fingerprint: psk?.fingerprint ?? fingerprint,
    sessionData: psk?.session?.applicationData ?? new Uint8Array(0),
    count: ticketCount(config, hello, psk !== undefined),
  }
  const info: ConnectionInfo = {
    version: 'TLS 1.3',
    cipherSuite: suite.name,
    group: group?.name,
    signatureScheme: facts.signatureScheme || undefined,
    ownSignatureScheme: scheme,
    alpn,
    serverName: hello.info.serverName,
    resumed: psk?.session !== undefined,
    ...(psk && !psk.session && { pskIdentity: psk.identity }),
    helloRetryRequest: retried,
    ...(facts.sessionData.length > 0 && { sessionData: facts.sessionData }),
    earlyData: early ? 'accepted' : firstHello.extensions.early_data ? 'rejected' : 'none',
    peerCertificates: facts.peerCertificates,
    verifiedChain: 'chain' in proof.peer ? proof.peer.chain : [],
    ocspResponse: undefined,
    scts: [],
    ...(proof.delegatedUntil !== undefined && { delegatedUntil: proof.delegatedUntil }),
    ...(hello.ech?.kind === 'accepted' && { echAccepted: true }),
    ...(proof.compression !== undefined && { certificateCompression: proof.compression }),
  }
  yield* confirmConnection(config, info)
  yield* sendTickets(hs, connection, facts) // [NewSessionTicket] -------->
  const requests = new CertificateRequests(hs, hello.extensions.post_handshake_auth === true)
  const established = connection.establish(verified, serverAfterwards(hs, connection, requests), info)
  return { ...established, requestCertificate: () => requests.request() }
}

/** What a ClientHello for TLS 1.3 has to hold (RFC 9846 section 9.2). */
const checkOffer13 = ({ message, extensions }: ReceivedHello): void => {
  if (message.compressionMethods.length !== 1) {
    throw new TlsError('illegal_parameter', 'ClientHello: TLS 1.3 with compression methods (section 4.2.2)')
  }
  const withoutShare = extensions.pre_shared_key && extensions.psk_key_exchange_modes?.includes(0) && !extensions.key_share
  if (withoutShare) return
  if (!extensions.supported_groups || !extensions.key_share) {
    throw new TlsError('missing_extension', 'ClientHello: supported_groups and key_share are due (section 9.2)')
  }
  if (!extensions.signature_algorithms && !extensions.pre_shared_key) {
    throw new TlsError('missing_extension', 'ClientHello: signature_algorithms or a PSK is due (section 9.2)')
  }
  const groups = extensions.key_share.map(({ group }) => group)
  const listed = extensions.supported_groups
  if (new Set(groups).size !== groups.length || groups.some((group) => !listed.includes(group))) {
    throw new TlsError('illegal_parameter', 'ClientHello: a key share twice, or for a group that is not listed (section 4.3.8)')
  }
}

/** psk_ke: no key exchange at all, only if both sides said that they would (section 4.3.9). */
const canDoWithoutShare = (config: ServerConfig, { extensions }: ReceivedHello): boolean =>
  config.pskModes.includes(0) && extensions.pre_shared_key !== undefined && (extensions.psk_key_exchange_modes?.includes(0) ?? false)

interface IdentityOrProblem {
  readonly choice: ChosenIdentity | undefined
  /** Set where there is no choice. */
  readonly problem: TlsError | undefined
}

/** Without a usable certificate the handshake may still go on with a PSK, so the problem is kept for later. */
function* identityOf(hs: ServerHandshake, hello: ReceivedHello): Flow<IdentityOrProblem> {
  const offered = hello.extensions.signature_algorithms
  if (!offered) {
    const problem = new TlsError('missing_extension', 'ClientHello: no signature_algorithms, and its PSK is not known here')
    return { choice: undefined, problem }
  }
  const taken = { signature_algorithms: offered, delegated_credential: hello.extensions.delegated_credential }
  try {
    return { choice: yield* selectIdentity(hs.config, hello, (identity) => schemeFor13(hs.config, identity, taken)), problem: undefined }
  } catch (error) {
    if (error instanceof TlsError && hello.extensions.pre_shared_key) return { choice: undefined, problem: error }
    throw error
  }
}

interface ServerParameters {
  readonly alpn: string | undefined
  readonly early: boolean
  readonly tickets: number
  readonly resumed: boolean
}

const sendEncryptedExtensions = (hs: ServerHandshake, hello: ReceivedHello, { alpn, early, tickets, resumed }: ServerParameters): void => {
  const { config, io } = hs
  const { server_name: name, record_size_limit: theirLimit, ticket_request: ticketRequest } = hello.extensions
  const retryConfigs = retryConfigsFor(config, hello)
  if (theirLimit !== undefined) io.setMaxFragment(Math.min(theirLimit, 16385) - 1)
  hs.send('EncryptedExtensions', {
    extensions: encodeExtensions(encryptedExtensionsExtensions, {
      ...(name && !resumed && { server_name: new Uint8Array(0) }), // not when resuming (RFC 6066 section 3)
      ...(theirLimit !== undefined && { record_size_limit: config.recordSizeLimit ?? 16385 }),
      ...(alpn !== undefined && { application_layer_protocol_negotiation: [alpn] }),
      ...(early && { early_data: true }),
      ...(ticketRequest && { ticket_request: tickets }),
      ...(retryConfigs && { encrypted_client_hello: retryConfigs }),
    }),
  })
}

function* sendCertificate(hs: ServerHandshake, hello: ReceivedHello, chosen: ChosenIdentity): Flow<string> {
  const { status_request: status, signed_certificate_timestamp: wantsScts, compress_certificate: compression } = hello.extensions
  const { ocspResponse, scts } = chosen.identity
  const leafExtensions = {
    ...(status?.statusType === 1 && ocspResponse && { status_request: { statusType: 1, response: ocspResponse } }),
    ...(wantsScts && scts && { signed_certificate_timestamp: scts }),
  }
  yield* sendProof13(hs, chosen, { role: 'server', context: new Uint8Array(0), leafExtensions, compression })
  return chosen.scheme.name
}

function* readEarlyData(hs: ServerHandshake, suite: ActiveSuite, secret: TrafficSecret): Flow<void> {
  const { config, io } = hs
  hs.keyLog('CLIENT_EARLY_TRAFFIC_SECRET', secret.secret)
  yield* installRead13(hs, suite, secret)
  io.acceptData('early', config.maxEarlyData)
  yield* hs.read('EndOfEarlyData')
  io.acceptData('refuse')
  io.emit({ type: 'earlyDataEnd' })
}

/** {Certificate*} {CertificateVerify*} of the client (section 4.5.1 and 4.5.2). */
function* clientCertificate(hs: ServerHandshake): Flow<ClientProof> {
  if (!hs.config.clientAuth) return { peer: absentPeer(hs.config), signature: noSignature() }
  const received = yield* hs.read(...askedTypes(hs.config))
  const message = yield* certificateOf(hs.config, received)
  if (message.context.length > 0) throw new TlsError('illegal_parameter', 'Certificate: a context during the handshake')
  return { ...(yield* readClientProof(hs, message)), compression: compressionOf(hs.config, received) }
}

const serverConnection = (hs: ServerHandshake, suite: ActiveSuite, master: MasterStage, serverCertificate: Uint8Array | undefined): Connection13 => {
  const connection = new Connection13(hs, suite, {
    read: master.client, write: master.server, exporter: master.exporter,
    resumption: master.resumption(hs.transcript.hash()), role: 'server', serverCertificate,
  })
  connection.logSecrets(master)
  return connection
}
