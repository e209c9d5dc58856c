// The WebCrypto provider, for browsers and workers: hardware AES-GCM, ECDH, RSA, ECDSA and Ed25519 of crypto.subtle,
// which answer with promises; ChaCha20, CBC, hashes, HMAC, ML-KEM, ML-DSA and whatever a runtime lacks come from noble.
// It is made of parts, of which a bundle carries those that are imported.

import { aesGcm, chacha20Poly1305, otherParts } from './noble-parts.ts'
import type { CryptoProvider } from './provider.ts'
import { webcryptoWith } from './webcrypto-with.ts'

export type { ProviderPart } from './parts.ts'
export { webcryptoSha256Provider, webcryptoSlimProvider, webcryptoWith } from './webcrypto-with.ts'

/** WebCrypto, and noble for all that it has not, or that a runtime has not. */
export const webcryptoProvider: CryptoProvider = webcryptoWith(aesGcm, chacha20Poly1305, ...otherParts)
