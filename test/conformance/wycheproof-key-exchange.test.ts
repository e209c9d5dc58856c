// X25519, ECDH and ML-KEM of Wycheproof, through the groups of each provider with the private key that a vector gives.

import { expect } from 'vitest'
import { diffieHellmanExchange } from '../../src/crypto/groups.ts'
import { TlsError } from '../../src/errors.ts'
import { named, wycheproof } from './wycheproof.ts'
import type { Subject } from './wycheproof.ts'

/** The secret, or undefined if it was refused as it should be: with illegal_parameter. */
const agree = async (
  { parts }: Subject,
  name: 'x25519' | 'p256' | 'p384' | 'p521',
  privateKey: Uint8Array,
  peer: Uint8Array,
): Promise<Uint8Array | undefined> => {
  const dh = parts[name]
  const exchange = diffieHellmanExchange(dh, await dh.fromPrivate(privateKey))
  try {
    return await exchange.complete(peer)
  } catch (error) {
    if (error instanceof TlsError && error.code === 'illegal_parameter') return undefined
    throw error
  }
}

// "acceptable": points of the twist and coordinates that are not reduced are to be processed (RFC 7748 section 5); a
// result of zero must be refused (RFC 9846 section 7.4.2).
wycheproof('x25519', 0, async (subject, _, vector) => {
  const secret = await agree(subject, 'x25519', vector.bytes('private'), vector.bytes('public'))
  const zero = vector.flagged('ZeroSharedSecret')
  expect(secret, named(vector)).toEqual(zero ? undefined : vector.bytes('shared'))
  return undefined
})

// "acceptable": compressed points, which RFC 9846 section 4.3.8.2 does not have. They are refused.
const ecdh = (file: string, name: 'p256' | 'p384' | 'p521', length: number): void =>
  wycheproof(file, 0, async (subject, _, vector) => {
    const hex = vector
      .text('private')
      .replace(/^(00)+/, '')
      .padStart(2 * length, '0')
    const privateKey = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    const secret = await agree(subject, name, privateKey, vector.bytes('public'))
    expect(secret, named(vector)).toEqual(vector.result === 'valid' ? vector.bytes('shared') : undefined)
    return undefined
  })

ecdh('ecdh_secp256r1_ecpoint', 'p256', 32)
ecdh('ecdh_secp384r1_ecpoint', 'p384', 48)
ecdh('ecdh_secp521r1_ecpoint', 'p521', 66)

const decapsulation = (file: string, name: 'mlKem768' | 'mlKem1024'): void =>
  wycheproof(file, 0, async ({ parts }, _, vector) => {
    const kem = parts[name]
    const seed = vector.bytes('seed')
    const ciphertext = vector.bytes('c')
    const decapsulated = async () => (await kem.fromSeed(seed)).decapsulate(ciphertext)
    if (vector.result === 'valid') {
      const key = await kem.fromSeed(seed)
      expect(key.encapsulationKey, named(vector)).toEqual(vector.bytes('ek'))
      expect(await key.decapsulate(ciphertext), named(vector)).toEqual(vector.bytes('K'))
    } else await expect(decapsulated(), named(vector)).rejects.toThrow()
    return undefined
  })

decapsulation('mlkem_768', 'mlKem768')
decapsulation('mlkem_1024', 'mlKem1024')

wycheproof('mlkem_768_keygen_seed', 0, async ({ parts }, _, vector) => {
  const key = await parts.mlKem768.fromSeed(vector.bytes('seed'))
  expect(key.encapsulationKey, named(vector)).toEqual(vector.bytes('ek'))
  return undefined
})

// The randomness m of a vector can't be given to a provider, so a valid key is one that is encapsulated to at all; what
// counts is that all others are refused (FIPS 203 section 7.2).
wycheproof('mlkem_768_encaps', 0, async ({ parts }, _, vector) => {
  const encapsulated = async () => parts.mlKem768.encapsulate(vector.bytes('ek'))
  if (vector.result === 'valid') {
    const { ciphertext, secret } = await encapsulated()
    expect([ciphertext.length, secret.length], named(vector)).toEqual([1088, 32])
  } else await expect(encapsulated(), named(vector)).rejects.toThrow()
  return undefined
})
