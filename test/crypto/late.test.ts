// What is loaded from noble when it is first needed does the same as node:crypto: ciphers, curves, KEMs, signatures.

import { describe, expect, it, vi } from 'vitest'
import { lazily } from '../../src/crypto/lazily.ts'
import { lateCbc, lateChaCha, lateCurve, lateGcm, lateKem } from '../../src/crypto/noble-late.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { nobleParts } from '../../src/crypto/noble-groups.ts'
import { webcryptoLateProvider } from '../../src/crypto/webcrypto-late.ts'
import type { AeadCipher, CbcCipher } from '../../src/crypto/provider.ts'

const nodeCipher = <K extends 'aead' | 'cbc'>(name: string, kind: K): Extract<AeadCipher | CbcCipher, { kind: K }> => {
  const found = nodeProvider.suites.find(({ cipher }) => cipher.name === name)?.cipher
  if (found?.kind !== kind) throw new Error(name)
  return found as Extract<AeadCipher | CbcCipher, { kind: K }>
}
const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

describe('a cipher that is loaded late', () => {
  it.each([lateChaCha, ...lateGcm])('$name seals what node:crypto opens, and opens what it seals', async (cipher) => {
    const other = nodeCipher(cipher.name, 'aead')
    expect([cipher.keyLength, cipher.tagLength]).toEqual([other.keyLength, other.tagLength])
    const raw = fill(cipher.keyLength, 3)
    const imported = cipher.importKey(raw)
    raw.fill(9) // the caller wipes its own bytes
    const [late, node] = [await imported, await other.importKey(fill(cipher.keyLength, 3))]
    const sealed = fill(5 + 16, 0)
    await late.seal(fill(12, 1), fill(3, 2), fill(5, 7), sealed)
    expect(await node.open(fill(12, 1), fill(3, 2), sealed)).toEqual(fill(5, 7))
    const back = fill(5 + 16, 0)
    await node.seal(fill(12, 1), fill(3, 2), fill(5, 7), back)
    expect(back).toEqual(sealed)
    const opened = await late.open(fill(12, 1), fill(3, 2), back)
    expect(opened && new Uint8Array(opened)).toEqual(fill(5, 7))
  })

  it.each(lateCbc)('$name encrypts as node:crypto does', async (cipher) => {
    const other = nodeCipher(cipher.name, 'cbc')
    expect(cipher.keyLength).toBe(other.keyLength)
    const [late, node] = [
      await cipher.importKey(fill(cipher.keyLength, 3)),
      await other.importKey(fill(cipher.keyLength, 3)),
    ]
    const encrypted = await late.encrypt(fill(16, 1), fill(32, 7))
    expect(new Uint8Array(encrypted)).toEqual(new Uint8Array(await node.encrypt(fill(16, 1), fill(32, 7))))
    expect(new Uint8Array(await late.decrypt(fill(16, 1), encrypted))).toEqual(fill(32, 7))
  })
})

describe('key exchange that is loaded late', () => {
  it.each(['x25519', 'p256', 'p384', 'p521', 'x448'] as const)('by %s, also from a private key', async (name) => {
    const { id, publicKeyLength } = nobleParts[name]
    const curve = lateCurve(name, { id, publicKeyLength })
    expect([curve.id, curve.publicKeyLength]).toEqual([id, publicKeyLength])
    const [one, other] = [await curve.generate(), await nobleParts[name].generate()]
    expect(one.publicKey).toHaveLength(publicKeyLength)
    expect(await one.agree(other.publicKey)).toEqual(await other.agree(one.publicKey))
    const scalar = fill(
      name === 'p521' ? 66 : name === 'x448' ? 56 : name === 'p384' ? 48 : 32,
      name === 'p521' ? 0 : 5,
    )
    scalar[scalar.length - 1] = 7
    const restored = curve.fromPrivate(scalar)
    const direct = await nobleParts[name].fromPrivate(scalar)
    expect((await restored).publicKey).toEqual(direct.publicKey)
  })

  it.each(['mlKem512', 'mlKem768', 'mlKem1024'] as const)('by %s, also from a seed', async (name) => {
    const { encapsulationKeyLength, ciphertextLength } = nobleParts[name]
    const kem = lateKem(name, { encapsulationKeyLength, ciphertextLength })
    for (const key of [await kem.generate(), await kem.fromSeed(fill(64, 3))]) {
      expect(key.encapsulationKey).toHaveLength(encapsulationKeyLength)
      const { ciphertext, secret } = await kem.encapsulate(key.encapsulationKey)
      expect(ciphertext).toHaveLength(ciphertextLength)
      expect(await key.decapsulate(ciphertext)).toEqual(secret)
    }
    const direct = await nobleParts[name].fromSeed(fill(64, 3))
    expect((await kem.fromSeed(fill(64, 3))).encapsulationKey).toEqual(direct.encapsulationKey)
  })

  it.each(webcryptoLateProvider.groups.map(({ id }) => id))('of group %i agrees with node:crypto', async (id) => {
    const [ours, theirs] = [webcryptoLateProvider, nodeProvider].map(({ groups }) =>
      groups.find((one) => one.id === id),
    )
    if (!ours || !theirs) throw new Error('no such group')
    const begun = await ours.start()
    const answer = await theirs.respond(begun.share)
    expect(new Uint8Array(await begun.complete(answer.share))).toEqual(new Uint8Array(answer.secret))
  })
})

describe('a module that is loaded late', () => {
  it('is loaded once, and is there without a promise after that', async () => {
    const load = vi.fn(() => Promise.resolve(7))
    const get = lazily(load)
    const [first, second] = [get(), get()]
    expect(first).toBe(second)
    expect([await first, get(), load.mock.calls.length]).toEqual([7, 7, 1])
  })

  it('is tried again after a failure', async () => {
    let fails = true
    const get = lazily(() => (fails ? Promise.reject(new Error('no')) : Promise.resolve(7)))
    await expect(get()).rejects.toThrow('no')
    fails = false
    expect(await get()).toBe(7)
  })
})
