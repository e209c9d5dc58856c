// WebCrypto providers of parts: hardware AES-GCM, ECDH, RSA, ECDSA and Ed25519 of crypto.subtle, which answer with
// promises, and what noble is asked for. Apart from webcrypto.ts, whose provider of all parts has the whole of noble.

import { nobleSha2, nobleSha256 } from './noble-hashes.ts'
import { ciphersOf, firstOf, keyPartsOf, providerOf } from './parts.ts'
import type { ProviderPart } from './parts.ts'
import type { AeadCipher, AeadKey, CryptoProvider, KeyType } from './provider.ts'
import { TlsError } from '../errors.ts'
import { owned, theSubtle } from './subtle.ts'
import { subtleExchange } from './webcrypto-groups.ts'
import { subtleKeys } from './webcrypto-signatures.ts'

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

/** AES-GCM of WebCrypto, or that of `parts` where there is no WebCrypto. */
const subtleGcm = (
  name: 'aes-128-gcm' | 'aes-256-gcm',
  keyLength: number,
  parts: readonly ProviderPart[],
): AeadCipher => {
  const other = ciphersOf(parts).find((cipher) => cipher.name === name)
  return {
    kind: 'aead',
    name,
    keyLength,
    tagLength: TAG_LENGTH,
    importKey: (raw) => {
      const subtle = theSubtle()
      if (subtle) return subtleKey(subtle, raw.slice())
      if (other?.kind === 'aead') return other.importKey(raw)
      throw new TlsError('unsupported', 'no WebCrypto here: pass aesGcm of puretls/crypto/noble')
    },
  }
}

/** What every WebCrypto has by now; it is used without asking. */
export const everywhere: readonly KeyType[] = ['rsa', 'rsa-pss', 'p256', 'p384']
/** What some have: it needs a part behind it. */
export const somewhere: readonly KeyType[] = ['p521', 'ed25519']

/** WebCrypto before the parts. */
const subtleParts = (parts: readonly ProviderPart[]): ProviderPart => {
  const { x25519, p256, p384, p521 } = firstOf(parts.map(({ keyExchange }) => keyExchange))
  const others = keyPartsOf(parts)
  const types = [...everywhere, ...somewhere.filter((type) => others.has(type))]
  return {
    ciphers: [subtleGcm('aes-128-gcm', 16, parts), subtleGcm('aes-256-gcm', 32, parts)],
    keyExchange: {
      x25519: subtleExchange('x25519', x25519),
      p256: subtleExchange('p256', p256),
      p384: subtleExchange('p384', p384),
      ...(p521 && { p521: subtleExchange('p521', p521) }),
    },
    keys: [subtleKeys(types, others)],
  }
}

/**
 * WebCrypto's AES-GCM, X25519, P-256, P-384 and RSA, the hashes SHA-256, SHA-384 and SHA-512 of noble, and these parts
 * of `puretls/crypto/noble`. A part does what WebCrypto lacks, also where a runtime lacks one of its own: what all
 * WebCryptos have by now is offered without a part, and then a runtime without it fails with `unsupported`.
 *
 * ```ts
 * import { chacha20Poly1305, mlKem768 } from 'puretls/crypto/noble'
 * import { webcryptoWith } from 'puretls/crypto/webcrypto'
 * const provider = webcryptoWith(chacha20Poly1305, mlKem768)
 * ```
 */
export const webcryptoWith = (...parts: readonly ProviderPart[]): CryptoProvider =>
  providerOf('webcrypto', [subtleParts(parts), { hashes: nobleSha2 }, ...parts])

/** WebCrypto with noble's SHA-2, and nothing else: no ChaCha20, no ML-KEM. */
export const webcryptoSlimProvider: CryptoProvider = webcryptoWith()

/**
 * The smallest one: `webcryptoSlimProvider` without SHA-384 and SHA-512, 2.6 kB less. Connections have SHA-256 alone,
 * so TLS_AES_128_GCM_SHA256, which every server of TLS 1.3 has to have (RFC 9846 section 9.1). Signatures of
 * certificates may be with any SHA-2, since WebCrypto hashes those itself.
 */
export const webcryptoSha256Provider: CryptoProvider = providerOf(
  'webcrypto-sha256',
  [subtleParts([]), { hashes: { sha256: nobleSha256 } }],
  { sha256: true, sha384: true, sha512: true },
)
