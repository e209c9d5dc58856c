// TLS 1.2 with other implementations, both directions: each suite that both have, certificates, groups, client
// certificates. Exporters (which need the extended master secret) and key logs are compared in each case, where the
// peer can tell them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import type { ConnectOptions, ServerOptions } from '../../src/index.node.ts'
import { createEnvironment, dialPeer, requirePeer, servePeer } from './harness.ts'
import type { Environment, Exchange } from './harness.ts'
import type { Peer, PeerSetup } from './peer.ts'
import { peers } from './peers/all.ts'

const aead = ['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305_SHA256']
const cbcSha = ['AES_128_CBC_SHA', 'AES_256_CBC_SHA']
const cbcSha2 = ['AES_128_CBC_SHA256', 'AES_256_CBC_SHA384']
const ecdhe = (ciphers: readonly string[]): string[] =>
  ciphers.flatMap((cipher) => [`TLS_ECDHE_ECDSA_WITH_${cipher}`, `TLS_ECDHE_RSA_WITH_${cipher}`])
const rsa = (ciphers: readonly string[]): string[] => ciphers.map((cipher) => `TLS_RSA_WITH_${cipher}`)
const ccm = ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8']
const everything = [
  ...ecdhe([...aead, ...cbcSha, ...cbcSha2]),
  ...ccm,
  ...rsa(['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', ...cbcSha, 'AES_128_CBC_SHA256', 'AES_256_CBC_SHA256']),
]

/** What each peer has on, or can be told to. */
const suitesOf: Readonly<Record<string, readonly string[]>> = {
  OpenSSL: everything,
  'node:tls': everything,
  Go: ecdhe([...aead, ...cbcSha]),
  GnuTLS: [
    ...ecdhe([...aead, ...cbcSha]),
    ccm[0] ?? '',
    ...rsa(['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', ...cbcSha]),
  ],
  Java: ecdhe([...aead, ...cbcSha, ...cbcSha2]),
  Python: ecdhe(aead),
}
/** Beside the node provider, which all other tests use. */
const others = [
  { name: 'noble', provider: nobleProvider, has: /_ECDHE_.*(GCM|CHACHA20|CBC)/ },
  { name: 'webcrypto', provider: webcryptoProvider, has: /_ECDHE_.*(GCM|CHACHA20|CBC)/ },
]
const takesCiphers = new Set(['OpenSSL', 'node:tls'])
const certificateFor = (suite: string): 'ecdsa' | 'rsa' => (suite.includes('ECDSA') ? 'ecdsa' : 'rsa')
/** Milliseconds: a connection takes a tenth of a second, the first to Go or Java a few, for a compiler has to run. */
const PATIENCE = 30_000

let environment: Environment
beforeAll(async () => {
  environment = await createEnvironment()
})
afterAll(async () => environment.dispose())

/** What holds for every connection. */
const checkExchange = (exchange: Exchange, peer: Peer): void => {
  expect(exchange.info.version).toBe('TLS 1.2')
  expect(exchange.received).toMatch(/^(echo:)?hello from/)
  expect(exchange.closedCleanly).toBe(true)
  if (peer.exporter) expect(exchange.peer.exporter).toBe(exchange.exporter)
  expect(exchange.keyLog).toHaveLength(1)
  if (peer.keyLog) expect(exchange.peer.keyLog?.map((line) => line.trim())).toContain(exchange.keyLog[0])
}

for (const peer of peers) {
  const present = await requirePeer(peer)
  const usual: PeerSetup = {
    version: 'TLS 1.2',
    certificate: undefined,
    ...(takesCiphers.has(peer.name) && { ciphers12: 'ALL:@SECLEVEL=0' }),
  }
  describe.skipIf(!present)(`TLS 1.2 with ${peer.name}`, { timeout: PATIENCE }, () => {
    const suites = suitesOf[peer.name] ?? []
    it('has a list of suites', () => {
      expect(suites.length).toBeGreaterThan(0)
    })

    describe('puretls dials', () => {
      const dial = async (options: Partial<ConnectOptions>, setup: Partial<PeerSetup> = {}): Promise<Exchange> => {
        const exchange = await dialPeer(environment, peer, { ...usual, certificate: 'ecdsa', ...setup }, options)
        checkExchange(exchange, peer)
        return exchange
      }

      it.each(suites)('%s', async (suite) => {
        const { info } = await dial({ cipherSuites: [suite] }, { certificate: certificateFor(suite) })
        expect(info.cipherSuite).toBe(suite)
      })

      it.each(peer.certificates)('%s certificate', async (certificate) => {
        const { info } = await dial({}, { certificate })
        expect(info.verifiedChain).toHaveLength(2)
      })

      it.each(others)('with the $name provider', async (provider) => {
        for (const suite of suites.filter((name) => provider.has.test(name))) {
          const { info } = await dial(
            { cipherSuites: [suite], provider: provider.provider },
            { certificate: certificateFor(suite) },
          )
          expect(info.cipherSuite).toBe(suite)
        }
      })

      it.each(['rsa_pkcs1_sha256', 'rsa_pss_rsae_sha256'])('signature %s', async (scheme) => {
        const certificateSignatureSchemes = ['ecdsa_secp256r1_sha256', 'rsa_pkcs1_sha256']
        const { info } = await dial(
          { signatureSchemes: [scheme], certificates: { signatureSchemes: certificateSignatureSchemes } },
          { certificate: 'rsa' },
        )
        expect(info.signatureScheme).toBe(scheme)
      })

      it.each(peer.groups.filter((group) => !group.includes('MLKEM')))('%s', async (group) => {
        // the certificate's curve has to be offered too
        const { info } = await dial({ groups: [group] }, { certificate: 'rsa' })
        expect(info.group).toBe(group)
      })

      it.each(peer.certificates)('%s client certificate', async (kind) => {
        await dial(environment.client[kind], { requireClientCertificate: true })
      })
    })

    describe('puretls serves', () => {
      const serve = async (options: ServerOptions, setup: Partial<PeerSetup> = {}): Promise<Exchange> => {
        const all = { ...environment.server.ecdsa, ...options }
        const exchange = await servePeer(environment, peer, { ...usual, ...setup }, all)
        checkExchange(exchange, peer)
        expect(exchange.info.serverName).toBe('localhost')
        return exchange
      }

      it.each(suites)('%s', async (suite) => {
        const { info } = await serve({ cipherSuites: [suite], ...environment.server[certificateFor(suite)] })
        expect(info.cipherSuite).toBe(suite)
      })

      it.each(others)('with the $name provider', async (provider) => {
        for (const suite of suites.filter((name) => provider.has.test(name))) {
          const { info } = await serve({
            cipherSuites: [suite],
            provider: provider.provider,
            ...environment.server[certificateFor(suite)],
          })
          expect(info.cipherSuite).toBe(suite)
        }
      })

      it.each(peer.certificates)('%s certificate', async (certificate) => {
        expect((await serve(environment.server[certificate])).info.ownSignatureScheme).toBeDefined()
      })

      it.each(peer.groups.filter((group) => !group.includes('MLKEM')))('%s', async (group) => {
        expect((await serve({ groups: [group] })).info.group).toBe(group)
      })

      it.each(peer.certificates)('%s client certificate', async (certificate) => {
        const { info } = await serve({ clientAuth: { mode: 'require', ca: environment.ca } }, { certificate })
        expect(info.verifiedChain).toHaveLength(2)
        expect(info.signatureScheme).toBeDefined()
      })
    })
  })
}
