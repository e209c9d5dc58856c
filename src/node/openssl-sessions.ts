// Sessions of this library as OpenSSL's SSL_SESSION and back, so that servers with the same ticket keys (node:tls,
// nginx, this one) continue each other's sessions. What SSL_SESSION has no place for (the chain, the policy that the
// session was made under, when the peer proved who it is) stands in its application data, which OpenSSL carries along
// unread.

import { andThen } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import type { ResumptionRequest } from '../session/interfaces.ts'
import { decodeSession, encodeSession, newSession } from '../session/state.ts'
import type { SessionState } from '../session/state.ts'
import { equalBytes } from '../wire/bytes.ts'
import { latin1Bytes, latin1Text } from './latin1.ts'
import { decodeSslSession, encodeSslSession } from './ssl-session.ts'
import type { SslSession } from './ssl-session.ts'
import type { Verdict } from './verify.ts'
import { TLS12 } from '../wire/registry.ts'
import { verifyResultOf } from './verify-results.ts'

/** What a server goes by where SSL_SESSION says less, or more, than a session of this library. */
export interface SessionRules {
  /** sessionIdContext: the first is written into sessions, each is accepted in them. */
  readonly contexts: readonly Uint8Array[]
  /** Clients are asked for a certificate. */
  readonly requestCert: boolean
  /** Names lead to different contexts: a session that tells no name is continued without one only. */
  readonly choosesByName: boolean
  /** A client's chain, DER, leaf first. */
  readonly judge: (chain: readonly Uint8Array[]) => MaybePromise<Verdict>
}

const EXTMS = 1
const magic = Buffer.from('puretls\x01')
/** Stands for the leaf in our part, which SSL_SESSION has already. */
const leafMark = Uint8Array.of(0)

/** SSL_SESSION of a session in the form of encodeSession(). `sessionId`: for a store of sessions by ID. */
export const toOpenSsl = (
  session: Uint8Array,
  rules: SessionRules,
  sessionId: Uint8Array = new Uint8Array(0),
): MaybePromise<Uint8Array> => {
  const state = decodeSession(session)
  const { peerCertificates: chain } = state
  if (chain.length === 0) return encodeSslSession({ ...fieldsOf(state, rules, 0), sessionId })
  return andThen(rules.judge(chain), ({ error }) =>
    encodeSslSession({ ...fieldsOf(state, rules, error ? verifyResultOf(error.code) : 0), sessionId }),
  )
}

const fieldsOf = (
  state: SessionState,
  { contexts }: SessionRules,
  verifyResult: number,
): Omit<SslSession, 'sessionId'> => ({
  version: state.version,
  cipherSuite: state.cipherSuite,
  masterKey: state.secret,
  time: Math.floor(state.createdAt / 1000),
  timeout: state.lifetime,
  peer: state.peerCertificates[0],
  sessionIdContext: contexts[0] ?? new Uint8Array(0),
  verifyResult,
  hostname: latin1Bytes(state.serverName),
  pskIdentity: state.pskIdentity,
  // TLS 1.3 has no such extension, and OpenSSL's servers look for it in the hello all the same.
  flags: state.version === TLS12 && state.extendedMasterSecret ? EXTMS : 0,
  ageAdd: state.ageAdd,
  maxEarlyData: state.maxEarlyData,
  alpn: latin1Bytes(state.alpn),
  applicationData: ownPart(state),
})

/** Everything, but for what the fields of SSL_SESSION say better: a server of OpenSSL renews those alone. */
const ownPart = (state: SessionState): Uint8Array => {
  const [leaf, ...others] = state.peerCertificates
  const chain = state.verifiedChain.map((der) => (leaf && equalBytes(der, leaf) ? leafMark : der))
  const kept = { peerCertificates: leaf ? [leafMark, ...others] : [], verifiedChain: chain, secret: Uint8Array.of(0) }
  return Buffer.concat([magic, encodeSession({ ...state, ...kept })])
}

/**
 * A session in the form of encodeSession(), out of SSL_SESSION; undefined where it may not be continued here: another
 * sessionIdContext, or, of a session that this library did not make, a client that is to show a certificate and none in
 * the session, or one that is not good. Throws TlsError for bytes that are no SSL_SESSION.
 */
export const fromOpenSsl = (
  bytes: Uint8Array,
  rules: SessionRules,
  request: ResumptionRequest,
): MaybePromise<Uint8Array | undefined> => {
  const session = decodeSslSession(bytes)
  if (!rules.contexts.some((context) => equalBytes(context, session.sessionIdContext))) return undefined
  const own = readOwnPart(session)
  if (own) return encodeSession({ ...own, ...renewed(session, own) })
  if (session.pskIdentity.length > 0) return undefined // no way to tell whether the key is still the same
  const hostname = latin1Text(session.hostname)
  if (hostname === '' && rules.choosesByName && request.serverName !== '') return undefined
  const facts = {
    authenticatedAt: session.time * 1000,
    serverName: hostname || request.serverName,
    fingerprint: request.fingerprint,
    peerCertificates: session.peer ? [session.peer] : [],
  }
  const state = newSession(facts, renewed(session, undefined))
  if (!rules.requestCert) return encodeSession(state)
  if (!session.peer || session.verifyResult !== 0) return undefined
  return andThen(rules.judge([session.peer]), ({ error, chain }) =>
    error ? undefined : encodeSession({ ...state, verifiedChain: chain.map(({ der }) => der) }),
  )
}

type Renewed = Pick<
  SessionState,
  | 'version'
  | 'cipherSuite'
  | 'secret'
  | 'createdAt'
  | 'lifetime'
  | 'extendedMasterSecret'
  | 'ageAdd'
  | 'maxEarlyData'
  | 'alpn'
>

/** What is different in each ticket, whoever made it. */
const renewed = (session: SslSession, own: SessionState | undefined): Renewed => ({
  version: session.version,
  cipherSuite: session.cipherSuite,
  secret: session.masterKey,
  // SSL_SESSION has whole seconds.
  createdAt: own && Math.floor(own.createdAt / 1000) === session.time ? own.createdAt : session.time * 1000,
  lifetime: session.timeout,
  extendedMasterSecret: session.version !== TLS12 || (session.flags & EXTMS) !== 0,
  ageAdd: session.ageAdd,
  maxEarlyData: session.maxEarlyData,
  alpn: latin1Text(session.alpn),
})

/** Undefined for a session of another maker. */
const readOwnPart = ({ applicationData, peer }: SslSession): SessionState | undefined => {
  if (!equalBytes(applicationData.subarray(0, magic.length), magic)) return undefined
  const state = decodeSession(applicationData.subarray(magic.length))
  const restored = (der: Uint8Array): Uint8Array => (equalBytes(der, leafMark) && peer ? peer : der)
  return {
    ...state,
    peerCertificates: state.peerCertificates.map(restored),
    verifiedChain: state.verifiedChain.map(restored),
  }
}
