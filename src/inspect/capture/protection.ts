// What opens the records of a captured connection: record protection by the suite that was seen and the secrets of a
// key log.

import type { AeadCipher, Cipher, CryptoProvider, HashAlgorithm, HashName } from '../../crypto/provider.ts'
import { keyBlock, resumedMasterSecret } from '../../keys/prf12.ts'
import type { DirectionKeys } from '../../keys/prf12.ts'
import { keyLengths, opener12 } from '../../record/protect12.ts'
import { opener13 } from '../../record/protect13.ts'
import type { Opener } from '../../record/protection.ts'
import { describeCipherSuite } from '../describe.ts'
import type { DescribedSuite } from '../describe.ts'

const cipherNames: Readonly<Record<string, string>> = {
  AES_128_GCM: 'aes-128-gcm',
  AES_256_GCM: 'aes-256-gcm',
  CHACHA20_POLY1305: 'chacha20-poly1305',
  AES_128_CCM: 'aes-128-ccm',
  AES_128_CCM_8: 'aes-128-ccm-8',
  AES_128_CBC: 'aes-128-cbc',
  AES_256_CBC: 'aes-256-cbc',
}
const hashNames: Readonly<Record<string, HashName>> = {
  SHA1: 'sha1',
  SHA256: 'sha256',
  SHA384: 'sha384',
  SHA512: 'sha512',
}

/** The cipher of a suite, any key exchange; undefined if the provider lacks it. */
export const cipherOf = (suite: DescribedSuite, provider: CryptoProvider): Cipher | undefined =>
  provider.suites.find(({ cipher }) => cipher.name === cipherNames[suite.cipher])?.cipher

/** The hash of the key schedule or of the PRF: suites of TLS 1.2 that name SHA-1 use SHA-256 (RFC 5246 section 5). */
export const hashOf = (suite: DescribedSuite, provider: CryptoProvider): HashAlgorithm | undefined => {
  const name = hashNames[suite.hash]
  return name === undefined ? undefined : provider.hashes[name === 'sha1' ? 'sha256' : name]
}

/** Opens records of TLS 1.3 under a traffic secret; a sentence that says why not. */
export const openerOf13 = async (
  id: number,
  secret: Uint8Array,
  provider: CryptoProvider,
): Promise<Opener | string> => {
  const suite = describeCipherSuite(id)
  const cipher = cipherOf(suite, provider)
  const hash = hashOf(suite, provider)
  if (!cipher || !hash || cipher.kind !== 'aead') return `the ${provider.name} provider has no ${suite.name}`
  if (secret.length !== hash.outputLength)
    return `a secret of ${secret.length} bytes; ${suite.name} has ${hash.outputLength}`
  return opener13(cipher satisfies AeadCipher, { hash, secret })
}

export interface Keys12 {
  readonly client: DirectionKeys
  readonly server: DirectionKeys
}

/** The key block of TLS 1.2 from the master secret of a key log (RFC 5246 section 6.3); undefined for a suite that
 * is not known here. */
export const keysOf12 = (
  id: number,
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  provider: CryptoProvider,
): Keys12 | undefined => {
  const suite = describeCipherSuite(id)
  const cipher = cipherOf(suite, provider)
  const hash = hashOf(suite, provider)
  if (!cipher || !hash) return undefined
  const mac = macOf(suite, cipher, provider)
  const lengths = keyLengths({ cipher, mac, encryptThenMac: false, random: provider.random })
  return keyBlock(resumedMasterSecret(hash, master), clientRandom, serverRandom, lengths)
}

const macOf = (suite: DescribedSuite, cipher: Cipher, provider: CryptoProvider): HashAlgorithm | undefined => {
  const name = hashNames[suite.hash]
  return cipher.kind === 'cbc' && name !== undefined ? provider.hashes[name] : undefined
}

/** Opens one direction of TLS 1.2; a sentence that says why not. */
export const openerOf12 = async (
  id: number,
  keys: DirectionKeys | undefined,
  encryptThenMac: boolean,
  provider: CryptoProvider,
): Promise<Opener | string> => {
  const suite = describeCipherSuite(id)
  const cipher = cipherOf(suite, provider)
  if (!cipher || !keys) return `the ${provider.name} provider has no ${suite.name}`
  return opener12({ cipher, mac: macOf(suite, cipher, provider), encryptThenMac, random: provider.random }, keys)
}
