// Signatures and hashes of the WebCrypto provider that loads noble late, without what only connections need (groups
// with ML-KEM, ciphers): for puretls/pki, which makes keys and checks what they signed.

import { nobleCosts } from './noble-costs.ts'
import { nobleMd5, nobleSha1 } from './noble-hashes.ts'
import { lateKeys } from './noble-late-keys.ts'
import type { ProviderPart } from './parts.ts'
import type { CryptoProvider, KeyType } from './provider.ts'
import { everywhere, somewhere, webcryptoWith } from './webcrypto-with.ts'

/** What no WebCrypto has. */
const ofNoble: readonly KeyType[] = ['ed448', 'mldsa44', 'mldsa65', 'mldsa87']

export const lateSignatures: ProviderPart = {
  keys: [
    {
      ...lateKeys(...everywhere, ...somewhere, ...ofNoble),
      cost: nobleCosts(...ofNoble),
    },
  ],
  hashes: { sha1: nobleSha1, md5: nobleMd5 },
}

/** For signing and checking: it has no suite but AES-GCM's, and no group but WebCrypto's. */
export const webcryptoKeys: CryptoProvider = webcryptoWith(lateSignatures)
