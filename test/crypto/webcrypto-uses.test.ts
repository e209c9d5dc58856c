// The webcrypto provider does by crypto.subtle what that has, each by the name and parameters of WebCrypto, and loads
// nothing else for it; what crypto.subtle refuses is done by noble all the same.

import { generateKeyPairSync, sign as nodeSign, constants } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { KeyObject } from 'node:crypto'
import { parsePrivateKey, parsePublicKey } from '../../src/crypto/keys.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { PublicKey, SignatureAlgorithm } from '../../src/crypto/provider.ts'
import { webcryptoProvider, webcryptoSlimProvider } from '../../src/crypto/webcrypto.ts'

afterEach(() => void vi.restoreAllMocks())

const message = Uint8Array.of(1, 2, 3)
const { subtle } = globalThis.crypto

interface Made {
  readonly pkcs8: Uint8Array
  readonly key: PublicKey
  readonly sign: (hash: string | null, pss: boolean) => Uint8Array
}
const made = (pair: ReturnType<typeof generateKeyPairSync>): Made => {
  const key = pair.privateKey as unknown as KeyObject
  const publicKey = pair.publicKey as unknown as KeyObject
  return {
    pkcs8: new Uint8Array(key.export({ format: 'der', type: 'pkcs8' })),
    key: parsePublicKey(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))),
    sign: (hash, pss) => {
      const padding = pss
        ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
        : {}
      return new Uint8Array(nodeSign(hash, message, { key, ...padding }))
    },
  }
}
const ec = (namedCurve: string): Made => made(generateKeyPairSync('ec', { namedCurve }) as never)
const rsa = made(generateKeyPairSync('rsa', { modulusLength: 2048 }) as never)
const [p256, p384, p521] = [ec('P-256'), ec('P-384'), ec('P-521')]
const ed25519 = made(generateKeyPairSync('ed25519') as never)
const ed448 = made(generateKeyPairSync('ed448') as never)

const uses: readonly (readonly [SignatureAlgorithm, Made, object | undefined])[] = [
  ['ecdsa_sha256', p256, { name: 'ECDSA', hash: 'SHA-256' }],
  ['ecdsa_sha384', p256, { name: 'ECDSA', hash: 'SHA-384' }],
  ['ecdsa_sha384', p384, { name: 'ECDSA', hash: 'SHA-384' }],
  ['ecdsa_sha512', p521, { name: 'ECDSA', hash: 'SHA-512' }],
  ['ecdsa_sha1', p256, undefined],
  ['ed25519', ed25519, { name: 'Ed25519' }],
  ['ed448', ed448, undefined],
  ['rsa_pss_sha256', rsa, { name: 'RSA-PSS', saltLength: 32 }],
  ['rsa_pss_sha384', rsa, { name: 'RSA-PSS', saltLength: 48 }],
  ['rsa_pss_sha512', rsa, { name: 'RSA-PSS', saltLength: 64 }],
  ['rsa_pkcs1_sha256', rsa, { name: 'RSASSA-PKCS1-v1_5' }],
  ['rsa_pkcs1_sha512', rsa, { name: 'RSASSA-PKCS1-v1_5' }],
]
const signatureOf = ({ sign }: Made, algorithm: SignatureAlgorithm): Uint8Array =>
  sign(/sha\d+/.exec(algorithm)?.[0] ?? null, algorithm.startsWith('rsa_pss'))
const verify = (provider: typeof webcryptoProvider, algorithm: SignatureAlgorithm, key: PublicKey, bytes: Uint8Array) =>
  provider.verifiers.find((one) => one.algorithm === algorithm)?.verify(key, message, bytes)

describe.each(uses)('%s', (algorithm, keys, using) => {
  it('is verified by WebCrypto where it has it, and right', async () => {
    const spied = vi.spyOn(subtle, 'verify')
    const signature = signatureOf(keys, algorithm)
    expect(await verify(webcryptoProvider, algorithm, keys.key, signature)).toBe(true)
    expect(spied.mock.calls.map(([parameters]) => parameters)).toEqual(using ? [expect.objectContaining(using)] : [])
    const wrong = signature.slice()
    wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1
    expect(await verify(webcryptoProvider, algorithm, keys.key, wrong)).toBe(false)
  })

  it('is signed by WebCrypto where it has it, and right', async () => {
    const spied = vi.spyOn(subtle, 'sign')
    const signer = await webcryptoProvider.signer(parsePrivateKey(keys.pkcs8))
    expect(signer.publicKey?.raw).toEqual(keys.key.raw)
    const signature = await signer.sign(algorithm, message)
    expect(spied.mock.calls.map(([parameters]) => parameters)).toEqual(using ? [expect.objectContaining(using)] : [])
    expect(await verify(nodeProvider, algorithm, keys.key, signature)).toBe(true)
  })

  it('what WebCrypto refuses is done all the same, as far as there is a part', async () => {
    const refused = new DOMException('not here', 'NotSupportedError')
    vi.spyOn(subtle, 'verify').mockRejectedValue(refused)
    vi.spyOn(subtle, 'sign').mockRejectedValue(refused)
    const signature = signatureOf(keys, algorithm)
    expect(await verify(webcryptoProvider, algorithm, keys.key, signature)).toBe(true)
    const signer = await webcryptoProvider.signer(parsePrivateKey(keys.pkcs8))
    if (keys === rsa) return expect(signer.sign(algorithm, message)).rejects.toMatchObject({ code: 'bad_key' })
    expect(await verify(nodeProvider, algorithm, keys.key, await signer.sign(algorithm, message))).toBe(true)
  })
})

describe('keys', () => {
  it('are imported once, for each use of its own', async () => {
    const spied = vi.spyOn(subtle, 'importKey')
    const keys = ec('P-256')
    for (const algorithm of ['ecdsa_sha256', 'ecdsa_sha384', 'ecdsa_sha256'] as const)
      expect(await verify(webcryptoProvider, algorithm, keys.key, signatureOf(keys, algorithm))).toBe(true)
    expect(spied).toHaveBeenCalledOnce()
    const other = made(generateKeyPairSync('rsa', { modulusLength: 2048 }) as never)
    for (const algorithm of ['rsa_pss_sha256', 'rsa_pss_sha384', 'rsa_pkcs1_sha256', 'rsa_pss_sha256'] as const)
      expect(await verify(webcryptoProvider, algorithm, other.key, signatureOf(other, algorithm))).toBe(true)
    expect(spied).toHaveBeenCalledTimes(4)
    const signer = await webcryptoProvider.signer(parsePrivateKey(keys.pkcs8))
    await signer.sign('ecdsa_sha256', message)
    await signer.sign('ecdsa_sha384', message)
    expect(spied).toHaveBeenCalledTimes(5)
    const rsaSigner = await webcryptoProvider.signer(parsePrivateKey(other.pkcs8))
    for (const algorithm of ['rsa_pss_sha256', 'rsa_pkcs1_sha256', 'rsa_pss_sha256'] as const)
      await rsaSigner.sign(algorithm, message)
    expect(spied).toHaveBeenCalledTimes(7)
  })

  it('without a part: a key that is no point is false, and what WebCrypto lacks is told', async () => {
    const off = { ...p256.key, raw: p256.key.raw.map((byte, i) => (i === 0 ? byte : 7)) }
    const signature = signatureOf(p256, 'ecdsa_sha256')
    expect(await verify(webcryptoSlimProvider, 'ecdsa_sha256', off, signature)).toBe(false)
    vi.spyOn(subtle, 'verify').mockRejectedValue(new DOMException('not here', 'NotSupportedError'))
    await expect(verify(webcryptoSlimProvider, 'ecdsa_sha256', p256.key, signature)).rejects.toMatchObject({
      code: 'unsupported',
    })
  })

  it('without a part: the public key is the one of the file, or else what WebCrypto makes', async () => {
    const importKey = subtle.importKey.bind(subtle) as (...args: unknown[]) => Promise<CryptoKey>
    const formats: unknown[] = []
    vi.spyOn(subtle, 'importKey').mockImplementation((...args: unknown[]) => {
      formats.push(args[0])
      return importKey(...args)
    })
    const whole = parsePrivateKey(p256.pkcs8)
    for (const [claimedPublic, format] of [
      [whole.claimedPublic, 'jwk'],
      [undefined, 'pkcs8'],
    ] as const) {
      formats.length = 0
      const { claimedPublic: _, ...key } = whole
      const signer = await webcryptoSlimProvider.signer(claimedPublic ? { ...key, claimedPublic } : key)
      expect(formats).toEqual([format])
      expect(signer.publicKey?.raw).toEqual(p256.key.raw)
      expect(await verify(nodeProvider, 'ecdsa_sha256', p256.key, await signer.sign('ecdsa_sha256', message))).toBe(
        true,
      )
    }
  })

  it('an ECDSA signature that is no DER is false before WebCrypto is asked', async () => {
    const spied = vi.spyOn(subtle, 'verify')
    expect(await verify(webcryptoProvider, 'ecdsa_sha256', p256.key, new Uint8Array(64).fill(1))).toBe(false)
    expect(spied).not.toHaveBeenCalled()
  })
})

describe('key exchange', () => {
  it.each([
    [0x001d, 'X25519'],
    [0x0017, 'ECDH'],
    [0x0018, 'ECDH'],
    [0x0019, 'ECDH'],
  ])('of group %i is by WebCrypto, and agrees with node:crypto', async (id, name) => {
    const derived = vi.spyOn(subtle, 'deriveBits')
    const group = webcryptoProvider.groups.find((one) => one.id === id)
    const other = nodeProvider.groups.find((one) => one.id === id)
    if (!group || !other) throw new Error('no such group')
    const ours = await group.start()
    const theirs = await other.respond(ours.share)
    expect(await ours.complete(theirs.share)).toEqual(theirs.secret)
    const begun = await other.start()
    const answer = await group.respond(begun.share)
    expect(await begun.complete(answer.share)).toEqual(answer.secret)
    expect(derived.mock.calls.map(([using]) => using)).toMatchObject([{ name }, { name }])
  })

  it('by a curve that the runtime lacks is by noble, and the runtime is asked once', async () => {
    const spied = vi.spyOn(subtle, 'generateKey').mockRejectedValue(new DOMException('no', 'NotSupportedError'))
    vi.resetModules()
    const fresh = await import('../../src/crypto/webcrypto.ts')
    const group = fresh.webcryptoProvider.groups.find(({ id }) => id === 0x0017)
    const other = nodeProvider.groups.find(({ id }) => id === 0x0017)
    if (!group || !other) throw new Error('no such group')
    for (let i = 0; i < 2; i++) {
      const ours = await group.start()
      const theirs = await other.respond(ours.share)
      expect(await ours.complete(theirs.share)).toEqual(theirs.secret)
    }
    expect(spied).toHaveBeenCalledOnce()
  })

  it('a failure of a curve that the runtime has is one', async () => {
    vi.resetModules()
    const fresh = await import('../../src/crypto/webcrypto.ts')
    const group = fresh.webcryptoProvider.groups.find(({ id }) => id === 0x0017)
    await group?.start()
    vi.spyOn(subtle, 'generateKey').mockRejectedValue(new Error('out of order'))
    await expect(Promise.resolve(group?.start())).rejects.toThrow('out of order')
  })
})
