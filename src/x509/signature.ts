// Signatures on certificates, CRLs and OCSP responses: AlgorithmIdentifier to the provider's algorithm (RFC 3279, 4055,
// 5758, 8410, 9881), and the check itself.

import { readPssParameters } from '../crypto/key-algorithm.ts'
import { use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider, PublicKey, SignatureAlgorithm, SignatureVerifier } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { DerReader, derNull, derOid, derSequence, sameBytes } from '../wire/der.ts'
import { attempt } from './attempt.ts'

/** A certificate, a CRL, an OCSP response or a request. */
export interface Signed {
  /** What the signature is over. */
  readonly tbs: Uint8Array
  /** AlgorithmIdentifier, DER. */
  readonly signatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
}

/** Whether the signature is the key's over what is signed. Throws TlsError `unsupported_certificate` for an algorithm
 * that is not known here or not in the provider. An algorithm that does not go with the key is a signature that is
 * not valid. */
export function* verifySignature(
  provider: CryptoProvider,
  key: PublicKey,
  { tbs, signatureAlgorithm, signature }: Signed,
): Steps<boolean> {
  const algorithm = signatureAlgorithmOf(signatureAlgorithm)
  const verifier = algorithm === undefined ? undefined : verifierOf(provider, algorithm)
  if (verifier === undefined) {
    const name = algorithm ?? algorithmName(signatureAlgorithm)
    throw new TlsError(
      'unsupported_certificate',
      `signed with ${name}, which provider ${provider.name} does not verify`,
    )
  }
  if (!verifier.keyTypes.includes(key.type)) return false
  // a key's parameters are those of its signatures (RFC 9846 section 4.3.3)
  if (key.pss && pssAlgorithmOf(key.pss) !== algorithm) return false
  return (yield* use(verifier.verify(key, tbs, signature))) === true
}

/** The provider's algorithm for an AlgorithmIdentifier (DER), or undefined for one that is not known here.
 * Identifiers are read by what they mean: RSA's parameters are NULL or absent (RFC 4055 section 5), those of
 * RSASSA-PSS are compared field by field (section 3.1); ECDSA has none (RFC 5758 section 3.2), for which some write
 * NULL; all others have none. */
export const signatureAlgorithmOf = (algorithmIdentifier: Uint8Array): SignatureAlgorithm | undefined =>
  usualOnes().find(([identifier]) => sameBytes(identifier, algorithmIdentifier))?.[1] ??
  readAlgorithm(algorithmIdentifier)

/** Whether two AlgorithmIdentifiers mean the same: the same bytes, or one algorithm that is known here. */
export const sameAlgorithm = (a: Uint8Array, b: Uint8Array): boolean => {
  if (sameBytes(a, b)) return true
  const algorithm = signatureAlgorithmOf(a)
  return algorithm !== undefined && algorithm === signatureAlgorithmOf(b)
}

/** Whoever makes the hash collide can forge the signature. */
export const isBrokenHash = (algorithm: SignatureAlgorithm | undefined): boolean =>
  /(?:md5|sha1)$/.test(algorithm ?? '')

/** Whether a signature of this AlgorithmIdentifier says less than a good one. */
export const isWeak = (algorithmIdentifier: Uint8Array, allowSha1: boolean | undefined): boolean => {
  const algorithm = signatureAlgorithmOf(algorithmIdentifier)
  return algorithm === undefined || (isBrokenHash(algorithm) && !(allowSha1 === true && algorithm.endsWith('sha1')))
}

/** What to call an algorithm in a message. Throws TlsError for bytes that are no AlgorithmIdentifier. */
export const algorithmName = (algorithmIdentifier: Uint8Array): string => {
  const known = signatureAlgorithmOf(algorithmIdentifier)
  if (known !== undefined) return known
  const oid = new DerReader(algorithmIdentifier).sequence('algorithm').oid('algorithm')
  const name = oid === pssOid ? undefined : algorithms.get(oid)
  if (name !== undefined) return `${name} with parameters that it does not have`
  return oid === pssOid ? 'RSASSA-PSS with parameters other than those of TLS' : oid
}

const verifierOf = (provider: CryptoProvider, algorithm: SignatureAlgorithm): SignatureVerifier | undefined =>
  provider.verifiers.find((verifier) => verifier.algorithm === algorithm)

const pssOid = '1.2.840.113549.1.1.10'

const algorithms: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['1.2.840.113549.1.1.4', 'rsa_pkcs1_md5'],
  ['1.2.840.113549.1.1.5', 'rsa_pkcs1_sha1'],
  ['1.2.840.113549.1.1.11', 'rsa_pkcs1_sha256'],
  ['1.2.840.113549.1.1.12', 'rsa_pkcs1_sha384'],
  ['1.2.840.113549.1.1.13', 'rsa_pkcs1_sha512'],
  ['1.2.840.10045.4.1', 'ecdsa_sha1'],
  ['1.2.840.10045.4.3.2', 'ecdsa_sha256'],
  ['1.2.840.10045.4.3.3', 'ecdsa_sha384'],
  ['1.2.840.10045.4.3.4', 'ecdsa_sha512'],
  ['1.3.101.112', 'ed25519'],
  ['1.3.101.113', 'ed448'],
  ['2.16.840.1.101.3.4.3.17', 'mldsa44'],
  ['2.16.840.1.101.3.4.3.18', 'mldsa65'],
  ['2.16.840.1.101.3.4.3.19', 'mldsa87'],
])

let usual: readonly (readonly [Uint8Array, SignatureAlgorithm])[] | undefined

/** What nearly all certificates have, found by comparing bytes; made with the first one. */
const usualOnes = (): NonNullable<typeof usual> =>
  (usual ??= [...algorithms].map(([oid, algorithm]) => [
    algorithm.startsWith('rsa') ? derSequence(derOid(oid), derNull()) : derSequence(derOid(oid)),
    algorithm,
  ]))

const readAlgorithm = (identifier: Uint8Array): SignatureAlgorithm | undefined =>
  attempt(() => {
    const reader = new DerReader(identifier, 'bad_certificate', 'AlgorithmIdentifier').lastSequence(
      'AlgorithmIdentifier',
    )
    const oid = reader.oid('algorithm')
    const algorithm = oid === pssOid ? readPss(reader) : algorithms.get(oid)
    if (/^(?:rsa_pkcs1|ecdsa)_/.test(algorithm ?? '') && !reader.done) reader.null('parameters')
    reader.end()
    return algorithm
  })

/** RSASSA-PSS (RFC 4055 section 3.1) as TLS has it: the salt is as long as the hash, and that is not SHA-1. */
const readPss = (reader: DerReader): SignatureAlgorithm | undefined =>
  pssAlgorithmOf(readPssParameters(reader, 'unsupported_certificate'))

/** Whose signatures have these parameters; undefined if none of TLS has. */
export const pssAlgorithmOf = ({ hash, saltLength }: NonNullable<PublicKey['pss']>): SignatureAlgorithm | undefined =>
  pssAlgorithms[`${hash} ${saltLength}`]

const pssAlgorithms: Readonly<Record<string, SignatureAlgorithm>> = {
  'sha256 32': 'rsa_pss_sha256',
  'sha384 48': 'rsa_pss_sha384',
  'sha512 64': 'rsa_pss_sha512',
}
