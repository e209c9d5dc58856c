// The noble provider: audited TypeScript only, no native code, any runtime. Everything is synchronous but RSA signing,
// which is WebCrypto's. ChaCha20 comes first, as AES has no hardware here; AES-CCM is not in it.

import { nobleCbc, nobleChaCha, nobleGcm, nobleHashes } from './noble-ciphers.ts'
import { nobleGroups } from './noble-groups.ts'
import { nobleSigner, nobleVerifiers } from './noble-signatures.ts'
import type { CryptoProvider } from './provider.ts'
import { randomBytes } from './random.ts'
import { suitesFor } from './suites.ts'

export const nobleProvider: CryptoProvider = {
  name: 'noble',
  suites: suitesFor([nobleChaCha, ...nobleGcm, ...nobleCbc]),
  groups: nobleGroups,
  verifiers: nobleVerifiers,
  hashes: nobleHashes,
  random: randomBytes,
  signer: nobleSigner,
}
