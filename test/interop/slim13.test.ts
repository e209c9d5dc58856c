// The slim providers with other implementations: each of their suites, groups and kinds of certificate, as client and
// as server.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mlKem768, nobleSlimProvider } from '../../src/crypto/noble.ts'
import { webcryptoSlimProvider, webcryptoWith } from '../../src/crypto/webcrypto.ts'
import { createEnvironment, dialPeer, requirePeer, servePeer } from './harness.ts'
import type { Environment } from './harness.ts'
import { nodeTls } from './peers/node-tls.ts'
import { openssl } from './peers/openssl.ts'

const gcm = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384']
const curves = ['X25519', 'P-256', 'P-384']
const subjects = [
  {
    name: 'noble',
    provider: nobleSlimProvider,
    suites: [...gcm, 'TLS_CHACHA20_POLY1305_SHA256'],
    groups: ['X25519MLKEM768', ...curves],
  },
  { name: 'webcrypto', provider: webcryptoSlimProvider, suites: gcm, groups: curves },
  {
    name: 'webcrypto with ML-KEM-768',
    provider: webcryptoWith(mlKem768),
    suites: gcm,
    groups: ['X25519MLKEM768', ...curves],
  },
]

let environment: Environment
beforeAll(async () => {
  environment = await createEnvironment()
})
afterAll(async () => environment.dispose())

for (const peer of [openssl, nodeTls]) {
  const present = await requirePeer(peer)
  describe.skipIf(!present).each(subjects)(`slim $name with ${peer.name}`, (subject) => {
    const { provider, suites } = subject
    const groups = subject.groups.filter((group) => peer.groups.includes(group as never))
    const client = { version: 'TLS 1.3', certificate: undefined } as const

    it.each(suites)('%s', async (suite) => {
      const options = { provider, cipherSuites: [suite] }
      const dialled = await dialPeer(environment, peer, { version: 'TLS 1.3', certificate: 'ecdsa' }, options)
      expect(dialled.info.cipherSuite).toBe(suite)
      const served = await servePeer(environment, peer, client, { ...options, ...environment.server.ecdsa })
      expect(served.info.cipherSuite).toBe(suite)
      expect(served.peer.exporter).toBe(served.exporter)
    })

    it.each(groups)('%s', async (group) => {
      const options = { provider, groups: [group] }
      const dialled = await dialPeer(environment, peer, { version: 'TLS 1.3', certificate: 'ecdsa' }, options)
      expect(dialled.info.group).toBe(group)
      const served = await servePeer(environment, peer, client, { ...options, ...environment.server.ecdsa })
      expect(served.info.group).toBe(group)
    })

    it.each(['ecdsa', 'rsa'] as const)('%s certificates on both ends', async (certificate) => {
      const dialled = await dialPeer(
        environment,
        peer,
        { version: 'TLS 1.3', certificate, requireClientCertificate: true },
        { provider, ...environment.client[certificate] },
      )
      expect(dialled.info.verifiedChain).toHaveLength(2)
    })
  })
}
