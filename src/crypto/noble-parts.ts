// The parts of which the noble and webcrypto providers are made (crypto/noble.ts exports them).

import { nobleCbc, nobleChaCha, nobleGcm } from './noble-ciphers.ts'
import { nobleP256, nobleP384, nobleP521, nobleX25519, nobleX448 } from './noble-groups.ts'
import { nobleMd5, nobleSha1 } from './noble-hashes.ts'
import { nobleMlKem1024, nobleMlKem512, nobleMlKem768 } from './noble-ml-kem.ts'
import {
  nobleEd25519Keys,
  nobleEd448Keys,
  nobleMlDsaKeys,
  nobleP256Keys,
  nobleP384Keys,
  nobleP521Keys,
  nobleRsaKeys,
} from './noble-signatures.ts'
import type { ProviderPart } from './parts.ts'

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

/** All but the ciphers of TLS 1.3, of which each provider has its own order. */
export const otherParts: readonly ProviderPart[] = [
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
]
