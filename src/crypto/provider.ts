// What a crypto provider is: plain data, so that it can be filtered, spread and replaced. Interfaces only; the three
// implementations are noble.ts, node.ts and webcrypto.ts. Hash, HMAC and random are synchronous; everything else may
// answer with a promise, and a synchronous answer never leaves the call stack.

import type { SchemeAlgorithm } from '../wire/registry.ts'

export type MaybePromise<T> = T | Promise<T>

export type HashName = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'

export interface HashAlgorithm {
  readonly name: HashName
  /** Bytes. */
  readonly outputLength: number
  /** Bytes. */
  readonly blockLength: number
  digest(...parts: readonly Uint8Array[]): Uint8Array
  hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array
  /** A running hash; `digest()` on it leaves it usable (it answers for the bytes so far). */
  create(): RunningHash
}

export interface RunningHash {
  update(data: Uint8Array): void
  digest(): Uint8Array
  clone(): RunningHash
}

/** Record protection with an AEAD (RFC 5116). */
export interface AeadCipher {
  readonly kind: 'aead'
  readonly name: CipherName
  /** Bytes. */
  readonly keyLength: number
  /** Bytes. */
  readonly tagLength: number
  /** `raw` is keyLength bytes; the caller may overwrite it after the call. */
  importKey(raw: Uint8Array): MaybePromise<AeadKey>
}

export interface AeadKey {
  /**
   * Encrypts `plaintext` into `out`, which has plaintext.length + tagLength bytes and may begin at the same memory as
   * `plaintext` (in-place). `nonce` is 12 bytes.
   */
  seal(nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array, out: Uint8Array): MaybePromise<void>
  /**
   * True of a key that answers at once and keeps no hold of what it was given or of what it answered: when a call has
   * returned, the memory of both may be used again, and open() answers with memory of its own. Not enumerable: a key
   * that wraps this one by spreading it does not carry it.
   */
  readonly immediate?: boolean
  /**
   * The plaintext, or undefined if it is not authentic. `sealed` is the caller's and is not written to. `nonce` is read
   * before return.
   */
  open(nonce: Uint8Array, additionalData: Uint8Array, sealed: Uint8Array): MaybePromise<Uint8Array | undefined>
}

/** AES-CBC without padding, for the TLS 1.2 CBC suites (RFC 5246 section 6.2.3.2); whole blocks only. */
export interface CbcCipher {
  readonly kind: 'cbc'
  readonly name: CipherName
  /** Bytes. */
  readonly keyLength: number
  /** `raw` is keyLength bytes; the caller may overwrite it after the call. */
  importKey(raw: Uint8Array): MaybePromise<CbcKey>
}

/** Synchronous. */
export interface CbcKey {
  /** `iv` is 16 bytes; `blocks` a multiple of 16 bytes. */
  encrypt(iv: Uint8Array, blocks: Uint8Array): Uint8Array
  decrypt(iv: Uint8Array, blocks: Uint8Array): Uint8Array
}

export type CipherName =
  'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305' | 'aes-128-ccm' | 'aes-128-ccm-8' | 'aes-128-cbc' | 'aes-256-cbc'

export type Cipher = AeadCipher | CbcCipher

/**
 * One cipher suite that this provider can do. The facts of the suite (hash, key exchange) are in wire/registry.ts, by
 * id.
 */
export interface ProviderSuite {
  /** IANA cipher suite number. */
  readonly id: number
  readonly cipher: Cipher
}

/** A key agreement or KEM for the `supported_groups` list (RFC 9846 section 4.3.7). */
export interface KeyExchangeGroup {
  /** IANA named group number. */
  readonly id: number
  /** Client side, and both sides of TLS 1.2: makes a fresh key pair. */
  start(): MaybePromise<KeyExchange>
  /** Server side of TLS 1.3: answers a client's share (encapsulates, or makes a key pair and completes it).
   * Throws `illegal_parameter` for a share of wrong length, an invalid point or an all-zero result. */
  respond(peerShare: Uint8Array): MaybePromise<{ readonly share: Uint8Array; readonly secret: Uint8Array }>
  /**
   * Diffie-Hellman groups: as start() with a private key that is there already (big-endian scalar, or the bytes of RFC
   * 7748). HPKE needs it to receive; a group without it can only send. Throws for bytes that are not a private key. */
  restore?(privateKey: Uint8Array): MaybePromise<KeyExchange>
}

export interface KeyExchange {
  /** The bytes for `key_exchange` in the KeyShareEntry, or the TLS 1.2 public key. */
  readonly share: Uint8Array
  /** The shared secret (fixed-length, leading zeros kept). Same errors as `respond`. */
  complete(peerShare: Uint8Array): MaybePromise<Uint8Array>
}

export type KeyType =
  'rsa' | 'rsa-pss' | 'p256' | 'p384' | 'p521' | 'ed25519' | 'ed448' | 'mldsa44' | 'mldsa65' | 'mldsa87'

/** A parsed SubjectPublicKeyInfo. crypto/keys.ts makes it; providers cache their key objects by its identity. */
export interface PublicKey {
  readonly type: KeyType
  /** Key size in bits: modulus for RSA, field for EC. */
  readonly bits: number
  /** The whole SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  /** The content of subjectPublicKey: EC point (uncompressed), raw Ed25519 key, RSAPublicKey DER. */
  readonly raw: Uint8Array
  /** RSA only: big-endian, no leading zeros. */
  readonly rsa?: { readonly modulus: Uint8Array; readonly exponent: Uint8Array }
  /** id-RSASSA-PSS with parameters only (RFC 4055): what the key may be used with. */
  readonly pss?: { readonly hash: HashName; readonly saltLength: number }
}

/**
 * How a signature is checked: what certificates and CertificateVerify come down to. ECDSA is not tied to a curve here.
 */
export type SignatureAlgorithm = SchemeAlgorithm | 'rsa_pkcs1_md5'

export interface SignatureVerifier {
  readonly algorithm: SignatureAlgorithm
  readonly keyTypes: readonly KeyType[]
  /**
   * What one check takes by type of key, in units of 0.2 ms (RSA: with 4096 bits and the exponent 65537): budgets for
   * the work on a peer's certificates count it. Default: what native code takes. */
  readonly cost?: Readonly<Partial<Record<KeyType, number>>>
  /** False for any signature that is not valid, malformed ones included; never throws for the peer's bytes.
   * ECDSA signatures are strict DER; PSS salts are as long as the hash. */
  verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): MaybePromise<boolean>
}

/**
 * A parsed private key, as crypto/keys.ts reads it from PKCS#8, SEC1 or PKCS#1. Plain data; providers turn it into a
 * Signer.
 */
export interface PrivateKey {
  readonly type: KeyType
  /** PKCS#8 DER of the key, whatever form it came in. */
  readonly pkcs8: Uint8Array
  /** EC scalar (fixed length), Ed25519 seed, RSAPrivateKey DER. */
  readonly raw: Uint8Array
  /** The public key that came along in the file, if one did; an EC point may be compressed. */
  readonly claimedPublic?: Uint8Array
  /** RSA only: from the key itself, so that a mismatch with the certificate can be seen. */
  readonly rsa?: { readonly modulus: Uint8Array; readonly exponent: Uint8Array }
}

/** Something that signs: a private key of a provider, or the caller's own (HSM, KMS). */
export interface Signer {
  /** For the check that key and certificate match; an external signer may leave it out. */
  readonly publicKey?: PublicKey
  /** What it can sign with, in order of preference. Names of TLS SignatureSchemes are in wire/registry.ts. */
  readonly algorithms: readonly SignatureAlgorithm[]
  sign(algorithm: SignatureAlgorithm, message: Uint8Array): MaybePromise<Uint8Array>
  /**
   * Static RSA key exchange only: the raw private-key operation c^d mod n, modulus length in and out, no padding
   * removed.
   */
  rsaDecryptRaw?(ciphertext: Uint8Array): MaybePromise<Uint8Array>
}

export interface CryptoProvider {
  readonly name: string
  /** In order of preference: hardware AES before ChaCha20 in node, the reverse in noble. */
  readonly suites: readonly ProviderSuite[]
  /** In order of preference. */
  readonly groups: readonly KeyExchangeGroup[]
  readonly verifiers: readonly SignatureVerifier[]
  readonly hashes: Readonly<Partial<Record<HashName, HashAlgorithm>>>
  /** `length` fresh random bytes from a CSPRNG. */
  random(length: number): Uint8Array
  /**
   * Static RSA key exchange, as a client: the raw public-key operation m^e mod n, modulus length in and out. A provider
   * without it has none of the TLS_RSA_* suites. */
  rsaEncryptRaw?(key: PublicKey, padded: Uint8Array): MaybePromise<Uint8Array>
  /**
   * Turns a parsed private key into a Signer. Throws `unsupported` for a key type this provider can't use, saying which
   * can.
   */
  signer(key: PrivateKey): MaybePromise<Signer>
}
