// HPKE against RFC 9180 appendix A, and each provider against another.

import { describe, expect, test } from 'vitest'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'
import { canHpke, hpkeKeyPair } from '../../src/keys/hpke-suites.ts'
import { hpkeReceiver, hpkeSender } from '../../src/keys/hpke.ts'
import { fromHex, toHex } from '../../src/wire/bytes.ts'

const providers: readonly CryptoProvider[] = [nodeProvider, nobleProvider, webcryptoProvider]

/** RFC 9180 appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode. */
const vector = {
  info: '4f6465206f6e2061204772656369616e2055726e',
  skEm: '52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736',
  skRm: '4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8',
  pkRm: '3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d',
  enc: '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431',
  pt: '4265617574792069732074727574682c20747275746820626561757479',
  encryptions: [
    {
      aad: '436f756e742d30',
      ct: 'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
    },
    {
      aad: '436f756e742d31',
      ct: 'af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84',
    },
  ],
}
const suites = [0x20, 0x10].flatMap((kem) => [1, 2].flatMap((kdf) => [1, 2, 3].map((aead) => ({ kem, kdf, aead }))))

describe.each(providers)('HPKE with the $name provider', (provider) => {
  test('RFC 9180 appendix A.1.1', async () => {
    const suite = { kem: 0x20, kdf: 1, aead: 1 }
    const info = fromHex(vector.info)
    const ephemeral = await hpkeKeyPair(provider, suite.kem, fromHex(vector.skEm))
    const receiverKeys = await hpkeKeyPair(provider, suite.kem, fromHex(vector.skRm))
    expect(toHex(receiverKeys.share)).toBe(vector.pkRm)
    const sender = await hpkeSender(provider, suite, fromHex(vector.pkRm), info, { ephemeral })
    expect(toHex(sender.enc)).toBe(vector.enc)
    const receiver = await hpkeReceiver(provider, suite, sender.enc, receiverKeys, info)
    for (const { aad, ct } of vector.encryptions) {
      expect(toHex(await sender.seal(fromHex(aad), fromHex(vector.pt)))).toBe(ct)
      expect(toHex((await receiver.open(fromHex(aad), fromHex(ct))) ?? new Uint8Array(0))).toBe(vector.pt)
    }
  })

  test.each(suites)('KEM $kem, KDF $kdf, AEAD $aead agrees with another provider', async (suite) => {
    const info = Uint8Array.of(1, 2, 3)
    const other = provider === nodeProvider ? nobleProvider : nodeProvider
    const keys = await hpkeKeyPair(provider, suite.kem, new Uint8Array(32).fill(9))
    const sender = await hpkeSender(other, suite, keys.share, info)
    const receiver = await hpkeReceiver(provider, suite, sender.enc, keys, info)
    for (const text of [Uint8Array.of(4), new Uint8Array(0), Uint8Array.of(5, 6)]) {
      expect(await receiver.open(info, await sender.seal(info, text))).toEqual(text)
    }
  })

  test('RFC 9180 section 5.2: what is not authentic does not count as a message', async () => {
    const suite = { kem: 0x20, kdf: 1, aead: 1 }
    const keys = await hpkeKeyPair(provider, suite.kem, new Uint8Array(32).fill(7))
    const sender = await hpkeSender(provider, suite, keys.share, new Uint8Array(0))
    const receiver = await hpkeReceiver(provider, suite, sender.enc, keys, new Uint8Array(0))
    const aad = Uint8Array.of(1)
    const sealed = await sender.seal(aad, Uint8Array.of(5))
    expect(await receiver.open(Uint8Array.of(2), sealed)).toBeUndefined()
    expect(await receiver.open(aad, sealed.subarray(0, 8))).toBeUndefined()
    expect(await receiver.open(aad, sealed)).toEqual(Uint8Array.of(5))
  })

  test('RFC 9180 section 7.1.4: a public key of small order is refused', async () => {
    const sending = async () =>
      hpkeSender(provider, { kem: 0x20, kdf: 1, aead: 1 }, new Uint8Array(32), new Uint8Array(0))
    await expect(sending()).rejects.toMatchObject({ code: 'illegal_parameter' })
  })

  test.each([0x20, 0x10])(
    'RFC 9180 section 7.1: a private key of KEM %i that is not 32 bytes is refused',
    async (kem) => {
      for (const length of [0, 31, 33, 64]) {
        const restoring = async () => hpkeKeyPair(provider, kem, new Uint8Array(length).fill(1))
        await expect(restoring(), `${length} bytes`).rejects.toMatchObject({
          code: 'bad_key',
          message: expect.stringContaining(`of ${length} bytes`),
        })
      }
    },
  )

  test('RFC 9180 section 7.1: a public key of a wrong length is refused, by either end', async () => {
    for (const [kem, right] of [
      [0x20, 32],
      [0x10, 65],
    ] as const) {
      const keys = await hpkeKeyPair(provider, kem, new Uint8Array(32).fill(9))
      expect(keys.share).toHaveLength(right)
      for (const wrong of [new Uint8Array(0), keys.share.subarray(1), Uint8Array.of(...keys.share, 0)]) {
        const sending = async () => hpkeSender(provider, { kem, kdf: 1, aead: 1 }, wrong, new Uint8Array(0))
        await expect(sending()).rejects.toMatchObject({ code: 'illegal_parameter' })
        const receiving = async () => hpkeReceiver(provider, { kem, kdf: 1, aead: 1 }, wrong, keys, new Uint8Array(0))
        await expect(receiving()).rejects.toMatchObject({ code: 'illegal_parameter' })
      }
    }
  })

  test('a suite that is not known is not done', () => {
    expect(canHpke(provider, { kem: 0x20, kdf: 1, aead: 0xffff })).toBe(false)
    expect(canHpke(provider, { kem: 0x12, kdf: 1, aead: 1 })).toBe(false)
  })
})
