// The server's pre-shared keys: which ticket to take up, its binder, and whether early data may come with it (RFC
// 9846 section 4.3.11, 4.3.10 and 8).

import type { ActiveSuite, ServerConfig } from '../../config.ts'
import { TlsError } from '../../errors.ts'
import type { EarlyDataRefusal } from '../../info.ts'
import { earlyStage } from '../../keys/schedule13.ts'
import { decodeSession } from '../../session/state.ts'
import type { ResumptionRequest } from '../../session/interfaces.ts'
import type { SessionState } from '../../session/state.ts'
import type { OfferedPsks } from '../../wire/extensions.ts'
import { TLS13 } from '../../wire/registry.ts'
import { readImportedIdentity, serverPsk } from '../key-exchange/external-psk.ts'
import type { UsablePsk } from '../key-exchange/external-psk.ts'
import { isAuthenticated, verifyBinder } from '../auth/authentication.ts'
import type { PskOrigin, VerifiedPsk } from '../auth/authentication.ts'
import { isFresh, mayResume } from '../connection/may-resume.ts'
import { attempt } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { canResume, isBoundToPsk, lookUpPsk, pskBinding } from './psk-lookup.ts'
import type { ReceivedHello, ServerHandshake } from './received-hello.ts'

export interface ChosenPsk {
  readonly index: number
  /** The client has the key. */
  readonly proof: VerifiedPsk
  readonly secret: Uint8Array
  readonly binder: Uint8Array
  /** Undefined for an external PSK. */
  readonly session: SessionState | undefined
  /** No certificate was ever shown: an external PSK, or a session that began with one. */
  readonly withoutCertificate: boolean
  /** What sessions of this connection are made under. */
  readonly fingerprint: string
  /** The age that the client claims and the age that we know differ by this, in milliseconds. */
  readonly ageSkew: number
}

/** Identities that are looked at; more than a client has reason to send. */
const MAX_IDENTITIES = 5

/** The first offered ticket that is ours, fits, and whose binder is right; undefined for a full handshake. */
export function* selectPsk(
  hs: ServerHandshake,
  hello: ReceivedHello,
  suite: ActiveSuite,
  fingerprint: string,
): Flow<ChosenPsk | undefined> {
  const { pre_shared_key: offered, psk_key_exchange_modes: modes } = hello.extensions
  if (!offered) return undefined
  if (!modes)
    throw new TlsError(
      'missing_extension',
      'ClientHello: pre_shared_key without psk_key_exchange_modes (section 4.3.9)',
    )
  if (offered.identities.length !== offered.binders.length) {
    throw new TlsError(
      'illegal_parameter',
      'ClientHello: as many binders as PSK identities are required (section 4.3.11)',
    )
  }
  if (!hs.config.pskModes.some((mode) => modes.includes(mode))) return undefined
  for (const [index, { identity, obfuscatedTicketAge }] of offered.identities.slice(0, MAX_IDENTITIES).entries()) {
    const external = yield* externalPsk(hs, hello, identity, suite)
    if (external) {
      const binder = offered.binders[index] ?? new Uint8Array(0)
      const proof = checkBinder(hs, hello, offered, external, suite, binder, { identity, session: undefined })
      return {
        index,
        proof,
        secret: external.secret,
        binder,
        session: undefined,
        withoutCertificate: true,
        fingerprint: `${fingerprint}${external.keyBinding}`,
        ageSkew: 0,
      }
    }
    const session = yield* openTicket(hs.config, identity, { fingerprint, serverName: hello.info.serverName ?? '' })
    if (!session || !fits(hs.config, session, suite, hello)) continue
    if (!(yield* canResume(hs.config, hello, session, fingerprint))) continue
    const binder = offered.binders[index] ?? new Uint8Array(0)
    const key = { secret: session.secret, binder: 'res' } as const
    const proof = checkBinder(hs, hello, offered, key, suite, binder, { session, identity: undefined })
    if (!(yield* mayResume(hs.config, 'client', hs.config.clientAuth?.verifier, session))) continue
    const claimed = (obfuscatedTicketAge - session.ageAdd + 2 ** 32) % 2 ** 32
    const ageSkew = claimed - (hs.config.clock() - session.createdAt)
    return {
      index,
      proof,
      secret: session.secret,
      binder,
      session,
      withoutCertificate: isBoundToPsk(session.fingerprint),
      fingerprint: session.fingerprint,
      ageSkew,
    }
  }
  return undefined
}

/** The application's key for this identity: as it is, or through the importer of RFC 9258. */
function* externalPsk(
  hs: ServerHandshake,
  hello: ReceivedHello,
  identity: Uint8Array,
  suite: ActiveSuite,
): Flow<(UsablePsk & { readonly keyBinding: string }) | undefined> {
  const { config } = hs
  const { provider } = config
  const plain = yield* lookUpPsk(config, hello, { identity, imported: undefined })
  const imported = plain ? undefined : readImportedIdentity(identity, suite.hash)
  const name = imported && { identity: imported.externalIdentity, imported: { context: imported.context } }
  const found = plain ?? (name && (yield* lookUpPsk(config, hello, name)))
  const usable = found && serverPsk(provider, identity, found, suite.hash, imported)
  if (!usable) return undefined
  return {
    ...usable,
    keyBinding: pskBinding(provider, { ...(name ?? { identity, imported: undefined }), key: found.key }),
  }
}

function* openTicket(
  config: ServerConfig,
  ticket: Uint8Array,
  request: ResumptionRequest,
): Flow<SessionState | undefined> {
  const state = yield* attempt(() => config.tickets?.protector.open(ticket, config.clock(), request))
  try {
    return state && decodeSession(state)
  } catch {
    return undefined // a ticket that can't be opened, for whatever reason, costs a full handshake and no more
  }
}

const fits = (config: ServerConfig, session: SessionState, suite: ActiveSuite, hello: ReceivedHello): boolean => {
  const sessionSuite = config.suites.find(({ id }) => id === session.cipherSuite)
  return (
    session.version === TLS13 &&
    sessionSuite?.hash.name === suite.hash.name &&
    session.serverName === (hello.info.serverName ?? '') &&
    isFresh(config, session) &&
    isAuthenticated(config, session)
  )
}

/** The binder proves that the client knows the PSK; nothing else of the offer is trusted before (section 4.3.11.2). */
const checkBinder = (
  hs: ServerHandshake,
  hello: ReceivedHello,
  offered: OfferedPsks,
  psk: { readonly secret: Uint8Array; readonly binder: 'res' | 'ext' | 'imp' },
  suite: ActiveSuite,
  binder: Uint8Array,
  origin: PskOrigin,
): VerifiedPsk => {
  const bindersLength = offered.binders.reduce((sum, { length }) => sum + 1 + length, 2)
  const { raw } = hello.message
  const hash = hs.transcript.hashUpTo(suite.hash, raw, raw.length - bindersLength)
  return verifyBinder(binder, earlyStage(suite.hash, psk.secret).binderKey(psk.binder), hash, origin)
}

/** What was agreed on. */
export interface EarlyTerms {
  readonly retried: boolean
  readonly suite: ActiveSuite
  readonly psk: ChosenPsk | undefined
  readonly alpn: string | undefined
}

/**
 * Undefined: it is accepted. Early data is taken only with the first PSK, the same suite and protocol, a fresh ticket,
 * and if it was not seen before.
 */
export function* whyNoEarlyData(
  hs: ServerHandshake,
  { retried, suite, psk, alpn }: EarlyTerms,
): Flow<EarlyDataRefusal | undefined> {
  const { config } = hs
  if (config.maxEarlyData === 0 || !config.replayGuard) return 'disabled'
  const { session } = psk ?? {}
  if (!psk || psk.index !== 0 || !session) return 'not_resumed'
  if (session.maxEarlyData === 0) return 'session_forbids'
  if (session.cipherSuite !== suite.id) return 'cipher_suite'
  if (session.alpn !== (alpn ?? '')) return 'alpn'
  if (retried) return 'hello_retry_request'
  if (Math.abs(psk.ageSkew) > config.earlyDataWindow * 1000) return 'ticket_age' // section 8.3
  // a replay is fresh for twice the window at most; after that its age is off, whether it is remembered or not
  const isFirst = yield* attempt(() => config.replayGuard?.firstSeen(psk.binder, 2 * config.earlyDataWindow + 1))
  return isFirst === true ? undefined : 'replay' // a guard that fails accepts nothing (section 8)
}
