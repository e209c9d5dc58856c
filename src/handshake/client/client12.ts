// The client of TLS 1.2 from ServerHello on, as the ladder of RFC 5246 section 7.3, full and resumed.

import type { VerifiedFinished } from '../auth/authenticate.ts'
import { confirmConnection, noSignature, pskPeer } from '../auth/authenticate.ts'
import { TlsError } from '../../errors.ts'
import { resumedMasterSecret } from '../../keys/prf12.ts'
import type { SessionState } from '../../session/state.ts'
import { readAnswer12 } from './check-server-hello12.ts'
import type { Answer12 } from './check-server-hello12.ts'
import type { ClientHandshake12, Offer, ServerHelloMessage } from './client-hello.ts'
import { readServerFlight, sendClientCertificate12, sendClientCertificateVerify } from './client-proof12.ts'
import type { ServerProof } from './client-proof12.ts'
import { keepSession12 } from './client-session12.ts'
import { Connection12, deriveMaster, established12 } from '../connection/connection12.ts'
import type { Current12, Negotiated12 } from '../connection/connection12.ts'
import type { Established } from '../context.ts'
import type { Flow } from '../flow.ts'
import type { ConnectionInfo } from '../../info.ts'
import { completeEcdhe, encryptPremaster } from '../key-exchange/key-exchange12.ts'
import { readPskFlight } from '../key-exchange/psk12.ts'
import { clientAfterwards12 } from '../connection/renegotiation12.ts'

export function* clientHandshake12(
  hs: ClientHandshake12, offer: Offer, serverHello: ServerHelloMessage, session: SessionState | undefined,
): Flow<Established> {
  if (offer.extensions.early_data) {
    throw new TlsError('protocol_version', 'the server fell back to TLS 1.2 after early data was sent: try again without it (RFC 9846 appendix E.3)')
  }
  const current: Current12 = { negotiated: yield* negotiateClient12(hs, offer, serverHello, session, undefined) }
  return established12(hs, current, clientAfterwards12(hs, current, negotiateClient12))
}

/** `previous` is the connection inside which this handshake renegotiates. */
export function* negotiateClient12(
  hs: ClientHandshake12, offer: Offer, serverHello: ServerHelloMessage, session: SessionState | undefined,
  previous: Connection12 | undefined,
): Flow<Negotiated12> {
  const answer = readAnswer12(hs, offer, serverHello, session, previous)
  hs.transcript.start(answer.parameters.suite.hash)
  if (answer.resumed) return yield* resume(hs, answer, answer.resumed)
  return answer.parameters.suite.authentication === 'psk' ? yield* withPsk(hs, offer, answer) : yield* full(hs, offer, answer, previous)
}

function* full(hs: ClientHandshake12, offer: Offer, answer: Answer12, previous: Connection12 | undefined): Flow<Negotiated12> {
  const { config } = hs
  const { parameters } = answer
  const proof = yield* readServerFlight(hs, offer, answer, previous) // <-------- Certificate ... ServerHelloDone

  const info = infoOf(hs, answer, proof)
  yield* confirmConnection(config, info)
  const identity = proof.request && (yield* sendClientCertificate12(hs, proof.request)) // Certificate* -------->
  const exchange = proof.share
    ? yield* completeEcdhe(proof.share)
    : yield* encryptPremaster(config, offer.hello.legacyVersion, proof.peer.publicKey)
  hs.send('ClientKeyExchange', { body: exchange.body }) // ClientKeyExchange -------->
  const master = deriveMaster(hs, parameters, exchange.premaster)
  if (identity) yield* sendClientCertificateVerify(hs, identity) // CertificateVerify* -------->
  return yield* conclude(hs, answer, new Connection12(hs, parameters, master, proof.peer), info)
}

/** No certificates: RFC 4279, RFC 5489. */
function* withPsk(hs: ClientHandshake12, offer: Offer, answer: Answer12): Flow<Negotiated12> {
  const { parameters } = answer
  const exchange = yield* readPskFlight(hs, offer, answer) // <-------- ServerKeyExchange*, ServerHelloDone
  const info = { ...infoOf(hs, answer, undefined), group: exchange.group?.name, pskIdentity: exchange.identity }
  yield* confirmConnection(hs.config, info)
  hs.send('ClientKeyExchange', { body: exchange.body }) // ClientKeyExchange -------->
  return yield* conclude(hs, answer, new Connection12(hs, parameters, deriveMaster(hs, parameters, exchange.premaster), undefined), info)
}

/** From our ChangeCipherSpec to the server's Finished. */
function* conclude(hs: ClientHandshake12, answer: Answer12, connection: Connection12, info: ConnectionInfo): Flow<Negotiated12> {
  const { config, io } = hs
  const { suite } = answer.parameters
  yield* connection.changeWrite() // [ChangeCipherSpec] -------->
  connection.sendFinished() // Finished -------->
  if (config.falseStart && suite.keyExchange === 'ecdhe' && suite.cipher.kind === 'aead') { // RFC 7918
    io.allowSend(true)
    io.emit({ type: 'falseStart', info })
  }

  const ticket = answer.ticketPromised ? yield* hs.read('NewSessionTicket') : undefined // <-------- NewSessionTicket*
  yield* connection.changeRead() // <-------- [ChangeCipherSpec]
  const finished: VerifiedFinished = yield* connection.readFinished() // <-------- Finished
  yield* keepSession12(hs, connection, answer, ticket, { ...info, authenticatedAt: config.clock() })
  return { connection, finished, info }
}

/** The server took up the session (RFC 5246 section 7.3, figure 2; RFC 5077 section 3.1). */
function* resume(hs: ClientHandshake12, answer: Answer12, session: SessionState): Flow<Negotiated12> {
  const { parameters } = answer
  const connection = new Connection12(hs, parameters, resumedMasterSecret(parameters.suite.hash, session.secret), session.peerCertificates[0])
  const ticket = answer.ticketPromised ? yield* hs.read('NewSessionTicket') : undefined // <-------- NewSessionTicket*
  yield* connection.changeRead() // <-------- [ChangeCipherSpec]
  const finished: VerifiedFinished = yield* connection.readFinished() // <-------- Finished
  const info = infoOf(hs, answer, undefined, session)
  yield* confirmConnection(hs.config, info)
  yield* connection.changeWrite() // [ChangeCipherSpec] -------->
  connection.sendFinished() // Finished -------->
  const { authenticatedAt } = session
  if (ticket) yield* keepSession12(hs, connection, answer, ticket, { ...info, authenticatedAt })
  return { connection, finished, info }
}

const infoOf = (
  { config }: ClientHandshake12, { parameters, alpn, scts }: Answer12, proof: ServerProof | undefined, session?: SessionState,
): ConnectionInfo => {
  const { peer, signature } = proof ?? { peer: pskPeer(), signature: noSignature() }
  return {
    version: 'TLS 1.2',
    cipherSuite: parameters.suite.name,
    group: proof?.share?.group.name,
    signatureScheme: signature.scheme ?? (session?.signatureScheme || undefined),
    alpn,
    serverName: config.serverName,
    resumed: session !== undefined,
    helloRetryRequest: false,
    earlyData: 'none',
    peerCertificates: session?.peerCertificates ?? ('certificates' in peer ? peer.certificates : []),
    verifiedChain: 'chain' in peer ? peer.chain : [],
    ocspResponse: session && session.ocspResponse.length > 0 ? session.ocspResponse : proof?.ocspResponse,
    scts: session?.scts ?? scts,
  }
}
