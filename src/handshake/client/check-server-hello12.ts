// The client's judgement of a TLS 1.2 ServerHello: suite, extensions, resumption, limits (RFC 5246 section 7.4.1.3,
// RFC 5746, RFC 7627, RFC 7366, RFC 8449).

import type { ActiveSuite, ClientConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import { MAX_PLAINTEXT } from '../../record/limits.ts'
import type { SessionState } from '../../session/state.ts'
import { concat, equalBytes } from '../../wire/bytes.ts'
import { decodeExtensions, serverHello12Extensions } from '../../wire/extensions.ts'
import type { ServerHello12Extensions } from '../../wire/extensions.ts'
import { UNCOMPRESSED } from '../../wire/numbers.ts'
import { cipherSuiteName } from '../../wire/registry.ts'
import { chosenAlpn } from './check-alpn.ts'
import type { Offer } from './hello-plan.ts'
import type { Connection12, Parameters12 } from '../connection/connection12.ts'
import type { ClientHandshake12, ServerHelloMessage } from './client-handshake.ts'

export interface Answer12 {
  readonly parameters: Parameters12
  /** The session that goes on; undefined: a full handshake. */
  readonly resumed: SessionState | undefined
  readonly sessionId: Uint8Array
  readonly ticketPromised: boolean
  /** CertificateStatus may come. */
  readonly statusPromised: boolean
  readonly scts: readonly Uint8Array[]
}

export const checkServerHello12 = (
  hs: ClientHandshake12,
  offer: Offer,
  serverHello: ServerHelloMessage,
  session: SessionState | undefined,
  previous: Connection12 | undefined,
): Answer12 => {
  const { config } = hs
  const suite = suite12(config, serverHello.cipherSuite)
  const extensions = decodeExtensions(serverHello12Extensions, serverHello.extensions ?? [], 'ServerHello', {
    offered: offer.sent,
  })
  checkRenegotiationInfo(config, extensions, previous)
  checkPointFormats(extensions)
  const extended = extensions.extended_master_secret === true
  checkExtendedMasterSecret(config, extended, previous)
  const encryptThenMac = extensions.encrypt_then_mac === true && suite.cipher.kind === 'cbc'
  const keepsEncryptThenMac = encryptThenMac || previous?.parameters.keepsEncryptThenMac === true
  if (keepsEncryptThenMac && suite.cipher.kind === 'cbc' && !encryptThenMac) {
    throw new TlsError(
      'illegal_parameter',
      'ServerHello: renegotiation gave up encrypt-then-MAC (RFC 7366 section 3.1)',
    )
  }
  const resumed = resumedSession(offer, serverHello, session)
  if (resumed) checkResumed(resumed, suite, extended)
  return {
    parameters: {
      role: 'client',
      suite,
      clientRandom: offer.hello.random,
      serverRandom: serverHello.random,
      extendedMasterSecret: extended,
      encryptThenMac,
      keepsEncryptThenMac,
      secureRenegotiation: extensions.renegotiation_info !== undefined,
      alpn: previous ? previous.parameters.alpn : chosenAlpn(config, extensions.application_layer_protocol_negotiation),
      maxPlaintext: setLimits(hs, offer, extensions),
    },
    resumed,
    sessionId: serverHello.sessionId,
    ticketPromised: extensions.session_ticket === true,
    statusPromised: extensions.status_request === true,
    scts: extensions.signed_certificate_timestamp ?? [],
  }
}

const suite12 = (config: ClientConfig, id: number): ActiveSuite => {
  const suite = config.suites.find((candidate) => candidate.id === id && candidate.version === 'TLS 1.2')
  if (!suite) throw new TlsError('illegal_parameter', `ServerHello: ${cipherSuiteName(id)} is not a suite of TLS 1.2`)
  return suite
}

/**
 * RFC 5746 section 3.4 and 3.5. A server without it can be made to splice somebody else's request in front of ours:
 * refused (RFC 9325 section 3.5), unless the `legacy` option is on. */
const checkRenegotiationInfo = (
  config: ClientConfig,
  { renegotiation_info: given }: ServerHello12Extensions,
  previous: Connection12 | undefined,
): void => {
  if (!given) {
    if (!previous && config.legacy) return
    throw new TlsError(
      'secure_renegotiation_required',
      'the server does not support secure renegotiation (RFC 5746); the legacy option would let it pass',
    )
  }
  const expected = previous ? concat(previous.clientVerifyData, previous.serverVerifyData) : new Uint8Array(0)
  if (!equalBytes(given, expected)) {
    throw new TlsError(
      'bad_renegotiation_info',
      'ServerHello: renegotiation_info is not of this connection (RFC 5746 section 3.4 and 3.5)',
    )
  }
}

/** RFC 8422 section 5.2. */
const checkPointFormats = ({ ec_point_formats: formats }: ServerHello12Extensions): void => {
  if (formats && !formats.includes(UNCOMPRESSED)) {
    throw new TlsError(
      'illegal_parameter',
      'ServerHello: ec_point_formats without uncompressed points (RFC 8422 section 5.1.2)',
    )
  }
}

/** RFC 7627 section 5.2; a renegotiation that drops it would make the identity behind the connection unsure. */
const checkExtendedMasterSecret = (
  config: ClientConfig,
  extended: boolean,
  previous: Connection12 | undefined,
): void => {
  if (!extended && config.requireExtendedMasterSecret) {
    throw new TlsError(
      'extended_master_secret_required',
      'the server does not support the extended master secret (RFC 7627), and this client requires it',
    )
  }
  if (previous && previous.parameters.extendedMasterSecret !== extended) {
    throw new TlsError(
      'illegal_parameter',
      'ServerHello: renegotiation changed the use of the extended master secret (RFC 7627)',
    )
  }
}

/**
 * The session goes on if its ID comes back; the random one sent with a ticket stands for the ticket (RFC 5077 section
 * 3.4).
 */
const resumedSession = (
  offer: Offer,
  { sessionId }: ServerHelloMessage,
  session: SessionState | undefined,
): SessionState | undefined => {
  if (sessionId.length === 0 || !equalBytes(sessionId, offer.hello.sessionId)) return undefined
  if (!session) {
    throw new TlsError(
      'illegal_parameter',
      'ServerHello: the session ID was echoed, and no TLS 1.2 session was offered (RFC 9846 section 4.2.3)',
    )
  }
  return session
}

/** RFC 5246 section 7.4.1.3, RFC 7627 section 5.3: a session is continued as it was or not at all. */
const checkResumed = (session: SessionState, suite: ActiveSuite, extended: boolean): void => {
  if (session.cipherSuite !== suite.id) {
    throw new TlsError(
      'illegal_parameter',
      `ServerHello: a session of ${cipherSuiteName(session.cipherSuite)} was resumed with ${suite.name}`,
    )
  }
  if (session.extendedMasterSecret !== extended) {
    throw new TlsError(
      'illegal_parameter',
      'ServerHello: a session was resumed with another use of the extended master secret (RFC 7627 section 5.3)',
    )
  }
}

/** RFC 8449 section 4, RFC 6066 section 4: tells the engine what we may send, and gives what we may be sent. */
const setLimits = ({ config, io }: ClientHandshake12, offer: Offer, extensions: ServerHello12Extensions): number => {
  const { record_size_limit: theirs, max_fragment_length: code } = extensions
  if (theirs !== undefined && code !== undefined) {
    throw new TlsError(
      'illegal_parameter',
      'ServerHello: both record_size_limit and max_fragment_length (RFC 8449 section 5)',
    )
  }
  if (code !== undefined) {
    if (code !== offer.extensions.max_fragment_length) {
      throw new TlsError(
        'illegal_parameter',
        `ServerHello: max_fragment_length is ${code}, which was not asked for (RFC 6066 section 4)`,
      )
    }
    io.setMaxFragment(2 ** (8 + code))
    return 2 ** (8 + code)
  }
  if (theirs === undefined) return MAX_PLAINTEXT
  io.setMaxFragment(theirs)
  return Math.min(config.recordSizeLimit ?? MAX_PLAINTEXT, MAX_PLAINTEXT)
}
