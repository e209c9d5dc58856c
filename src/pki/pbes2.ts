// Password-based encryption, PBES2 (RFC 8018 section 6.2): PBKDF2 or scrypt (RFC 7914) with AES-CBC, by WebCrypto and
// @noble/hashes; triple DES, and the schemes of PKCS#12, by pkcs12-pbe.ts. Called by encrypted-key.ts and pkcs12.ts.

import { scryptAsync } from '@noble/hashes/scrypt.js'
import { TlsError } from '../errors.ts'
import { tags } from '../wire/der.ts'
import type { DerReader } from '../wire/der.ts'
import { plain } from './keys.ts'
import { conversion, decryptOld, decryptPkcs12Scheme, isPkcs12Scheme, wrongPassword } from './pkcs12-pbe.ts'
import type { DecryptOptions } from './pkcs12-pbe.ts'

const oids = { pbes2: '1.2.840.113549.1.5.13', pbkdf2: '1.2.840.113549.1.5.12', scrypt: '1.3.6.1.4.1.11591.4.11' } as const

/** PRF of PBKDF2 to the hash under it. */
export const hmacHashes: Readonly<Record<string, string>> = {
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

/** Iterations beyond this would be a hang, not a protection. */
const maxIterations = 10_000_000
const maxScryptMemory = 256 << 20

const tripleDes = '1.2.840.113549.3.7'

/** `algorithm` is inside the AlgorithmIdentifier. Throws TlsError `bad_key` for a wrong password, `unsupported` for a scheme that
 * nobody here has. */
export const decryptWithPassword = async (
  algorithm: DerReader, ciphertext: Uint8Array, password: string, options: DecryptOptions,
): Promise<Uint8Array> => {
  const scheme = algorithm.oid('encryption scheme')
  if (isPkcs12Scheme(scheme)) return decryptPkcs12Scheme(scheme, algorithm, ciphertext, password, options)
  if (scheme !== oids.pbes2) throw new TlsError('unsupported', `encrypted with ${oldSchemes[scheme] ?? scheme}, which is not supported; ${conversion}`)
  const parameters = algorithm.sequence('PBES2-params')
  algorithm.end()
  const derivation = parameters.sequence('keyDerivationFunc')
  const encryption = parameters.sequence('encryptionScheme')
  parameters.end()
  const cipher = encryption.oid('cipher')
  const keyLength = cipher === tripleDes ? 24 : ciphers[cipher]
  if (keyLength === undefined) throw new TlsError('unsupported', `encrypted with cipher ${cipher}; AES-CBC and triple DES are supported: ${conversion}`)
  const iv = encryption.octetString('initialisation vector')
  encryption.end()
  if (iv.length !== (cipher === tripleDes ? 8 : 16)) encryption.fail(`an initialisation vector of ${iv.length} bytes`)
  const key = await deriveKey(derivation, keyLength, new TextEncoder().encode(password))
  return cipher === tripleDes ? decryptOld('des-ede3-cbc', key, iv, ciphertext, options) : decryptCbc(key, iv, ciphertext)
}

const oldSchemes: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.5.3': 'DES and MD5 (PBES1)',
  '1.2.840.113549.1.5.10': 'DES and SHA-1 (PBES1)',
}

/** KDF of PBES2-params or PBMAC1-params; `length` is in bytes. */
export const deriveKey = (derivation: DerReader, length: number, password: Uint8Array): Promise<Uint8Array> => {
  const kdf = derivation.oid('key derivation')
  const parameters = derivation.sequence('parameters of the key derivation')
  derivation.end()
  if (kdf === oids.pbkdf2) return pbkdf2(parameters, length, password)
  if (kdf === oids.scrypt) return scrypt(parameters, length, password)
  throw new TlsError('unsupported', `a key derivation that is not known: ${kdf}`)
}

/** PBKDF2-params (RFC 8018 appendix A.2). */
const pbkdf2 = async (parameters: DerReader, length: number, password: Uint8Array): Promise<Uint8Array> => {
  const salt = parameters.octetString('salt')
  const iterations = parameters.smallInteger('iterations')
  checkLength(parameters, length)
  const prf = parameters.done ? undefined : parameters.sequence('prf')
  parameters.end()
  const hash = prf === undefined ? 'SHA-1' : hmacHashes[prf.oid('prf')]
  if (prf !== undefined && !prf.done) prf.null('parameters of the prf')
  if (hash === undefined) throw new TlsError('unsupported', 'PBKDF2 with a function that is not known')
  if (iterations < 1 || iterations > maxIterations) parameters.fail(`${iterations} iterations; at most ${maxIterations} are taken`)
  const base = await crypto.subtle.importKey('raw', plain(password), 'PBKDF2', false, ['deriveBits'])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash, salt: plain(salt), iterations }, base, length * 8))
}

/** scrypt-params (RFC 7914 section 7). */
const scrypt = async (parameters: DerReader, length: number, password: Uint8Array): Promise<Uint8Array> => {
  const salt = parameters.octetString('salt')
  const N = parameters.smallInteger('costParameter')
  const r = parameters.smallInteger('blockSize')
  const p = parameters.smallInteger('parallelizationParameter')
  checkLength(parameters, length)
  parameters.end()
  const isPower = N > 1 && Number.isInteger(Math.log2(N))
  if (!isPower || r < 1 || p < 1 || 128 * N * r > maxScryptMemory || p > 64) parameters.fail('scrypt parameters that make no sense or need too much memory')
  return scryptAsync(password, salt, { N, r, p, dkLen: length, maxmem: maxScryptMemory + (1 << 20) })
}

const checkLength = (parameters: DerReader, length: number): void => {
  if (parameters.peek() === tags.integer && parameters.smallInteger('keyLength') !== length) parameters.fail('a key length that is not that of the cipher')
}

const decryptCbc = async (raw: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Promise<Uint8Array> => {
  try {
    const key = await crypto.subtle.importKey('raw', plain(raw), 'AES-CBC', false, ['decrypt'])
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv: plain(iv) }, key, plain(ciphertext)))
  } catch (cause) {
    throw new TlsError('bad_key', wrongPassword, { cause })
  }
}
