// Password-based encryption, PBES2 (RFC 8018 section 6.2): PBKDF2 or scrypt (RFC 7914) with AES-CBC; triple DES, and
// the schemes of PKCS#12, by pkcs12-pbe.ts.

import { use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import { tags } from '../wire/der.ts'
import type { DerReader } from '../wire/der.ts'
import type { DerivingBy } from './pkcs12-kdf.ts'
import type { PbeHashName } from './primitives.ts'
import { conversion, decryptOld, decryptPkcs12Scheme, isPkcs12Scheme, wrongPassword } from './pkcs12-pbe.ts'
import type { Decryption } from './pkcs12-pbe.ts'

export const pbes2Oids = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  scrypt: '1.3.6.1.4.1.11591.4.11',
} as const

/** PRF of PBKDF2 to the hash under it. */
export const hmacHashes: Readonly<Record<string, PbeHashName>> = {
  '1.2.840.113549.2.7': 'SHA-1',
  '1.2.840.113549.2.9': 'SHA-256',
  '1.2.840.113549.2.10': 'SHA-384',
  '1.2.840.113549.2.11': 'SHA-512',
}

/** AES-CBC by key length in bytes. */
const ciphers: Readonly<Record<string, number>> = {
  '2.16.840.1.101.3.4.1.2': 16,
  '2.16.840.1.101.3.4.1.22': 24,
  '2.16.840.1.101.3.4.1.42': 32,
}

const tripleDes = '1.2.840.113549.3.7'

/**
 * `algorithm` is inside the AlgorithmIdentifier. Throws TlsError `bad_key` for a wrong password, `unsupported` for a
 * scheme that nobody here has. */
export function* decryptWithPassword(algorithm: DerReader, ciphertext: Uint8Array, by: Decryption): Steps<Uint8Array> {
  const scheme = algorithm.oid('encryption scheme')
  if (isPkcs12Scheme(scheme)) return yield* decryptPkcs12Scheme(scheme, algorithm, ciphertext, by)
  if (scheme !== pbes2Oids.pbes2)
    throw new TlsError(
      'unsupported',
      `encrypted with ${oldSchemes[scheme] ?? scheme}, which is not supported; ${conversion}`,
    )
  const parameters = algorithm.sequence('PBES2-params')
  algorithm.end()
  const derivation = parameters.sequence('keyDerivationFunc')
  const encryption = parameters.sequence('encryptionScheme')
  parameters.end()
  const cipher = encryption.oid('cipher')
  const keyLength = cipher === tripleDes ? 24 : ciphers[cipher]
  if (keyLength === undefined)
    throw new TlsError(
      'unsupported',
      `encrypted with cipher ${cipher}; AES-CBC and triple DES are supported: ${conversion}`,
    )
  const iv = encryption.octetString('initialisation vector')
  encryption.end()
  if (iv.length !== (cipher === tripleDes ? 8 : 16)) encryption.fail(`an initialisation vector of ${iv.length} bytes`)
  const key = yield* deriveKey(derivation, keyLength, new TextEncoder().encode(by.password), by)
  return cipher === tripleDes
    ? yield* decryptOld('des-ede3-cbc', key, iv, ciphertext, by)
    : yield* decryptCbc(key, iv, ciphertext, by)
}

const oldSchemes: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.5.3': 'DES and MD5 (PBES1)',
  '1.2.840.113549.1.5.10': 'DES and SHA-1 (PBES1)',
}

/** KDF of PBES2-params or PBMAC1-params; `length` is in bytes. */
export function* deriveKey(
  derivation: DerReader,
  length: number,
  password: Uint8Array,
  by: DerivingBy,
): Steps<Uint8Array> {
  const kdf = derivation.oid('key derivation')
  const parameters = derivation.sequence('parameters of the key derivation')
  derivation.end()
  if (kdf === pbes2Oids.pbkdf2) return yield* pbkdf2(parameters, length, password, by)
  if (kdf === pbes2Oids.scrypt) return yield* scrypt(parameters, length, password, by)
  throw new TlsError('unsupported', `a key derivation that is not known: ${kdf}`)
}

/** PBKDF2-params (RFC 8018 appendix A.2). */
function* pbkdf2(
  parameters: DerReader,
  length: number,
  password: Uint8Array,
  { budget, primitives }: DerivingBy,
): Steps<Uint8Array> {
  const salt = parameters.octetString('salt')
  const iterations = parameters.smallInteger('iterations')
  checkLength(parameters, length)
  const prf = parameters.done ? undefined : parameters.sequence('prf')
  parameters.end()
  const oid = prf?.oid('prf')
  const hash = oid === undefined ? 'SHA-1' : hmacHashes[oid]
  if (prf !== undefined && !prf.done) prf.null('parameters of the prf')
  if (hash === undefined) throw new TlsError('unsupported', `PBKDF2 with a function that is not known: ${oid}`)
  budget.charge('pbkdf2Iterations', iterations)
  return yield* use(primitives.pbkdf2({ hash, salt, iterations, length, password }))
}

/** scrypt-params (RFC 7914 section 7). */
function* scrypt(
  parameters: DerReader,
  length: number,
  password: Uint8Array,
  { budget, primitives }: DerivingBy,
): Steps<Uint8Array> {
  const salt = parameters.octetString('salt')
  const N = parameters.smallInteger('costParameter')
  const r = parameters.smallInteger('blockSize')
  const p = parameters.smallInteger('parallelizationParameter')
  checkLength(parameters, length)
  parameters.end()
  const isPower = N > 1 && Number.isInteger(Math.log2(N))
  if (!isPower || r < 1 || p < 1 || r * p >= 2 ** 30) parameters.fail('scrypt parameters that make no sense')
  budget.charge('scryptCost', N * r * p)
  return yield* use(primitives.scrypt({ password, salt, N, r, p, length, memory: 128 * r * (N + p + 1) }))
}

const checkLength = (parameters: DerReader, length: number): void => {
  if (parameters.peek() === tags.integer && parameters.smallInteger('keyLength') !== length)
    parameters.fail('a key length that is not that of the cipher')
}

/** AES-CBC with the padding of PKCS#7. Throws `bad_key`. */
export function* decryptCbc(
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
  { primitives }: DerivingBy,
): Steps<Uint8Array> {
  try {
    return yield* use(primitives.decryptCbc(key, iv, ciphertext))
  } catch (cause) {
    throw new TlsError('bad_key', wrongPassword, { cause })
  }
}
