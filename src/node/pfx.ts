// PKCS#12 files for `pfx` (RFC 7292), read at once by node:crypto: puretls/pki reads them with promises, in every
// runtime, and node:tls throws out of createSecureContext().

import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  getCiphers,
  pbkdf2Sync,
  timingSafeEqual,
  X509Certificate,
} from 'node:crypto'
import type { KeyObject } from 'node:crypto'

import { TlsError } from '../errors.ts'
import { berToDer } from '../pki/ber.ts'
import { constructedTag, contextTag, DerReader } from '../wire/der.ts'
import { codedError } from './node-errors.ts'

/** What a file holds. Certificates in DER. */
export interface Pfx {
  readonly key: KeyObject
  /** The certificate of the key, and the others as the file has them. */
  readonly chain: readonly Uint8Array[]
  readonly authorities: readonly Uint8Array[]
}

/** RFC 7292 section 4 and appendix D. */
const pkcs12Oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
} as const

/** Throws `mac verify failure` for a wrong passphrase, and ERR_OSSL_* for what is no such file. */
export const readPfx = (file: Uint8Array, passphrase: string | undefined): Pfx => {
  try {
    return read(file, passphrase ?? '')
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    if (error.code === 'unsupported') throw unsupported(error)
    throw new Error('not enough data', { cause: error })
  }
}

const unsupported = (cause: unknown): Error =>
  codedError(Error, 'ERR_CRYPTO_UNSUPPORTED_OPERATION', 'Unsupported PKCS12 PFX data', { cause })

const reading = (der: Uint8Array): DerReader => new DerReader(der, 'bad_key', 'PKCS#12 file')

const read = (file: Uint8Array, passphrase: string): Pfx => {
  const outer = reading(berToDer(file))
  const pfx = outer.sequence('PFX')
  pfx.smallInteger('version')
  const safe = contentOf(pfx.sequence('authSafe'), passphrase)
  if (!pfx.done) checkMac(pfx.sequence('macData'), safe, passphrase)
  const keys: KeyObject[] = []
  const certificates: Uint8Array[] = []
  const safes = reading(berToDer(safe)).sequence('AuthenticatedSafe')
  while (!safes.done) {
    const bags = reading(berToDer(contentOf(safes.sequence('ContentInfo'), passphrase))).sequence('SafeContents')
    while (!bags.done) readBag(bags.sequence('SafeBag'), passphrase, keys, certificates)
  }
  const [key] = keys
  if (!key) throw codedError(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'Unable to load private key from PFX data')
  const own = certificates.find((der) => new X509Certificate(der).checkPrivateKey(key))
  if (!own) throw codedError(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'Unable to load PFX certificate')
  const authorities = certificates.filter((der) => der !== own)
  return { key, chain: [own, ...authorities], authorities }
}

const contentOf = (info: DerReader, passphrase: string): Uint8Array => {
  const type = info.oid('contentType')
  const explicit = info.enter(constructedTag(0), 'content')
  if (type === pkcs12Oids.data) return explicit.octetString('content')
  if (type !== pkcs12Oids.encryptedData) throw new TlsError('unsupported', `pfx: a part of type ${type}`)
  const data = explicit.sequence('EncryptedData')
  data.smallInteger('version')
  const content = data.sequence('EncryptedContentInfo')
  content.oid('contentType')
  const algorithm = content.sequence('contentEncryptionAlgorithm')
  const pieces = content.optional(constructedTag(0), 'encryptedContent')
  const encrypted: Uint8Array[] = []
  if (pieces === undefined) encrypted.push(content.content(contextTag(0), 'encryptedContent'))
  else while (!pieces.done) encrypted.push(pieces.octetString('piece'))
  return decrypt(algorithm, Buffer.concat(encrypted), passphrase)
}

const readBag = (bag: DerReader, passphrase: string, keys: KeyObject[], certificates: Uint8Array[]): void => {
  const kind = bag.oid('bagId')
  const explicit = bag.enter(constructedTag(0), 'bagValue')
  const value = Buffer.from(explicit.element('bagValue'))
  if (kind === pkcs12Oids.keyBag) keys.push(createPrivateKey({ key: value, format: 'der', type: 'pkcs8' }))
  if (kind === pkcs12Oids.shroudedKeyBag)
    keys.push(createPrivateKey({ key: value, format: 'der', type: 'pkcs8', passphrase }))
  if (kind !== pkcs12Oids.certBag) return
  const certificate = reading(value).sequence('CertBag')
  if (certificate.oid('certId') !== pkcs12Oids.x509Certificate) return
  certificates.push(certificate.enter(constructedTag(0), 'certValue').octetString('certValue'))
}

// ---- the password's proof
// ----------------------------------------------------------------------------------------------

const hashNames: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}
const hmacNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

const known = (table: Readonly<Record<string, string>>, oid: string): string => {
  const name = table[oid]
  if (name === undefined) throw new TlsError('unsupported', `pfx: ${oid} is not supported here`)
  return name
}

const checkMac = (macData: DerReader, content: Uint8Array, passphrase: string): void => {
  const digestInfo = macData.sequence('mac')
  const algorithm = digestInfo.sequence('digestAlgorithm')
  const oid = algorithm.oid('digestAlgorithm')
  const expected = digestInfo.octetString('digest')
  const salt = macData.octetString('macSalt')
  const iterations = macData.done ? 1 : macData.smallInteger('iterations')
  const macs =
    oid === '1.2.840.113549.1.5.14'
      ? [pbmac1(algorithm, content, passphrase)]
      : passwordForms(passphrase).map((password) => {
          const hash = known(hashNames, oid)
          const key = derive({ hash, password, salt, iterations }, 3, createHash(hash).digest().length)
          return createHmac(hash, key).update(content).digest()
        })
  if (macs.some((mac) => mac.length === expected.length && timingSafeEqual(mac, expected))) return
  throw codedError(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'mac verify failure')
}

/** RFC 9579. */
const pbmac1 = (algorithm: DerReader, content: Uint8Array, passphrase: string): Buffer => {
  const parameters = algorithm.sequence('PBMAC1-params')
  const { key } = pbkdf2(parameters.sequence('keyDerivationFunc'), passphrase, 32)
  return createHmac(known(hmacNames, parameters.sequence('messageAuthScheme').oid('hmac')), key)
    .update(content)
    .digest()
}

/** RFC 7292 appendix B.1: UTF-16 with a final zero; an empty password is written in two ways. */
const passwordForms = (passphrase: string): readonly Buffer[] => {
  const wide = Buffer.from(`${passphrase}\0`, 'utf16le').swap16()
  return passphrase === '' ? [wide, Buffer.alloc(0)] : [wide]
}

interface Derivation {
  readonly hash: string
  readonly password: Uint8Array
  readonly salt: Uint8Array
  readonly iterations: number
}

/** RFC 7292 appendix B.2. `purpose`: 1 key, 2 initialisation vector, 3 MAC. */
const derive = ({ hash, password, salt, iterations }: Derivation, purpose: number, length: number): Buffer => {
  const size = hash === 'sha384' || hash === 'sha512' ? 128 : 64
  const fill = (bytes: Uint8Array): Buffer =>
    bytes.length === 0 ? Buffer.alloc(0) : Buffer.alloc(size * Math.ceil(bytes.length / size), bytes)
  const input = Buffer.concat([fill(salt), fill(password)])
  const derived: Buffer[] = []
  for (let done = 0; done < length;) {
    let block = createHash(hash).update(Buffer.alloc(size, purpose)).update(input).digest()
    for (let round = 1; round < iterations; round++) block = createHash(hash).update(block).digest()
    derived.push(block)
    done += block.length
    const addend = Buffer.alloc(size, block)
    for (let at = 0; at < input.length; at += size) addWithOne(input.subarray(at, at + size), addend)
  }
  return Buffer.concat(derived).subarray(0, length)
}

const addWithOne = (block: Buffer, addend: Buffer): void => {
  let carry = 1
  for (let index = block.length - 1; index >= 0; index--) {
    carry += (block[index] ?? 0) + (addend[index] ?? 0)
    block[index] = carry
    carry >>= 8
  }
}

// ---- decryption
// --------------------------------------------------------------------------------------------------------

const oldSchemes: Readonly<Record<string, { readonly cipher: string; readonly keyLength: number }>> = {
  '1.2.840.113549.1.12.1.3': { cipher: 'des-ede3-cbc', keyLength: 24 },
  '1.2.840.113549.1.12.1.4': { cipher: 'des-ede-cbc', keyLength: 16 },
  '1.2.840.113549.1.12.1.5': { cipher: 'rc2-cbc', keyLength: 16 },
  '1.2.840.113549.1.12.1.6': { cipher: 'rc2-40-cbc', keyLength: 5 },
}
const newCiphers: Readonly<Record<string, { readonly cipher: string; readonly keyLength: number }>> = {
  '2.16.840.1.101.3.4.1.2': { cipher: 'aes-128-cbc', keyLength: 16 },
  '2.16.840.1.101.3.4.1.22': { cipher: 'aes-192-cbc', keyLength: 24 },
  '2.16.840.1.101.3.4.1.42': { cipher: 'aes-256-cbc', keyLength: 32 },
  '1.2.840.113549.3.7': { cipher: 'des-ede3-cbc', keyLength: 24 },
}

const opened = (cipher: string, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Buffer => {
  if (!getCiphers().includes(cipher)) throw new TlsError('unsupported', `pfx: encrypted with ${cipher}`)
  const decipher = createDecipheriv(cipher, key, iv)
  return Buffer.concat([decipher.update(data), decipher.final()])
}

const decrypt = (algorithm: DerReader, data: Uint8Array, passphrase: string): Buffer => {
  const oid = algorithm.oid('encryption algorithm')
  const parameters = algorithm.sequence('parameters')
  if (oid === '1.2.840.113549.1.5.13') return decryptPbes2(parameters, data, passphrase)
  const scheme = oldSchemes[oid]
  if (!scheme) throw new TlsError('unsupported', `pfx: encrypted with ${oid}`)
  const salt = parameters.octetString('salt')
  const iterations = parameters.smallInteger('iterations')
  let failure: unknown
  for (const password of passwordForms(passphrase)) {
    const from = { hash: 'sha1', password, salt, iterations }
    try {
      return opened(scheme.cipher, derive(from, 1, scheme.keyLength), derive(from, 2, 8), data)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/** RFC 8018 section 6.2. */
const decryptPbes2 = (parameters: DerReader, data: Uint8Array, passphrase: string): Buffer => {
  const derivation = parameters.sequence('keyDerivationFunc')
  const encryption = parameters.sequence('encryptionScheme')
  const oid = encryption.oid('encryption scheme')
  const scheme = newCiphers[oid]
  if (!scheme) throw new TlsError('unsupported', `pfx: encrypted with ${oid}`)
  const iv = encryption.octetString('iv')
  return opened(scheme.cipher, pbkdf2(derivation, passphrase, scheme.keyLength).key, iv, data)
}

/** RFC 8018 section 5.2. */
const pbkdf2 = (derivation: DerReader, passphrase: string, keyLength: number): { readonly key: Buffer } => {
  if (derivation.oid('key derivation') !== '1.2.840.113549.1.5.12')
    throw new TlsError('unsupported', 'pfx: its key is not derived by PBKDF2')
  const parameters = derivation.sequence('PBKDF2-params')
  const salt = parameters.octetString('salt')
  const iterations = parameters.smallInteger('iterations')
  if (!parameters.done && parameters.peek() === 0x02) parameters.smallInteger('keyLength')
  const hash = parameters.done ? 'sha1' : known(hmacNames, parameters.sequence('prf').oid('prf'))
  return { key: pbkdf2Sync(passphrase, salt, iterations, keyLength, hash) }
}
