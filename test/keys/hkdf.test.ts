// HKDF's own limits (RFC 5869 section 2.3) and those of HkdfLabel (RFC 9846 section 7.1); its vectors are Wycheproof's.

import { describe, expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { expandLabel, hkdfExpand } from '../../src/keys/hkdf.ts'

const none = new Uint8Array(0)
const hashes = ['sha256', 'sha384', 'sha512'] as const
const hashOf = (name: (typeof hashes)[number]) => {
  const hash = nodeProvider.hashes[name]
  if (!hash) throw new Error(`no ${name}`)
  return hash
}
const tooLong = expect.objectContaining({ code: 'bad_option' })

describe.each(hashes)('HKDF-Expand with %s (RFC 5869 section 2.3)', (name) => {
  const hash = hashOf(name)
  const key = new Uint8Array(hash.outputLength).fill(1)
  const most = 255 * hash.outputLength

  it('gives 255 hash lengths, and not a byte more', () => {
    expect(hkdfExpand(hash, key, none, most)).toHaveLength(most)
    expect(() => hkdfExpand(hash, key, none, most + 1)).toThrow(tooLong)
    expect(() => expandLabel(hash, key, 'exporter', none, most + 1)).toThrow(tooLong)
  })

  it('every length is a prefix of a longer one', () => {
    const longest = hkdfExpand(hash, key, none, most)
    for (const length of [0, 1, hash.outputLength, hash.outputLength + 1, 2 * hash.outputLength, most - 1]) {
      expect(hkdfExpand(hash, key, none, length)).toEqual(longest.subarray(0, length))
    }
  })
})

describe('HkdfLabel (RFC 9846 section 7.1)', () => {
  const hash = hashOf('sha256')
  const secret = new Uint8Array(32)

  it('label and context have 255 bytes at most, "tls13 " included', () => {
    const label = 'l'.repeat(249)
    expect(expandLabel(hash, secret, label, new Uint8Array(255), 32)).toHaveLength(32)
    expect(() => expandLabel(hash, secret, `${label}l`, none, 32)).toThrow(tooLong)
    expect(() => expandLabel(hash, secret, 'l', new Uint8Array(256), 32)).toThrow(tooLong)
  })
})
