// Which of our identities a peer gets to see: one that can sign by what it takes, before all one that was issued by
// an authority that it named (RFC 9846 section 4.3.4 and 4.5.1, RFC 5246 section 7.4.4 and 7.4.6). For servers and
// clients alike.

import type { ClientConfig } from '../../config.ts'
import type { CertificateRequestInfo, Identity } from '../../options.ts'
import type { AskedIdentity, SessionState } from '../../session/state.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { SignatureScheme } from '../../wire/registry.ts'
import { ask } from '../flow.ts'
import type { Flow } from '../flow.ts'

export interface ChosenIdentity<T = SignatureScheme> {
  readonly identity: Identity
  readonly scheme: T
}

/** Those that can sign, in order of preference. `authorities` are the distinguished names that the peer sent; none means any. */
export const usableIdentities = <T>(
  identities: readonly Identity[], authorities: readonly Uint8Array[], schemeOf: (identity: Identity) => T | undefined,
): readonly ChosenIdentity<T>[] => {
  const usable = identities.flatMap((identity) => {
    const scheme = schemeOf(identity)
    return scheme === undefined ? [] : [{ identity, scheme }]
  })
  const issued = usable.filter(({ identity }) => isIssuedBy(identity, authorities))
  return [...issued, ...usable.filter((one) => !issued.includes(one) && !one.identity.onlyForItsIssuers)]
}

const isIssuedBy = ({ issuers }: Identity, authorities: readonly Uint8Array[]): boolean =>
  authorities.some((name) => issuers.some((issuer) => equalBytes(name, issuer)))

/** A client's answer to a server that asks for a certificate. */
export interface ClientIdentity {
  /** Undefined if the client has none that the server takes. */
  readonly chosen: ChosenIdentity | undefined
  /** What a function was asked and answered: it is asked again before the session is resumed. */
  readonly asked: AskedIdentity | undefined
}

type Asked = Omit<CertificateRequestInfo, 'serverName'>

export function* clientIdentityFor(
  config: ClientConfig, request: Asked, schemeOf: (identity: Identity) => SignatureScheme | undefined,
): Flow<ClientIdentity> {
  const identities = yield* ask(() => config.identitiesFor({ ...request, serverName: config.serverName }))
  const asked = config.identityKey === undefined ? { ...request, answer: identities.map(({ digest }) => digest) } : undefined
  return { chosen: usableIdentities(identities, request.authorities, schemeOf)[0], asked }
}

/** Whether we would be today who we were in this session. Identities that options name are part of the session's key. */
export function* isSameIdentity(config: ClientConfig, { asked }: Pick<SessionState, 'asked'>): Flow<boolean> {
  if (config.identityKey !== undefined || !asked) return true
  const { answer, ...request } = asked
  const now = yield* ask(() => config.identitiesFor({ ...request, serverName: config.serverName }))
  return now.length === answer.length && now.every(({ digest }, place) => digest === answer[place])
}
