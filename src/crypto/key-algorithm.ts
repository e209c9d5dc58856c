// The AlgorithmIdentifiers of keys: which types there are, their object identifiers and sizes (RFC 3279 section 2.3,
// RFC 4055 section 3.1, RFC 5480 section 2.1, RFC 8410 section 3, RFC 9881 section 4).

import { TlsError } from '../errors.ts'
import { constructedTag, derNull, derOid, derSequence, tags } from '../wire/der.ts'
import type { DerReader } from '../wire/der.ts'
import type { HashName, KeyType, PublicKey } from './provider.ts'

/** AlgorithmIdentifier, of any type but rsa-pss with parameters. */
export const keyAlgorithm = (type: KeyType): Uint8Array => {
  const { oid, curve } = keyFacts[type]
  return derSequence(
    derOid(oid),
    ...(curve === undefined ? [] : [derOid(curve)]),
    ...(type === 'rsa' ? [derNull()] : []),
  )
}

interface KeyFacts {
  readonly oid: string
  /** namedCurve in the parameters (RFC 5480 section 2.1.1). */
  readonly curve?: string
  readonly bits: number
  /** Bytes of subjectPublicKey. */
  readonly length: number
}

const EC_PUBLIC_KEY = '1.2.840.10045.2.1'

/** Bits and length are those of the key itself for RSA, and 0 here. */
export const keyFacts: Readonly<Record<KeyType, KeyFacts>> = {
  rsa: { oid: '1.2.840.113549.1.1.1', bits: 0, length: 0 },
  'rsa-pss': { oid: '1.2.840.113549.1.1.10', bits: 0, length: 0 },
  p256: { oid: EC_PUBLIC_KEY, curve: '1.2.840.10045.3.1.7', bits: 256, length: 65 },
  p384: { oid: EC_PUBLIC_KEY, curve: '1.3.132.0.34', bits: 384, length: 97 },
  p521: { oid: EC_PUBLIC_KEY, curve: '1.3.132.0.35', bits: 521, length: 133 },
  ed25519: { oid: '1.3.101.112', bits: 256, length: 32 },
  ed448: { oid: '1.3.101.113', bits: 456, length: 57 },
  mldsa44: { oid: '2.16.840.1.101.3.4.3.17', bits: 10496, length: 1312 },
  mldsa65: { oid: '2.16.840.1.101.3.4.3.18', bits: 15616, length: 1952 },
  mldsa87: { oid: '2.16.840.1.101.3.4.3.19', bits: 20736, length: 2592 },
}
const keyTypes = Object.keys(keyFacts) as KeyType[]

/** What an AlgorithmIdentifier of a key says. Its reader is read to the end. */
export const readKeyAlgorithm = (
  algorithm: DerReader,
  unknown: 'unsupported_certificate' | 'bad_key' = 'unsupported_certificate',
): { readonly type: KeyType; readonly pss?: PublicKey['pss'] } => {
  const oid = algorithm.oid('key algorithm')
  const type = keyTypes.find((each) => keyFacts[each].oid === oid)
  if (type === undefined) throw new TlsError(unknown, `a key of an algorithm that is not supported (${oid})`)
  if (oid === EC_PUBLIC_KEY) return { type: readCurve(algorithm, unknown) }
  if (type === 'rsa') algorithm.null('parameters of rsaEncryption')
  const pss = type === 'rsa-pss' && !algorithm.done ? readPssParameters(algorithm, unknown) : undefined
  algorithm.end()
  return { type, pss }
}

/** ECParameters: a named curve, and no other choice (RFC 5480 section 2.1.1). */
export const readCurve = (reader: DerReader, unknown: 'unsupported_certificate' | 'bad_key'): KeyType => {
  if (reader.peek() !== tags.oid) reader.fail('the curve is not a named curve')
  const curve = reader.oid('curve')
  reader.end()
  const type = keyTypes.find((each) => keyFacts[each].curve === curve)
  if (type === undefined) throw new TlsError(unknown, `an EC key on a curve that is not supported (${curve})`)
  return type
}

/** Hashes of signatures, of RSASSA-PSS and of OCSP. */
export const hashOids: Readonly<Record<string, HashName>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/**
 * RSASSA-PSS-params (RFC 4055 section 3.1): of a key, what it may be used with; of a signature, what it was made with.
 * Throws for another mask generation than MGF1 with the same hash. A trailerField that is written out can be 1 only.
 */
export const readPssParameters = (
  algorithm: DerReader,
  unknown: 'unsupported_certificate' | 'bad_key',
): { readonly hash: HashName; readonly saltLength: number } => {
  const parameters = algorithm.sequence('RSASSA-PSS-params')
  const hashOf = (reader: DerReader): HashName => readHash(reader, unknown)
  const hash = parameters.optional(constructedTag(0), 'hashAlgorithm', hashOf) ?? 'sha1'
  const maskOf = (reader: DerReader): HashName => readMaskHash(reader, unknown)
  const maskHash = parameters.optional(constructedTag(1), 'maskGenAlgorithm', maskOf) ?? 'sha1'
  const numberAt = (n: number, name: string): number | undefined =>
    parameters.optional(constructedTag(n), name, (reader) => reader.smallInteger(name))
  const saltLength = numberAt(2, 'saltLength') ?? 20
  if ((numberAt(3, 'trailerField') ?? 1) !== 1) parameters.fail('trailerField is not 1')
  parameters.end()
  if (hash !== maskHash) throw new TlsError(unknown, 'RSASSA-PSS whose mask generation uses another hash')
  return { hash, saltLength }
}

const readMaskHash = (mask: DerReader, unknown: 'unsupported_certificate' | 'bad_key'): HashName => {
  const generator = mask.lastSequence('maskGenAlgorithm')
  const oid = generator.oid('mask generation function')
  if (oid !== '1.2.840.113549.1.1.8') throw new TlsError(unknown, `RSASSA-PSS with an unknown mask generation (${oid})`)
  return readHash(generator, unknown)
}

/** NULL and absent parameters mean the same for a hash (RFC 4055 section 2.1). */
const readHash = (reader: DerReader, unknown: 'unsupported_certificate' | 'bad_key'): HashName => {
  const algorithm = reader.lastSequence('hash algorithm')
  const oid = algorithm.oid('hash algorithm')
  if (!algorithm.done) algorithm.null('parameters of the hash algorithm')
  algorithm.end()
  const hash = hashOids[oid]
  if (hash === undefined) throw new TlsError(unknown, `RSASSA-PSS with an unknown hash (${oid})`)
  return hash
}
