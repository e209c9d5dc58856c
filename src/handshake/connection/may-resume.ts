// Whether a session may still be continued: what decided who the ends are is asked again, on both sides and in both
// versions (RFC 9846 section 4.7.1).

import type { CommonConfig } from '../../config.ts'
import type { ResumedSession } from '../../session/options.ts'
import type { SessionState } from '../../session/state.ts'
import { TLS13 } from '../../wire/registry.ts'
import type { CertificateVerifier } from '../../x509/verifier.ts'
import { attempt } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { chainOf } from './session-chain.ts'

/** Milliseconds by which the clocks of a fleet, or of one machine before and after it was set, may differ. */
export const MAX_CLOCK_DIFFERENCE = 3_600_000

/** Neither too old nor out of the time of the certificates behind it, by our clock. */
export const isFresh = ({ clock, resumption }: CommonConfig, session: SessionState): boolean => {
  const now = clock()
  const { createdAt, lifetime, authenticatedAt, validUntil } = session
  return (
    now - createdAt >= -MAX_CLOCK_DIFFERENCE &&
    now - createdAt <= lifetime * 1000 &&
    now - authenticatedAt >= -MAX_CLOCK_DIFFERENCE &&
    now - authenticatedAt <= resumption.maxAge &&
    (validUntil === 0 || now <= validUntil) &&
    (session.version === TLS13 || session.extendedMasterSecret || resumption.withoutExtendedMasterSecret)
  )
}

/**
 * Asks the verifier and the application. What fails costs a full handshake, no more. `verifier`: who judges the peer
 * here.
 */
export function* mayResume(
  { clock, resumption }: CommonConfig,
  peer: 'client' | 'server',
  verifier: CertificateVerifier | undefined,
  session: SessionState,
): Flow<boolean> {
  if (verifier?.mayResume && session.peerCertificates.length > 0) {
    const serverName = peer === 'server' ? session.serverName || undefined : undefined
    const about = { peer, serverName, time: clock(), verifiedAt: session.authenticatedAt }
    const consent = yield* attempt(() => verifier.mayResume?.({ chain: chainOf(session), ...about }))
    if (consent !== true) return false
  }
  const { mayResume: ask } = resumption
  return !ask || (yield* attempt(() => ask(describe(session)))) === true
}

const describe = (session: SessionState): ResumedSession => ({
  version: session.version === TLS13 ? 'TLS 1.3' : 'TLS 1.2',
  serverName: session.serverName || undefined,
  alpn: session.alpn || undefined,
  peerCertificates: session.peerCertificates,
  verifiedChain: chainOf(session),
  pskIdentity: session.pskIdentity.length > 0 ? session.pskIdentity : undefined,
  authenticatedAt: session.authenticatedAt,
})
