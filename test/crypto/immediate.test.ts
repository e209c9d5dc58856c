// Keys that keep nothing of what they are given (AeadKey.immediate), and those that wrap them.

import { describe, expect, it } from 'vitest'

import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'

describe.each([nodeProvider, nobleProvider])('keys of the $name provider', ({ suites }) => {
  const cipher = suites.map((suite) => suite.cipher).find(({ name }) => name === 'aes-128-gcm')
  if (cipher?.kind !== 'aead') throw new Error('no AES-128-GCM')

  it('say that they keep nothing of what they were given', async () => {
    expect((await cipher.importKey(new Uint8Array(16))).immediate).toBe(true)
  })

  it('a key that wraps one by spreading it does not say so, and works', async () => {
    const wrapped = { ...(await cipher.importKey(new Uint8Array(16))) }
    expect(wrapped.immediate).toBeUndefined()
    const [nonce, data, out] = [new Uint8Array(12), new Uint8Array(5), new Uint8Array(19)]
    await wrapped.seal(nonce, data, Uint8Array.of(1, 2, 3), out)
    expect(await wrapped.open(nonce, data, out)).toEqual(Uint8Array.of(1, 2, 3))
  })
})
