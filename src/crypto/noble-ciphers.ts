// Ciphers of @noble/ciphers. Parts of crypto/noble.ts; the node and webcrypto providers load them where they need them
// (noble-late.ts).

import { cbc, gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ImmediateKey } from './immediate.ts'
import type { AeadCipher, AeadKey, CbcCipher, CbcKey, CipherName } from './provider.ts'

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
    return new ImmediateKey({
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
  importKey: (raw): CbcKey => {
    const key = raw.slice()
    const options = { disablePadding: true }
    return {
      encrypt: (iv, blocks) => cbc(key, iv, options).encrypt(blocks),
      decrypt: (iv, blocks) => cbc(key, iv, options).decrypt(blocks),
    }
  },
})

export const nobleChaCha: AeadCipher = aead('chacha20-poly1305', 32, chacha20poly1305)
const gcm128 = aead('aes-128-gcm', 16, gcm)
const gcm256 = aead('aes-256-gcm', 32, gcm)
const cbc128 = aesCbc('aes-128-cbc', 16)
const cbc256 = aesCbc('aes-256-cbc', 32)
export const nobleGcm: readonly AeadCipher[] = [gcm128, gcm256]
export const nobleCbc: readonly CbcCipher[] = [cbc128, cbc256]

/** By name, for noble-late.ts. */
export const nobleAeads: Readonly<Record<'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305', AeadCipher>> = {
  'aes-128-gcm': gcm128,
  'aes-256-gcm': gcm256,
  'chacha20-poly1305': nobleChaCha,
}
export const nobleCbcs: Readonly<Record<'aes-128-cbc' | 'aes-256-cbc', CbcCipher>> = {
  'aes-128-cbc': cbc128,
  'aes-256-cbc': cbc256,
}
