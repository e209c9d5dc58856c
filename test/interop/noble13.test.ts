// The noble provider, which has no native code, with other implementations: each suite, group and kind of certificate,
// both directions, with the two peers that know all of them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { createEnvironment, dialPeer, requirePeer, servePeer } from './harness.ts'
import type { Environment } from './harness.ts'
import type { PeerSetup } from './peer.ts'
import { nodeTls } from './peers/node-tls.ts'
import { openssl } from './peers/openssl.ts'

const suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']

let environment: Environment
beforeAll(async () => {
  environment = await createEnvironment()
})
afterAll(async () => environment.dispose())

for (const peer of [openssl, nodeTls]) {
  const present = await requirePeer(peer)
  describe.skipIf(!present)(`noble with ${peer.name}`, () => {
    const setup: PeerSetup = { version: 'TLS 1.3', certificate: 'ecdsa' }

    it.each(suites)('%s', async (suite) => {
      const options = { provider: nobleProvider, cipherSuites: [suite] }
      expect((await dialPeer(environment, peer, setup, options)).info.cipherSuite).toBe(suite)
      const served = await servePeer(
        environment,
        peer,
        { version: 'TLS 1.3', certificate: undefined },
        { ...options, ...environment.server.ecdsa },
      )
      expect(served.info.cipherSuite).toBe(suite)
      expect(served.peer.exporter).toBe(served.exporter)
    })

    it.each(peer.groups)('%s', async (group) => {
      const options = { provider: nobleProvider, groups: [group] }
      expect((await dialPeer(environment, peer, setup, options)).info.group).toBe(group)
      const served = await servePeer(
        environment,
        peer,
        { version: 'TLS 1.3', certificate: undefined },
        { ...options, ...environment.server.ecdsa },
      )
      expect(served.info.group).toBe(group)
    })

    it.each(peer.certificates)('%s certificates on both ends', async (certificate) => {
      const client = { provider: nobleProvider, ...environment.client[certificate] }
      const dialled = await dialPeer(
        environment,
        peer,
        { ...setup, certificate, requireClientCertificate: true },
        client,
      )
      expect(dialled.info.verifiedChain).toHaveLength(2)
      const server = {
        provider: nobleProvider,
        ...environment.server[certificate],
        clientAuth: { mode: 'require', ca: environment.ca },
      } as const
      const served = await servePeer(environment, peer, { version: 'TLS 1.3', certificate }, server)
      expect(served.info.verifiedChain).toHaveLength(2)
    })

    it('key updates, and HelloRetryRequest', async () => {
      const options = { provider: nobleProvider, groups: ['X25519', 'P-384'], hello: { keyShares: ['X25519'] } }
      const { info, keyUpdates } = await dialPeer(environment, peer, { ...setup, groups: ['P-384'] }, options, {
        updateKeys: true,
      })
      expect(info.helloRetryRequest).toBe(true)
      expect(keyUpdates).toEqual({ sent: 1, received: 1 })
    })
  })
}
