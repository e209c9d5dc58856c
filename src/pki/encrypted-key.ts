// Encrypted private keys (RFC 5958 section 3), as `openssl genpkey -aes256` and most tools write them, to PKCS#8 that the `key`
// option takes. Called by people and by pkcs12.ts.

import { parsePrivateKey } from '../crypto/keys.ts'
import { TlsError } from '../errors.ts'
import { DerReader, tags } from '../wire/der.ts'
import { decodePem, encodePem } from '../wire/pem.ts'
import { decryptWithPassword } from './pbes2.ts'
import type { DecryptOptions } from './pkcs12-pbe.ts'

/**
 * Decrypts a PEM block ENCRYPTED PRIVATE KEY (or its DER) and answers with a PEM block PRIVATE KEY. Throws TlsError `bad_key`
 * for a wrong password or a damaged file, `unsupported` for a cipher that the runtime lacks, `bad_option` where there is no encrypted key.
 */
export const decryptPrivateKey = async (input: string | Uint8Array, password: string, options: DecryptOptions = {}): Promise<string> => {
  const der = typeof input === 'string' ? encryptedBlock(input) : input
  return encodePem('PRIVATE KEY', await decryptKeyInfo(der, password, options))
}

/** EncryptedPrivateKeyInfo, DER, to PKCS#8, DER. */
export const decryptKeyInfo = async (der: Uint8Array, password: string, options: DecryptOptions): Promise<Uint8Array> => {
  const outer = new DerReader(der, 'bad_key', 'encrypted private key')
  const info = outer.sequence('EncryptedPrivateKeyInfo')
  outer.end()
  const algorithm = info.enter(tags.sequence, 'encryptionAlgorithm')
  const encrypted = info.octetString('encryptedData')
  info.end()
  const pkcs8 = await decryptWithPassword(algorithm, encrypted, password, options)
  try {
    return parsePrivateKey(pkcs8).pkcs8
  } catch (cause) {
    throw new TlsError('bad_key', 'the password is wrong, or what is encrypted is no private key that is supported', { cause })
  }
}

const encryptedBlock = (text: string): Uint8Array => {
  const blocks = decodePem(text)
  const found = blocks.find(({ label }) => label === 'ENCRYPTED PRIVATE KEY')
  if (found !== undefined) return found.bytes
  if (blocks.some(({ headers }) => headers?.has('DEK-Info'))) {
    throw new TlsError('unsupported', 'this key is encrypted in the traditional form of OpenSSL: convert it with "openssl pkcs8 -topk8 -in key.pem -out new.pem"')
  }
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) throw new TlsError('bad_option', 'this private key is not encrypted: use it as it is')
  throw new TlsError('bad_option', 'there is no encrypted private key in it (a PEM block ENCRYPTED PRIVATE KEY)')
}
