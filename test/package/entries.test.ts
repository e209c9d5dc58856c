// puretls/client, puretls/server, puretls/core and puretls/engine: the features that are passed, and no others.

import { beforeAll, describe, expect, it } from 'vitest'
import * as client from '../../src/client-entry.ts'
import type { ClientOptions, Connect } from '../../src/client-entry.ts'
import * as core from '../../src/core.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import * as engines from '../../src/engine/index.ts'
import { generateEchKeys } from '../../src/ech.ts'
import { connectEngines, infoOf } from '../fixtures/engines.ts'
import { pair } from '../../src/stream/pair.ts'
import { createCa } from '../../src/pki/index.ts'
import * as server from '../../src/server-entry.ts'
import type { CreateServer, CreateServerOptions } from '../../src/server-entry.ts'
import { chainVerifier } from '../../src/x509/chain-verifier.ts'
import { pathVerifier } from '../../src/x509/path-verifier.ts'
import { trustStore } from '../../src/x509/trust.ts'
import { webVerifier } from '../../src/x509/web-verifier.ts'

const provider = nodeProvider
const ca = await createCa({ name: 'entries' })
const verifier = pathVerifier({ provider, trust: ca.certificatePem })
const refusing = (text: string) =>
  expect.objectContaining({ code: 'bad_option', message: expect.stringContaining(text) })

let identity: CreateServerOptions
beforeAll(async () => {
  const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost', 'public.example'] })
  identity = { provider, cert: chainPem, key: privateKeyPem }
})

const meet = async (
  [connect, createServer]: readonly [Connect, CreateServer],
  options: Partial<ClientOptions> = {},
  serverOptions: Partial<CreateServerOptions> = {},
) => {
  const [near, far] = pair()
  const given = { provider, serverName: 'localhost', verifier, ...options } as const
  const { accept } = createServer({ ...identity, ...serverOptions })
  const [connection, accepted] = await Promise.all([connect(near, given), accept(far)])
  await accepted.write(Uint8Array.of(1))
  await connection.read()
  await Promise.all([connection.close(), accepted.close()])
  return { ofClient: connection.info, ofServer: accepted.info }
}

describe('without features', () => {
  it('speaks TLS 1.3', async () => {
    const { ofClient } = await meet([client.connect, server.createServer])
    expect(ofClient).toMatchObject({ version: 'TLS 1.3', serverName: 'localhost' })
  })

  it('refuses options that need one, by name', async () => {
    const attempt = (options: Partial<ClientOptions>) => {
      const [stream] = pair()
      return client.connect(stream, { provider, serverName: 'localhost', verifier, ...options })
    }
    await expect(attempt({ versions: { min: 'TLS 1.2' } })).rejects.toEqual(refusing('`tls12`'))
    await expect(attempt({ versions: { max: 'TLS 1.2' } })).rejects.toEqual(refusing('`tls12`'))
    await expect(attempt({ hello: { ech: {} } })).rejects.toEqual(refusing('`ech`'))
    const { cert, key } = identity
    if (!cert || !key) throw new Error('no identity')
    await expect(attempt({ cert, key })).rejects.toEqual(refusing('`identityOptions`'))
    await expect(attempt({ verifier: undefined } as never)).rejects.toEqual(refusing('verifier'))
    expect(() => server.createServer({ ...identity, versions: { min: 'TLS 1.2' } })).toThrow(refusing('`tls12`'))
    const keys = await generateEchKeys({ publicName: 'public.example', provider })
    expect(() => server.createServer({ ...identity, hello: { ech: { keys: [keys] } } })).toThrow(refusing('`ech`'))
  })

  it('is no partner for a peer of TLS 1.2', async () => {
    const old = { versions: { max: 'TLS 1.2' } } as const
    const [connect, createServer] = [client.connectWith(client.tls12), server.createServerWith(server.tls12)]
    await expect(meet([client.connect, createServer], {}, old)).rejects.toMatchObject({ alert: 'protocol_version' })
    await expect(meet([connect, server.createServer], old)).rejects.toMatchObject({ alert: 'protocol_version' })
  })
})

describe('with features', () => {
  it('TLS 1.2, on one side or both', async () => {
    const [connect, createServer] = [client.connectWith(client.tls12), server.createServerWith(server.tls12)]
    const old = { versions: { max: 'TLS 1.2' } } as const
    expect((await meet([connect, createServer], {}, old)).ofClient.version).toBe('TLS 1.2')
    expect((await meet([connect, server.createServer])).ofClient.version).toBe('TLS 1.3')
    expect((await meet([client.connect, createServer])).ofClient.version).toBe('TLS 1.3')
  })

  it('Encrypted Client Hello, and a server without it goes by the outer hello', async () => {
    const [connect, createServer] = [client.connectWith(client.ech), server.createServerWith(server.ech)]
    const keys = await generateEchKeys({ publicName: 'public.example', provider })
    const hello = { ech: { configList: keys.configList } }
    const { ofClient } = await meet([connect, createServer], { hello }, { hello: { ech: { keys: [keys] } } })
    expect(ofClient.echAccepted).toBe(true)
    await expect(meet([connect, server.createServer], { hello })).rejects.toMatchObject({ code: 'ech_required' })
  })

  it('certificate and key as options', async () => {
    const { chainPem, privateKeyPem } = await ca.issue({ names: ['client.example'], client: true })
    const clientAuth = { mode: 'require', verifier: pathVerifier({ provider, trust: ca.certificatePem }) } as const
    const connect = client.connectWith(client.identityOptions, client.tls12)
    const { ofServer } = await meet(
      [connect, server.createServerWith(server.clientAuth)],
      { cert: chainPem, key: privateKeyPem },
      { clientAuth },
    )
    expect(ofServer.verifiedChain).toHaveLength(2)
  })
})

describe('puretls/core', () => {
  it('is client and server with the features that are passed', async () => {
    expect((await meet([core.connect, core.createServer])).ofClient.version).toBe('TLS 1.3')
    const sides = [core.connectWith(client.tls12), core.createServerWith(server.tls12)] as const
    expect((await meet(sides, { versions: { max: 'TLS 1.2' } })).ofClient.version).toBe('TLS 1.2')
    await expect(meet([core.connect, core.createServer], { versions: { max: 'TLS 1.2' } })).rejects.toEqual(
      refusing('`tls12`'),
    )
  })
})

describe('puretls/engine', () => {
  const meetEngines = async (
    features: {
      readonly client?: readonly engines.ClientFeature[]
      readonly server?: readonly engines.ServerFeature[]
    },
    options: Partial<ClientOptions> = {},
  ) => {
    const near = engines.clientConfig(
      { provider, serverName: 'localhost', verifier, ...options },
      ...(features.client ?? []),
    )
    const far = engines.serverConfig(identity, ...(features.server ?? []))
    const { clientEvents } = await connectEngines(engines.createClientEngine(near), engines.createServerEngine(far))
    return infoOf(clientEvents)
  }

  it('speaks TLS 1.3 without features, and TLS 1.2 with them', async () => {
    expect((await meetEngines({})).version).toBe('TLS 1.3')
    const both = { client: [client.tls12], server: [server.tls12] }
    expect((await meetEngines(both, { versions: { max: 'TLS 1.2' } })).version).toBe('TLS 1.2')
    expect((await meetEngines(both)).version).toBe('TLS 1.3')
  })

  it('names the feature that an option needs', () => {
    const options = { provider, serverName: 'localhost', verifier, versions: { max: 'TLS 1.2' } } as const
    expect(() => engines.clientEngine(options)).toThrow(refusing('`tls12`'))
    expect(() => engines.serverEngine({ ...identity, versions: { max: 'TLS 1.2' } })).toThrow(refusing('`tls12`'))
    expect(engines.clientEngine(options, client.tls12).takeOutput()).not.toEqual([])
    expect(engines.serverEngine(identity).takeOutput()).toEqual([])
  })

  it('makes any number of engines of one config', async () => {
    const near = engines.clientConfig({ provider, serverName: 'localhost', verifier })
    const far = engines.serverConfig(identity)
    for (const round of [1, 2]) {
      const { clientEvents } = await connectEngines(engines.createClientEngine(near), engines.createServerEngine(far))
      expect(infoOf(clientEvents).version, `round ${round}`).toBe('TLS 1.3')
    }
  })
})

describe.each([
  ['pathVerifier', pathVerifier],
  ['webVerifier', webVerifier],
])('%s', (_, make) => {
  const trust = trustStore(ca.certificatePem)
  it('asks for no OCSP response, and refuses a certificate that demands one (RFC 7633)', async () => {
    const verifier = make({ provider, trust })
    const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'], mustStaple: true })
    const stapling = { cert: chainPem, key: privateKeyPem }
    const sides = [client.connect, server.createServer] as const
    await expect(meet(sides, { verifier }, stapling)).rejects.toMatchObject({ code: 'bad_certificate_status' })
    const lenient = make({ provider, trust, defaultChecks: false })
    expect((await meet(sides, { verifier: lenient }, stapling)).ofClient.ocspResponse).toBeUndefined()
    expect(verifier.readsOcsp).toBe(false)
    expect(chainVerifier({ provider, trust: ca.certificatePem }).readsOcsp).toBe(true)
    expect(verifier.fingerprint).not.toBe(chainVerifier({ provider, trust: ca.certificatePem }).fingerprint)
  })
})

describe('a verifier that has met the server', () => {
  it('checks dates, names and anchors again', async () => {
    const sides = [client.connect, server.createServer] as const
    await meet(sides)
    await meet(sides)
    await expect(meet(sides, { serverName: 'other.example' })).rejects.toMatchObject({
      code: 'certificate_name_mismatch',
    })
    const later = (): number => Date.now() + 10 * 365 * 86_400_000
    await expect(meet(sides, { clock: later })).rejects.toMatchObject({ code: 'certificate_expired' })
  })
})
