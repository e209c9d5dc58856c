// EncryptedPrivateKeyInfo (RFC 5958 section 3) and what is in it, for encrypted keys and for PKCS#12 files.

import { parsePrivateKey } from '../crypto/keys.ts'
import type { Steps } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import { DerReader, tags } from '../wire/der.ts'
import { decryptWithPassword } from './pbes2.ts'
import type { Decryption } from './pkcs12-pbe.ts'

/** EncryptedPrivateKeyInfo, DER, to PKCS#8, DER. */
export function* decryptKeyInfo(der: Uint8Array, by: Decryption): Steps<Uint8Array> {
  const info = new DerReader(der, 'bad_key', 'encrypted private key').lastSequence('EncryptedPrivateKeyInfo')
  const algorithm = info.enter(tags.sequence, 'encryptionAlgorithm')
  const encrypted = info.octetString('encryptedData')
  info.end()
  return keyIn(yield* decryptWithPassword(algorithm, encrypted, by))
}

/** PKCS#8 of what was decrypted. Padding is right by chance once in 256 wrong passwords; then no key is in it. */
export const keyIn = (decrypted: Uint8Array): Uint8Array => {
  try {
    return parsePrivateKey(decrypted).pkcs8
  } catch (cause) {
    const why = isDer(decrypted) && cause instanceof TlsError ? cause.message : undefined
    if (why !== undefined)
      throw new TlsError('unsupported', `the key that was decrypted can't be used: ${why}`, { cause })
    throw new TlsError('bad_key', 'the password is wrong, or what is encrypted is no private key', { cause })
  }
}

const isDer = (bytes: Uint8Array): boolean => {
  try {
    new DerReader(bytes).lastSequence('key')
    return true
  } catch {
    return false
  }
}
