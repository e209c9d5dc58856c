// RSA private keys through WebCrypto, for the providers that have no RSA of their own to sign with (RFC 8017 sections
// 8.1.1 and 8.2.1).

import { TlsError } from '../errors.ts'
import { derInteger, derOctets, derSequence } from '../wire/der.ts'
import { keyAlgorithm } from './key-algorithm.ts'
import { rsaPublicKeyOf } from './keys.ts'
import type { PrivateKey, Signer } from './provider.ts'
import { algorithmsFor, hashLengths, schemeFor } from './signatures.ts'
import type { Scheme } from './signatures.ts'
import { owned, subtleHashes, theSubtle } from './subtle.ts'

/** Throws `unsupported` where there is no WebCrypto, or where it refuses the key. */
export const subtleRsaSigner = (key: PrivateKey): Signer => {
  const subtle = theSubtle()
  if (!subtle) {
    throw new TlsError(
      'unsupported',
      'this runtime has no WebCrypto to sign with an RSA key: use the node provider, or an EC key',
    )
  }
  const publicKey = rsaPublicKeyOf(key)
  // Plain rsaEncryption: WebCrypto takes no other, and what the key may be used with is checked by schemeFor.
  const pkcs8 = owned(derSequence(derInteger(0), keyAlgorithm('rsa'), derOctets(key.raw)))
  const imported = new Map<string, Promise<CryptoKey>>()
  const keyFor = (algorithm: RsaHashedImportParams): Promise<CryptoKey> => {
    const id = JSON.stringify(algorithm)
    const known = imported.get(id) ?? subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign'])
    imported.set(id, known)
    return known
  }
  return {
    publicKey,
    algorithms: algorithmsFor(publicKey),
    sign: async (algorithm, message) => {
      const { importing, using } = rsaParameters(schemeFor(publicKey, algorithm))
      try {
        return new Uint8Array(await subtle.sign(using, await keyFor(importing), owned(message)))
      } catch (cause) {
        throw new TlsError('bad_key', 'WebCrypto cannot sign with this RSA private key', { cause })
      }
    },
  }
}

/** What WebCrypto wants to hear for a scheme, at import and at use. */
export const rsaParameters = (
  scheme: Scheme,
): { readonly importing: RsaHashedImportParams; readonly using: RsaPssParams } => {
  const hash = 'hash' in scheme ? scheme.hash : 'sha256'
  const name = scheme.family === 'pss' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
  return { importing: { name, hash: subtleHashes[hash] ?? '' }, using: { name, saltLength: hashLengths[hash] } }
}
