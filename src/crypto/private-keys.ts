// Private keys out of PKCS#8 (RFC 5958), SEC1 (RFC 5915) and PKCS#1 (RFC 8017 appendix A.1.2), DER or PEM, into one
// shape: PKCS#8 version 1, nothing in it but the key.

import { TlsError, asTlsError } from '../errors.ts'
import { fromHex, toHex } from '../wire/bytes.ts'
import {
  DerReader,
  compareBytes,
  constructedTag,
  contextTag,
  derElement,
  derInteger,
  derOctets,
  derSequence,
  tags,
} from '../wire/der.ts'
import { decodePem, pemTextOf } from '../wire/pem.ts'
import type { PemBlock, PemOrDer } from '../wire/pem.ts'
import { keyAlgorithm, keyFacts, readCurve, readKeyAlgorithm } from './key-algorithm.ts'
import type { KeyType, PrivateKey } from './provider.ts'

/** Throws `bad_key`, saying what was found instead of a private key. */
export const parsePrivateKey = (input: PemOrDer): PrivateKey => {
  if (typeof input !== 'string' && input[0] === tags.sequence && pemTextOf(input) === undefined) return fromDer(input)
  // What is neither PEM nor DER is told why it is no PEM.
  return fromPem(typeof input === 'string' ? input : (pemTextOf(input) ?? new TextDecoder().decode(input)))
}

const refuse = (sentence: string): never => {
  throw new TlsError('bad_key', sentence)
}

const ENCRYPTED = 'this private key is encrypted and needs its password: decryptPrivateKey() of puretls/pki decrypts it'

/** One private key among the blocks of the text; certificates beside it are left alone. */
const fromPem = (text: string): PrivateKey => {
  const blocks = blocksOf(text)
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'))
  const [key] = keys
  if (!key) return refuse(`this is ${described(blocks[0]?.label ?? '')}, not a private key`)
  if (keys.length > 1)
    refuse(`this text holds ${keys.length} private keys; give the one that belongs to the certificate`)
  if (key.label === 'ENCRYPTED PRIVATE KEY' || key.headers?.get('Proc-Type')?.endsWith('ENCRYPTED')) refuse(ENCRYPTED)
  if (!pemLabels.has(key.label)) refuse(`a key in the form "${key.label}" is not supported: convert it to PKCS#8`)
  return fromDer(key.bytes)
}

const blocksOf = (text: string): readonly PemBlock[] => {
  try {
    return decodePem(text)
  } catch (error) {
    return refuse(`no private key in DER or PEM: ${asTlsError(error).message}`)
  }
}

const pemLabels: ReadonlySet<string> = new Set(['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY'])

const described = (label: string): string =>
  label === 'CERTIFICATE' ? 'a certificate' : label.endsWith('PUBLIC KEY') ? 'a public key' : `"${label}"`

/** Which of the four structures it is shows in its first two fields. */
const fromDer = (der: Uint8Array): PrivateKey => {
  const [first, second] = firstTags(der)
  if (first === tags.integer && second === tags.sequence) return fromPkcs8(der)
  if (first === tags.integer && second === tags.octetString) return fromSec1(der)
  if (first === tags.integer && second === tags.integer) return fromPkcs1(der)
  if (first === tags.sequence && second === tags.octetString) return refuse(ENCRYPTED)
  if (first === tags.sequence && second === tags.bitString) return refuse('this is a public key, not a private key')
  if (first === tags.sequence && second === tags.sequence) return refuse('this is a certificate, not a private key')
  return refuse('this is DER, but no private key in PKCS#8, SEC1 or PKCS#1')
}

const firstTags = (der: Uint8Array): readonly [number, number] => {
  const outer = reading(der)
  const fields = outer.sequence('private key')
  outer.end()
  const first = fields.peek()
  if (!fields.done) fields.element('first field')
  return [first, fields.peek()]
}

const reading = (der: Uint8Array): DerReader => new DerReader(der, 'bad_key', 'private key')

/**
 * OneAsymmetricKey (RFC 5958 section 2). Attributes are dropped; a public key is taken in version 1 as well, where some
 * write it.
 */
const fromPkcs8 = (der: Uint8Array): PrivateKey => {
  const fields = reading(der).sequence('OneAsymmetricKey')
  const version = fields.smallInteger('version')
  if (version > 1) fields.fail(`version ${version} is not known`)
  const start = fields.element('privateKeyAlgorithm', tags.sequence)
  const { type } = readKeyAlgorithm(reading(start).sequence('privateKeyAlgorithm'), 'bad_key')
  const privateKey = fields.octetString('privateKey')
  if (fields.peek() === constructedTag(0)) fields.skip('attributes')
  const claimed = fields.peek() === contextTag(1) ? fields.bitString('publicKey', contextTag(1)) : undefined
  fields.end()
  const key = pkcs8Key(type, start, privateKey)
  return claimed && !key.rsa ? { ...key, claimedPublic: claimed } : key
}

const pkcs8Key = (type: KeyType, algorithm: Uint8Array, privateKey: Uint8Array): PrivateKey => {
  if (type === 'rsa' || type === 'rsa-pss') return rsaKey(type, algorithm, privateKey)
  if (keyFacts[type].curve !== undefined) return ecKey(privateKey, type)
  return type.startsWith('mldsa') ? mlDsaKey(type, algorithm, privateKey) : edwardsKey(type, privateKey)
}

const wrap = (algorithm: Uint8Array, privateKey: Uint8Array): Uint8Array =>
  derSequence(derInteger(0), algorithm, derOctets(privateKey))

const fromPkcs1 = (der: Uint8Array): PrivateKey => rsaKey('rsa', keyAlgorithm('rsa'), der)

const rsaKey = (type: 'rsa' | 'rsa-pss', algorithm: Uint8Array, raw: Uint8Array): PrivateKey => {
  const fields = reading(raw).lastSequence('RSAPrivateKey')
  if (fields.smallInteger('version') !== 0) fields.fail('RSA keys of more than two primes are not supported')
  const modulus = fields.unsigned('modulus')
  const exponent = fields.unsigned('publicExponent')
  const next = (name: string): bigint => numberOf(fields.unsigned(name))
  const d = next('privateExponent')
  const [p, q] = [next('prime1'), next('prime2')]
  const [dP, dQ, qInv] = [next('exponent1'), next('exponent2'), next('coefficient')]
  fields.end()
  const fault = rsaFault({ n: numberOf(modulus), e: numberOf(exponent), d, p, q, dP, dQ, qInv })
  if (fault !== undefined) fields.fail(fault)
  return { type, pkcs8: wrap(algorithm, raw), raw, rsa: { modulus, exponent } }
}

type RsaNumbers = Readonly<Record<'n' | 'e' | 'd' | 'p' | 'q' | 'dP' | 'dQ' | 'qInv', bigint>>

/**
 * What the numbers have to be to one another (RFC 8017 section 3.2). A signature made with an exponent or a coefficient
 * that does not fit its prime is wrong modulo that prime only, and gives the key away to whoever sees it. */
const rsaFault = ({ n, e, d, p, q, dP, dQ, qInv }: RsaNumbers): string | undefined => {
  if (p < 2n || q < 2n || p * q !== n) return 'its modulus is not the product of its primes'
  if ((e * d) % (p - 1n) !== 1n || (e * d) % (q - 1n) !== 1n)
    return 'its private exponent does not belong to the public one'
  if ((e * dP) % (p - 1n) !== 1n || (e * dQ) % (q - 1n) !== 1n) return 'its CRT exponents do not belong to its primes'
  return (q * qInv) % p === 1n ? undefined : 'its CRT coefficient does not belong to its primes'
}

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x0${toHex(bytes)}`)

const fromSec1 = (der: Uint8Array): PrivateKey => ecKey(der)

/** ECPrivateKey (RFC 5915 section 3). The curve is in it, or in the PKCS#8 around it. */
const ecKey = (der: Uint8Array, outerType?: KeyType): PrivateKey => {
  const fields = reading(der).lastSequence('ECPrivateKey')
  if (fields.smallInteger('version') !== 1) fields.fail('the version of ECPrivateKey is not 1')
  const scalar = fields.octetString('privateKey')
  const named = fields.optional(constructedTag(0), 'parameters', (parameters) => readCurve(parameters, 'bad_key'))
  const type = named ?? outerType ?? refuse('this EC private key does not name its curve')
  if (outerType !== undefined && outerType !== type) fields.fail('it names two different curves')
  const claimedPublic = fields.optional(constructedTag(1), 'publicKey', (claimed) => claimed.bitString('publicKey'))
  fields.end()
  const length = Math.ceil(keyFacts[type].bits / 8)
  const raw =
    leftPadded(scalar, length) ?? fields.fail(`a scalar of ${scalar.length} bytes, where ${type} has ${length}`)
  if (raw.every((byte) => byte === 0) || compareBytes(raw, fromHex(orders[type] ?? '')) >= 0) {
    fields.fail('its scalar is not between 1 and the order of the curve')
  }
  // Without the public key: it may be compressed, which some runtimes do not take, and each derives its own.
  const sec1 = derSequence(derInteger(1), derElement(tags.octetString, raw))
  return { type, pkcs8: wrap(keyAlgorithm(type), sec1), raw, ...(claimedPublic && { claimedPublic }) }
}

/** SEC 2; libraries differ in whether they check. */
const orders: Partial<Record<KeyType, string>> = {
  p256: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  p384: `${'f'.repeat(48)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`,
  p521: `01${'f'.repeat(65)}a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`,
}

/** Old writers left out leading zeros of the scalar; longer ones are zero in front or wrong. */
const leftPadded = (scalar: Uint8Array, length: number): Uint8Array | undefined => {
  const extra = scalar.length - length
  if (extra > 0) return scalar.subarray(0, extra).every((byte) => byte === 0) ? scalar.slice(extra) : undefined
  const padded = new Uint8Array(length)
  padded.set(scalar, -extra)
  return padded
}

/** CurvePrivateKey (RFC 8410 section 7). */
const edwardsKey = (type: KeyType, privateKey: Uint8Array): PrivateKey => {
  const outer = reading(privateKey)
  const raw = outer.octetString('CurvePrivateKey')
  outer.end()
  if (raw.length !== keyFacts[type].length)
    outer.fail(`${type} has ${keyFacts[type].length} bytes, this key ${raw.length}`)
  return { type, pkcs8: wrap(keyAlgorithm(type), privateKey), raw }
}

/** Seed, expanded key, or both (RFC 9881 section 6); the seed is what counts where there is one. */
const mlDsaKey = (type: KeyType, algorithm: Uint8Array, privateKey: Uint8Array): PrivateKey => {
  const outer = reading(privateKey)
  const key = { type, pkcs8: wrap(algorithm, privateKey) }
  if (outer.peek() === contextTag(0)) {
    const seed = outer.content(contextTag(0), 'seed')
    outer.end()
    return { ...key, raw: checkedLength(outer, seed, 32) }
  }
  if (outer.peek() === tags.octetString) {
    const expanded = outer.octetString('expandedKey')
    outer.end()
    return { ...key, raw: checkedLength(outer, expanded, expandedLengths[type] ?? 0) }
  }
  const both = outer.sequence('both')
  outer.end()
  const seed = checkedLength(both, both.octetString('seed'), 32)
  checkedLength(both, both.octetString('expandedKey'), expandedLengths[type] ?? 0)
  both.end()
  return { ...key, raw: seed }
}

const expandedLengths: Partial<Record<KeyType, number>> = { mldsa44: 2560, mldsa65: 4032, mldsa87: 4896 }

const checkedLength = (reader: DerReader, bytes: Uint8Array, length: number): Uint8Array =>
  bytes.length === length ? bytes : reader.fail(`${bytes.length} bytes where the key has ${length}`)
