import { duplexPair } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { exportKey12, extendedMasterSecret, keyBlock, masterSecret, prf12, verifyData12 } from '../../src/keys/prf12.ts'
import { connect } from '../../src/index.node.ts'
import type { ClientHelloOptions } from '../../src/options.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'
import { extensionTypes } from '../../src/wire/registry.ts'
import { anyCertificate, ecdsa } from '../fixtures/identities.ts'

/** Published on the IETF's TLS list for P_SHA256 and P_SHA384. */
const vectors = [
  {
    hash: 'sha256',
    secret: '9bbe436ba940f017b17652849a71db35',
    seed: 'a0ba9f936cda311827a6f796ffd5198c',
    output:
      'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af' +
      '0fa022f7077def17abfd3797c0564b' +
      'ab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66',
  },
  {
    hash: 'sha384',
    secret: 'b80b733d6ceefcdc71566ea48e5567df',
    seed: 'cd665cf6a8447dd6ff8b27555edb7465',
    output:
      '7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0' +
      'e534cb400fed2700884f9dc236f80edd' +
      '8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a2' +
      '6066f2eea9a69236a3e52655c9e9aee6' +
      '91c8f3a26854308d5eaa3be85e0990703d73e56f',
  },
] as const

describe.each([
  ['node', nodeProvider],
  ['noble', nobleProvider],
])('PRF of TLS 1.2 with the %s provider (RFC 5246 section 5)', (_, provider) => {
  it.each(vectors)('$hash', ({ hash: name, secret, seed, output }) => {
    const hash = provider.hashes[name]
    if (!hash) throw new Error(name)
    expect(toHex(prf12(hash, fromHex(secret), 'test label', fromHex(seed), output.length / 2))).toBe(output)
  })

  it('every length is a prefix of a longer one', () => {
    const { sha256 } = provider.hashes
    if (!sha256) throw new Error('sha256')
    const long = prf12(sha256, Uint8Array.of(1), 'label', Uint8Array.of(2), 100)
    for (const length of [0, 1, 31, 32, 33, 99])
      expect(prf12(sha256, Uint8Array.of(1), 'label', Uint8Array.of(2), length)).toEqual(long.subarray(0, length))
  })
})

describe('what is made of it', () => {
  const { sha256: hash } = nodeProvider.hashes
  if (!hash) throw new Error('sha256')
  const [premaster, client, server] = [
    new Uint8Array(48).fill(1),
    new Uint8Array(32).fill(2),
    new Uint8Array(32).fill(3),
  ]
  const master = masterSecret(hash, premaster, client, server)

  it('the key block is cut in the order of section 6.3', () => {
    const seed = new Uint8Array([...server, ...client])
    const block = prf12(hash, master.secret, 'key expansion', seed, 2 * (20 + 16 + 4))
    const { client: ours, server: theirs } = keyBlock(master, client, server, { mac: 20, key: 16, iv: 4 })
    expect([ours.macKey, theirs.macKey, ours.key, theirs.key, ours.iv, theirs.iv].flatMap((part) => [...part])).toEqual(
      [...block],
    )
  })

  it('Finished has 12 bytes, others for each side', () => {
    const digest = hash.digest(premaster)
    expect(verifyData12(master, 'client', digest)).toHaveLength(12)
    expect(verifyData12(master, 'client', digest)).not.toEqual(verifyData12(master, 'server', digest))
  })

  it('no context and an empty one export different keys (RFC 5705 section 4)', () => {
    const without = exportKey12(master, client, server, 'EXPERIMENTAL x', undefined, 32)
    expect(without).not.toEqual(exportKey12(master, client, server, 'EXPERIMENTAL x', new Uint8Array(0), 32))
    expect(without).toEqual(prf12(hash, master.secret, 'EXPERIMENTAL x', new Uint8Array([...client, ...server]), 32))
  })

  it('the extended master secret depends on the session hash (RFC 7627 section 4)', () => {
    expect(extendedMasterSecret(hash, premaster, hash.digest(client)).secret).not.toEqual(
      extendedMasterSecret(hash, premaster, hash.digest(server)).secret,
    )
  })
})

describe("the PRF has the hash of the suite (RFC 5246 section 5), as OpenSSL's has", () => {
  const bare: ClientHelloOptions['shape'] = (hello) => ({
    ...hello,
    extensions: hello.extensions?.filter(({ type }) => type !== extensionTypes.extended_master_secret),
  })
  it.each([
    ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', true],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', true],
    ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', false],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', false],
  ] as const)('%s, with an extended master secret: %s', async (suite, extended) => {
    const [near, far] = duplexPair()
    const server = new TLSSocket(far, { isServer: true, ...ecdsa })
    server.on('error', () => undefined).on('data', (data: Buffer) => server.write(data))
    const client = await connect(near, {
      serverName: 'server.test',
      verifier: anyCertificate,
      versions: { max: 'TLS 1.2' },
      cipherSuites: [suite],
      tls12: { legacy: true },
      ...(!extended && { hello: { shape: bare } }),
    })
    expect(client.info).toMatchObject({ cipherSuite: suite, extendedMasterSecret: extended })
    await client.write(Uint8Array.of(1, 2, 3))
    expect(await client.read()).toEqual(Uint8Array.of(1, 2, 3))
    if (extended)
      expect(client.exportKeyingMaterial(20, 'EXPERIMENTAL test', Uint8Array.of(7))).toEqual(
        new Uint8Array(server.exportKeyingMaterial(20, 'EXPERIMENTAL test', Buffer.of(7))),
      )
    client.abort()
    server.destroy()
  })
})
