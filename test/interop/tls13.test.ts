// TLS 1.3 with other implementations, both directions: certificates, suites, groups, HelloRetryRequest, client
// certificates and key updates. Exporters and key logs are compared in each case, where the peer can tell them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConnectOptions, ServerOptions } from '../../src/index.node.ts'
import { createEnvironment, dialPeer, requirePeer, servePeer } from './harness.ts'
import type { Environment, Exchange, OurChanges } from './harness.ts'
import type { Peer, PeerSetup } from './peer.ts'
import { peers } from './peers/all.ts'

const suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
/** Milliseconds: a connection takes a tenth of a second, the first to Go or Java a few, for a compiler has to run. */
const PATIENCE = 30_000

let environment: Environment
beforeAll(async () => {
  environment = await createEnvironment()
})
afterAll(async () => environment.dispose())

/** What holds for every connection. */
const checkExchange = (exchange: Exchange, peer: Peer): void => {
  expect(exchange.info.version).toBe('TLS 1.3')
  expect(exchange.received).toMatch(/^(echo:)?hello from/)
  expect(exchange.closedCleanly).toBe(true)
  expect(exchange.peer.received).toMatch(/^$|hello from/)
  if (peer.exporter) expect(exchange.peer.exporter).toBe(exchange.exporter)
  if (peer.keyLog) checkKeyLog(exchange)
}

/** Each of our lines is one of theirs; they may have more (OpenSSL also logs sessions), or fewer labels. */
const checkKeyLog = ({ keyLog, peer }: Exchange): void => {
  const theirs = new Set(peer.keyLog?.map((line) => line.trim()))
  const labels = new Set([...theirs].map((line) => line.split(' ')[0]))
  const comparable = keyLog.filter((line) => labels.has(line.split(' ')[0] ?? ''))
  expect(comparable.length).toBeGreaterThanOrEqual(4)
  for (const line of comparable) expect(theirs).toContain(line)
}

for (const peer of peers) {
  const present = await requirePeer(peer)
  describe.skipIf(!present)(`TLS 1.3 with ${peer.name}`, { timeout: PATIENCE }, () => {
    describe('puretls dials', () => {
      const dial = async (
        options: Partial<ConnectOptions>,
        setup: Partial<PeerSetup> = {},
        changes: OurChanges = {},
      ): Promise<Exchange> => {
        const exchange = await dialPeer(
          environment,
          peer,
          { version: 'TLS 1.3', certificate: 'ecdsa', ...setup },
          options,
          changes,
        )
        checkExchange(exchange, peer)
        return exchange
      }

      it.each(peer.certificates)('%s certificate', async (certificate) => {
        const { info } = await dial({}, { certificate })
        const scheme = { ecdsa: 'ecdsa_secp256r1_sha256', rsa: /^rsa_pss_rsae_/, ed25519: 'ed25519' }[certificate]
        expect(info.signatureScheme).toMatch(scheme)
        expect(info.verifiedChain).toHaveLength(2)
      })

      it.each(suites)('%s', async (suite) => {
        expect((await dial({ cipherSuites: [suite] })).info.cipherSuite).toBe(suite)
      })

      it.each(peer.groups)('%s', async (group) => {
        const { info } = await dial({ groups: [group] })
        expect(info).toMatchObject({ group, helloRetryRequest: false })
      })

      it.each(peer.groupsByName ?? [])('%s, asked for by name', async (group) => {
        expect((await dial({ groups: [group] }, { groups: [group] })).info).toMatchObject({
          group,
          helloRetryRequest: false,
        })
      })

      it('HelloRetryRequest', async () => {
        // Peers that cannot be told their groups do not know the hybrid, and ask for P-256.
        const [share, wanted] = peer.choosesGroups ? ['X25519', 'P-384'] : ['X25519MLKEM768', 'P-256']
        const { info } = await dial(
          { groups: [share, wanted], hello: { keyShares: [share] } },
          peer.choosesGroups ? { groups: [wanted] } : {},
        )
        expect(info).toMatchObject({ group: wanted, helloRetryRequest: true })
      })

      it.each(peer.certificates)('%s client certificate', async (kind) => {
        const { info } = await dial(environment.client[kind], { requireClientCertificate: true })
        expect(info.resumed).toBe(false)
      })

      it('client certificate after HelloRetryRequest', async () => {
        const [share, wanted] = peer.choosesGroups ? ['X25519', 'P-384'] : ['X25519MLKEM768', 'P-256']
        const setup = { requireClientCertificate: true, ...(peer.choosesGroups && { groups: [wanted] }) }
        const { info } = await dial(
          { groups: [share, wanted], hello: { keyShares: [share] }, ...environment.client.ecdsa },
          setup,
        )
        expect(info.helloRetryRequest).toBe(true)
      })

      it('we update keys, and ask for theirs', async () => {
        expect((await dial({}, {}, { updateKeys: true })).keyUpdates).toEqual({ sent: 1, received: 1 })
      })

      if (peer.updatesKeys.server) {
        it('they update keys', async () => {
          expect((await dial({}, { updateKeys: true })).keyUpdates.received).toBe(1)
        })
      }
    })

    describe('puretls serves', () => {
      const serve = async (
        options: ServerOptions,
        setup: Partial<PeerSetup> = {},
        changes: OurChanges = {},
      ): Promise<Exchange> => {
        const all = { ...environment.server.ecdsa, ...options }
        const exchange = await servePeer(
          environment,
          peer,
          { version: 'TLS 1.3', certificate: undefined, ...setup },
          all,
          changes,
        )
        checkExchange(exchange, peer)
        expect(exchange.info.serverName).toBe('localhost')
        return exchange
      }

      it.each(peer.certificates)('%s certificate', async (certificate) => {
        const { info } = await serve(environment.server[certificate])
        expect(info.signatureScheme).toBeUndefined() // what the peer signed with, and it did not
      })

      it.each(suites)('%s', async (suite) => {
        expect((await serve({ cipherSuites: [suite] })).info.cipherSuite).toBe(suite)
      })

      it.each(peer.groups)('%s', async (group) => {
        expect((await serve({ groups: [group] })).info.group).toBe(group)
      })

      it.each(peer.groupsByName ?? [])('%s, asked for by name', async (group) => {
        expect((await serve({ groups: [group] }, { groups: [group] })).info.group).toBe(group)
      })

      it('HelloRetryRequest for a group', async () => {
        expect((await serve({ groups: ['P-521'] })).info).toMatchObject({ group: 'P-521', helloRetryRequest: true })
      })

      it('HelloRetryRequest for a group, with a cookie', async () => {
        expect((await serve({ groups: ['P-521'], hello: { cookie: true } })).info).toMatchObject({
          group: 'P-521',
          helloRetryRequest: true,
        })
      })

      if (peer.cookieAlone) {
        it('HelloRetryRequest for a cookie alone', async () => {
          expect((await serve({ hello: { cookie: true } })).info.helloRetryRequest).toBe(true)
        })
      }

      it.each(peer.certificates)('%s client certificate', async (certificate) => {
        const { info } = await serve({ clientAuth: { mode: 'require', ca: environment.ca } }, { certificate })
        expect(info.verifiedChain).toHaveLength(2)
      })

      it('client certificate after HelloRetryRequest', async () => {
        const options: ServerOptions = { groups: ['P-521'], clientAuth: { mode: 'require', ca: environment.ca } }
        const { info } = await serve(options, { certificate: 'ecdsa' })
        expect(info).toMatchObject({ helloRetryRequest: true, group: 'P-521' })
        expect(info.verifiedChain).toHaveLength(2)
      })

      it('we update keys, and ask for theirs', async () => {
        // that they read on under the new keys is seen by the answer; their own update waits for their next data, if
        // any
        expect((await serve({}, {}, { updateKeys: true })).keyUpdates.sent).toBe(1)
      })

      if (peer.updatesKeys.client) {
        it('they update keys', async () => {
          expect((await serve({}, { updateKeys: true })).keyUpdates.received).toBe(1)
        })
      }
    })
  })
}
