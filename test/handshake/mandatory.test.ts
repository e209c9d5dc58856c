// RFC 9846 section 9: what every implementation has to have and to send, with each provider and no options.

import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { clientHelloExtensions, decodeExtensions } from '../../src/wire/extensions.ts'
import { cipherSuites, extensionTypes, namedGroupName, signatureSchemes } from '../../src/wire/registry.ts'
import { infoOf } from '../fixtures/engines.ts'
import { ecdsa, rsa } from '../fixtures/identities.ts'
import { hellosOf } from './recorded.ts'

const providers = [nodeProvider, nobleProvider, webcryptoProvider]

describe.each(providers)('with $name and no options', (provider) => {
  it('a client offers what is mandatory, in the mandatory extensions (sections 9.1 and 9.2)', async () => {
    const { clientHellos, meeting } = await hellosOf({ provider }, { provider })
    const [hello] = clientHellos
    const extensions = decodeExtensions(clientHelloExtensions, hello?.extensions ?? [], 'ClientHello')
    expect(hello?.cipherSuites).toContain(0x1301) // TLS_AES_128_GCM_SHA256
    expect(extensions.signature_algorithms).toEqual(expect.arrayContaining([0x0401, 0x0804, 0x0403]))
    expect(extensions.supported_groups).toContain(0x0017) // secp256r1
    expect(extensions.supported_versions).toContain(0x0304)
    expect(extensions.key_share?.length).toBeGreaterThan(0)
    expect(extensions.server_name).toEqual([{ nameType: 0, name: 'server.test' }])
    expect(infoOf(meeting.serverEvents).serverName).toBe('server.test')
  })
  it('both ends take the mandatory suite, group and signatures (section 9.1)', async () => {
    for (const [identity, scheme] of [
      [rsa, 'rsa_pss_rsae_sha256'],
      [ecdsa, 'ecdsa_secp256r1_sha256'],
    ] as const) {
      // one end has nothing but these, the other no options
      const only = { cipherSuites: ['TLS_AES_128_GCM_SHA256'], groups: ['P-256'] } as const
      const ofClient = await hellosOf({ provider, ...only, signatureSchemes: [scheme] }, { provider, identity })
      const ofServer = await hellosOf({ provider }, { provider, identity, ...only, signatureSchemes: [scheme] })
      for (const { meeting } of [ofClient, ofServer])
        expect(infoOf(meeting.clientEvents)).toMatchObject({
          version: 'TLS 1.3',
          cipherSuite: 'TLS_AES_128_GCM_SHA256',
          group: 'P-256',
          signatureScheme: scheme,
        })
    }
  })
  it('what a client lists is what it can do: each version, suite and group alone (section 9.3)', async () => {
    const [hello] = (await hellosOf({ provider }, { provider })).clientHellos
    const extensions = decodeExtensions(clientHelloExtensions, hello?.extensions ?? [], 'ClientHello')
    for (const id of extensions.supported_groups ?? []) {
      const { meeting } = await hellosOf({ provider }, { provider, groups: [namedGroupName(id)] as never })
      expect(infoOf(meeting.clientEvents).group).toBe(namedGroupName(id))
    }
    for (const id of hello?.cipherSuites ?? []) {
      if (id === 0x00ff) continue // of renegotiation_info
      const suite = cipherSuites.find((one) => one.id === id)
      const identity = suite?.authentication === 'rsa' ? rsa : ecdsa
      const { meeting } = await hellosOf({ provider }, { provider, identity, cipherSuites: [suite?.name] as never })
      expect(infoOf(meeting.clientEvents).cipherSuite).toBe(suite?.name)
    }
    for (const id of extensions.signature_algorithms ?? []) {
      const { algorithm } = signatureSchemes.find((scheme) => scheme.id === id) ?? {}
      expect(provider.verifiers.map((verifier) => verifier.algorithm)).toContain(algorithm)
    }
    expect(extensions.supported_versions).toEqual([0x0304, 0x0303])
  })
  it('ServerHello and HelloRetryRequest have supported_versions, and what they need (section 9.2)', async () => {
    const retry = { groups: ['X25519', 'P-256'], hello: { keyShares: ['X25519'] } } as const
    const { serverHellos } = await hellosOf(
      { provider, ...retry },
      { provider, groups: ['P-256'], hello: { cookie: true } },
    )
    const types = serverHellos.map(({ extensions = [] }) =>
      extensions.map(({ type }) => type).toSorted((a, b) => a - b),
    )
    const { supported_versions: versions, key_share: share, cookie } = extensionTypes
    expect(types).toEqual([
      [versions, cookie, share],
      [versions, share],
    ])
  })
})
