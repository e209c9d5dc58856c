// The server of TLS 1.2 from ClientHello on, as the ladders of RFC 5246 section 7.3, full and resumed.

import type { ServerConfig } from '../../config.ts'
import type { ConnectionInfo } from '../../info.ts'
import { resumedMasterSecret } from '../../keys/prf12.ts'
import type { SessionState } from '../../session/state.ts'
import { provenByFinished } from '../auth/authentication.ts'
import type { ClientAuthentication, KnownPeer, PskOrigin } from '../auth/authentication.ts'
import { Connection12, deriveMaster, establish12 } from '../connection/connection12.ts'
import type { Current12, Parameters12 } from '../connection/connection12.ts'
import { confirmConnection, connectionInfo } from '../connection/info.ts'
import { sessionFacts } from '../connection/session-facts.ts'
import type { Established } from '../context.ts'
import type { Flow } from '../flow.ts'
import { decryptPremaster, ecdhePremaster, signServerShare } from '../key-exchange/key-exchange12.ts'
import type { ServerExchange } from '../key-exchange/key-exchange12.ts'
import { readClientCertificate12, readClientSignature12, sendCertificateRequest } from './client-authentication12.ts'
import { negotiate12, sendServerHello12 } from './negotiate12.ts'
import type { Choice12, PskChoice12 } from './negotiate12.ts'
import { isBoundToPsk } from './psk-lookup.ts'
import { checkSameClient, serverPostHandshake12 } from './server-renegotiation12.ts'
import type { Reconfigure, ServerNegotiated12 } from './server-renegotiation12.ts'
import { readPskPremaster, sendPskShare } from './server-psk12.ts'
import { findSession12, mayRenew, sendTicket12, storeSession12 } from './server-session12.ts'
import type { ServerSessionFacts } from './server-session12.ts'
import type { ReceivedHello, ServerHandshake12 } from './received-hello.ts'
import { OCSP } from '../../wire/numbers.ts'

/*
 *       Client                                             Server
 *
 *       ClientHello                     -------->                           negotiate12, findSession12
 *
 *   a full handshake (figure 1):                   ServerHello
 *                                                      Certificate*
 *                                                ServerKeyExchange*
 *                                               CertificateRequest*
 *                                       <--------   ServerHelloDone         sendServerFlight
 *       Certificate*
 *       ClientKeyExchange
 *       CertificateVerify*              -------->                           readClientKeyExchange
 *       [ChangeCipherSpec]
 *       Finished                        -------->                           readClientFinished
 *                                                  NewSessionTicket*
 *                                                [ChangeCipherSpec]
 *                                       <--------          Finished         sendServerFinished
 *
 *   one that a session shortens (figure 2): our Finished goes out first, then the client's comes
 *
 *       Application Data                <------->  Application Data         establish12
 */
export function* serverHandshake12(
  hs: ServerHandshake12,
  hello: ReceivedHello,
  reconfigure: Reconfigure,
): Flow<Established> {
  const current: Current12<ClientAuthentication> = { negotiated: yield* negotiateServer12(hs, hello, undefined) }
  return establish12(current, serverPostHandshake12(hs, current, negotiateServer12, reconfigure))
}

/** `previous` is the connection inside which this handshake renegotiates. */
function* negotiateServer12(
  hs: ServerHandshake12,
  hello: ReceivedHello,
  previous: ServerNegotiated12 | undefined,
): Flow<ServerNegotiated12> {
  const choice = yield* negotiate12(hs, hello, previous)
  const session = previous ? undefined : yield* findSession12(hs, hello, choice)
  hs.transcript.start((session?.suite ?? choice.suite).hash)
  const negotiated = session
    ? yield* resumedHandshake(hs, hello, { ...choice, suite: session.suite }, session.state)
    : choice.identity
      ? yield* fullHandshake(hs, hello, choice, previous)
      : yield* pskHandshake(hs, hello, choice)
  hs.transcript.forget()
  return negotiated
}

function* fullHandshake(
  hs: ServerHandshake12,
  hello: ReceivedHello,
  choice: Choice12,
  previous: ServerNegotiated12 | undefined,
): Flow<ServerNegotiated12> {
  const kind = sessionKind(hs.config, hello, choice)
  const flight = yield* sendServerFlight(hs, hello, choice, kind)
  const { connection, auth } = yield* readClientKeyExchange(hs, hello, choice, flight)
  if (previous) checkSameClient(hs.config, previous, auth)
  yield* connection.changeRead()
  const finished = yield* connection.readFinished()
  const info = infoOf(hello, choice, connection, auth)
  yield* confirmConnection(hs.config, info)
  yield* sendServerFinished(hs, connection, kind, factsOf(hs, auth, info, choice.fingerprint))
  return { connection, proofs: { auth, finished }, info }
}

/** No certificates: RFC 4279, RFC 5489. */
function* pskHandshake(hs: ServerHandshake12, hello: ReceivedHello, choice: PskChoice12): Flow<ServerNegotiated12> {
  const kind = sessionKind(hs.config, hello, choice)
  const parameters = sendServerHello12(hs, hello, choice, { ...kind, stapled: false, resumed: false })
  const exchange = yield* sendPskShare(hs, choice.group)
  hs.send('ServerHelloDone', {})
  const { identity, premaster, binding } = yield* readPskPremaster(hs, hello, exchange)
  const connection = new Connection12(hs, parameters, deriveMaster(hs, parameters, premaster), undefined)
  hs.transcript.forgetMessages()
  yield* connection.changeRead()
  const finished = yield* connection.readFinished()
  const origin: PskOrigin = { identity, session: undefined }
  const info = infoOf(hello, choice, connection, { by: 'psk', psk: origin })
  yield* confirmConnection(hs.config, info)
  yield* sendServerFinished(
    hs,
    connection,
    kind,
    factsOf(hs, { by: 'psk', psk: origin }, info, `${choice.fingerprint}${binding}`),
  )
  return { connection, proofs: { auth: { by: 'psk', psk: provenByFinished(finished, origin) }, finished }, info }
}

/** A session goes on: no certificates, the server's Finished first (RFC 5246 section 7.3, figure 2). */
function* resumedHandshake(
  hs: ServerHandshake12,
  hello: ReceivedHello,
  choice: Choice12 | PskChoice12,
  session: SessionState,
): Flow<ServerNegotiated12> {
  const ticket = mayRenew(hs.config, hello, session)
  const kind = { ticket, sessionId: hello.message.sessionId }
  const parameters = sendServerHello12(hs, hello, choice, { ...kind, stapled: false, resumed: true })
  const master = resumedMasterSecret(choice.suite.hash, session.secret)
  const shown = isBoundToPsk(session.fingerprint) ? undefined : choice.identity?.certificates[0]
  const connection = new Connection12(hs, parameters, master, shown)
  const origin: PskOrigin = { session, identity: undefined }
  const info = infoOf(hello, choice, connection, { by: 'psk', psk: origin })
  if (ticket) yield* sendTicket12(hs, connection, factsOf(hs, { by: 'psk', psk: origin }, info, session.fingerprint))
  yield* connection.changeWrite()
  connection.sendFinished()
  yield* connection.changeRead()
  const finished = yield* connection.readFinished()
  yield* confirmConnection(hs.config, info)
  return { connection, proofs: { auth: { by: 'psk', psk: provenByFinished(finished, origin) }, finished }, info }
}

/** A ticket, or an ID, or neither. */
interface SessionKind {
  readonly ticket: boolean
  readonly sessionId: Uint8Array
}

const sessionKind = (
  config: ServerConfig,
  { extensions }: ReceivedHello,
  { extended }: Choice12 | PskChoice12,
): SessionKind => {
  const resumable = extended || config.resumption.withoutExtendedMasterSecret
  const ticket = resumable && extensions.session_ticket !== undefined && config.tickets !== undefined
  return { ticket, sessionId: !ticket && config.sessions && resumable ? config.provider.random(32) : new Uint8Array(0) }
}

interface ServerFlight12 {
  readonly parameters: Parameters12
  /** Undefined with static RSA. */
  readonly share: ServerExchange | undefined
}

/** ServerHello Certificate CertificateStatus* ServerKeyExchange* CertificateRequest* ServerHelloDone */
function* sendServerFlight(
  hs: ServerHandshake12,
  hello: ReceivedHello,
  choice: Choice12,
  kind: SessionKind,
): Flow<ServerFlight12> {
  const { identity } = choice
  const { status_request: status } = hello.extensions
  const stapled = status?.statusType === OCSP ? identity.ocspResponse : undefined
  const parameters = sendServerHello12(hs, hello, choice, { ...kind, stapled: stapled !== undefined, resumed: false })
  hs.send('Certificate', { chain: identity.certificates })
  if (stapled) hs.send('CertificateStatus', { statusType: OCSP, response: stapled })
  const share =
    choice.group && choice.scheme && (yield* signServerShare(choice.group, parameters, identity, choice.scheme))
  if (share) hs.send('ServerKeyExchange', { body: share.body })
  if (hs.config.clientAuth?.inHandshake) sendCertificateRequest(hs)
  hs.send('ServerHelloDone', {})
  return { parameters, share }
}

interface KeyedClient {
  readonly connection: Connection12
  readonly auth: ClientAuthentication
}

/** Certificate* ClientKeyExchange CertificateVerify*; both ends have the master secret then. */
function* readClientKeyExchange(
  hs: ServerHandshake12,
  hello: ReceivedHello,
  { identity }: Choice12,
  { parameters, share }: ServerFlight12,
): Flow<KeyedClient> {
  const certificate = yield* readClientCertificate12(hs)
  const { body } = yield* hs.read('ClientKeyExchange')
  const premaster = share
    ? yield* ecdhePremaster(share.exchange, body)
    : yield* decryptPremaster(hs.config, identity, hello.message.legacyVersion, body)
  const master = deriveMaster(hs, parameters, premaster)
  const auth = yield* readClientSignature12(hs, certificate)
  return { connection: new Connection12(hs, parameters, master, identity.certificates[0]), auth }
}

/** NewSessionTicket* [ChangeCipherSpec] Finished */
function* sendServerFinished(
  hs: ServerHandshake12,
  connection: Connection12,
  kind: SessionKind,
  facts: ServerSessionFacts,
): Flow<void> {
  if (kind.ticket) yield* sendTicket12(hs, connection, facts)
  yield* connection.changeWrite()
  connection.sendFinished()
  if (kind.sessionId.length > 0) hs.io.beside(storeSession12(hs, connection, kind.sessionId, facts))
}

const infoOf = (
  hello: ReceivedHello,
  choice: Choice12 | PskChoice12,
  { parameters }: Connection12,
  known: KnownPeer,
): ConnectionInfo => {
  const resumed = known.by === 'psk' && known.psk.session !== undefined
  return connectionInfo(known, {
    version: 'TLS 1.2',
    suite: choice.suite,
    group: resumed ? undefined : choice.group,
    ownSignatureScheme: !resumed && choice.identity ? choice.scheme?.name : undefined,
    ownIdentity: choice.identity?.digest,
    extendedMasterSecret: parameters.extendedMasterSecret,
    secureRenegotiation: parameters.secureRenegotiation,
    alpn: choice.alpn,
    clientHello: hello.info,
    serverName: hello.info.serverName,
  })
}

const factsOf = (
  { config }: ServerHandshake12,
  peer: KnownPeer,
  info: ConnectionInfo,
  fingerprint: string,
): ServerSessionFacts => ({
  ...sessionFacts(config, peer, info),
  fingerprint,
})
