// Ciphers, hashes and HMAC of @noble/ciphers and @noble/hashes. Part of crypto/noble.ts; webcrypto.ts takes its hashes,
// ChaCha20 and CBC from here.

import { cbc, gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hmac } from '@noble/hashes/hmac.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { immediateKey } from './immediate.ts'
import type { AeadCipher, AeadKey, CbcCipher, CipherName, HashAlgorithm, HashName, RunningHash } from './provider.ts'

interface OneMessage {
  encrypt(plaintext: Uint8Array): Uint8Array
  decrypt(sealed: Uint8Array): Uint8Array
}

/**
 * noble works on whole 32-bit words, and records begin at odd offsets: its own aligned output and one copy are the fast
 * way.
 */
const aead = (
  name: CipherName,
  keyLength: number,
  keyed: (key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array) => OneMessage,
): AeadCipher => ({
  kind: 'aead',
  name,
  keyLength,
  tagLength: 16,
  importKey: (raw): AeadKey => {
    const key = raw.slice()
    return immediateKey({
      seal: (nonce, additionalData, plaintext, out) => {
        out.set(keyed(key, nonce, additionalData).encrypt(plaintext))
      },
      open: (nonce, additionalData, sealed) => {
        if (sealed.length < 16) return undefined
        try {
          return keyed(key, nonce, additionalData).decrypt(sealed)
        } catch {
          return undefined
        }
      },
    })
  },
})

const aesCbc = (name: CipherName, keyLength: number): CbcCipher => ({
  kind: 'cbc',
  name,
  keyLength,
  importKey: (raw) => {
    const key = raw.slice()
    const options = { disablePadding: true }
    return {
      encrypt: (iv, blocks) => cbc(key, iv, options).encrypt(blocks),
      decrypt: (iv, blocks) => cbc(key, iv, options).decrypt(blocks),
    }
  },
})

export const nobleChaCha: AeadCipher = aead('chacha20-poly1305', 32, chacha20poly1305)
export const nobleGcm: readonly AeadCipher[] = [aead('aes-128-gcm', 16, gcm), aead('aes-256-gcm', 32, gcm)]
export const nobleCbc: readonly CbcCipher[] = [aesCbc('aes-128-cbc', 16), aesCbc('aes-256-cbc', 32)]

type NobleHash = typeof sha256 | typeof sha384 | typeof md5

interface Running {
  update(data: Uint8Array): unknown
  digest(): Uint8Array
  clone(): Running
}

const running = (hash: Running): RunningHash => ({
  update: (data) => {
    hash.update(data)
  },
  digest: () => hash.clone().digest(),
  clone: () => running(hash.clone()),
})

const hashAlgorithm = (name: HashName, hash: NobleHash): HashAlgorithm => ({
  name,
  outputLength: hash.outputLen,
  blockLength: hash.blockLen,
  digest: (...parts) => {
    const all = hash.create()
    for (const part of parts) all.update(part)
    return all.digest()
  },
  hmac: (key, ...parts) => {
    const mac = hmac.create(hash, key)
    for (const part of parts) mac.update(part)
    return mac.digest()
  },
  create: () => running(hash.create()),
})

export const nobleSha2: Readonly<Record<'sha256' | 'sha384' | 'sha512', HashAlgorithm>> = {
  sha256: hashAlgorithm('sha256', sha256),
  sha384: hashAlgorithm('sha384', sha384),
  sha512: hashAlgorithm('sha512', sha512),
}
export const nobleSha1: HashAlgorithm = hashAlgorithm('sha1', sha1)
export const nobleMd5: HashAlgorithm = hashAlgorithm('md5', md5)

export const nobleHashes: Readonly<Record<HashName, HashAlgorithm>> = { ...nobleSha2, sha1: nobleSha1, md5: nobleMd5 }
