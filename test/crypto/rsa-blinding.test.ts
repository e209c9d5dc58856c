// RSA with a private key (RFC 5246 section 7.4.7.1): blinding is OpenSSL's, so whatever decrypts has to go through it.

import type * as Crypto from 'node:crypto'
import { generateKeyPairSync, publicEncrypt, constants } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { parsePrivateKey } from '../../src/crypto/keys.ts'
import { nobleProvider } from '../../src/crypto/noble.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { webcryptoProvider } from '../../src/crypto/webcrypto.ts'

const seen = vi.hoisted(() => ({ decrypted: [] as { readonly padding?: number }[] }))
vi.mock('node:crypto', async (original) => {
  const real = await original<typeof Crypto>()
  return {
    ...real,
    privateDecrypt: (...args: Parameters<typeof real.privateDecrypt>) => {
      seen.decrypted.push(args[0] as { readonly padding?: number })
      return real.privateDecrypt(...args)
    },
  }
})

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = parsePrivateKey(new Uint8Array(pair.privateKey.export({ format: 'der', type: 'pkcs8' })))

describe('the private-key operation of RSA', () => {
  it("is OpenSSL's, which blinds it, and once for each ciphertext", async () => {
    const { rsaDecryptRaw } = await nodeProvider.signer(key)
    const padded = new Uint8Array(256).fill(7, 1)
    const ciphertext = publicEncrypt({ key: pair.publicKey, padding: constants.RSA_NO_PADDING }, padded)
    expect(await rsaDecryptRaw?.(new Uint8Array(ciphertext))).toEqual(padded)
    expect(seen.decrypted).toMatchObject([{ padding: constants.RSA_NO_PADDING }])
  })

  it('is nowhere else: without OpenSSL nothing decrypts, and static RSA is not offered', async () => {
    for (const provider of [nobleProvider, webcryptoProvider])
      expect((await provider.signer(key)).rsaDecryptRaw).toBeUndefined()
  })
})
