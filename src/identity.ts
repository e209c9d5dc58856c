// Certificates and keys as people have them, turned into an Identity whose key is known to match. Called by config.ts.

import { parsePrivateKey, samePublicKey } from './crypto/keys.ts'
import { andThen as then } from './crypto/maybe.ts'
import type { CryptoProvider, MaybePromise, PrivateKey, Signer } from './crypto/provider.ts'
import { TlsError } from './errors.ts'
import type { CertificateInput, Identity, IdentityOptions, KeyInput } from './options.ts'
import { decodePem } from './wire/pem.ts'
import { parseCertificate } from './x509/certificate.ts'

/** DER certificates of PEM text, DER, or a list of either. Throws `bad_option` where there is none. */
export const certificateListOf = (input: CertificateInput, option: string): readonly Uint8Array[] => {
  const items = typeof input === 'string' || input instanceof Uint8Array ? [input] : input
  const list = items.flatMap((item) => {
    if (typeof item !== 'string') return [item]
    return decodePem(item).flatMap(({ label, bytes }) => (/^((X509 |TRUSTED )?CERTIFICATE)$/.test(label) ? [bytes] : []))
  })
  if (list.length === 0) throw new TlsError('bad_option', `${option}: there is no certificate in it (a PEM block CERTIFICATE)`)
  return list
}

/** Throws `key_mismatch` if the key is not the certificate's, `bad_key` or `bad_option` if one of them can't be read. */
export const loadIdentity = (options: IdentityOptions, provider: CryptoProvider): MaybePromise<Identity> => {
  const certificates = certificateListOf(options.cert, 'cert')
  const [der] = certificates
  if (!der) throw new TlsError('bad_option', 'cert: an empty list')
  const leaf = parseCertificate(der)
  return then(signerOf(options.key, provider), (signer) => {
    if (signer.publicKey && !samePublicKey(signer.publicKey, leaf.publicKey)) {
      throw new TlsError(
        'key_mismatch',
        `the private key does not belong to the certificate of ${leaf.subject.toString() || '(no subject)'}: ` +
          `the key is ${signer.publicKey.type}, the certificate has another public key (${leaf.publicKey.type})` +
          (certificates.length > 1 ? '; is the leaf certificate the first in the list?' : ''),
      )
    }
    return {
      certificates,
      signer,
      keyType: leaf.publicKey.type,
      keyBits: leaf.publicKey.bits,
      ocspResponse: options.ocspResponse,
      scts: options.scts,
    }
  })
}

const isSigner = (key: object): key is Signer => 'sign' in key && typeof key.sign === 'function'
const isPrivateKey = (key: object): key is PrivateKey => 'pkcs8' in key

const signerOf = (key: KeyInput, provider: CryptoProvider): MaybePromise<Signer> => {
  if (typeof key === 'string' || key instanceof Uint8Array) return provider.signer(parsePrivateKey(key))
  if (isSigner(key)) return key
  if (isPrivateKey(key)) return provider.signer(key)
  throw new TlsError('bad_option', 'key: neither PEM, nor DER, nor something that can sign')
}
