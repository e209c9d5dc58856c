// The server of TLS 1.2 from ClientHello on, as the ladder of RFC 5246 section 7.3, full and resumed.

import type { ServerConfig } from '../../config.ts'
import { resumedMasterSecret } from '../../keys/prf12.ts'
import type { SessionState } from '../../session/state.ts'
import { absentPeer, confirmConnection, noSignature, pskPeer, verifyPeer, verifySignature } from '../auth/authenticate.ts'
import type { UnauthenticatedPeer, VerifiedFinished, VerifiedPeer, VerifiedSignature } from '../auth/authenticate.ts'
import { chooseParameters, sendServerHello12 } from './negotiate12.ts'
import type { Choice12, PskChoice12 } from './negotiate12.ts'
import { Connection12, deriveMaster, established12 } from '../connection/connection12.ts'
import type { Current12, Negotiated12 } from '../connection/connection12.ts'
import type { Established } from '../context.ts'
import type { Flow } from '../flow.ts'
import type { ConnectionInfo } from '../../info.ts'
import { decryptPremaster, ecdhePremaster, signServerShare } from '../key-exchange/key-exchange12.ts'
import type { ReceivedHello } from './negotiate.ts'
import { readPskPremaster, sendPskShare } from '../key-exchange/psk12.ts'
import { serverAfterwards12 } from '../connection/renegotiation12.ts'
import { certificateTypes12, fitsKey12, schemes12 } from '../key-exchange/schemes12.ts'
import type { ServerHandshake12 } from './server-hello.ts'
import { findSession12, mayRenew, sendTicket12, storeSession12 } from './server-session12.ts'
import type { SessionFacts12 } from './server-session12.ts'

export function* serverHandshake12(hs: ServerHandshake12, hello: ReceivedHello): Flow<Established> {
  const { transcript } = hs
  const choice = yield* chooseParameters(hs, hello)
  const session = yield* findSession12(hs, hello, choice)
  transcript.start((session?.suite ?? choice.suite).hash)
  const current: Current12 = { negotiated: session ? yield* resume(hs, hello, { ...choice, suite: session.suite }, session.state) : yield* anew(hs, hello, choice) }
  transcript.forgetMessages()
  return established12(hs, current, serverAfterwards12(hs))
}

const anew = (hs: ServerHandshake12, hello: ReceivedHello, choice: Choice12 | PskChoice12): Flow<Negotiated12> =>
  choice.identity ? full(hs, hello, choice) : withPsk(hs, hello, choice)

function* full(hs: ServerHandshake12, hello: ReceivedHello, choice: Choice12): Flow<Negotiated12> {
  const { config } = hs
  const { identity } = choice
  const { status_request: status } = hello.extensions
  const { ticket, sessionId } = sessionKind(config, hello, choice)
  const stapled = status?.statusType === 1 ? identity.ocspResponse : undefined
  const parameters = sendServerHello12(hs, hello, choice, { sessionId, ticket, stapled: stapled !== undefined, resumed: false }) // ServerHello -------->
  hs.send('Certificate', { chain: identity.certificates }) // Certificate -------->
  if (stapled) hs.send('CertificateStatus', { statusType: 1, response: stapled }) // CertificateStatus* -------->
  const share = choice.group && choice.scheme && (yield* signServerShare(choice.group, parameters, identity, choice.scheme))
  if (share) hs.send('ServerKeyExchange', { body: share.body }) // ServerKeyExchange* -------->
  if (config.clientAuth) sendCertificateRequest(hs) // CertificateRequest* -------->
  hs.send('ServerHelloDone', {}) // ServerHelloDone -------->

  const peer = yield* readCertificate(hs) // <-------- Certificate*
  const { body } = yield* hs.read('ClientKeyExchange') // <-------- ClientKeyExchange
  const premaster = share
    ? yield* ecdhePremaster(share.exchange, body)
    : yield* decryptPremaster(config, identity, hello.message.legacyVersion, body)
  const master = deriveMaster(hs, parameters, premaster)
  const signature = yield* readCertificateVerify(hs, peer) // <-------- CertificateVerify*
  const connection = new Connection12(hs, parameters, master, identity.certificates[0])
  yield* connection.changeRead() // <-------- [ChangeCipherSpec]
  const finished: VerifiedFinished = yield* connection.readFinished() // <-------- Finished

  const info = infoOf(hello, choice, { peer, signature })
  yield* confirmConnection(config, info)
  const facts = factsOf(info, choice.fingerprint, config.clock())
  if (ticket) yield* sendTicket12(hs, connection, facts) // NewSessionTicket* -------->
  yield* connection.changeWrite() // [ChangeCipherSpec] -------->
  connection.sendFinished() // Finished -------->
  if (sessionId.length > 0) yield* storeSession12(hs, connection, sessionId, facts)
  return { connection, finished, info: { ...info, group: choice.group?.name, ownSignatureScheme: choice.scheme?.name } }
}

/** A ticket, or an ID, or neither. */
const sessionKind = (config: ServerConfig, { extensions }: ReceivedHello, { extended }: Choice12 | PskChoice12) => {
  const ticket = extensions.session_ticket !== undefined && config.tickets !== undefined
  return { ticket, sessionId: !ticket && config.sessions && extended ? config.provider.random(32) : new Uint8Array(0) }
}

/** No certificates: RFC 4279, RFC 5489. */
function* withPsk(hs: ServerHandshake12, hello: ReceivedHello, choice: PskChoice12): Flow<Negotiated12> {
  const { ticket, sessionId } = sessionKind(hs.config, hello, choice)
  const parameters = sendServerHello12(hs, hello, choice, { sessionId, ticket, stapled: false, resumed: false }) // ServerHello -------->
  const exchange = yield* sendPskShare(hs, choice.group) // ServerKeyExchange* -------->
  hs.send('ServerHelloDone', {}) // ServerHelloDone -------->
  const { identity, premaster, tie } = yield* readPskPremaster(hs, hello, exchange) // <-------- ClientKeyExchange
  const connection = new Connection12(hs, parameters, deriveMaster(hs, parameters, premaster), undefined)
  hs.transcript.forgetMessages()
  yield* connection.changeRead() // <-------- [ChangeCipherSpec]
  const finished: VerifiedFinished = yield* connection.readFinished() // <-------- Finished
  const info = { ...infoOf(hello, choice, { peer: pskPeer(), signature: noSignature() }), group: choice.group?.name, pskIdentity: identity }
  yield* confirmConnection(hs.config, info)
  const facts = factsOf(info, `${choice.fingerprint}${tie}`, hs.config.clock())
  if (ticket) yield* sendTicket12(hs, connection, facts) // NewSessionTicket* -------->
  yield* connection.changeWrite() // [ChangeCipherSpec] -------->
  connection.sendFinished() // Finished -------->
  if (sessionId.length > 0) yield* storeSession12(hs, connection, sessionId, facts)
  return { connection, finished, info }
}

/** A session goes on: no certificates, the server's Finished first (RFC 5246 section 7.3, figure 2). */
function* resume(hs: ServerHandshake12, hello: ReceivedHello, choice: Choice12 | PskChoice12, session: SessionState): Flow<Negotiated12> {
  const { identity } = choice
  const { sessionId } = hello.message
  const ticket = mayRenew(hs.config, hello, session)
  const parameters = sendServerHello12(hs, hello, choice, { sessionId, ticket, stapled: false, resumed: true }) // ServerHello -------->
  const connection = new Connection12(hs, parameters, resumedMasterSecret(choice.suite.hash, session.secret), identity?.certificates[0])
  const info = infoOf(hello, choice, { peer: pskPeer(), signature: noSignature() }, session)
  if (ticket) yield* sendTicket12(hs, connection, factsOf(info, session.fingerprint, session.authenticatedAt)) // NewSessionTicket* -------->
  yield* connection.changeWrite() // [ChangeCipherSpec] -------->
  connection.sendFinished() // Finished -------->
  yield* connection.changeRead() // <-------- [ChangeCipherSpec]
  const finished: VerifiedFinished = yield* connection.readFinished() // <-------- Finished
  yield* confirmConnection(hs.config, info)
  return { connection, finished, info }
}

const sendCertificateRequest = (hs: ServerHandshake12): void => {
  const { config } = hs
  hs.send('CertificateRequest', {
    certificateTypes: certificateTypes12,
    signatureAlgorithms: schemes12(config).map(({ id }) => id),
    authorities: config.clientAuth?.authorities ?? [],
  })
}

/** Certificate of the client, an empty list if it has none (RFC 5246 section 7.4.6). */
function* readCertificate(hs: ServerHandshake12): Flow<VerifiedPeer | UnauthenticatedPeer> {
  const { config } = hs
  if (!config.clientAuth) return absentPeer(config)
  const { chain } = yield* hs.read('Certificate')
  if (chain.length === 0) return absentPeer(config, 'client_certificate_missing')
  return yield* verifyPeer(config.clientAuth.verifier, { chain, peer: 'client', serverName: undefined, time: config.clock() })
}

/** CertificateVerify over all messages before it (RFC 5246 section 7.4.8). */
function* readCertificateVerify(hs: ServerHandshake12, peer: VerifiedPeer | UnauthenticatedPeer): Flow<VerifiedSignature> {
  const { config, transcript } = hs
  if (!('publicKey' in peer)) return noSignature()
  const content = transcript.messages()
  const { scheme, signature } = yield* hs.read('CertificateVerify')
  return yield* verifySignature(config, scheme, signature, content, peer, schemes12(config), fitsKey12)
}

interface ClientProof {
  readonly peer: VerifiedPeer | UnauthenticatedPeer
  readonly signature: VerifiedSignature
}

const infoOf = (hello: ReceivedHello, choice: Choice12 | PskChoice12, { peer, signature }: ClientProof, session?: SessionState): ConnectionInfo => ({
  version: 'TLS 1.2',
  cipherSuite: choice.suite.name,
  group: undefined,
  signatureScheme: signature.scheme ?? (session?.signatureScheme || undefined),
  alpn: choice.alpn,
  serverName: hello.info.serverName,
  resumed: session !== undefined,
  helloRetryRequest: false,
  earlyData: 'none',
  peerCertificates: session?.peerCertificates ?? ('certificates' in peer ? peer.certificates : []),
  verifiedChain: 'chain' in peer ? peer.chain : [],
  ocspResponse: undefined,
  scts: [],
})

const factsOf = ({ alpn, serverName, peerCertificates, signatureScheme = '' }: ConnectionInfo, fingerprint: string, authenticatedAt: number): SessionFacts12 => ({
  alpn, serverName, peerCertificates, signatureScheme, authenticatedAt, fingerprint,
})
