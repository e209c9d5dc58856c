// The noble provider: audited TypeScript only, no native code, any runtime. Everything is synchronous but RSA signing,
// which is WebCrypto's. ChaCha20 comes first, as AES has no hardware here; AES-CCM is not in it. It is made of parts,
// of which a bundle carries those that are imported.

import { nobleSha2 } from './noble-hashes.ts'
import { aesGcm, chacha20Poly1305, mlKem768, otherParts, p256, p384, rsa, x25519 } from './noble-parts.ts'
import { providerOf } from './parts.ts'
import type { ProviderPart } from './parts.ts'
import type { CryptoProvider } from './provider.ts'

export {
  aesCbc,
  aesGcm,
  chacha20Poly1305,
  ed25519,
  ed448,
  md5,
  mlDsa,
  mlKem1024,
  mlKem512,
  mlKem768,
  p256,
  p384,
  p521,
  rsa,
  sha1,
  x25519,
  x448,
} from './noble-parts.ts'
export type { ProviderPart } from './parts.ts'

/**
 * A provider of these parts, and SHA-256, SHA-384 and SHA-512. What is not among them is not offered to the peer.
 * Ciphers are preferred in the order in which they are given; groups have an order of their own, that of
 * {@link nobleProvider}.
 *
 * ```ts
 * import { chacha20Poly1305, nobleWith, p256, x25519 } from 'puretls/crypto/noble'
 * const provider = nobleWith(chacha20Poly1305, x25519, p256)
 * ```
 */
export const nobleWith = (...parts: readonly ProviderPart[]): CryptoProvider =>
  providerOf('noble', [{ hashes: nobleSha2 }, ...parts])

/** All of it. */
export const nobleProvider: CryptoProvider = nobleWith(chacha20Poly1305, aesGcm, ...otherParts)

/**
 * What servers of the web use today: ChaCha20-Poly1305 and AES-GCM; X25519MLKEM768, X25519, P-256 and P-384; and
 * certificates of P-256, P-384 and RSA. No CBC, and no SHA-1, so no OCSP.
 */
export const nobleSlimProvider: CryptoProvider = nobleWith(chacha20Poly1305, aesGcm, x25519, p256, p384, mlKem768, rsa)
