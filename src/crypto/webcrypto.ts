// The WebCrypto provider, for browsers and workers: hardware AES-GCM, ECDH, RSA, ECDSA and Ed25519 of crypto.subtle,
// which answer with promises; ChaCha20, CBC, hashes, HMAC, ML-KEM, ML-DSA and whatever a runtime lacks come from noble.

import { nobleCbc, nobleChaCha, nobleGcm, nobleHashes } from './noble-ciphers.ts'
import type { AeadCipher, AeadKey, CryptoProvider } from './provider.ts'
import { randomBytes } from './random.ts'
import { owned, theSubtle } from './subtle.ts'
import { suitesFor } from './suites.ts'
import { webcryptoGroups } from './webcrypto-groups.ts'
import { webcryptoSigner, webcryptoVerifiers } from './webcrypto-signatures.ts'

const TAG_LENGTH = 16

const subtleKey = async (subtle: SubtleCrypto, raw: Uint8Array): Promise<AeadKey> => {
  const key = await subtle.importKey('raw', owned(raw), 'AES-GCM', false, ['encrypt', 'decrypt'])
  // Slices: the caller writes the next nonce and header into the same arrays while this is under way.
  const parameters = (nonce: Uint8Array, additionalData: Uint8Array): AesGcmParams => ({
    name: 'AES-GCM',
    iv: nonce.slice(),
    additionalData: additionalData.slice(),
    tagLength: 8 * TAG_LENGTH,
  })
  return {
    seal: async (nonce, additionalData, plaintext, out) => {
      out.set(new Uint8Array(await subtle.encrypt(parameters(nonce, additionalData), key, owned(plaintext))))
    },
    open: async (nonce, additionalData, sealed) => {
      if (sealed.length < TAG_LENGTH) return undefined
      try {
        return new Uint8Array(await subtle.decrypt(parameters(nonce, additionalData), key, owned(sealed)))
      } catch {
        return undefined
      }
    },
  }
}

const gcm = (noble: AeadCipher): AeadCipher => ({
  ...noble,
  importKey: (raw) => {
    const subtle = theSubtle()
    return subtle ? subtleKey(subtle, raw.slice()) : noble.importKey(raw)
  },
})

export const webcryptoProvider: CryptoProvider = {
  name: 'webcrypto',
  suites: suitesFor([...nobleGcm.map(gcm), nobleChaCha, ...nobleCbc]),
  groups: webcryptoGroups,
  verifiers: webcryptoVerifiers,
  hashes: nobleHashes,
  random: randomBytes,
  signer: webcryptoSigner,
}
