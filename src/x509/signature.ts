// Signatures on certificates, CRLs and OCSP responses: AlgorithmIdentifier to the provider's algorithm (RFC 3279, 4055,
// 5758, 8410, 9881), and the check itself.

import { use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { CryptoProvider, PublicKey, SignatureAlgorithm, SignatureVerifier } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { DerReader, constructedTag, derNull, derOid, derSequence, sameBytes } from '../wire/der.ts'

/** Whether the signature is the key's over the message. Throws TlsError `unsupported_certificate` for an algorithm
 * that is not known here or not in the provider. An algorithm that does not go with the key is a signature that is
 * not valid. */
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
    throw new TlsError(
      'unsupported_certificate',
      `signed with ${name}, which provider ${provider.name} does not verify`,
    )
  }
  if (!verifier.keyTypes.includes(key.type)) return false
  return (yield* use(verifier.verify(key, message, signature))) === true
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
const mgf1Oid = '1.2.840.113549.1.1.8'

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

const readAlgorithm = (identifier: Uint8Array): SignatureAlgorithm | undefined => {
  try {
    const outer = new DerReader(identifier, 'bad_certificate', 'AlgorithmIdentifier')
    const reader = outer.sequence('AlgorithmIdentifier')
    const oid = reader.oid('algorithm')
    const algorithm = oid === pssOid ? readPss(reader) : algorithms.get(oid)
    if (/^(?:rsa_pkcs1|ecdsa)_/.test(algorithm ?? '') && !reader.done) reader.null('parameters')
    reader.end()
    outer.end()
    return algorithm
  } catch (error) {
    if (error instanceof TlsError) return undefined
    throw error
  }
}

/** RSASSA-PSS-params (RFC 4055 section 3.1); undefined for what is not MGF1 of the same hash with a salt as long as
 * it. A trailerField that is written out can be 1 only. */
const readPss = (reader: DerReader): SignatureAlgorithm | undefined => {
  const parameters = reader.sequence('RSASSA-PSS-params')
  const explicit = <T>(n: number, name: string, read: (field: DerReader) => T): T | undefined => {
    const field = parameters.optional(constructedTag(n), name)
    const value = field && read(field)
    field?.end()
    return value
  }
  const hash = explicit(0, 'hashAlgorithm', readHash) ?? sha1Oid
  const maskHash = explicit(1, 'maskGenAlgorithm', readMgf1) ?? sha1Oid
  const saltLength = explicit(2, 'saltLength', (field) => field.smallInteger('saltLength')) ?? 20
  const trailer = explicit(3, 'trailerField', (field) => field.smallInteger('trailerField')) ?? 1
  parameters.end()
  const known = pssHashes.get(hash)
  return trailer === 1 && maskHash === hash && known?.length === saltLength ? known.algorithm : undefined
}

/** Section 2.1: the parameters are NULL or absent. */
const readHash = (field: DerReader): string => {
  const identifier = field.sequence('hash')
  const oid = identifier.oid('hash')
  if (!identifier.done) identifier.null('parameters of the hash')
  identifier.end()
  return oid
}

/** The hash of MGF1; empty for another function. */
const readMgf1 = (field: DerReader): string => {
  const identifier = field.sequence('mask generation function')
  if (identifier.oid('mask generation function') !== mgf1Oid) {
    return identifier.fail('the mask generation function is not MGF1')
  }
  const hash = readHash(identifier)
  identifier.end()
  return hash
}

const sha1Oid = '1.3.14.3.2.26'

/** Lengths in bytes. */
const pssHashes: ReadonlyMap<string, { readonly length: number; readonly algorithm: SignatureAlgorithm }> = new Map([
  ['2.16.840.1.101.3.4.2.1', { length: 32, algorithm: 'rsa_pss_sha256' }],
  ['2.16.840.1.101.3.4.2.2', { length: 48, algorithm: 'rsa_pss_sha384' }],
  ['2.16.840.1.101.3.4.2.3', { length: 64, algorithm: 'rsa_pss_sha512' }],
])
