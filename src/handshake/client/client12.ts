// The client of TLS 1.2 from ServerHello on, as the ladders of RFC 5246 section 7.3, full and resumed.

import { TlsError } from '../../errors.ts'
import type { ConnectionInfo } from '../../info.ts'
import { resumedMasterSecret } from '../../keys/prf12.ts'
import type { SessionState } from '../../session/state.ts'
import type { NewSessionTicket12 } from '../../wire/messages.ts'
import { provenByFinished } from '../auth/authentication.ts'
import type { KnownPeer, ServerAuthentication, VerifiedFinished } from '../auth/authentication.ts'
import type { ClientIdentity } from '../auth/identities.ts'
import { Connection12, deriveMaster, establish12 } from '../connection/connection12.ts'
import type { Current12, Negotiated12 } from '../connection/connection12.ts'
import { confirmConnection, connectionInfo, ownInfo } from '../connection/info.ts'
import type { Established } from '../context.ts'
import type { Flow } from '../flow.ts'
import { checkServerHello12 } from './check-server-hello12.ts'
import type { Answer12 } from './check-server-hello12.ts'
import { sendClientCertificate12, sendClientCertificateVerify } from './client-certificate12.ts'
import type { Offer } from './hello-plan.ts'
import { readServerPsk12 } from './client-psk12.ts'
import type { PskFlight12 } from './client-psk12.ts'
import { saveSession12 } from './client-session12.ts'
import { clientPostHandshake12 } from './renegotiation12.ts'
import { readServerAuthentication12 } from './server-authentication12.ts'
import type { ServerFlight12 } from './server-authentication12.ts'
import type { ClientHandshake12, ServerHelloMessage } from './client-handshake.ts'

/*
 *       Client                                             Server
 *
 *       ClientHello                     -------->
 *                                       <--------  ServerHello              checkServerHello12
 *
 *   a full handshake (figure 1):                       Certificate*
 *                                                ServerKeyExchange*
 *                                               CertificateRequest*
 *                                       <--------   ServerHelloDone         readServerFlight
 *       Certificate*
 *       ClientKeyExchange
 *       CertificateVerify*              -------->                           sendClientKeyExchange
 *       [ChangeCipherSpec]
 *       Finished                        -------->                           sendClientFinished
 *                                                  NewSessionTicket*
 *                                                [ChangeCipherSpec]
 *                                       <--------          Finished         readServerFinished
 *
 *   one that a session shortens (figure 2): the server's Finished comes first, then ours
 *
 *       Application Data                <------->  Application Data         establish12
 */
export function* clientHandshake12(
  hs: ClientHandshake12,
  offer: Offer,
  serverHello: ServerHelloMessage,
  session: SessionState | undefined,
): Flow<Established> {
  if (offer.extensions.early_data) {
    const hint = 'try again without it (RFC 9846 appendix E.3)'
    throw new TlsError('protocol_version', `the server fell back to TLS 1.2 after early data was sent: ${hint}`)
  }
  const current: Current12<ServerAuthentication> = {
    negotiated: yield* negotiateClient12(hs, offer, serverHello, session, undefined),
  }
  return establish12(current, clientPostHandshake12(hs, current, negotiateClient12))
}

type ClientNegotiated12 = Negotiated12<ServerAuthentication>

/** `previous` is the connection inside which this handshake renegotiates. */
export function* negotiateClient12(
  hs: ClientHandshake12,
  offer: Offer,
  serverHello: ServerHelloMessage,
  session: SessionState | undefined,
  previous: Connection12 | undefined,
): Flow<ClientNegotiated12> {
  const answer = checkServerHello12(hs, offer, serverHello, session, previous)
  hs.transcript.start(answer.parameters.suite.hash)
  return answer.resumed
    ? yield* resumedHandshake(hs, answer, answer.resumed)
    : yield* fullHandshake(hs, offer, answer, previous)
}

function* fullHandshake(
  hs: ClientHandshake12,
  offer: Offer,
  answer: Answer12,
  previous: Connection12 | undefined,
): Flow<ClientNegotiated12> {
  const server = yield* readServerFlight(hs, offer, answer, previous)
  const asked = infoOf(hs, answer, server.known, server)
  yield* confirmConnection(hs.config, asked)
  const { connection, own } = yield* sendClientKeyExchange(hs, answer, server)
  const info = { ...asked, ...ownInfo(own) }
  yield* sendClientFinished(hs, answer, connection, info)
  const { finished, ticket } = yield* readServerFinished(hs, answer, connection)
  saveSession12(hs, connection, answer, ticket, (sessions) =>
    sessions.facts(hs.config, server.known, info, { ownIdentity: info.ownIdentity, asked: own?.asked }),
  )
  return { connection, proofs: { auth: proven(server.known, finished), finished }, info }
}

/** The server resumed the session (figure 2; RFC 5077 section 3.1). */
function* resumedHandshake(hs: ClientHandshake12, answer: Answer12, session: SessionState): Flow<ClientNegotiated12> {
  const { parameters } = answer
  const known = { by: 'psk', psk: { session, identity: undefined } } as const
  const master = resumedMasterSecret(parameters.suite.hash, session.secret)
  const connection = new Connection12(hs, parameters, master, session.peerCertificates[0])
  const { finished, ticket } = yield* readServerFinished(hs, answer, connection)
  const info = infoOf(hs, answer, known)
  yield* confirmConnection(hs.config, info)
  yield* connection.changeWrite()
  connection.sendFinished()
  if (ticket) saveSession12(hs, connection, answer, ticket, (sessions) => sessions.facts(hs.config, known, info))
  return { connection, proofs: { auth: proven(known, finished), finished }, info }
}

/** Whoever made Finished has the key of the session, or the one that both ends were given. */
const proven = (
  known: ServerFlight12['known'] | PskFlight12['known'],
  finished: VerifiedFinished,
): ServerAuthentication =>
  known.by === 'certificate' ? known : { by: 'psk', psk: provenByFinished(finished, known.psk) }

type AnyFlight12 = (ServerFlight12 | PskFlight12) & Partial<Pick<ServerFlight12, 'ocspResponse' | 'request'>>

/** Certificate* CertificateStatus* ServerKeyExchange* CertificateRequest* ServerHelloDone */
function* readServerFlight(
  hs: ClientHandshake12,
  offer: Offer,
  answer: Answer12,
  previous: Connection12 | undefined,
): Flow<AnyFlight12> {
  return answer.parameters.suite.authentication === 'psk'
    ? yield* readServerPsk12(hs, offer, answer)
    : yield* readServerAuthentication12(hs, offer, answer, previous)
}

interface KeyedServer {
  readonly connection: Connection12
  /** Undefined if the server did not ask who we are. */
  readonly own: ClientIdentity | undefined
}

/** Certificate* ClientKeyExchange CertificateVerify*; both ends have the master secret then. */
function* sendClientKeyExchange(
  hs: ClientHandshake12,
  { parameters }: Answer12,
  server: AnyFlight12,
): Flow<KeyedServer> {
  const own = server.request && (yield* sendClientCertificate12(hs, server.request))
  const { body, premaster } = yield* server.exchange()
  hs.send('ClientKeyExchange', { body })
  const master = deriveMaster(hs, parameters, premaster)
  if (own?.chosen) yield* sendClientCertificateVerify(hs, own.chosen)
  return {
    connection: new Connection12(
      hs,
      parameters,
      master,
      server.known.by === 'certificate' ? server.known.peer : undefined,
    ),
    own,
  }
}

/** [ChangeCipherSpec] Finished */
function* sendClientFinished(
  hs: ClientHandshake12,
  answer: Answer12,
  connection: Connection12,
  info: ConnectionInfo,
): Flow<void> {
  const { config, io } = hs
  const { suite } = answer.parameters
  yield* connection.changeWrite()
  connection.sendFinished()
  if (config.falseStart && suite.keyExchange === 'ecdhe' && suite.cipher.kind === 'aead') {
    // RFC 7918
    io.allowSend(true)
    io.emit({ type: 'falseStart', info })
  }
}

interface ServerFinished12 {
  readonly finished: VerifiedFinished
  readonly ticket: NewSessionTicket12 | undefined
}

/** NewSessionTicket* [ChangeCipherSpec] Finished */
function* readServerFinished(
  hs: ClientHandshake12,
  answer: Answer12,
  connection: Connection12,
): Flow<ServerFinished12> {
  const ticket = answer.ticketPromised ? yield* hs.read('NewSessionTicket') : undefined
  yield* connection.changeRead()
  return { finished: yield* connection.readFinished(), ticket }
}

const infoOf = (
  { config }: ClientHandshake12,
  { parameters, scts }: Answer12,
  known: KnownPeer,
  server?: AnyFlight12,
): ConnectionInfo =>
  connectionInfo(known, {
    version: 'TLS 1.2',
    suite: parameters.suite,
    extendedMasterSecret: parameters.extendedMasterSecret,
    secureRenegotiation: parameters.secureRenegotiation,
    group: server?.group,
    alpn: parameters.alpn,
    serverName: config.serverName,
    ocspResponse: server?.ocspResponse,
    scts,
  })
