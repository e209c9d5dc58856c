// The server of TLS 1.3 from ClientHello on, as the ladder of RFC 9846 section 2.

import type { ConnectionInfo } from '../../info.ts'
import { earlyStage, finishedVerifyData } from '../../keys/schedule13.ts'
import type { HandshakeStage, MasterStage, TrafficSecret } from '../../keys/schedule13.ts'
import { MAX_RECORD_SIZE_LIMIT } from '../../record/limits.ts'
import { encodeExtensions, encryptedExtensionsExtensions, serverHelloExtensions } from '../../wire/extensions.ts'
import { OCSP } from '../../wire/numbers.ts'
import { TLS13 } from '../../wire/registry.ts'
import { allowNoCertificate, verifyFinished } from '../auth/authentication.ts'
import type { ClientAuthentication, Proofs, VerifiedFinished } from '../auth/authentication.ts'
import { askedTypes, certificateOf, compressionOf } from '../auth/certificate-message.ts'
import { sendProof13 } from '../auth/send-certificate13.ts'
import { Connection13 } from '../connection/connection13.ts'
import { confirmConnection, connectionInfo } from '../connection/info.ts'
import type { Established } from '../context.ts'
import { TlsError } from '../../errors.ts'
import { use } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { installRead13, installWrite13, offerEarlyExporter } from '../keys13.ts'
import { negotiate13 } from './negotiate13.ts'
import type { Choice13 } from './negotiate13.ts'
import { helloFields } from './server-hello.ts'
import type { LaterRequests, ReceivedHello, ServerHandshake } from './received-hello.ts'

/*
 *       Client                                             Server
 *
 *       ClientHello                     -------->                           negotiate13, with HelloRetryRequest
 *                                       <--------  ServerHello              sendServerHello
 *                                            {EncryptedExtensions}
 *                                            {CertificateRequest*}          sendServerParameters
 *                                                   {Certificate*}
 *                                             {CertificateVerify*}          sendServerAuthentication
 *                                       <--------       {Finished}          sendServerFinished
 *       (Application Data*)
 *       (EndOfEarlyData)                -------->                           readEarlyData
 *       {Certificate*}
 *       {CertificateVerify*}            -------->                           readClientAuthentication
 *       {Finished}                      -------->                           readClientFinished
 *                                       <--------  [NewSessionTicket*]      sendTickets
 *       [Application Data]              <------->  [Application Data]       establish
 */
export function* serverHandshake13(hs: ServerHandshake, firstHello: ReceivedHello): Flow<Established> {
  const choice = yield* negotiate13(hs, firstHello)
  const { keys, earlyTraffic } = yield* sendServerHello(hs, choice)
  sendServerParameters(hs, choice)
  yield* sendServerAuthentication(hs, choice)
  const master = yield* sendServerFinished(hs, choice, keys)
  yield* readEarlyData(hs, choice, earlyTraffic)
  yield* installRead13(hs, choice.suite, keys.client)
  const client = yield* readClientAuthentication(hs, choice)
  const finished = yield* readClientFinished(hs, choice, keys, master)
  const info = infoOf(choice, client)
  const connection = connectionOf(hs, choice, master)
  yield* confirmConnection(hs.config, info)
  sendTickets(hs, choice, connection, client, info)
  return establish(hs, choice, connection, { auth: client.auth, finished }, info)
}

interface HandshakeKeys {
  readonly keys: HandshakeStage
  /** Set where early data was accepted. */
  readonly earlyTraffic: TrafficSecret | undefined
}

function* sendServerHello(hs: ServerHandshake, choice: Choice13): Flow<HandshakeKeys> {
  const { config, io, transcript } = hs
  const { hello, suite, psk, group, share, retried } = choice
  const stage = psk?.stage ?? earlyStage(suite.hash, undefined)
  const earlyTraffic = choice.earlyData === 'accepted' ? stage.clientEarlyTraffic(transcript.hash()) : undefined
  if (earlyTraffic) offerEarlyExporter(hs, suite.hash, stage.earlyExporter(transcript.hash()))
  const answer = group && share && (yield* use(group.respond(share)))
  const fields = {
    ...helloFields(config, hello, suite),
    extensions: encodeExtensions(serverHelloExtensions, {
      pre_shared_key: psk?.index,
      key_share: group && answer && { group: group.id, keyExchange: answer.share },
      supported_versions: TLS13,
    }),
  }
  const serverHello = hs.hold('ServerHello', hello.echPart?.confirmHello(hs, hello, suite, fields) ?? fields)
  const keys = stage.handshake(answer?.secret, transcript.hash())
  yield* installWrite13(hs, suite, keys.server, () => {
    serverHello()
    if (hello.message.sessionId.length > 0 && !retried) io.sendChangeCipherSpec()
  })
  hs.keyLog('CLIENT_HANDSHAKE_TRAFFIC_SECRET', keys.client.secret)
  hs.keyLog('SERVER_HANDSHAKE_TRAFFIC_SECRET', keys.server.secret)
  return { keys, earlyTraffic }
}

const sendServerParameters = (hs: ServerHandshake, { hello, psk, alpn, earlyData }: Choice13): void => {
  const { config, io, parts } = hs
  const { record_size_limit: theirLimit, ticket_request: asksTickets } = hello.extensions
  // the keys to use instead, if the client's were not ours (RFC 9849 section 7.1)
  const retryConfigs = hello.ech?.kind === 'rejected' ? config.ech?.retryConfigs : undefined
  if (theirLimit !== undefined) io.setMaxFragment(Math.min(theirLimit, MAX_RECORD_SIZE_LIMIT) - 1)
  hs.send('EncryptedExtensions', {
    extensions: encodeExtensions(encryptedExtensionsExtensions, {
      // not when resuming (RFC 6066 section 3)
      server_name: hello.info.serverName !== undefined && !psk ? new Uint8Array(0) : undefined,
      record_size_limit: theirLimit === undefined ? undefined : (config.recordSizeLimit ?? MAX_RECORD_SIZE_LIMIT),
      application_layer_protocol_negotiation: alpn === undefined ? undefined : [alpn],
      early_data: earlyData === 'accepted' ? true : undefined,
      ticket_request: asksTickets && parts.sessions?.count(config, hello, psk !== undefined),
      encrypted_client_hello: retryConfigs,
    }),
  })
  if (!psk && config.clientAuth?.inHandshake && parts.clientAuth)
    hs.send('CertificateRequest', parts.clientAuth.request(config, new Uint8Array(0)))
}

function* sendServerAuthentication(hs: ServerHandshake, { hello, psk, identity: chosen }: Choice13): Flow<void> {
  if (psk) return
  if (!chosen) throw new TlsError('internal_error', 'neither a certificate nor a PSK')
  const {
    status_request: status,
    signed_certificate_timestamp: wantsScts,
    compress_certificate: compression,
  } = hello.extensions
  const { ocspResponse, scts } = chosen.identity
  const leafExtensions = {
    status_request:
      status?.statusType === OCSP && ocspResponse ? { statusType: OCSP, response: ocspResponse } : undefined,
    signed_certificate_timestamp: wantsScts && scts,
  }
  yield* sendProof13(hs, chosen, { role: 'server', context: new Uint8Array(0), leafExtensions, compression })
}

function* sendServerFinished(hs: ServerHandshake, { suite }: Choice13, keys: HandshakeStage): Flow<MasterStage> {
  const finished = hs.hold('Finished', { verifyData: finishedVerifyData(keys.server, hs.transcript.hash()) })
  const master = keys.master(hs.transcript.hash())
  yield* installWrite13(hs, suite, master.server, finished)
  if (!hs.config.clientAuth?.inHandshake) hs.io.allowSend(true) // 0.5-RTT data (section 2.3)
  return master
}

/**
 * Early data that was refused is skipped: what our keys do not open (section 4.3.10). The ticket says how much may
 * come; the option may have changed since it was made.
 */
function* readEarlyData(
  hs: ServerHandshake,
  { suite, earlyData, retried, psk }: Choice13,
  secret: TrafficSecret | undefined,
): Flow<void> {
  const { config, io } = hs
  const allowed = psk?.session?.maxEarlyData ?? 0
  if (earlyData === 'rejected' && !retried)
    io.skipEarlyData('undecryptable', Math.max(config.maxSkippedEarlyData, allowed))
  if (!secret) return
  hs.keyLog('CLIENT_EARLY_TRAFFIC_SECRET', secret.secret)
  yield* installRead13(hs, suite, secret)
  io.acceptData('early', allowed)
  yield* hs.read('EndOfEarlyData')
  io.acceptData('refuse')
  io.emit({ type: 'earlyDataEnd' })
}

/** Our record_size_limit binds a client that negotiated it, once it knows (RFC 8449 section 4): not in early data. */
const limitRecords = ({ config, io }: ServerHandshake, { extensions }: ReceivedHello): void => {
  if (extensions.record_size_limit !== undefined)
    io.setMaxContent((config.recordSizeLimit ?? MAX_RECORD_SIZE_LIMIT) - 1)
}

interface Client13 {
  readonly auth: ClientAuthentication
  /** The algorithm that the client's Certificate came compressed with. */
  readonly compression?: string | undefined
}

function* readClientAuthentication(hs: ServerHandshake, { hello, psk }: Choice13): Flow<Client13> {
  limitRecords(hs, hello)
  if (psk) return { auth: { by: 'psk', psk: psk.proof } }
  const { clientAuth } = hs.parts
  if (!hs.config.clientAuth?.inHandshake || !clientAuth) return { auth: allowNoCertificate(hs.config) }
  const received = yield* hs.read(...askedTypes(hs.config))
  const message = yield* certificateOf(hs, received)
  if (message.context.length > 0) throw new TlsError('illegal_parameter', 'Certificate: a context during the handshake')
  return { auth: yield* clientAuth.read(hs, message), compression: compressionOf(hs.config, received) }
}

function* readClientFinished(
  hs: ServerHandshake,
  { suite }: Choice13,
  keys: HandshakeStage,
  master: MasterStage,
): Flow<VerifiedFinished> {
  const before = hs.transcript.hash()
  const { verifyData } = yield* hs.read('Finished')
  const finished = verifyFinished(verifyData, keys.client, before)
  hs.io.skipEarlyData('none')
  yield* installRead13(hs, suite, master.client)
  return finished
}

const infoOf = (choice: Choice13, { auth, compression }: Client13): ConnectionInfo =>
  connectionInfo(auth, {
    version: 'TLS 1.3',
    suite: choice.suite,
    group: choice.group,
    ownSignatureScheme: choice.psk ? undefined : choice.identity?.scheme.name,
    ownIdentity:
      choice.psk && choice.psk.session?.pskIdentity.length !== 0 ? undefined : choice.identity?.identity.digest,
    alpn: choice.alpn,
    clientHello: choice.hello.info,
    serverName: choice.hello.info.serverName,
    helloRetryRequest: choice.retried,
    sessionData: choice.psk?.session?.applicationData,
    earlyData: choice.earlyData,
    earlyDataRefusal: choice.earlyDataRefusal,
    ticketAgeSkew: choice.psk?.session ? choice.psk.ageSkew : undefined,
    echAccepted: choice.hello.ech?.kind === 'accepted',
    certificateCompression: compression,
  })

const connectionOf = (
  hs: ServerHandshake,
  { suite, identity, psk }: Choice13,
  master: MasterStage,
): Connection13<'server'> => {
  const connection = new Connection13(hs, suite, {
    read: master.client,
    write: master.server,
    exporter: master.exporter,
    resumption: master.resumption(hs.transcript.hash()),
    role: 'server',
    serverCertificate: psk?.withoutCertificate ? undefined : identity?.identity.certificates[0],
  })
  connection.logSecrets(master)
  return connection
}

const sendTickets = (
  hs: ServerHandshake,
  { hello, psk, fingerprint }: Choice13,
  connection: Connection13,
  { auth }: Client13,
  info: ConnectionInfo,
): void => {
  const { config, io, parts } = hs
  const { sessions } = parts
  if (!sessions) return
  const facts = {
    session: sessions.facts(config, auth, info),
    info,
    fingerprint,
    sessionData: info.sessionData ?? new Uint8Array(0),
    count: sessions.count(config, hello, psk !== undefined),
  }
  io.beside(sessions.send(hs, connection, facts))
}

const establish = (
  hs: ServerHandshake,
  { hello, psk }: Choice13,
  connection: Connection13<'server'>,
  proofs: Proofs<ClientAuthentication>,
  info: ConnectionInfo,
): Established => {
  const external = psk !== undefined && !psk.session
  const peer = { offered: hello.extensions.post_handshake_auth === true, external }
  const requests = hs.parts.clientAuth?.later(hs, peer)
  return connection.establish(proofs, info, {
    flow: postHandshake(hs, connection, requests),
    forksTranscript: requests !== undefined && peer.offered,
    requestCertificate: requests ? () => requests.request() : noRequests,
  })
}

function* noRequests(): Flow<never> {
  throw new TlsError('wrong_state', 'clientAuth: not configured, so no certificate can be judged')
}

/** KeyUpdate, and the answers to our requests for a certificate, for as long as the connection lives (section 4.7). */
function* postHandshake(
  hs: ServerHandshake,
  connection: Connection13,
  requests: LaterRequests | undefined,
): Flow<void> {
  const types = ['KeyUpdate', ...(requests ? askedTypes(hs.config) : [])] as const
  for (;;) {
    const message = yield* hs.receive(...types)
    if (message.type === 'KeyUpdate') yield* connection.readKeyUpdate(message.requestUpdate)
    else if (requests) yield* requests.answer(connection, yield* certificateOf(hs, message))
  }
}
