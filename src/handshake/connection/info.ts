// ConnectionInfo, made in one place for both versions and both sides: who the peer is comes out of its authentication, what
// was agreed on out of the handshake.

import type { ActiveSuite, CommonConfig } from '../../config.ts'
import type { ConnectionInfo } from '../../info.ts'
import type { ByCertificate, ByPolicy, PskOrigin } from '../auth/authentication.ts'
import { ask } from '../flow.ts'
import type { Flow } from '../flow.ts'

/** What a handshake found out about the peer so far. With a pre-shared key, its proof may still be to come. */
export type KnownPeer = ByCertificate | ByPolicy | { readonly by: 'psk'; readonly psk: PskOrigin }

/** What the two ends agreed on. */
export interface Agreement extends Partial<Pick<
  ConnectionInfo,
  'ownSignatureScheme' | 'helloRetryRequest' | 'sessionData' | 'echAccepted' | 'earlyData' | 'certificateCompression' | 'scts'
>> {
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
    group: agreed.group?.name,
    signatureScheme: certified?.signature.scheme ?? (session?.signatureScheme || undefined),
    ownSignatureScheme: agreed.ownSignatureScheme,
    alpn: agreed.alpn,
    serverName: agreed.serverName,
    resumed: session !== undefined,
    pskIdentity: peer.by === 'psk' ? peer.psk.identity : undefined,
    helloRetryRequest: agreed.helloRetryRequest ?? false,
    sessionData: agreed.sessionData && agreed.sessionData.length > 0 ? agreed.sessionData : undefined,
    echAccepted: agreed.echAccepted ?? false,
    earlyData: agreed.earlyData ?? 'none',
    peerCertificates: certified?.peer.certificates ?? session?.peerCertificates ?? [],
    certificateCompression: agreed.certificateCompression,
    delegatedUntil: certified?.signature.delegatedUntil,
    verifiedChain: certified?.peer.chain ?? [],
    ocspResponse: agreed.ocspResponse ?? (session && session.ocspResponse.length > 0 ? session.ocspResponse : undefined),
    scts: session?.scts ?? agreed.scts ?? [],
  }
}

/** The application's own look at a handshake, resumed ones too. */
export function* confirmConnection(config: CommonConfig, info: ConnectionInfo): Flow<void> {
  yield* ask(() => config.verifyConnection?.(info), 'verifier_refused')
}
