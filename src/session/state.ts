// What one connection leaves for the next: the state behind a ticket or a session ID, on both sides, and its serialised
// form.

import { TlsError } from '../errors.ts'
import { equalBytes } from '../wire/bytes.ts'
import { decode, encode, list, mapped, opaque, struct, u16, u32, u64, u8 } from '../wire/codec.ts'
import type { Codec } from '../wire/codec.ts'
import { latin1 } from '../wire/texts.ts'

export interface SessionState {
  /** 0x0304 or 0x0303. */
  readonly version: number
  readonly cipherSuite: number
  /** TLS 1.3: the PSK of the ticket; TLS 1.2: the master secret (48 bytes). */
  readonly secret: Uint8Array
  /** Client side: the ticket as it came (empty for TLS 1.2 sessions by ID). Server side: empty. */
  readonly ticket: Uint8Array
  /** TLS 1.2 session ID, 0 to 32 bytes. */
  readonly sessionId: Uint8Array
  readonly ageAdd: number
  /** Seconds. */
  readonly lifetime: number
  /** Milliseconds since the epoch: when the ticket came (client) or was made (server). */
  readonly createdAt: number
  /** Milliseconds since the epoch: when the certificates behind the session were checked; kept over renewals. */
  readonly authenticatedAt: number
  /** Bytes of early data allowed; 0 for none. */
  readonly maxEarlyData: number
  readonly extendedMasterSecret: boolean
  readonly alpn: string
  readonly serverName: string
  /** Fingerprint of the config under which the session was made: resumed only under an equal one. */
  readonly fingerprint: string
  /** The peer's certificates, leaf first (DER): those of the verified chain, where there is one. */
  readonly peerCertificates: readonly Uint8Array[]
  /** The chain as the verifier proved it, leaf first (DER). */
  readonly verifiedChain: readonly Uint8Array[]
  /** Milliseconds since the epoch: the first end of a certificate behind the session; 0 where none counts. */
  readonly validUntil: number
  /** Milliseconds since the epoch: the end of the delegated credential that the peer signed with; 0 for none. */
  readonly delegatedUntil: number
  /** The identity of the external key that the session began with, as it was sent; empty for none. */
  readonly pskIdentity: Uint8Array
  /** Client: SHA-256 (hex) of the certificate that we showed; empty where we showed none. */
  readonly ownIdentity: string
  /** Client: what the server asked of our certificate, and who we might have been; undefined if it did not ask. */
  readonly asked: AskedIdentity | undefined
  /** The group of the key agreement; empty for none. */
  readonly group: string
  readonly ocspResponse: Uint8Array
  readonly scts: readonly Uint8Array[]
  /** What the peer signed the first handshake with; empty if it did not sign. */
  readonly signatureScheme: string
  /** What the server application stored with the session. */
  readonly applicationData: Uint8Array
}

/** A server's request for a certificate, as an identity function was asked it. */
export interface AskedIdentity {
  readonly signatureSchemes: readonly string[]
  readonly authorities: readonly Uint8Array[]
  /** The digests of the identities that the function gave, in order. */
  readonly answer: readonly string[]
}

const FORMAT = 5
const flag: Codec<boolean> = mapped(
  u8,
  (value) => value === 1,
  (value) => (value ? 1 : 0),
)

/** A certificate of the verified chain: its place among the peer's certificates, or its bytes. */
interface ChainEntry {
  readonly place: number
  readonly der: Uint8Array
}
const NOT_SENT = 0xff
const chainEntry: Codec<ChainEntry> = struct({ place: u8, der: opaque(3) })

const askedIdentity: Codec<AskedIdentity> = struct({
  signatureSchemes: list(2, latin1(opaque(1, 1))),
  authorities: list(3, opaque(2)),
  answer: list(2, latin1(opaque(1, 1))),
})

/** Those that are written as they are. */
const plainFields: Codec<Omit<SessionState, 'verifiedChain' | 'asked'>> = struct({
  version: u16,
  cipherSuite: u16,
  secret: opaque(1, 1),
  ticket: opaque(2),
  sessionId: opaque(1, 0, 32),
  ageAdd: u32,
  lifetime: u32,
  createdAt: u64,
  authenticatedAt: u64,
  maxEarlyData: u32,
  extendedMasterSecret: flag,
  alpn: latin1(opaque(1)),
  serverName: latin1(opaque(2)),
  fingerprint: latin1(opaque(2)),
  peerCertificates: list(3, opaque(3, 1)),
  validUntil: u64,
  delegatedUntil: u64,
  pskIdentity: opaque(2),
  ownIdentity: latin1(opaque(1)),
  group: latin1(opaque(1)),
  ocspResponse: opaque(3),
  scts: list(2, opaque(2, 1)),
  signatureScheme: latin1(opaque(1)),
  applicationData: opaque(2),
})

const written = struct({
  format: u8,
  session: plainFields,
  verifiedChain: list(3, chainEntry),
  /** One or none. */
  asked: list(3, askedIdentity),
})

/** Holds secrets: whoever has it can read the resumed connection. */
export const encodeSession = (session: SessionState): Uint8Array => {
  const { peerCertificates, verifiedChain } = session
  const entries = verifiedChain.map((der): ChainEntry => {
    const place = peerCertificates.findIndex((sent) => equalBytes(sent, der))
    return place < 0 || place >= NOT_SENT ? { place: NOT_SENT, der } : { place, der: NONE }
  })
  return encode(written, {
    format: FORMAT,
    session,
    verifiedChain: entries,
    asked: session.asked ? [session.asked] : [],
  })
}

/** Throws `bad_option` for bytes that are not a session of this format. */
export const decodeSession = (bytes: Uint8Array): SessionState => {
  try {
    if (bytes[0] === FORMAT) {
      const { session, verifiedChain, asked } = decode(written, bytes, 'session')
      const chain = verifiedChain.map(({ place, der }) =>
        place === NOT_SENT ? der : (session.peerCertificates[place] ?? der),
      )
      return { ...session, verifiedChain: chain, asked: asked[0] }
    }
  } catch (error) {
    throw new TlsError('bad_option', 'the session given is not one that this version of the library wrote', {
      cause: error,
    })
  }
  throw new TlsError('bad_option', 'the session given was written by another version of the library')
}

/** What a session is made of by itself; the rest says who the two ends were, and what they agreed on. */
export type OwnFields = Pick<SessionState, 'version' | 'cipherSuite' | 'secret' | 'lifetime' | 'createdAt'> &
  Partial<SessionState>

/** A session, with empty values for what a version does not use. All have one shape. */
export const newSession = (facts: Partial<SessionState>, own: OwnFields): SessionState =>
  Object.assign({ ...blank }, facts, own)

const NONE = new Uint8Array(0)
const unset = 0
const blank: SessionState = {
  version: unset,
  cipherSuite: unset,
  secret: NONE,
  ticket: NONE,
  sessionId: NONE,
  ageAdd: 0,
  lifetime: 0,
  createdAt: 0,
  authenticatedAt: 0,
  maxEarlyData: 0,
  extendedMasterSecret: true,
  alpn: '',
  serverName: '',
  fingerprint: '',
  peerCertificates: [],
  verifiedChain: [],
  validUntil: 0,
  delegatedUntil: 0,
  pskIdentity: NONE,
  ownIdentity: '',
  asked: undefined,
  group: '',
  ocspResponse: NONE,
  scts: [],
  signatureScheme: '',
  applicationData: NONE,
}
