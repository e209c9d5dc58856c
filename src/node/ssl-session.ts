// SSL_SESSION of OpenSSL in its ASN.1 (ssl/ssl_asn1.c): what is inside the session tickets of node:tls and nginx, and
// what `newSession` of node:tls gives. Only the encoding; openssl-sessions.ts says what the fields mean here.

import { constructedTag, DerReader, derElement, derInteger, derOctets, derSequence } from '../wire/der.ts'

/** The fields that a ticket needs. What is optional and empty or 0 is left out of the encoding. */
export interface SslSession {
  /** 0x0303 or 0x0304. */
  readonly version: number
  readonly cipherSuite: number
  /** Empty in a ticket, where it has no meaning. */
  readonly sessionId: Uint8Array
  /** TLS 1.2: the master secret; TLS 1.3: the PSK of the ticket. */
  readonly masterKey: Uint8Array
  /** Seconds since the epoch. */
  readonly time: number
  /** Seconds. */
  readonly timeout: number
  /** The peer's certificate, DER; undefined for none. */
  readonly peer: Uint8Array | undefined
  readonly sessionIdContext: Uint8Array
  /** X509_V_OK (0), or what was wrong with the peer's certificate. */
  readonly verifyResult: number
  readonly hostname: Uint8Array
  readonly pskIdentity: Uint8Array
  /** SSL_SESS_FLAG_EXTMS (1): with extended master secret. */
  readonly flags: number
  readonly ageAdd: number
  readonly maxEarlyData: number
  readonly alpn: Uint8Array
  /** SSL_SESSION_set1_ticket_appdata(). */
  readonly applicationData: Uint8Array
}

/** SSL_SESSION_ASN1_VERSION. */
const FORMAT = 1

/** Numbers of the optional fields, each [n] EXPLICIT. */
const fields = {
  time: 1,
  timeout: 2,
  peer: 3,
  sessionIdContext: 4,
  verifyResult: 5,
  hostname: 6,
  pskIdentity: 8,
  flags: 13,
  ageAdd: 14,
  maxEarlyData: 15,
  alpn: 16,
  applicationData: 18,
} as const
type Field = keyof typeof fields

const NONE = new Uint8Array(0)

export const encodeSslSession = (session: SslSession): Uint8Array => {
  const part = (field: Field, content: Uint8Array): Uint8Array => derElement(constructedTag(fields[field]), content)
  const number = (field: Field & keyof SslSession): Uint8Array =>
    session[field] === 0 ? NONE : part(field, derInteger(session[field] as number))
  const octets = (field: Field & keyof SslSession): Uint8Array => {
    const bytes = session[field] as Uint8Array
    return bytes.length === 0 ? NONE : part(field, derOctets(bytes))
  }
  return derSequence(
    derInteger(FORMAT),
    derInteger(session.version),
    derOctets(Uint8Array.of(session.cipherSuite >> 8, session.cipherSuite & 0xff)),
    derOctets(session.sessionId),
    derOctets(session.masterKey),
    number('time'),
    number('timeout'),
    session.peer ? part('peer', session.peer) : NONE,
    octets('sessionIdContext'),
    number('verifyResult'),
    octets('hostname'),
    octets('pskIdentity'),
    number('flags'),
    number('ageAdd'),
    number('maxEarlyData'),
    octets('alpn'),
    octets('applicationData'),
  )
}

/** Throws TlsError `decode_error` for anything else. Fields of other versions of OpenSSL are read over. */
export const decodeSslSession = (bytes: Uint8Array): SslSession => {
  const reader = new DerReader(bytes, 'decode_error', 'SSL_SESSION').lastSequence('SSL_SESSION')
  if (reader.smallInteger('version') !== FORMAT) reader.fail('another format of the session')
  const version = reader.smallInteger('ssl_version')
  const cipherSuite = reader.octetString('cipher')
  if (cipherSuite.length !== 2) reader.fail('a cipher of other than two bytes')
  const sessionId = reader.octetString('session_id')
  const masterKey = reader.octetString('master_key')
  const found = new Map<number, DerReader>()
  while (!reader.done) {
    const tag = reader.peek()
    if ((tag & 0xe0) === 0xa0) found.set(tag & 0x1f, reader.enter(tag, 'a field'))
    else reader.skip('a field')
  }
  const take = <T>(field: Field, read: (inner: DerReader) => T, missing: T): T => {
    const inner = found.get(fields[field])
    if (!inner) return missing
    const value = read(inner)
    inner.end()
    return value
  }
  const number = (field: Field): number => take(field, (inner) => valueOf(inner.unsigned(field)), 0)
  const octets = (field: Field): Uint8Array => take(field, (inner) => inner.octetString(field), NONE)
  return {
    version,
    cipherSuite: valueOf(cipherSuite),
    sessionId,
    masterKey,
    time: number('time'),
    timeout: number('timeout'),
    peer: take<Uint8Array | undefined>('peer', (inner) => inner.element('peer'), undefined),
    sessionIdContext: octets('sessionIdContext'),
    verifyResult: number('verifyResult'),
    hostname: octets('hostname'),
    pskIdentity: octets('pskIdentity'),
    flags: number('flags'),
    ageAdd: number('ageAdd'),
    maxEarlyData: number('maxEarlyData'),
    alpn: octets('alpn'),
    applicationData: octets('applicationData'),
  }
}

const valueOf = (bigEndian: Uint8Array): number => bigEndian.reduce((value, byte) => value * 256 + byte, 0)
