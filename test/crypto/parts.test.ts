// Providers out of parts: what they offer, and what they do not.

import * as nodeCrypto from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  aesCbc,
  chacha20Poly1305,
  ed25519,
  mlKem768,
  nobleProvider,
  nobleSlimProvider,
  nobleWith,
  p256,
  p521,
  rsa,
  sha1,
  x25519,
} from '../../src/crypto/noble.ts'
import { nodeProvider, nodeSlimProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider, KeyType } from '../../src/crypto/provider.ts'
import { webcryptoLateProvider } from '../../src/crypto/webcrypto-late.ts'
import {
  webcryptoProvider,
  webcryptoSha256Provider,
  webcryptoSlimProvider,
  webcryptoWith,
} from '../../src/crypto/webcrypto.ts'
import { connectWith, tls12 as clientTls12 } from '../../src/client-entry.ts'
import type { ClientOptions } from '../../src/options.ts'
import { createServerWith, tls12 as serverTls12 } from '../../src/server-entry.ts'
import { createCa } from '../../src/pki/index.ts'
import { pair } from '../../src/stream/pair.ts'
import { cipherSuiteName, namedGroupName } from '../../src/wire/registry.ts'
import { pathVerifier } from '../../src/x509/path-verifier.ts'
import { freshKey, providers, refusal, utf8, verifierOf } from './subjects.ts'

const offer = ({ suites, groups, verifiers, hashes }: CryptoProvider) => ({
  suites: suites.map(({ id }) => cipherSuiteName(id)),
  groups: groups.map(({ id }) => namedGroupName(id)),
  keys: [...new Set(verifiers.flatMap(({ keyTypes }) => keyTypes))].toSorted(),
  algorithms: verifiers.map(({ algorithm }) => algorithm),
  hashes: Object.keys(hashes).toSorted(),
})

describe('what providers of parts offer', () => {
  it('all parts: all that the provider of that name has had in one piece', () => {
    const all = offer(nobleProvider)
    expect(all.suites.slice(0, 3)).toEqual([
      'TLS_CHACHA20_POLY1305_SHA256',
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
    ])
    expect(all.groups).toEqual(offer(nodeProvider).groups)
    expect(all.algorithms).toEqual(offer(nodeProvider).algorithms)
    expect(all.keys).toEqual(offer(nodeProvider).keys)
    expect(all.hashes).toEqual(['md5', 'sha1', 'sha256', 'sha384', 'sha512'])
    expect({ ...offer(webcryptoProvider), suites: [] }).toEqual({ ...all, suites: [] })
    expect(offer(webcryptoProvider).suites.toSorted()).toEqual(all.suites.toSorted())
    expect(offer(webcryptoProvider).suites[0]).toBe('TLS_AES_128_GCM_SHA256')
  })

  it('nodeSlimProvider: a part of what nodeProvider offers', () => {
    const [slim, all] = [offer(nodeSlimProvider), offer(nodeProvider)]
    expect(slim.suites.slice(0, 3)).toEqual(all.suites.slice(0, 3))
    const groups = ['X25519MLKEM768', 'X25519', 'P-256', 'P-384', 'SecP256r1MLKEM768', 'MLKEM768']
    const native = 'encapsulate' in nodeCrypto ? groups : ['X25519', 'P-256', 'P-384']
    expect(slim.groups).toEqual(native)
    expect(nodeSlimProvider.groups).toBe(nodeSlimProvider.groups)
    expect(slim.keys).toEqual(['ed25519', 'p256', 'p384', 'p521', 'rsa', 'rsa-pss'])
    expect(slim.hashes).toEqual(['sha256', 'sha384', 'sha512'])
    expect(slim.algorithms).toEqual(all.algorithms.filter((name) => !/sha1|ed448|mldsa/.test(name)))
  })

  it('nodeSlimProvider signs nothing, and names who does', async () => {
    expect(await refusal(() => nodeSlimProvider.signer(freshKey('p256')))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('nodeProvider'),
    })
  })

  it('webcryptoLateProvider: what webcryptoProvider offers, at the same costs', () => {
    expect(offer(webcryptoLateProvider)).toEqual(offer(webcryptoProvider))
    const costs = ({ verifiers }: CryptoProvider) => verifiers.map(({ cost }) => cost)
    expect(costs(webcryptoLateProvider)).toEqual(costs(webcryptoProvider))
  })

  it('nobleSlimProvider: no CBC, no P-521, no EdDSA, no ML-DSA, no SHA-1', () => {
    const { suites, groups, keys, algorithms, hashes } = offer(nobleSlimProvider)
    expect(suites.filter((name) => name.includes('CBC'))).toEqual([])
    expect(groups).toEqual(['X25519MLKEM768', 'X25519', 'P-256', 'P-384', 'SecP256r1MLKEM768', 'MLKEM768'])
    expect(keys).toEqual(['p256', 'p384', 'rsa', 'rsa-pss'])
    expect(algorithms.filter((name) => name.includes('sha1'))).toEqual([])
    expect(hashes).toEqual(['sha256', 'sha384', 'sha512'])
  })

  it('webcryptoSlimProvider: what every WebCrypto has', () => {
    const { suites, groups, keys, hashes } = offer(webcryptoSlimProvider)
    expect(suites.filter((name) => !name.includes('GCM'))).toEqual([])
    expect(groups).toEqual(['X25519', 'P-256', 'P-384'])
    expect(keys).toEqual(['p256', 'p384', 'rsa', 'rsa-pss'])
    expect(hashes).toEqual(['sha256', 'sha384', 'sha512'])
  })

  it('webcryptoSha256Provider: SHA-256 alone in connections, all of SHA-2 in signatures', () => {
    const { algorithms, keys, hashes } = offer(webcryptoSha256Provider)
    expect(hashes).toEqual(['sha256'])
    expect({ algorithms, keys }).toEqual({
      algorithms: offer(webcryptoSlimProvider).algorithms,
      keys: offer(webcryptoSlimProvider).keys,
    })
  })

  it('parts beside WebCrypto: P-521 and Ed25519 with theirs', () => {
    const { suites, groups, keys } = offer(webcryptoWith(chacha20Poly1305, mlKem768, p521, ed25519))
    expect(suites.slice(0, 3)).toEqual([
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
    ])
    expect(groups[0]).toBe('X25519MLKEM768')
    expect(groups).toContain('P-521')
    expect(keys).toEqual(['ed25519', 'p256', 'p384', 'p521', 'rsa', 'rsa-pss'])
  })

  it('two parts make a hybrid only together', () => {
    expect(offer(nobleWith(mlKem768)).groups).toEqual(['MLKEM768'])
    expect(offer(nobleWith(mlKem768, x25519)).groups).toEqual(['X25519MLKEM768', 'X25519', 'MLKEM768'])
    expect(offer(nobleWith(mlKem768, p256)).groups).toEqual(['P-256', 'SecP256r1MLKEM768', 'MLKEM768'])
  })

  it('SHA-1 signatures with SHA-1 alone', () => {
    expect(offer(nobleWith(p256, rsa)).algorithms).not.toContain('rsa_pkcs1_sha1')
    expect(offer(nobleWith(p256, rsa, sha1)).algorithms).toContain('rsa_pkcs1_sha1')
  })
})

describe('keys', () => {
  it.each<KeyType>(['p256', 'p384', 'rsa'])('of type %s sign and verify', async (type) => {
    for (const provider of [nobleSlimProvider, webcryptoSlimProvider, webcryptoSha256Provider]) {
      const signer = await provider.signer(freshKey(type))
      if (!signer.publicKey) throw new Error('no public key')
      const message = utf8('signed')
      for (const algorithm of signer.algorithms.filter((name) => !name.endsWith('sha1'))) {
        const signature = await signer.sign(algorithm, message)
        for (const other of [provider, nodeProvider]) {
          expect(await verifierOf(other, algorithm).verify(signer.publicKey, message, signature)).toBe(true)
        }
        const verifier = verifierOf(provider, algorithm)
        expect(await verifier.verify(signer.publicKey, utf8('another'), signature)).toBe(false)
        expect(await verifier.verify(signer.publicKey, message, signature.slice(1))).toBe(false)
      }
    }
  })

  it('that a provider was made without are refused by its name', async () => {
    for (const provider of [nobleSlimProvider, webcryptoSlimProvider, nobleWith(p256)]) {
      expect(await refusal(() => provider.signer(freshKey('ed25519')))).toEqual({
        code: 'unsupported',
        message: `the provider ${provider.name} was made without keys of type ed25519`,
      })
    }
    const ecdsa = verifierOf(nobleWith(p256), 'ecdsa_sha384')
    const signer = await nobleProvider.signer(freshKey('p384'))
    if (!signer.publicKey) throw new Error('no public key')
    const signature = await signer.sign('ecdsa_sha384', utf8('signed'))
    expect(await ecdsa.verify(signer.publicKey, utf8('signed'), signature)).toBe(false)
  })
})

describe('a runtime whose WebCrypto lacks what all have', () => {
  const without = async (call: () => unknown) => {
    const subtle = Object.getOwnPropertyDescriptor(globalThis, 'crypto')
    const notSupported = async () => {
      throw new DOMException('Unrecognized name', 'NotSupportedError')
    }
    const poor = { getRandomValues: crypto.getRandomValues.bind(crypto) }
    Object.defineProperty(globalThis, 'crypto', {
      value: { ...poor, subtle: { generateKey: notSupported, importKey: notSupported } },
      configurable: true,
    })
    try {
      return await call()
    } finally {
      if (subtle) Object.defineProperty(globalThis, 'crypto', subtle)
    }
  }
  const groupOf = ({ groups }: CryptoProvider) => {
    const [group] = groups
    if (!group) throw new Error('no group')
    return group
  }

  it('is told which part to pass', async () => {
    const slim = webcryptoWith()
    expect(await refusal(() => without(() => groupOf(slim).start()))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('no X25519: pass it to webcryptoWith()'),
    })
    const signer = await nobleProvider.signer(freshKey('p256'))
    const { publicKey } = signer
    if (!publicKey) throw new Error('no public key')
    const signature = await signer.sign('ecdsa_sha256', utf8('signed'))
    const verifier = verifierOf(slim, 'ecdsa_sha256')
    const call = () => without(() => verifier.verify(publicKey, utf8('signed'), signature))
    expect(await refusal(call)).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('pass the part of puretls/crypto/noble'),
    })
  })

  it('does with that part', async () => {
    const provider = webcryptoWith(x25519, p256)
    const { share } = (await without(() => groupOf(provider).start())) as { share: Uint8Array }
    expect(share).toHaveLength(32)
  })
})

describe('handshakes', async () => {
  const ca = await createCa({ name: 'parts' })
  const { chainPem, privateKeyPem } = await ca.issue({ names: ['localhost'] })
  const connect = connectWith(clientTls12)
  const createServer = createServerWith(serverTls12)
  const meet = async (client: CryptoProvider, server: CryptoProvider, options: Partial<ClientOptions> = {}) => {
    const [near, far] = pair()
    const verifier = pathVerifier({ provider: client, trust: ca.certificatePem })
    const accepting = createServer({ provider: server, cert: chainPem, key: privateKeyPem }).accept(far)
    const [connection, accepted] = await Promise.all([
      connect(near, { provider: client, serverName: 'localhost', verifier, ...options }),
      accepting,
    ])
    await accepted.write(utf8('hello'))
    expect(await connection.read()).toEqual(utf8('hello'))
    await Promise.all([connection.close(), accepted.close()])
    return connection.info
  }
  const slim = [
    nobleSlimProvider,
    webcryptoSlimProvider,
    webcryptoSha256Provider,
    webcryptoWith(chacha20Poly1305, mlKem768),
    nobleWith(chacha20Poly1305, x25519, p256),
  ]

  it.each(slim.map((provider, index) => ({ provider, index })))('$provider.name $index', async ({ provider }) => {
    for (const other of providers) {
      expect((await meet(provider, other)).version).toBe('TLS 1.3')
      expect((await meet(other, provider)).version).toBe('TLS 1.3')
    }
    expect((await meet(provider, nodeProvider, { versions: { max: 'TLS 1.2' } })).version).toBe('TLS 1.2')
  })

  it('nodeSlimProvider is for clients', async () => {
    for (const other of providers) expect((await meet(nodeSlimProvider, other)).version).toBe('TLS 1.3')
    for (const group of ['X25519', 'P-256', 'P-384'] as const)
      expect((await meet(nodeSlimProvider, nodeProvider, { groups: [group] })).group).toBe(group)
    for (const suite of ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] as const)
      expect((await meet(nodeSlimProvider, nodeProvider, { cipherSuites: [suite] })).cipherSuite).toBe(suite)
    expect((await meet(nodeSlimProvider, nodeProvider, { versions: { max: 'TLS 1.2' } })).version).toBe('TLS 1.2')
    const unasked = meet(nodeSlimProvider, nodeProvider, { groups: ['X448'] })
    expect(await refusal(() => unasked)).toMatchObject({ code: 'bad_option' })
  })

  it('an option that names what is left out is refused', async () => {
    const attempt = meet(nobleWith(chacha20Poly1305, x25519, p256), nodeProvider, { groups: ['P-384'] })
    expect(await refusal(() => attempt)).toMatchObject({ code: 'bad_option' })
    const suite = meet(nobleWith(aesCbc, x25519, p256), nodeProvider)
    expect(await refusal(() => suite)).toMatchObject({ code: 'bad_option' })
  })
})
