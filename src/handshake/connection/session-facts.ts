// What a session keeps of the connection that it began with, on both sides and in both versions, and within which
// bounds: a peer chooses how much of it there is (RFC 9846 section 4.7.1).

import type { CommonConfig } from '../../config.ts'
import type { ConnectionInfo } from '../../info.ts'
import type { KnownPeer } from '../auth/authentication.ts'
import type { AskedIdentity, SessionState } from '../../session/state.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { rememberChain } from './session-chain.ts'

/** Who the two ends proved to be. */
type IdentityFacts = Pick<
  SessionState,
  | 'peerCertificates'
  | 'verifiedChain'
  | 'validUntil'
  | 'delegatedUntil'
  | 'pskIdentity'
  | 'signatureScheme'
  | 'authenticatedAt'
  | 'ownIdentity'
  | 'asked'
>

export interface SessionFacts
  extends IdentityFacts, Pick<SessionState, 'alpn' | 'serverName' | 'ocspResponse' | 'scts' | 'group'> {}

/** What a client showed of itself; of a server, the fingerprint says it. */
export interface OwnPart {
  readonly ownIdentity?: string | undefined
  readonly asked?: AskedIdentity | undefined
}

/** `info` is that of the connection, `peer` who the other end proved to be in it. */
export const sessionFacts = (
  { clock }: CommonConfig,
  peer: KnownPeer,
  info: ConnectionInfo,
  own: OwnPart = {},
): SessionFacts => {
  const session = peer.by === 'psk' ? peer.psk.session : undefined
  return {
    ...(session
      ? carriedOver(session)
      : { ...proven(peer, clock()), ownIdentity: own.ownIdentity ?? '', asked: own.asked }),
    alpn: info.alpn ?? '',
    serverName: info.serverName ?? '',
    ocspResponse: info.ocspResponse ?? NONE,
    scts: info.scts,
    group: info.version === 'TLS 1.2' ? (info.group ?? '') : '',
  }
}

const NONE = new Uint8Array(0)

const carriedOver = (session: SessionState): IdentityFacts => {
  const {
    peerCertificates,
    verifiedChain,
    validUntil,
    delegatedUntil,
    pskIdentity,
    signatureScheme,
    authenticatedAt,
    ownIdentity,
    asked,
  } = session
  return {
    peerCertificates,
    verifiedChain,
    validUntil,
    delegatedUntil,
    pskIdentity,
    signatureScheme,
    authenticatedAt,
    ownIdentity,
    asked,
  }
}

const proven = (peer: KnownPeer, now: number): Omit<IdentityFacts, 'ownIdentity' | 'asked'> => {
  const facts = {
    peerCertificates: [],
    verifiedChain: [],
    validUntil: 0,
    delegatedUntil: 0,
    signatureScheme: '',
    authenticatedAt: now,
    pskIdentity: (peer.by === 'psk' && peer.psk.identity) || NONE,
  }
  if (peer.by !== 'certificate') return facts
  const { certificates, chain, leaf } = peer.peer
  const { scheme = '', delegatedUntil = 0 } = peer.signature
  // a verifier that took an expired one does not go by dates
  const ends = [...chain.map(({ notAfter }) => notAfter), delegatedUntil].filter((end) => end >= now)
  const verifiedChain = chain.map(({ der }) => der)
  rememberChain(verifiedChain, chain)
  return {
    ...facts,
    peerCertificates: keptCertificates(certificates, leaf, chain),
    verifiedChain,
    validUntil: ends.length > 0 ? Math.min(...ends) : 0,
    delegatedUntil,
    signatureScheme: scheme,
  }
}

/**
 * Of what the peer sent, the certificates that were verified; with no chain, the leaf and what follows it within the
 * bound.
 */
const keptCertificates = (
  sent: readonly Uint8Array[],
  leaf: Certificate,
  chain: readonly Certificate[],
): readonly Uint8Array[] => {
  if (chain.length > 0) return sent.filter((der, place) => place === 0 || chain.some((one) => equalBytes(one.der, der)))
  let room = MAX_FACTS - leaf.der.length
  const rest = sent.slice(1)
  const end = rest.findIndex((der) => (room -= der.length) < 0)
  return [leaf.der, ...(end < 0 ? rest : rest.slice(0, end))]
}

/** Bytes: with 16384 of the application's, a ticket stays below the 65535 that it may have. */
const MAX_FACTS = 47_000
/** Of a DNS name (RFC 1035 section 2.3.4). */
const MAX_NAME = 255

/** Seconds for which a session with these facts may be resumed, at most `wanted`; 0 for not at all. */
export const sessionLifetime = ({ clock, resumption }: CommonConfig, facts: SessionFacts, wanted: number): number => {
  const { peerCertificates, verifiedChain, ocspResponse, scts, pskIdentity, serverName, authenticatedAt, validUntil } =
    facts
  const bytes = [...peerCertificates, ...verifiedChain, ocspResponse, ...scts, pskIdentity].reduce(
    (sum, { length }) => sum + length,
    0,
  )
  if (bytes > MAX_FACTS || serverName.length > MAX_NAME) return 0
  const end = Math.min(authenticatedAt + resumption.maxAge, validUntil === 0 ? Infinity : validUntil)
  return Math.max(0, Math.min(wanted, Math.floor((end - clock()) / 1000)))
}
