// Which of our identities a peer gets to see: one that can sign by what it takes, before all one that was issued by
// an authority that it named (RFC 9846 section 4.3.4 and 4.5.1, RFC 5246 section 7.4.4 and 7.4.6). For servers and
// clients alike.

import type { ClientConfig } from '../../config.ts'
import type { CertificateRequestInfo, Identity } from '../../options.ts'
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

/** The client's identity for a server that asks; undefined if it has none that the server takes. */
export function* clientIdentityFor(
  config: ClientConfig, request: Omit<CertificateRequestInfo, 'serverName'>, schemeOf: (identity: Identity) => SignatureScheme | undefined,
): Flow<ChosenIdentity | undefined> {
  const identities = yield* ask(() => config.identitiesFor({ ...request, serverName: config.serverName }))
  return usableIdentities(identities, request.authorities, schemeOf)[0]
}
