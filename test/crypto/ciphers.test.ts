// Ciphers, hashes and random of each provider: the contract of provider.ts beyond what Wycheproof covers.

import { createCipheriv, createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { AeadCipher, CbcCipher, CryptoProvider } from '../../src/crypto/provider.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { concat, toHex } from '../../src/wire/bytes.ts'
import { cipherSuites, cipherSuiteById, cipherSuiteName } from '../../src/wire/registry.ts'
import { providers, refusal } from './subjects.ts'

const aeadsOf = ({ suites }: CryptoProvider): readonly AeadCipher[] =>
  [...new Set(suites.map(({ cipher }) => cipher))].filter((cipher) => cipher.kind === 'aead')
const cbcsOf = ({ suites }: CryptoProvider): readonly CbcCipher[] =>
  [...new Set(suites.map(({ cipher }) => cipher))].filter((cipher) => cipher.kind === 'cbc')

const counting = (length: number, from = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i)
const header = Uint8Array.of(23, 3, 3, 0, 9)
const nonce = counting(12, 100)

describe('suites', () => {
  it('node has every suite of the registry, the others all but CCM', () => {
    const ids = (list: readonly { readonly id: number }[]) => list.map(({ id }) => id).toSorted((a, b) => a - b)
    const withoutCcm = cipherSuites.filter(({ cipher }) => !cipher.includes('ccm'))
    expect(ids(nodeProvider.suites)).toEqual(ids(cipherSuites))
    expect(ids(nobleProvider.suites)).toEqual(ids(withoutCcm))
    expect(ids(webcryptoProvider.suites)).toEqual(ids(withoutCcm))
  })

  it.each(providers)('$name: each suite with the cipher of its row', ({ suites }) => {
    for (const { id, cipher } of suites) expect(cipher.name).toBe(cipherSuiteById.get(id)?.cipher)
  })

  it('AES first where it has hardware, ChaCha20 first in noble; legacy last everywhere', () => {
    const first = (provider: CryptoProvider) => provider.suites.slice(0, 3).map(({ id }) => cipherSuiteName(id))
    const aesFirst = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
    expect(first(nodeProvider)).toEqual(aesFirst)
    expect(first(webcryptoProvider)).toEqual(aesFirst)
    expect(first(nobleProvider)).toEqual([aesFirst[2], aesFirst[0], aesFirst[1]])
    for (const { suites } of providers) {
      const legacy = suites.map(({ id }) => cipherSuiteById.get(id)?.legacy === true)
      expect(legacy.lastIndexOf(false)).toBeLessThan(legacy.indexOf(true))
    }
  })
})

describe.each(providers.flatMap((provider) => aeadsOf(provider).map((cipher) => ({ provider, cipher }))))(
  '$provider.name $cipher.name',
  ({ cipher }) => {
    it('opens what every provider seals, of any length', async () => {
      for (const other of providers) {
        const peer = aeadsOf(other).find(({ name }) => name === cipher.name)
        if (!peer) continue
        const [mine, theirs] = [
          await cipher.importKey(counting(cipher.keyLength)),
          await peer.importKey(counting(cipher.keyLength)),
        ]
        for (const length of [0, 1, 15, 16, 17, 255, 1024, 16385]) {
          const out = new Uint8Array(length + cipher.tagLength)
          await theirs.seal(nonce, header, counting(length), out)
          expect(await mine.open(nonce, header, out)).toEqual(counting(length))
        }
      }
    })

    it('works in place, at any offset, and does not keep the key, nonce or header it was given', async () => {
      const raw = counting(cipher.keyLength)
      const key = await cipher.importKey(raw)
      raw.fill(0)
      const expected = new Uint8Array(100 + cipher.tagLength)
      await (await cipher.importKey(counting(cipher.keyLength))).seal(nonce, header, counting(100), expected)
      for (const offset of [0, 1, 5]) {
        const buffer = new Uint8Array(offset + 100 + cipher.tagLength + 3).fill(0xee)
        buffer.set(counting(100), offset)
        const [iv, additionalData] = [nonce.slice(), header.slice()]
        const sealing = key.seal(
          iv,
          additionalData,
          buffer.subarray(offset, offset + 100),
          buffer.subarray(offset, offset + 100 + cipher.tagLength),
        )
        iv.fill(0)
        additionalData.fill(0)
        await sealing
        expect(buffer.subarray(offset, offset + 100 + cipher.tagLength)).toEqual(expected)
        expect([...buffer.subarray(0, offset), ...buffer.subarray(-3)]).toEqual(new Array(offset + 3).fill(0xee))
        expect(await key.open(nonce, header, buffer.subarray(offset, -3))).toEqual(counting(100))
      }
    })

    it('RFC 5116 section 2.2: opens nothing that was changed, cut or grown', async () => {
      const key = await cipher.importKey(counting(cipher.keyLength))
      const other = await cipher.importKey(counting(cipher.keyLength, 1))
      const sealed = new Uint8Array(20 + cipher.tagLength)
      await key.seal(nonce, header, counting(20), sealed)
      for (let bit = 0; bit < 8 * sealed.length; bit++) {
        const changed = sealed.slice()
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(await key.open(nonce, header, changed)).toBeUndefined()
      }
      for (let length = 0; length < sealed.length; length++) {
        expect(await key.open(nonce, header, sealed.slice(0, length))).toBeUndefined()
      }
      expect(await key.open(nonce, header, concat(sealed, Uint8Array.of(0)))).toBeUndefined()
      expect(await key.open(counting(12), header, sealed.slice())).toBeUndefined()
      expect(await key.open(nonce, header.subarray(1), sealed.slice())).toBeUndefined()
      expect(await other.open(nonce, header, sealed.slice())).toBeUndefined()
      expect(await key.open(nonce, header, sealed.slice())).toEqual(counting(20))
    })

    it('answers many records at once in their own order', async () => {
      const key = await cipher.importKey(counting(cipher.keyLength))
      const outs = Array.from({ length: 8 }, (_, i) => new Uint8Array(10 + i + cipher.tagLength))
      const iv = nonce.slice()
      await Promise.all(
        outs.map((out, i) => {
          iv[11] = i
          return key.seal(iv, header, counting(10 + i), out)
        }),
      )
      for (const [i, out] of outs.entries()) {
        iv[11] = i
        expect(await key.open(iv, header, out)).toEqual(counting(10 + i))
      }
    })
  },
)

describe.each(providers.flatMap((provider) => cbcsOf(provider).map((cipher) => ({ provider, cipher }))))(
  '$provider.name $cipher.name',
  ({ cipher }) => {
    it('is CBC without padding, there and back, from any offset', async () => {
      const raw = counting(cipher.keyLength)
      const importing = cipher.importKey(raw)
      raw.fill(0)
      const key = await importing
      for (const blocks of [1, 2, 64]) {
        const data = counting(16 * blocks)
        const reference = createCipheriv(cipher.name, counting(cipher.keyLength), counting(16, 50)).setAutoPadding(
          false,
        )
        const expected = new Uint8Array(Buffer.concat([reference.update(data), reference.final()]))
        const shifted = concat(Uint8Array.of(9), data).subarray(1)
        expect(key.encrypt(counting(16, 50), shifted)).toEqual(expected)
        expect(key.decrypt(counting(16, 50), expected)).toEqual(data)
        expect(key.decrypt(concat(Uint8Array.of(9), counting(16, 50)).subarray(1), expected)).toEqual(data)
      }
    })
  },
)

describe.each(providers.flatMap((provider) => Object.values(provider.hashes).map((hash) => ({ provider, hash }))))(
  '$provider.name $hash.name',
  ({ hash }) => {
    const reference = (data: Uint8Array) => new Uint8Array(createHash(hash.name).update(data).digest())

    it('has the lengths it says, and hashes parts as their concatenation', () => {
      expect([hash.digest().length, hash.digest(counting(3)).length]).toEqual([hash.outputLength, hash.outputLength])
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }), (parts) => {
          expect(hash.digest(...parts)).toEqual(reference(concat(...parts)))
        }),
        { numRuns: 50 },
      )
    })

    it('runs on after digest(), and clones go their own way', () => {
      const running = hash.create()
      running.update(counting(100))
      expect(running.digest()).toEqual(reference(counting(100)))
      const clone = running.clone()
      clone.update(counting(7))
      running.update(counting(1))
      expect(running.digest()).toEqual(reference(concat(counting(100), counting(1))))
      expect(clone.digest()).toEqual(reference(concat(counting(100), counting(7))))
    })

    it('RFC 2104: HMAC with keys below, at and over the block length, and an empty one', () => {
      for (const length of [0, 1, hash.blockLength - 1, hash.blockLength, hash.blockLength + 1, 300]) {
        const expected = new Uint8Array(createHmac(hash.name, counting(length)).update(counting(50)).digest())
        expect(hash.hmac(counting(length), counting(20), counting(30, 20))).toEqual(expected)
      }
    })

    it('HMAC of messages of any length, and of more than one at a time', () => {
      const key = counting(hash.outputLength)
      const room = 512 - hash.blockLength - hash.outputLength
      for (const length of [0, 1, 63, 64, room - 1, room, room + 1, 512, 1000]) {
        const expected = createHmac(hash.name, key).update(counting(length)).digest()
        expect(toHex(hash.hmac(key, counting(length)))).toBe(expected.toString('hex'))
        const at = Math.floor(length / 3)
        expect(toHex(hash.hmac(key, counting(at), counting(length - at, at)))).toBe(expected.toString('hex'))
      }
      const first = hash.hmac(key, counting(1))
      const copy = first.slice()
      hash.hmac(counting(3), counting(200))
      expect(first).toEqual(copy)
    })

    it('answers with bytes whose slice() is a copy', () => {
      const digest = hash.digest(counting(1))
      digest.slice().fill(0)
      expect(digest).toEqual(reference(counting(1)))
      expect(Object.getPrototypeOf(digest)).toBe(Uint8Array.prototype)
    })
  },
)

describe('random', () => {
  it.each(providers)('$name gives as many bytes as asked for, and other ones each time', ({ random }) => {
    for (const length of [0, 1, 32, 65536, 70001]) expect(random(length)).toHaveLength(length)
    expect(random(32)).not.toEqual(random(32))
    const tail = random(70001).subarray(65536)
    expect(new Set(tail).size).toBeGreaterThan(100)
  })

  it('says what is missing where there is no CSPRNG', async () => {
    vi.stubGlobal('crypto', undefined)
    try {
      for (const { random } of [nobleProvider, webcryptoProvider]) {
        const { code, message } = await refusal(() => random(1))
        expect([code, message]).toEqual(['unsupported', expect.stringContaining('getRandomValues')])
      }
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
