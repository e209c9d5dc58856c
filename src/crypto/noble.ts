// The noble provider: audited TypeScript only, no native code, any runtime. Everything is synchronous but RSA signing,
// which is WebCrypto's. ChaCha20 comes first, as AES has no hardware here; AES-CCM is not in it. It is made of parts,
// of which a bundle carries those that are imported.

import { nobleCbc, nobleChaCha, nobleGcm, nobleMd5, nobleSha1, nobleSha2 } from './noble-ciphers.ts'
import { nobleP256, nobleP384, nobleP521, nobleX25519, nobleX448 } from './noble-groups.ts'
import { nobleMlKem1024, nobleMlKem512, nobleMlKem768 } from './noble-pq.ts'
import {
  nobleEd25519Keys,
  nobleEd448Keys,
  nobleMlDsaKeys,
  nobleP256Keys,
  nobleP384Keys,
  nobleP521Keys,
  nobleRsaKeys,
} from './noble-signatures.ts'
import { providerOf } from './parts.ts'
import type { ProviderPart } from './parts.ts'
import type { CryptoProvider } from './provider.ts'

export type { ProviderPart } from './parts.ts'

/** ChaCha20-Poly1305 (RFC 8439). */
export const chacha20Poly1305: ProviderPart = { ciphers: [nobleChaCha] }
/** AES-GCM with keys of 128 and 256 bits (RFC 5116). */
export const aesGcm: ProviderPart = { ciphers: nobleGcm }
/** AES-CBC, for the legacy cipher suites of TLS 1.2; most of them also need {@link sha1}. */
export const aesCbc: ProviderPart = { ciphers: nobleCbc }

/** Key exchange over X25519 (RFC 7748). */
export const x25519: ProviderPart = { keyExchange: { x25519: nobleX25519 } }
/** Key exchange over X448 (RFC 7748). */
export const x448: ProviderPart = { keyExchange: { x448: nobleX448 } }
/** ML-KEM-512 (FIPS 203). */
export const mlKem512: ProviderPart = { keyExchange: { mlKem512: nobleMlKem512 } }
/** ML-KEM-768 (FIPS 203); with {@link x25519} or {@link p256} also as a hybrid of both. */
export const mlKem768: ProviderPart = { keyExchange: { mlKem768: nobleMlKem768 } }
/** ML-KEM-1024 (FIPS 203); with {@link p384} also as a hybrid of both. */
export const mlKem1024: ProviderPart = { keyExchange: { mlKem1024: nobleMlKem1024 } }

/** P-256: key exchange, and ECDSA in certificates and handshakes. */
export const p256: ProviderPart = { keyExchange: { p256: nobleP256 }, keys: [nobleP256Keys] }
/** P-384: key exchange, and ECDSA in certificates and handshakes. */
export const p384: ProviderPart = { keyExchange: { p384: nobleP384 }, keys: [nobleP384Keys] }
/** P-521: key exchange, and ECDSA in certificates and handshakes. */
export const p521: ProviderPart = { keyExchange: { p521: nobleP521 }, keys: [nobleP521Keys] }

/** RSA signatures. They are checked here and made by WebCrypto. */
export const rsa: ProviderPart = { keys: [nobleRsaKeys] }
/** Ed25519 signatures (RFC 8032). */
export const ed25519: ProviderPart = { keys: [nobleEd25519Keys] }
/** Ed448 signatures (RFC 8032). */
export const ed448: ProviderPart = { keys: [nobleEd448Keys] }
/** ML-DSA-44, -65 and -87 (FIPS 204, RFC 9881). */
export const mlDsa: ProviderPart = { keys: [nobleMlDsaKeys] }

/** SHA-1, for OCSP, the CBC suites of TLS 1.2, and legacy signatures where they are asked for. */
export const sha1: ProviderPart = { hashes: { sha1: nobleSha1 } }
/** MD5, for nothing but JA3. */
export const md5: ProviderPart = { hashes: { md5: nobleMd5 } }

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
export const nobleProvider: CryptoProvider = nobleWith(
  chacha20Poly1305,
  aesGcm,
  aesCbc,
  x25519,
  p256,
  p384,
  p521,
  x448,
  mlKem512,
  mlKem768,
  mlKem1024,
  rsa,
  ed25519,
  ed448,
  mlDsa,
  sha1,
  md5,
)

/**
 * What servers of the web use today: ChaCha20-Poly1305 and AES-GCM; X25519MLKEM768, X25519, P-256 and P-384; and
 * certificates of P-256, P-384 and RSA. No CBC, and no SHA-1, so no OCSP.
 */
export const nobleSlimProvider: CryptoProvider = nobleWith(chacha20Poly1305, aesGcm, x25519, p256, p384, mlKem768, rsa)
