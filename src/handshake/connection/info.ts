// ConnectionInfo, made in one place for both versions and both sides: who the peer is comes out of its authentication,
// what was agreed on out of the handshake.

import type { ActiveSuite, CommonConfig } from '../../config.ts'
import type { ConnectionInfo } from '../../info.ts'
import type { KnownPeer, PskOrigin } from '../auth/authentication.ts'
import type { ClientIdentity } from '../auth/identities.ts'
import { ask } from '../flow.ts'
import type { Flow } from '../flow.ts'
import { chainOf } from './session-chain.ts'

/** What the two ends agreed on. */
export interface Agreement extends Partial<
  Pick<
    ConnectionInfo,
    | 'clientHello'
    | 'ownSignatureScheme'
    | 'ownIdentity'
    | 'helloRetryRequest'
    | 'sessionData'
    | 'echAccepted'
    | 'earlyData'
    | 'earlyDataRefusal'
    | 'ticketAgeSkew'
    | 'extendedMasterSecret'
    | 'secureRenegotiation'
    | 'certificateCompression'
    | 'scts'
  >
> {
  readonly version: ConnectionInfo['version']
  readonly suite: ActiveSuite
  readonly group: { readonly name: string } | undefined
  readonly alpn: string | undefined
  readonly serverName: string | undefined
  /** The stapled response; default: that of the session. */
  readonly ocspResponse?: Uint8Array | undefined
}

export const connectionInfo = (peer: KnownPeer, agreed: Agreement): ConnectionInfo => {
  const session = peer.by === 'psk' ? peer.psk.session : undefined
  const certified = peer.by === 'certificate' ? peer : undefined
  return {
    version: agreed.version,
    cipherSuite: agreed.suite.name,
    group: agreed.group?.name ?? (session?.group || undefined),
    signatureScheme: certified?.signature.scheme ?? (session?.signatureScheme || undefined),
    ownSignatureScheme: agreed.ownSignatureScheme,
    ownIdentity: agreed.ownIdentity ?? (session?.ownIdentity || undefined),
    alpn: agreed.alpn,
    serverName: agreed.serverName,
    clientHello: agreed.clientHello,
    resumed: session !== undefined,
    pskIdentity: peer.by === 'psk' ? pskIdentityOf(peer.psk) : undefined,
    helloRetryRequest: agreed.helloRetryRequest ?? false,
    sessionData: agreed.sessionData && agreed.sessionData.length > 0 ? agreed.sessionData : undefined,
    echAccepted: agreed.echAccepted ?? false,
    earlyData: agreed.earlyData ?? 'none',
    earlyDataRefusal: agreed.earlyDataRefusal,
    ticketAgeSkew: agreed.ticketAgeSkew,
    extendedMasterSecret: agreed.extendedMasterSecret ?? true,
    secureRenegotiation: agreed.secureRenegotiation ?? true,
    peerCertificates: certified?.peer.certificates ?? session?.peerCertificates ?? [],
    certificateCompression: agreed.certificateCompression,
    delegatedUntil: certified?.signature.delegatedUntil ?? (session?.delegatedUntil || undefined),
    verifiedChain: certified?.peer.chain ?? (session ? chainOf(session) : []),
    ocspResponse:
      agreed.ocspResponse ?? (session && session.ocspResponse.length > 0 ? session.ocspResponse : undefined),
    scts: session?.scts ?? agreed.scts ?? [],
  }
}

/** Who we were to the peer, once that is known. */
export const ownInfo = (
  own: ClientIdentity | undefined,
): Pick<ConnectionInfo, 'ownIdentity' | 'ownSignatureScheme'> => ({
  ownIdentity: own?.chosen?.identity.digest,
  ownSignatureScheme: own?.chosen?.scheme.name,
})

/** Of the external key, or of the one that the session began with. */
const pskIdentityOf = ({ session, identity }: PskOrigin): Uint8Array | undefined =>
  session ? (session.pskIdentity.length > 0 ? session.pskIdentity : undefined) : identity

/** The application's own look at a handshake, resumed ones too. */
export function* confirmConnection(config: CommonConfig, info: ConnectionInfo): Flow<void> {
  yield* ask(() => config.verifyConnection?.(info), 'verifier_refused')
}
