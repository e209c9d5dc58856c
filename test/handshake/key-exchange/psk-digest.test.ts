// What ties a session to its external key: two keys have one digest only if an application knows them as one.

import { expect, it } from 'vitest'
import { nodeProvider } from '../../../src/crypto/node.ts'
import { pskDigest } from '../../../src/handshake/key-exchange/psk-digest.ts'
import type { KnownPsk } from '../../../src/handshake/key-exchange/psk-digest.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values)
const known: KnownPsk = { identity: bytes(1, 2), key: bytes(9, 9), imported: undefined }

it('keys that differ in anything have different digests', () => {
  const all: KnownPsk[] = [
    known,
    { ...known, identity: bytes(1) },
    { ...known, key: bytes(9, 8) },
    { ...known, imported: { context: bytes() } },
    { ...known, imported: { context: bytes(2) } },
    { ...known, identity: bytes(1), imported: { context: bytes(2) } },
    { ...known, identity: bytes(1, 2, 2), imported: { context: bytes() } },
  ]
  const digests = all.map((each) => pskDigest(nodeProvider, each))
  expect(new Set(digests).size).toBe(all.length)
  for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/)
})

it('the same key has the same digest', () => {
  expect(pskDigest(nodeProvider, { ...known, key: bytes(9, 9) })).toBe(pskDigest(nodeProvider, known))
})

it('a provider without SHA-256 is refused', () => {
  expect(() => pskDigest({ ...nodeProvider, hashes: {} }, known)).toThrow(
    expect.objectContaining({ code: 'unsupported' }),
  )
})
