// Signatures on certificates, CRLs and OCSP responses: AlgorithmIdentifier to the provider's algorithm (RFC 3279, 4055, 5758,
// 8410, 9881), and the check itself. Called by the path builder, crl.ts and ocsp.ts.

import { use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider, PublicKey, SignatureAlgorithm, SignatureVerifier } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { DerReader, derElement, derInteger, derNull, derOid, derSequence, sameBytes } from '../wire/der.ts'

/** Whether the signature is the key's over the message. Throws TlsError `unsupported_certificate` for an algorithm that is
 * not known here or not in the provider. An algorithm that does not go with the key is a signature that is not valid. */
export function* verifySignature(
  provider: CryptoProvider,
  key: PublicKey,
  algorithmIdentifier: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Steps<boolean> {
  const algorithm = signatureAlgorithmOf(algorithmIdentifier)
  const verifier = algorithm === undefined ? undefined : verifierOf(provider, algorithm)
  if (verifier === undefined) {
    const name = algorithm ?? algorithmName(algorithmIdentifier)
    throw new TlsError('unsupported_certificate', `signed with ${name}, which provider ${provider.name} does not verify`)
  }
  if (!verifier.keyTypes.includes(key.type)) return false
  return yield* use(verifier.verify(key, message, signature))
}

/** The provider's algorithm for an AlgorithmIdentifier (DER), or undefined for one that is not known or whose parameters
 * are not exactly what its RFC asks for. */
export const signatureAlgorithmOf = (algorithmIdentifier: Uint8Array): SignatureAlgorithm | undefined =>
  algorithms.find(([identifier]) => sameBytes(identifier, algorithmIdentifier))?.[1]

/** What to call an algorithm in a message. */
export const algorithmName = (algorithmIdentifier: Uint8Array): string => {
  const known = signatureAlgorithmOf(algorithmIdentifier)
  if (known !== undefined) return known
  return new DerReader(algorithmIdentifier).sequence('algorithm').oid('algorithm')
}

const verifierOf = (provider: CryptoProvider, algorithm: SignatureAlgorithm): SignatureVerifier | undefined =>
  provider.verifiers.find((verifier) => verifier.algorithm === algorithm)

const digestOids = { sha256: '2.16.840.1.101.3.4.2.1', sha384: '2.16.840.1.101.3.4.2.2', sha512: '2.16.840.1.101.3.4.2.3' }

const withNull = (oid: string): Uint8Array => derSequence(derOid(oid), derNull())
const bare = (oid: string): Uint8Array => derSequence(derOid(oid))

/** RSASSA-PSS-params with MGF1 of the same hash and a salt as long as it (RFC 4055 section 3.1, and what CABF allows). A
 * hash identifier may have NULL parameters or none (RFC 4055 section 2.1). */
const pss = (hash: keyof typeof digestOids, saltLength: number, digest: (oid: string) => Uint8Array): Uint8Array => {
  const field = (n: number, content: Uint8Array): Uint8Array => derElement(0xa0 | n, content)
  const mgf = derSequence(derOid('1.2.840.113549.1.1.8'), digest(digestOids[hash]))
  const parameters = derSequence(field(0, digest(digestOids[hash])), field(1, mgf), field(2, derInteger(saltLength)))
  return derSequence(derOid('1.2.840.113549.1.1.10'), parameters)
}

/** Every AlgorithmIdentifier that is taken, by its DER: what differs by one byte is another algorithm. */
const algorithms: readonly (readonly [Uint8Array, SignatureAlgorithm])[] = [
  [withNull('1.2.840.113549.1.1.4'), 'rsa_pkcs1_md5'],
  [withNull('1.2.840.113549.1.1.5'), 'rsa_pkcs1_sha1'],
  [withNull('1.2.840.113549.1.1.11'), 'rsa_pkcs1_sha256'],
  [withNull('1.2.840.113549.1.1.12'), 'rsa_pkcs1_sha384'],
  [withNull('1.2.840.113549.1.1.13'), 'rsa_pkcs1_sha512'],
  [pss('sha256', 32, withNull), 'rsa_pss_sha256'],
  [pss('sha384', 48, withNull), 'rsa_pss_sha384'],
  [pss('sha512', 64, withNull), 'rsa_pss_sha512'],
  [pss('sha256', 32, bare), 'rsa_pss_sha256'],
  [pss('sha384', 48, bare), 'rsa_pss_sha384'],
  [pss('sha512', 64, bare), 'rsa_pss_sha512'],
  [bare('1.2.840.10045.4.1'), 'ecdsa_sha1'],
  [bare('1.2.840.10045.4.3.2'), 'ecdsa_sha256'],
  [bare('1.2.840.10045.4.3.3'), 'ecdsa_sha384'],
  [bare('1.2.840.10045.4.3.4'), 'ecdsa_sha512'],
  [bare('1.3.101.112'), 'ed25519'],
  [bare('1.3.101.113'), 'ed448'],
  [bare('2.16.840.1.101.3.4.3.17'), 'mldsa44'],
  [bare('2.16.840.1.101.3.4.3.18'), 'mldsa65'],
  [bare('2.16.840.1.101.3.4.3.19'), 'mldsa87'],
]
