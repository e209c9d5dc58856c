// What BoringSSL's shim checks after each handshake and at the end of each connection: always the same things, compared
// with what the -expect-* flags say. shim.ts calls it; a check that fails throws.

import { readFileSync } from 'node:fs'
import type { ConnectionInfo } from '../../../src/engine/types.ts'
import { TlsError } from '../../../src/errors.ts'
import { decodeSession } from '../../../src/session/state.ts'
import { concat, equalBytes } from '../../../src/wire/bytes.ts'
import {
  cipherSuites,
  namedGroups,
  signatureSchemeName,
  signatureSchemes,
  versions,
} from '../../../src/wire/registry.ts'
import { certificateListOf } from '../../../src/identity.ts'
import { digestOfCredential, sctList } from './credentials.ts'
import type { Exchange } from './exchange.ts'
import { bytesOf, type Flags, listOf, numberOf, textOf } from './flags.ts'
import type { Noted } from './options.ts'

export class CheckFailed extends Error {
  override readonly name = 'CheckFailed'
}

export interface Situation {
  readonly flags: Flags
  readonly exchange: Exchange
  readonly noted: Noted
  readonly resumption: boolean
}

export function checkHandshake(situation: Situation): void {
  const { exchange, flags } = situation
  const info = exchange.agreed
  if (info === undefined) return // in early data
  checkAgreed(info, flags)
  checkResumed(info, situation)
  checkPeer(info, flags)
  checkCertificates(info, situation)
  checkEch(info, flags)
  checkEarlyData(info, flags)
  if (!flags.on.has('server') && exchange.info?.version === 'TLS 1.2') checkNewSession12(info, situation)
  if (flags.on.has('server') && situation.noted.hello === undefined) throw new CheckFailed('early callback not called')
}

const checkAgreed = (info: ConnectionInfo, flags: Flags): void => {
  const server = flags.on.has('server')
  const suite = cipherSuites.find(({ name }) => name === info.cipherSuite)?.id
  same(numberOf(flags, 'expect-version'), versions[info.version], 'version')
  same(numberOf(flags, 'expect-cipher') ?? numberOf(flags, 'expect-cipher-aes'), suite, 'cipher suite')
  same(numberOf(flags, 'expect-curve-id'), namedGroups.find(({ name }) => name === info.group)?.id, 'group')
  same(textOf(flags, 'expect-server-name'), info.serverName, 'server name')
  const alpn = textOf(flags, server ? 'select-alpn' : 'expect-alpn') ?? ''
  same(alpn, info.alpn ?? '', 'ALPN')
  if (flags.on.has('expect-hrr')) same(true, info.helloRetryRequest, 'HelloRetryRequest')
  if (flags.on.has('expect-no-hrr')) same(false, info.helloRetryRequest, 'HelloRetryRequest')
  if (flags.on.has('expect-extended-master-secret')) same(true, info.extendedMasterSecret, 'extended master secret')
  if (flags.on.has('expect-secure-renegotiation')) same(true, info.secureRenegotiation, 'secure renegotiation')
  if (flags.on.has('expect-no-secure-renegotiation')) same(false, info.secureRenegotiation, 'secure renegotiation')
}

/** What -expect-ech-retry-configs says of a connection that failed. */
export function checkRefusal(error: unknown, flags: Flags): void {
  const expected = bytesOf(flags, 'expect-ech-retry-configs')
  if (!expected && !flags.on.has('expect-no-ech-retry-configs')) return
  if (!(error instanceof TlsError) || error.code !== 'ech_required') throw new CheckFailed('Expected ECH rejection.')
  sameBytes(expected ?? new Uint8Array(0), error.echRetryConfigs ?? new Uint8Array(0), 'ECH retry configs')
}

const checkEch = (info: ConnectionInfo, flags: Flags): void => {
  same(flags.on.has('expect-ech-accept'), info.echAccepted ?? false, 'ECH accepted')
}

const checkResumed = (info: ConnectionInfo, { flags, resumption, noted }: Situation): void => {
  same(resumption && !flags.on.has('expect-session-miss'), info.resumed, 'resumed')
  if (resumption) return
  if (flags.on.has('expect-session-id')) same(true, noted.storedSession, 'session kept by ID')
  if (flags.on.has('expect-no-session-id')) same(false, noted.storedSession, 'session kept by ID')
}

const checkPeer = (info: ConnectionInfo, flags: Flags): void => {
  const scheme = signatureSchemes.find(({ name }) => name === info.signatureScheme)?.id
  same(numberOf(flags, 'expect-peer-signature-algorithm'), scheme, 'peer signature algorithm')
  const certificates = info.peerCertificates.length
  if (flags.on.has('expect-no-peer-cert')) same(0, certificates, 'peer certificates')
  else if (
    !info.pskIdentity &&
    !flags.texts.has('psk') &&
    (!flags.on.has('server') || flags.on.has('require-any-client-certificate'))
  ) {
    if (certificates === 0) throw new CheckFailed('Received no peer certificate but expected one.')
  }
  const file = textOf(flags, 'expect-peer-cert-file')
  if (file !== undefined)
    sameBytes(
      concat(...certificateListOf(readFileSync(file, 'latin1'), 'cert')),
      concat(...info.peerCertificates),
      'peer chain',
    )
  const staple = bytesOf(flags, 'expect-ocsp-response')
  if (staple) sameBytes(staple, info.ocspResponse ?? new Uint8Array(0), 'OCSP response')
  const scts = bytesOf(flags, 'expect-signed-cert-timestamps')
  if (scts) sameBytes(concat(...sctList(scts)), concat(...info.scts), 'SCT list')
}

/** Who we were, what the peer asked of us, and that somebody judged the peer: of full handshakes. */
const checkCertificates = (info: ConnectionInfo, { flags, noted }: Situation): void => {
  if (info.resumed) return
  const server = flags.on.has('server')
  const credential = numberOf(flags, 'expect-selected-credential')
  const isPsk = credential !== undefined && flags.credentials[credential]?.kind === 'psk'
  if (isPsk) same(true, info.pskIdentity !== undefined, 'selected credential is a PSK')
  else if (credential !== undefined)
    same(digestOfCredential(flags, credential), info.ownIdentity, 'selected credential')
  const types = bytesOf(flags, 'expect-certificate-types')
  const request = noted.messages.certificateRequest ?? new Uint8Array(0)
  if (types) sameBytes(types, request.subarray(1, 1 + (request[0] ?? 0)), 'certificate types')
  const preferences = listOf(flags, 'expect-peer-verify-pref').map(signatureSchemeName)
  const told = server ? noted.hello?.signatureSchemes.map(signatureSchemeName) : noted.asked?.signatureSchemes
  if (preferences.length > 0) same(preferences.join(), told?.join(), 'signature algorithms of the peer')
  if (flags.on.has('expect-verify-result') && info.peerCertificates.length > 0)
    same(true, noted.verified, 'verifier asked')
}

const checkEarlyData = (info: ConnectionInfo, flags: Flags): void => {
  if (flags.on.has('expect-accept-early-data')) same('accepted', info.earlyData, 'early data')
  if (flags.on.has('expect-reject-early-data') && info.earlyData === 'accepted')
    throw new CheckFailed('early data was accepted')
  if (flags.on.has('expect-no-offer-early-data')) same('none', info.earlyData, 'early data')
  const reason = textOf(flags, 'expect-early-data-reason')
  if (reason === 'accepted') same('accepted', info.earlyData, 'early data')
  const refusal = reason === undefined ? undefined : earlyDataReasons[reason]
  if (reason === 'peer_declined') same('rejected', info.earlyData, 'early data')
  else if (refusal && info.earlyData !== 'none') same(refusal, info.earlyDataRefusal, 'reason of refused early data')
  const skew = numberOf(flags, 'expect-ticket-age-skew')
  if (skew !== undefined && info.ticketAgeSkew !== undefined)
    same(skew, Math.round(info.ticketAgeSkew / 1000), 'ticket age skew')
}

/** What BoringSSL's reasons are here; others it does not tell apart, or we do not have. */
const earlyDataReasons: Readonly<Record<string, ConnectionInfo['earlyDataRefusal']>> = {
  disabled: 'disabled',
  session_not_resumed: 'not_resumed',
  unsupported_for_session: 'session_forbids',
  hello_retry_request: 'hello_retry_request',
  alpn_mismatch: 'alpn',
  ticket_age_skew: 'ticket_age',
}

const checkNewSession12 = (info: ConnectionInfo, { flags, exchange }: Situation): void => {
  const expected = !flags.on.has('expect-no-session') && (!info.resumed || flags.on.has('expect-ticket-renewal'))
  same(expected, exchange.sessions.length > 0, 'new session')
}

/** After the application data: TLS 1.3 tickets come late. */
export function checkTickets({ flags, exchange }: Situation): void {
  if (flags.on.has('server') || exchange.info?.version !== 'TLS 1.3') return
  const expected = !flags.on.has('expect-no-session') && !flags.on.has('shim-shuts-down')
  same(expected, exchange.sessions.length > 0, 'new session')
  const last = exchange.sessions.at(-1)
  if (!expected || last === undefined) return
  same(
    flags.on.has('expect-ticket-supports-early-data'),
    decodeSession(last).maxEarlyData > 0,
    'ticket supports early data',
  )
}

/** At the end of the connection. */
export function checkMessages({ messages, renegotiations }: Noted, flags: Flags): void {
  same(textOf(flags, 'expect-msg-callback'), messages.text, 'messages')
  same(numberOf(flags, 'expect-total-renegotiations'), renegotiations, 'renegotiations')
}

const same = <T>(expected: T | undefined, actual: T | undefined, what: string): void => {
  if (expected !== undefined && expected !== actual)
    throw new CheckFailed(`${what}: expected ${expected}, got ${actual}`)
}

const sameBytes = (expected: Uint8Array, actual: Uint8Array, what: string): void => {
  if (!equalBytes(expected, actual)) throw new CheckFailed(`${what} does not match`)
}
