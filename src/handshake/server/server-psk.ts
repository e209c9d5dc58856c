// The choice among the pre-shared keys that a ClientHello offers, and the binder of the chosen one (RFC 9846 section
// 4.3.11).

import type { ActiveSuite } from '../../config.ts'
import { earlyStage } from '../../keys/schedule13.ts'
import type { TrafficSecret } from '../../keys/schedule13.ts'
import type { OfferedPsks } from '../../wire/extensions.ts'
import { verifyBinder } from '../auth/authentication.ts'
import type { PskOrigin, VerifiedPsk } from '../auth/authentication.ts'
import type { Flow } from '../flow.ts'
import type { ChosenPsk, ReceivedHello, ServerHandshake } from './received-hello.ts'

/** Identities that are looked at; more than a client has reason to send. */
const MAX_IDENTITIES = 5

/** The first offered ticket that is ours, fits, and whose binder is right; undefined for a full handshake. */
export function* selectPsk(
  hs: ServerHandshake,
  hello: ReceivedHello,
  suite: ActiveSuite,
  fingerprint: string,
): Flow<ChosenPsk | undefined> {
  const { sessions, externalPsks } = hs.parts
  const { pre_shared_key: offered, psk_key_exchange_modes: modes = new Uint8Array(0) } = hello.extensions
  if (!offered) return undefined
  if (!hs.config.pskModes.some((mode) => modes.includes(mode))) return undefined
  for (const [index, { identity, obfuscatedTicketAge }] of offered.identities.slice(0, MAX_IDENTITIES).entries()) {
    const external = externalPsks && (yield* externalPsks(hs, hello, identity, suite))
    if (external) {
      const binder = offered.binders[index] ?? new Uint8Array(0)
      const stage = earlyStage(suite.hash, external.secret)
      const key = stage.binderKey(external.binder)
      const proof = checkBinder(hs, hello, offered, key, binder, { identity, session: undefined })
      return {
        index,
        proof,
        stage,
        binder,
        session: undefined,
        withoutCertificate: true,
        fingerprint: `${fingerprint}${external.keyBinding}`,
        ageSkew: 0,
      }
    }
    const session = sessions && (yield* sessions.find(hs, hello, suite, identity, fingerprint))
    if (!session) continue
    const binder = offered.binders[index] ?? new Uint8Array(0)
    const stage = earlyStage(suite.hash, session.secret)
    const proof = checkBinder(hs, hello, offered, stage.binderKey('res'), binder, { session, identity: undefined })
    if (!(yield* sessions.canResume(hs, session))) continue
    const claimed = (obfuscatedTicketAge - session.ageAdd + 2 ** 32) % 2 ** 32
    const ageSkew = claimed - (hs.config.clock() - session.createdAt)
    return {
      index,
      proof,
      stage,
      binder,
      session,
      withoutCertificate: sessions.isBoundToPsk(session.fingerprint),
      fingerprint: session.fingerprint,
      ageSkew,
    }
  }
  return undefined
}

/** The binder proves that the client knows the PSK; nothing else of the offer is trusted before (section 4.3.11.2). */
const checkBinder = (
  hs: ServerHandshake,
  hello: ReceivedHello,
  offered: OfferedPsks,
  key: TrafficSecret,
  binder: Uint8Array,
  origin: PskOrigin,
): VerifiedPsk => {
  const bindersLength = offered.binders.reduce((sum, { length }) => sum + 1 + length, 2)
  const { raw } = hello.message
  const hash = hs.transcript.hashUpTo(key.hash, raw, raw.length - bindersLength)
  return verifyBinder(binder, key, hash, origin)
}
