// What node:crypto of a runtime refuses, or says false to, is verified by noble: keys that it cannot load, algorithms
// that it lacks, and in Deno ECDSA with another hash than the curve's own. Noble also signs what it cannot sign, but
// with RSA, and runtimes without raw keys have another way to agree on a secret.

import type * as Crypto from 'node:crypto'
import type { ECDH } from 'node:crypto'
import { createECDH, generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parsePrivateKey } from '../../src/crypto/keys.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeSigner, nodeThreadSigner } from '../../src/crypto/node-signatures.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { PublicKey, SignatureAlgorithm } from '../../src/crypto/provider.ts'

const runtime = vi.hoisted(() => ({
  verify: 'works' as 'works' | 'throws' | 'says false',
  loads: true,
  signs: true,
  loadsPrivate: true,
  calls: 0,
}))
vi.mock('node:crypto', async (original) => {
  const real = await original<typeof Crypto>()
  const refuse = (): never => {
    throw new Error('not in this runtime')
  }
  return {
    ...real,
    verify: (...args: readonly unknown[]) => {
      runtime.calls++
      if (runtime.verify === 'throws') refuse()
      if (runtime.verify === 'says false') return false
      return Reflect.apply(real.verify, real, args) as unknown
    },
    createPublicKey: (...args: readonly unknown[]) =>
      runtime.loads ? (Reflect.apply(real.createPublicKey, real, args) as unknown) : refuse(),
    createPrivateKey: (...args: readonly unknown[]) =>
      runtime.loadsPrivate ? (Reflect.apply(real.createPrivateKey, real, args) as unknown) : refuse(),
    sign: (...args: readonly unknown[]) => {
      const callback = args[3]
      if (runtime.signs) return Reflect.apply(real.sign, real, args) as unknown
      return typeof callback === 'function' ? void callback(new Error('not in this runtime')) : refuse()
    },
  }
})
afterEach(() => {
  Object.assign(runtime, { verify: 'works', loads: true, signs: true, loadsPrivate: true, calls: 0 })
  vi.unstubAllGlobals()
})

const message = Uint8Array.of(1, 2, 3)
const signed = async (namedCurve: string, algorithm: SignatureAlgorithm) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve })
  const pkcs8 = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))
  const { publicKey, sign } = await nobleProvider.signer(parsePrivateKey(pkcs8))
  if (!publicKey) throw new Error('no public key')
  return { key: publicKey, signature: await sign(algorithm, message) }
}
const verify = (algorithm: SignatureAlgorithm, key: PublicKey, signature: Uint8Array) =>
  nodeProvider.verifiers.find((one) => one.algorithm === algorithm)?.verify(key, message, signature)
const changed = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte))

describe('a signature', () => {
  it.each<readonly [string, Partial<typeof runtime>]>([
    ['that node:crypto throws at', { verify: 'throws' }],
    ['by a key that it cannot load', { verify: 'throws', loads: false }],
  ])('%s is verified all the same, every time', async (_, how) => {
    const { key, signature } = await signed('P-256', 'ecdsa_sha256')
    Object.assign(runtime, how)
    for (let i = 0; i < 3; i++) {
      expect(await verify('ecdsa_sha256', key, signature)).toBe(true)
      expect(await verify('ecdsa_sha256', key, changed(signature))).toBe(false)
    }
  })

  it('that node:crypto says false to is false, and noble is not asked', async () => {
    const { key, signature } = await signed('P-384', 'ecdsa_sha256')
    runtime.verify = 'says false'
    expect(await verify('ecdsa_sha256', key, signature)).toBe(false)
  })

  it.each([
    ['P-384', 'ecdsa_sha256', true],
    ['P-256', 'ecdsa_sha384', true],
    ['P-256', 'ecdsa_sha256', false],
    ['P-384', 'ecdsa_sha384', false],
    ['P-521', 'ecdsa_sha512', false],
  ] as const)('of %s by %s in Deno: by noble %s', async (curve, algorithm, byNoble) => {
    const { key, signature } = await signed(curve, algorithm)
    vi.stubGlobal('Deno', {})
    expect(await verify(algorithm, key, signature)).toBe(true)
    expect(runtime.calls).toBe(byNoble ? 0 : 1)
  })
})

describe('a private key', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const keyOf = (key: typeof ec) => parsePrivateKey(new Uint8Array(key.export({ format: 'der', type: 'pkcs8' })))

  it.each([
    ['that node:crypto cannot load', { loadsPrivate: false }],
    ['that it cannot sign with', { signs: false }],
  ])('%s signs by noble', async (_, how) => {
    Object.assign(runtime, how)
    for (const make of [nodeSigner, nodeThreadSigner]) {
      const { publicKey, sign } = await make(keyOf(ec))
      if (!publicKey) throw new Error('no public key')
      expect(await verify('ecdsa_sha256', publicKey, await sign('ecdsa_sha256', message))).toBe(true)
    }
  })

  it('of RSA that node:crypto cannot load is refused, whichever thread would sign', () => {
    runtime.loadsPrivate = false
    for (const make of [nodeSigner, nodeThreadSigner])
      expect(() => make(keyOf(rsa))).toThrow(expect.objectContaining({ name: 'TlsError', code: 'bad_key' }))
  })

  it('of RSA that it cannot sign with gives an error, in this thread and in another', async () => {
    for (const make of [nodeSigner, nodeThreadSigner]) {
      const signer = await make(keyOf(rsa))
      runtime.signs = false
      const signed = (async () => signer.sign('rsa_pss_sha256', message))()
      await expect(signed).rejects.toMatchObject({ name: 'TlsError', code: 'bad_key' })
      runtime.signs = true
    }
  })
})

describe('without raw keys (Node 20 and 22)', () => {
  it.each([
    ['p256', 'prime256v1', 32],
    ['p384', 'secp384r1', 48],
    ['p521', 'secp521r1', 66],
  ] as const)('%s agrees with a private key that was given, and with a fresh one', async (name, curve, length) => {
    runtime.loads = false
    vi.resetModules()
    const { [name]: group } = (await import('../../src/crypto/node-groups.ts')).nodeParts
    const peer = createECDH(curve)
    peer.generateKeys()
    const scalar = new Uint8Array(length).fill(7, 1)
    const given = createECDH(curve)
    given.setPrivateKey(scalar)
    const agreed = vi.spyOn(Object.getPrototypeOf(peer) as ECDH, 'computeSecret')
    for (const key of [await group.fromPrivate(scalar), await group.generate()]) {
      const secret = await key.agree(new Uint8Array(peer.getPublicKey()))
      expect(agreed).toHaveBeenLastCalledWith(new Uint8Array(peer.getPublicKey())) // and noble was not asked
      expect(secret).toEqual(new Uint8Array(peer.computeSecret(key.publicKey)))
      expect(secret.constructor).toBe(Uint8Array)
    }
    agreed.mockRestore()
    expect((await group.fromPrivate(scalar)).publicKey).toEqual(new Uint8Array(given.getPublicKey()))
  })
})
