// Writes PKCS#12 files (RFC 7292) as OpenSSL 3, Java 17 and GnuTLS do by default: AES-256-CBC under PBKDF2 with
// HMAC-SHA-256 (PBES2), and a MAC by HMAC-SHA-256.

import { checkOptions, requireText } from '../checked-options.ts'
import type { Names as OptionNames } from '../checked-options.ts'
import { parsePublicKey, samePublicKey } from '../crypto/keys.ts'
import { run } from '../crypto/maybe.ts'
import { TlsError } from '../errors.ts'
import {
  constructedTag,
  contextTag,
  derElement,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
  derSet,
  tags,
} from '../wire/der.ts'
import type { PemOrDer } from '../wire/pem.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { certificateBytes } from '../x509/load.ts'
import { DerivationBudget } from './derivation.ts'
import { DEFAULT_ITERATIONS, encryptKeyInfo } from './encrypted-key.ts'
import { ownKeyBytes, publicKeyOf } from './keys.ts'
import type { OwnKey } from './keys.ts'
import { encryptWithPassword } from './pbes2-encrypt.ts'
import { pkcs12Oids } from './pkcs12-bags.ts'
import { derivePkcs12, passwordForms } from './pkcs12-kdf.ts'
import { webPrimitives } from './web-primitives.ts'

export interface Pkcs12Options {
  /** The certificates: that of the key first, then those above it. Without a key: those of a trust store. */
  readonly cert: PemOrDer | readonly PemOrDer[]
  /** The private key of the first certificate, in any form that can be exported. */
  readonly key?: OwnKey | CryptoKey
  readonly password: string
  /** Name of the key, which Windows, macOS and Java (as alias) show. */
  readonly friendlyName?: string
  /** Of PBKDF2 and of the MAC's derivation, 1 to 10,000,000; default 100,000. */
  readonly iterations?: number
}

const optionNames: OptionNames<Pkcs12Options> = {
  cert: 'any',
  key: 'any',
  password: 'any',
  friendlyName: 'string',
  iterations: 'number',
}

/**
 * A file, DER. Throws `key_mismatch` for a key that is not the first certificate's, `bad_option`, `bad_key`,
 * `bad_certificate`.
 */
export const createPkcs12 = async (options: Pkcs12Options): Promise<Uint8Array> => {
  checkOptions(options, optionNames, { required: ['cert'], elsewhere: { ca: 'cert', alias: 'friendlyName' } })
  const { key, password, friendlyName, iterations = DEFAULT_ITERATIONS } = options
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > 10_000_000) {
    throw new TlsError('bad_option', 'iterations: a whole number, 1 to 10,000,000')
  }
  requireText(password, 'password')
  const certificates = certificateBytes(options.cert, 'cert')
  const pkcs8 = key === undefined ? undefined : await ownKeyBytes(key)
  const [leaf = new Uint8Array()] = certificates
  if (pkcs8 !== undefined) await requireMatch(leaf, pkcs8)
  const names = { friendlyName, localKeyId: pkcs8 && (await localKeyIdOf(leaf)) }
  const bags = certificates.map((der, index) => certificateBag(der, attributesOf(index, pkcs8 !== undefined, names)))
  const safes = [
    await encryptedSafe(bags, password, iterations),
    ...(pkcs8 === undefined
      ? []
      : [dataInfo(derSequence(await keyBag(pkcs8, attributes(names), password, iterations)))]),
  ]
  const content = derSequence(...safes)
  return derSequence(derInteger(3), dataInfo(content), await makeMac(content, password, iterations))
}

const requireMatch = async (leaf: Uint8Array, pkcs8: Uint8Array): Promise<void> => {
  const publicKey = await publicKeyOf(pkcs8)
  const expected = parsePublicKey(parseCertificate(leaf).spki)
  if (publicKey && samePublicKey(publicKey, expected)) return
  throw new TlsError('key_mismatch', 'the private key does not belong to the first certificate')
}

/** Ties key and certificate together: any bytes will do. */
const localKeyIdOf = async (certificate: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(certificate))).slice(0, 20)

interface Names {
  readonly friendlyName: string | undefined
  readonly localKeyId: Uint8Array | undefined
}

const attributesOf = (index: number, hasKey: boolean, names: Names): Uint8Array[] =>
  hasKey ? (index === 0 ? attributes(names) : []) : [trusted, ...(index === 0 ? attributes(names) : [])]

const attributes = ({ friendlyName, localKeyId }: Names): Uint8Array[] => [
  ...(friendlyName === undefined
    ? []
    : [attribute(pkcs12Oids.friendlyName, derElement(tags.bmpString, utf16(friendlyName)))]),
  ...(localKeyId === undefined ? [] : [attribute(pkcs12Oids.localKeyId, derOctets(localKeyId))]),
]

const attribute = (oid: string, value: Uint8Array): Uint8Array => derSequence(derOid(oid), derSet(value))

/** Java takes a certificate without a key as trusted only with this (trustedKeyUsage of Oracle: any). */
const trusted = attribute('2.16.840.1.113894.746875.1.1', derOid('2.5.29.37.0'))

const utf16 = (text: string): Uint8Array => {
  const bytes = new Uint8Array(2 * text.length)
  for (let i = 0; i < text.length; i++) new DataView(bytes.buffer).setUint16(2 * i, text.charCodeAt(i))
  return bytes
}

const bag = (oid: string, value: Uint8Array, all: readonly Uint8Array[]): Uint8Array =>
  derSequence(derOid(oid), derElement(constructedTag(0), value), ...(all.length === 0 ? [] : [derSet(...all)]))

const certificateBag = (der: Uint8Array, all: readonly Uint8Array[]): Uint8Array =>
  bag(
    pkcs12Oids.certBag,
    derSequence(derOid(pkcs12Oids.x509Certificate), derElement(constructedTag(0), derOctets(der))),
    all,
  )

const keyBag = async (
  pkcs8: Uint8Array,
  all: readonly Uint8Array[],
  password: string,
  iterations: number,
): Promise<Uint8Array> => bag(pkcs12Oids.shroudedKeyBag, await encryptKeyInfo(pkcs8, password, iterations), all)

/** ContentInfo of type data. */
const dataInfo = (content: Uint8Array): Uint8Array =>
  derSequence(derOid(pkcs12Oids.data), derElement(constructedTag(0), derOctets(content)))

/** ContentInfo of type encryptedData (RFC 5652 section 8). */
const encryptedSafe = async (
  bags: readonly Uint8Array[],
  password: string,
  iterations: number,
): Promise<Uint8Array> => {
  const { algorithm, ciphertext } = await encryptWithPassword(derSequence(...bags), password, iterations)
  const content = derSequence(derOid(pkcs12Oids.data), algorithm, derElement(contextTag(0), ciphertext))
  return derSequence(
    derOid(pkcs12Oids.encryptedData),
    derElement(constructedTag(0), derSequence(derInteger(0), content)),
  )
}

/** MacData with HMAC-SHA-256 (RFC 7292 section 4). */
const makeMac = async (content: Uint8Array, password: string, iterations: number): Promise<Uint8Array> => {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const [form = new Uint8Array()] = passwordForms(password)
  const hash = webPrimitives.hashes['SHA-256']
  const by = {
    budget: new DerivationBudget({ pkcs12Iterations: Number.POSITIVE_INFINITY }),
    primitives: webPrimitives,
  }
  const key = await run(derivePkcs12({ hash, password: form, salt, iterations }, 'mac', hash.outputLength, by))
  const digestInfo = derSequence(
    derSequence(derOid('2.16.840.1.101.3.4.2.1'), derNull()),
    derOctets(hash.hmac(key, content)),
  )
  return derSequence(digestInfo, derOctets(salt), derInteger(iterations))
}
