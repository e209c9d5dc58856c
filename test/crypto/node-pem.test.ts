// Raw public keys that go to node:crypto as text: one of another length than its algorithm's has to be refused here,
// for the text would say something else than was given.

import { describe, expect, it } from 'vitest'
import { publicKeyLoader, publicKeyPem } from '../../src/crypto/node-pem.ts'
import { derBits, derOid, derSequence } from '../../src/wire/der.ts'

const x25519 = derSequence(derOid('1.3.101.110'))
const raw = Uint8Array.from({ length: 32 }, (_, i) => i + 1)

describe('a raw public key', () => {
  const load = publicKeyLoader(x25519, 32)

  it('is loaded as it is', () => {
    expect(load(raw).export({ format: 'jwk' })).toMatchObject({ x: Buffer.from(raw).toString('base64url') })
  })

  it.each([0, 1, 31, 33, 64])('of %i bytes instead of 32 is refused', (length) => {
    expect(() => load(new Uint8Array(length).fill(9))).toThrow(RangeError)
  })

  it('does not change what is loaded after it', () => {
    load(new Uint8Array(32).fill(0xff))
    expect(load(raw).export({ format: 'jwk' })).toMatchObject({ x: Buffer.from(raw).toString('base64url') })
  })
})

it('PEM has lines of 64 characters (RFC 7468 section 2)', () => {
  for (const length of [32, 36, 100]) {
    const lines = publicKeyPem(derSequence(x25519, derBits(new Uint8Array(length)))).split('\n')
    expect(lines[0]).toBe('-----BEGIN PUBLIC KEY-----')
    expect(lines.slice(-2)).toEqual(['-----END PUBLIC KEY-----', ''])
    const body = lines.slice(1, -2)
    expect(body.slice(0, -1).every((line) => line.length === 64)).toBe(true)
    expect(body.at(-1)?.length).toBeGreaterThan(0)
    expect(body.at(-1)?.length).toBeLessThanOrEqual(64)
  }
})
