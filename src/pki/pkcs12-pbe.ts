// Password-based encryption of old PKCS#12 files (RFC 7292 appendix C): triple DES and RC2 under a key by SHA-1. The
// ciphers are those of the runtime's node:crypto, where there is one, or the caller's.

import { use } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import { concat } from '../wire/bytes.ts'
import type { DerReader } from '../wire/der.ts'
import type { DerivationLimits } from './derivation.ts'
import { derivePkcs12, passwordForms } from './pkcs12-kdf.ts'
import type { DerivingBy } from './pkcs12-kdf.ts'

/** OpenSSL's names. Keys have 24, 16, 16 and 5 bytes, initialisation vectors 8. */
export type OldCipher = 'des-ede3-cbc' | 'des-ede-cbc' | 'rc2-cbc' | 'rc2-40-cbc'

/** Decrypts and takes off the padding (PKCS#7); throws, or rejects, if that is not right. */
export type Decipher = (
  cipher: OldCipher,
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
) => Uint8Array | Promise<Uint8Array>

export interface DecryptOptions {
  /**
   * For triple DES and RC2. Default: the runtime's node:crypto, which has no RC2 unless Node runs with
   * --openssl-legacy-provider.
   */
  readonly decipher?: Decipher
  /** How much derivation the file may ask for. */
  readonly limits?: DerivationLimits
}

/** What decryption needs from its caller. */
export interface Decryption extends DerivingBy {
  readonly password: string
  readonly decipher: Decipher | undefined
}

const schemes: Readonly<Record<string, { readonly cipher: OldCipher; readonly keyLength: number } | undefined>> = {
  '1.2.840.113549.1.12.1.3': { cipher: 'des-ede3-cbc', keyLength: 24 },
  '1.2.840.113549.1.12.1.4': { cipher: 'des-ede-cbc', keyLength: 16 },
  '1.2.840.113549.1.12.1.5': { cipher: 'rc2-cbc', keyLength: 16 },
  '1.2.840.113549.1.12.1.6': { cipher: 'rc2-40-cbc', keyLength: 5 },
}

export const isPkcs12Scheme = (oid: string): boolean => schemes[oid] !== undefined

/**
 * `algorithm` is inside the AlgorithmIdentifier, after its identifier `oid`. Throws TlsError `bad_key` for a wrong
 * password, `unsupported` where nobody has the cipher. */
export function* decryptPkcs12Scheme(
  oid: string,
  algorithm: DerReader,
  ciphertext: Uint8Array,
  by: Decryption,
): Steps<Uint8Array> {
  const scheme = schemes[oid]
  if (scheme === undefined) throw new TlsError('unsupported', `encrypted with ${oid}`)
  const parameters = algorithm.sequence('pkcs-12PbeParams')
  algorithm.end()
  const salt = parameters.octetString('salt')
  const iterations = parameters.smallInteger('iterations')
  parameters.end()
  let failure: unknown
  for (const password of passwordForms(by.password)) {
    const of = { hash: by.primitives.hashes['SHA-1'], password, salt, iterations }
    const key = yield* derivePkcs12(of, 'key', scheme.keyLength, by)
    const iv = yield* derivePkcs12(of, 'iv', 8, by)
    try {
      return yield* decryptOld(scheme.cipher, key, iv, ciphertext, by)
    } catch (error) {
      if (!(error instanceof TlsError) || error.code !== 'bad_key') throw error
      failure = error
    }
  }
  throw failure
}

/** Throws as decryptPkcs12Scheme does. */
export function* decryptOld(
  cipher: OldCipher,
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
  { decipher = runtimeDecipher }: Decryption,
): Steps<Uint8Array> {
  try {
    return yield* use(decipher(cipher, key, iv, ciphertext))
  } catch (cause) {
    if (cause instanceof TlsError) throw cause
    throw new TlsError('bad_key', wrongPassword, { cause })
  }
}

export const wrongPassword = 'the password is wrong, or the file is damaged'

/** Without an import, so that bundles for browsers, where there is no such module, can be made. */
const runtimeDecipher: Decipher = (cipher, key, iv, ciphertext) => {
  const opened = open(cipher, key, iv)
  return concat(opened.update(ciphertext), opened.final())
}

interface OpenedDecipher {
  update(ciphertext: Uint8Array): Uint8Array
  final(): Uint8Array
}

const open = (cipher: OldCipher, key: Uint8Array, iv: Uint8Array): OpenedDecipher => {
  try {
    return process.getBuiltinModule('node:crypto').createDecipheriv(cipher, key, iv)
  } catch (cause) {
    throw new TlsError(
      'unsupported',
      `encrypted with ${names[cipher]}, which this runtime does not have; ${conversion}`,
      { cause },
    )
  }
}

const names: Readonly<Record<OldCipher, string>> = {
  'des-ede3-cbc': 'triple DES',
  'des-ede-cbc': 'triple DES with two keys',
  'rc2-cbc': '128-bit RC2',
  'rc2-40-cbc': '40-bit RC2',
}

export const conversion: string =
  'give the option `decipher`, or convert it with "openssl pkcs8 -topk8" or, for PKCS#12, "openssl pkcs12 -legacy ' +
  '-nodes" and "openssl pkcs12 -export"'
