// Encrypted private keys, to PKCS#8 that the `key` option takes, and back: PKCS#8 (RFC 5958 section 3), as `openssl
// genpkey -aes256` and most tools write them, and the older PEM of OpenSSL (Proc-Type: 4,ENCRYPTED, RFC 1421 section
// 4.6.1.1).

import { md5 } from '@noble/hashes/legacy.js'
import { checkOptions, requireText } from '../checked-options.ts'
import { run } from '../crypto/maybe.ts'
import type { Steps } from '../crypto/maybe.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { TlsError } from '../errors.ts'
import { concat, fromHex } from '../wire/bytes.ts'
import { derOctets, derSequence } from '../wire/der.ts'
import { decodePem, encodePem, pemTextOf } from '../wire/pem.ts'
import type { PemBlock, PemOrDer } from '../wire/pem.ts'
import { ownKeyBytes } from './keys.ts'
import type { OwnKey } from './keys.ts'
import { decryptKeyInfo, keyIn } from './key-info.ts'
import { encryptWithPassword } from './pbes2-encrypt.ts'
import { decryptCbc } from './pbes2.ts'
import { conversion, decryptOld, wrongPassword } from './pkcs12-pbe.ts'
import type { Decryption, DecryptOptions } from './pkcs12-pbe.ts'
import { decryptionOf } from './web-primitives.ts'

/**
 * Decrypts an encrypted key (PEM text or bytes, DER) and answers with a PEM block PRIVATE KEY. Throws TlsError
 * `bad_key` for a wrong password, a damaged file or one that wants too much work (`limits`), `unsupported` for a cipher
 * or a kind of key that there is not here, `bad_option` where there is no encrypted key.
 */
export const decryptPrivateKey = async (
  input: PemOrDer,
  password: string,
  options: DecryptOptions = {},
): Promise<string> => {
  const by = decryptionOf(password, options)
  const text = pemTextOf(input)
  const block = text === undefined ? { label: PKCS8, bytes: asBytes(input) } : encryptedBlock(text)
  return encodePem(
    'PRIVATE KEY',
    await onlyTlsErrors(() =>
      run(block.label === PKCS8 ? decryptKeyInfo(block.bytes, by) : decryptTraditional(block, by)),
    ),
  )
}

/** A PEM block ENCRYPTED PRIVATE KEY of a key in any form: AES-256-CBC under PBKDF2 with HMAC-SHA-256. */
export const encryptPrivateKey = async (
  key: OwnKey,
  password: string,
  options: { readonly iterations?: number } = {},
): Promise<string> => {
  checkOptions(options, { iterations: 'number' })
  requireText(password, 'password')
  const { iterations = DEFAULT_ITERATIONS } = options
  return encodePem(PKCS8, await encryptKeyInfo(await ownKeyBytes(key), password, iterations))
}

/** Of PBKDF2, where keys and files are written. */
export const DEFAULT_ITERATIONS = 100_000

/** EncryptedPrivateKeyInfo, DER. */
export const encryptKeyInfo = async (pkcs8: Uint8Array, password: string, iterations: number): Promise<Uint8Array> => {
  const { algorithm, ciphertext } = await encryptWithPassword(pkcs8, password, iterations)
  return derSequence(algorithm, derOctets(ciphertext))
}

const PKCS8 = 'ENCRYPTED PRIVATE KEY'
const asBytes = (input: PemOrDer): Uint8Array => (typeof input === 'string' ? new Uint8Array() : input)

/** What a runtime's crypto says of nonsense is no error of its own to our caller. */
export const onlyTlsErrors = async <T>(read: () => MaybePromise<T>): Promise<T> => {
  try {
    return await read()
  } catch (cause) {
    throw cause instanceof TlsError ? cause : new TlsError('bad_key', wrongPassword, { cause })
  }
}

const encryptedBlock = (text: string): PemBlock => {
  const blocks = decodePem(text)
  const found = blocks.find(({ label, headers }) => label === PKCS8 || headers?.has('DEK-Info'))
  if (found !== undefined) return found
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY')))
    throw new TlsError('bad_option', 'this private key is not encrypted: use it as it is')
  throw new TlsError('bad_option', 'there is no encrypted private key in it (a PEM block ENCRYPTED PRIVATE KEY)')
}

/** OpenSSL's names, key and block length in bytes. */
const traditionalCiphers: Readonly<Record<string, readonly [number, number]>> = {
  'AES-128-CBC': [16, 16],
  'AES-192-CBC': [24, 16],
  'AES-256-CBC': [32, 16],
  'DES-EDE3-CBC': [24, 8],
}

/** DEK-Info: cipher and initialisation vector, whose first 8 bytes are the salt of the key. */
function* decryptTraditional({ bytes, headers }: PemBlock, by: Decryption): Steps<Uint8Array> {
  const [name = '', hex = ''] = (headers?.get('DEK-Info') ?? '').split(',').map((part) => part.trim())
  const [keyLength, ivLength] = (Object.hasOwn(traditionalCiphers, name) && traditionalCiphers[name]) || []
  if (keyLength === undefined || ivLength === undefined) {
    throw new TlsError(
      'unsupported',
      `encrypted with ${JSON.stringify(name.slice(0, 20))}, which is not supported; ${conversion}`,
    )
  }
  if (hex.length !== 2 * ivLength || /[^0-9a-fA-F]/.test(hex))
    throw new TlsError('bad_key', 'DEK-Info: the initialisation vector is malformed')
  const iv = fromHex(hex)
  const key = bytesToKey(new TextEncoder().encode(by.password), iv.subarray(0, 8), keyLength)
  return keyIn(
    name === 'DES-EDE3-CBC'
      ? yield* decryptOld('des-ede3-cbc', key, iv, bytes, by)
      : yield* decryptCbc(key, iv, bytes, by),
  )
}

/**
 * OpenSSL's EVP_BytesToKey with MD5 and one iteration: no protection for weak passwords, which is why nobody should
 * write it.
 */
const bytesToKey = (password: Uint8Array, salt: Uint8Array, length: number): Uint8Array => {
  let last = md5(concat(password, salt))
  let key: Uint8Array = last
  while (key.length < length) {
    last = md5(concat(last, password, salt))
    key = concat(key, last)
  }
  return key.subarray(0, length)
}
