// The proofs at the end of a handshake hold in the types: each mutation below leaves a check out, and must not compile.
// The compiler checks this file (`npm run typecheck`): a line that compiles against expectation is an error there.

import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ServerConfig } from '../../../src/config.ts'
import * as authentication from '../../../src/handshake/auth/authentication.ts'
import type {
  ByPolicy,
  ClientAuthentication,
  HandshakeSigner,
  Proofs,
  ServerAuthentication,
  VerifiedFinished,
  VerifiedPeer,
  VerifiedPsk,
  VerifiedSignature,
} from '../../../src/handshake/auth/authentication.ts'
import type { Connection13 } from '../../../src/handshake/connection/connection13.ts'
import { establish12 } from '../../../src/handshake/connection/connection12.ts'
import type { Current12 } from '../../../src/handshake/connection/connection12.ts'
import type { ConnectionInfo } from '../../../src/info.ts'
import type { VerifyRequest } from '../../../src/x509/verifier.ts'

const copyOf = <T>(value: T): Pick<T, keyof T> => value

/** Never called: these are for the compiler. */
export const mutations = (
  client: Connection13<'client'>,
  server: Connection13<'server'>,
  finished: VerifiedFinished,
  peer: VerifiedPeer,
  signature: VerifiedSignature,
  psk: VerifiedPsk,
  policy: ByPolicy,
  request: VerifyRequest,
  info: ConnectionInfo,
): void => {
  const rest = [info, { flow: (function* () {})(), forksTranscript: false }] as const
  client.establish({ auth: { by: 'certificate', peer, signature }, finished }, ...rest)
  client.establish({ auth: { by: 'psk', psk }, finished }, ...rest)
  server.establish({ auth: policy, finished }, ...rest)

  // @ts-expect-error the server's Finished was not checked
  client.establish({ auth: { by: 'certificate', peer, signature } }, ...rest)
  // @ts-expect-error nobody was authenticated
  client.establish({ finished }, ...rest)
  // @ts-expect-error a client has no policy that lets any server in
  client.establish({ auth: policy, finished }, ...rest)
  // @ts-expect-error the certificate's signature was not checked
  client.establish({ auth: { by: 'certificate', peer }, finished }, ...rest)
  // @ts-expect-error an object that looks like a signature is none
  void ({ scheme: 'ed25519', delegatedUntil: undefined } satisfies VerifiedSignature)
  // @ts-expect-error a copy of a verified peer is not a verified peer
  client.establish({ auth: { by: 'certificate', peer: copyOf(peer), signature }, finished }, ...rest)
  // @ts-expect-error a session alone proves nothing
  client.establish({ auth: { by: 'psk', psk: { session: undefined, identity: undefined } }, finished }, ...rest)
  // @ts-expect-error an object that looks like a Finished is none
  client.establish({ auth: { by: 'psk', psk }, finished: { verifyData: new Uint8Array() } }, ...rest)
  // @ts-expect-error without a verifier there is no verified peer
  authentication.verifyPeer(undefined, request)
  // @ts-expect-error a key that stands on a shared one is proven by Finished
  authentication.provenByFinished({}, { session: undefined, identity: undefined })

  // @ts-expect-error TLS 1.2 demands the same
  const proofs: Current12<ServerAuthentication>['negotiated']['proofs'] = { finished }
  const postHandshake = rest[1].flow
  establish12({ negotiated: { connection: null as never, proofs, info } }, { postHandshake })
}

describe('proofs', () => {
  it('are classes that only the file of their checks can make', () => {
    const values = Object.entries(authentication).map(([name, value]) => [
      name,
      /^class /.test(Function.prototype.toString.call(value)),
    ])
    expect(values.filter(([, isClass]) => isClass)).toEqual([])
    expect(values.length).toBeGreaterThan(5)
    expectTypeOf<{ readonly verifyData: Uint8Array }>().not.toExtend<VerifiedFinished>()
    expectTypeOf<{
      readonly scheme: string | undefined
      readonly delegatedUntil: undefined
    }>().not.toExtend<VerifiedSignature>()
    expectTypeOf<Pick<VerifiedPeer, keyof VerifiedPeer>>().not.toExtend<VerifiedPeer>()
    expectTypeOf<Pick<VerifiedPsk, keyof VerifiedPsk>>().not.toExtend<VerifiedPsk>()
    expectTypeOf<Pick<HandshakeSigner, keyof HandshakeSigner>>().not.toExtend<HandshakeSigner>()
  })

  it('are demanded of both roles and both versions', () => {
    expectTypeOf<Parameters<Connection13<'client'>['establish']>[0]>().toEqualTypeOf<Proofs<ServerAuthentication>>()
    expectTypeOf<Parameters<Connection13<'server'>['establish']>[0]>().toEqualTypeOf<Proofs<ClientAuthentication>>()
    expectTypeOf<Current12<ServerAuthentication>['negotiated']['proofs']>().toEqualTypeOf<
      Proofs<ServerAuthentication>
    >()
    expectTypeOf<ByPolicy>().not.toExtend<ServerAuthentication>()
  })

  it('of a server that requires certificates are not to be had without one (RFC 9846 section 4.5.1)', () => {
    const config = { clientAuth: { required: true } } as ServerConfig
    expect(() => authentication.allowNoCertificate(config)).toThrow(
      expect.objectContaining({ code: 'certificate_required' }),
    )
  })

  it('by key transport are for static RSA only (RFC 5246 section 7.4.7.1)', () => {
    expect(() => authentication.keyTransport({ name: 'TLS_AES_128_GCM_SHA256' })).toThrow(
      expect.objectContaining({ code: 'internal_error' }),
    )
    expect(
      authentication.keyTransport({ name: 'TLS_RSA_WITH_AES_128_GCM_SHA256', keyExchange: 'rsa' }).scheme,
    ).toBeUndefined()
  })
})
