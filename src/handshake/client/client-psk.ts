// The client's pre-shared keys: which session to resume, the identities it offers and their binders (RFC 9846 section
// 4.3.11).

import type { ClientConfig } from '../../config.ts'
import { earlyStage, finishedVerifyData } from '../../keys/schedule13.ts'
import { isSameIdentity } from '../auth/identities.ts'
import { isFresh, mayResume } from '../connection/may-resume.ts'
import { sessionKey } from '../connection/session-key.ts'
import type { SessionState } from '../../session/state.ts'
import { clientHelloExtensions, encodeExtensions } from '../../wire/extensions.ts'
import { encodeMessage, messages13 } from '../../wire/messages.ts'
import type { ClientHello } from '../../wire/messages.ts'
import { TLS13 } from '../../wire/registry.ts'
import { usablePsks } from '../key-exchange/external-psk.ts'
import { attempt } from '../flow.ts'
import type { ClientHandshake, ClientHandshakeParts, PskOffer } from './client-handshake.ts'
import type { Flow } from '../flow.ts'
import type { Transcript } from '../transcript.ts'

/** The session given, or one from the cache; only one made for this name under this config and still young enough. */
export function* takeSession(
  { config, io }: Pick<ClientHandshake, 'config' | 'io'>,
  given: SessionState | undefined,
): Flow<SessionState | undefined> {
  const key = sessionKey(config)
  const session = given ?? (yield* cachedSession(config, key))
  if (!session || session.fingerprint !== key) return undefined
  if (config.pskRequired && session.pskIdentity.length === 0) return undefined
  if (!config.tickets && session.ticket.length > 0) return undefined
  if (!isFresh(config, session)) return undefined
  if (session.version < config.minVersion || session.version > config.maxVersion) return undefined
  if (!config.suites.some(({ id }) => id === session.cipherSuite)) return undefined
  if (!(yield* isSameIdentity(config, session))) return undefined
  if (!(yield* mayResume(config, 'server', config.verifier, session))) return undefined
  io.forgetOnFailure(() => config.sessions?.remove?.(key, session))
  return session
}

/** A cache that fails costs a full handshake, no more. */
function* cachedSession({ sessions }: ClientConfig, key: string): Flow<SessionState | undefined> {
  return yield* attempt(() => sessions?.take(key))
}

/** The session's ticket first, then the external keys. */
export const pskOffers = (
  { sessions, externalPsks }: ClientHandshakeParts,
  config: ClientConfig,
  session: SessionState | undefined,
): readonly PskOffer[] =>
  config.maxVersion < TLS13 ? [] : [...(sessions?.offers(config, session) ?? []), ...(externalPsks?.(config) ?? [])]

export const externalOffers = (config: ClientConfig): readonly PskOffer[] =>
  usablePsks(config).flatMap(({ identity, secret, hash, binder }) => {
    const suite = config.suites.find(
      (candidate) => candidate.version === 'TLS 1.3' && candidate.hash.name === hash.name,
    )
    if (!suite) return []
    const stage = earlyStage(suite.hash, secret)
    return [{ identity, stage, suite, binder, obfuscatedTicketAge: 0, session: undefined, earlyData: 0 }]
  })

export const ticketOffer = (config: ClientConfig, session: SessionState | undefined): readonly PskOffer[] => {
  if (!session || session.version !== TLS13) return []
  const suite = config.suites.find(({ id }) => id === session.cipherSuite)
  if (!suite) return []
  const age = Math.max(0, Math.floor(config.clock() - session.createdAt))
  return [
    {
      identity: session.ticket,
      stage: earlyStage(suite.hash, session.secret),
      suite,
      binder: 'res',
      obfuscatedTicketAge: (age + session.ageAdd) % 2 ** 32,
      session,
      earlyData: session.maxEarlyData,
    },
  ]
}

/** Appends pre_shared_key, last as section 4.3.11 demands, with binders over the hello up to them. */
export const bindHello = (psks: readonly PskOffer[], hello: ClientHello, transcript: Transcript): ClientHello => {
  const blank = psks.map(({ suite }) => new Uint8Array(suite.hash.outputLength))
  const bindersLength = blank.reduce((sum, { length }) => sum + 1 + length, 2)
  const preSharedKey = encodeExtensions(clientHelloExtensions, {
    pre_shared_key: {
      identities: psks.map(({ identity, obfuscatedTicketAge }) => ({ identity, obfuscatedTicketAge })),
      binders: blank,
    },
  })
  const bound = { ...hello, extensions: [...(hello.extensions ?? []), ...preSharedKey] }
  const encoded = encodeMessage(messages13, 'ClientHello', bound)
  const truncated = encoded.subarray(0, encoded.length - bindersLength)
  // the binders take the place of the blank ones, at the end of the extension that was encoded here
  for (const { data } of preSharedKey) {
    let at = data.length - bindersLength + 2
    for (const { stage, suite, binder } of psks) {
      data.set(finishedVerifyData(stage.binderKey(binder), transcript.hashWith(suite.hash, truncated)), at + 1)
      at += 1 + suite.hash.outputLength
    }
  }
  return bound
}
