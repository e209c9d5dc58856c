// Which of our identities a peer gets to see: one that can sign by what it takes, before all one that was issued by
// an authority that it named (RFC 9846 section 4.3.4 and 4.5.1, RFC 5246 section 7.4.4 and 7.4.6). For servers and
// clients alike.

import type { ClientConfig } from '../../config.ts'
import type { CertificateRequestInfo, Identity } from '../../options.ts'
import type { AskedIdentity, SessionState } from '../../session/state.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { signatureSchemes } from '../../wire/registry.ts'
import type { SignatureScheme } from '../../wire/registry.ts'
import { ask } from '../flow.ts'
import type { Flow } from '../flow.ts'

export interface ChosenIdentity<T = SignatureScheme> {
  readonly identity: Identity
  readonly scheme: T
}

/** What a peer says of the certificates that it accepts. */
export interface AcceptedCertificates {
  /** Distinguished names; none means any. */
  readonly authorities: readonly Uint8Array[]
  /** Schemes that certificates may be signed with (RFC 9846 section 4.3.3); undefined: any. */
  readonly schemes: readonly number[] | undefined
}

/**
 * Those that can sign, in order of preference: first those whose chain the peer can verify; another is better than none
 * (section 4.5.1.2).
 */
export const usableIdentities = <T>(
  identities: readonly Identity[],
  { authorities, schemes }: AcceptedCertificates,
  schemeOf: (identity: Identity) => T | undefined,
): readonly ChosenIdentity<T>[] => {
  const usable = identities.flatMap((identity) => {
    const scheme = schemeOf(identity)
    return scheme === undefined ? [] : [{ identity, scheme }]
  })
  const issued = usable.filter(({ identity }) => isIssuedBy(identity, authorities))
  const inOrder = [...issued, ...usable.filter((one) => !issued.includes(one) && !one.identity.onlyForItsIssuers)]
  const accepted = schemes && signatureSchemes.filter(({ id }) => schemes.includes(id))
  const isVerifiable = ({ identity }: ChosenIdentity<T>): boolean =>
    !accepted || identity.signedWith.every((algorithm) => accepted.some((one) => one.algorithm === algorithm))
  // SHA-1 is for those who take it and get nothing better (sections 4.3.3 and 4.5.1.2)
  const rank = (one: ChosenIdentity<T>): number => 2 * Number(!isVerifiable(one)) + Number(isSignedWithSha1(one))
  return inOrder.filter((one) => rank(one) < 3).toSorted((a, b) => rank(a) - rank(b))
}

const isSignedWithSha1 = ({ identity }: ChosenIdentity<unknown>): boolean =>
  identity.signedWith.some((algorithm) => algorithm?.endsWith('sha1'))

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
  config: ClientConfig,
  { certificateSchemes, ...request }: Asked & { readonly certificateSchemes: readonly number[] },
  schemeOf: (identity: Identity) => SignatureScheme | undefined,
): Flow<ClientIdentity> {
  const identities = yield* ask(() => config.identitiesFor({ ...request, serverName: config.serverName }))
  const asked =
    config.identityKey === undefined ? { ...request, answer: identities.map(({ digest }) => digest) } : undefined
  return {
    chosen: usableIdentities(
      identities,
      { authorities: request.authorities, schemes: certificateSchemes },
      schemeOf,
    )[0],
    asked,
  }
}

/**
 * Whether we would be today who we were in this session. Identities that options name are part of the session's key.
 */
export function* isSameIdentity(config: ClientConfig, { asked }: Pick<SessionState, 'asked'>): Flow<boolean> {
  if (config.identityKey !== undefined || !asked) return true
  const { answer, ...request } = asked
  const now = yield* ask(() => config.identitiesFor({ ...request, serverName: config.serverName }))
  return now.length === answer.length && now.every(({ digest }, place) => digest === answer[place])
}
