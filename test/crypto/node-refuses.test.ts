// What node:crypto of a runtime refuses, or says false to, is verified by noble: keys that it cannot load, algorithms
// that it lacks, and in Deno ECDSA with another hash than the curve's own.

import type * as Crypto from 'node:crypto'
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parsePrivateKey } from '../../src/crypto/keys.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { PublicKey, SignatureAlgorithm } from '../../src/crypto/provider.ts'

const runtime = vi.hoisted(() => ({
  verify: 'works' as 'works' | 'throws' | 'says false',
  loads: true,
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
  }
})
afterEach(() => {
  Object.assign(runtime, { verify: 'works', loads: true, calls: 0 })
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
