// Signs one certificate (RFC 5280 section 4.1) with a CA's key or with its own, and hands it out in every form that the
// `cert` and `key` options take.

import type { Names } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { constructedTag, derBits, derElement, derInteger, derSequence } from '../wire/der.ts'
import { encodePem } from '../wire/pem.ts'
import { derTime } from './crl.ts'
import { encodeExtension } from './extensions.ts'
import type { RawExtension } from './extensions.ts'
import { signWith } from './keys.ts'
import type { KeyPair } from './keys.ts'

/** A certificate and what is needed to use it. */
export interface Certified {
  /** DER. */
  readonly certificate: Uint8Array
  readonly certificatePem: string
  /** The certificate and the intermediate CAs above it, without the root: what a server sends. DER. */
  readonly chain: readonly Uint8Array[]
  /** The same as PEM text: the `cert` option. */
  readonly chainPem: string
}

export interface Issued extends Certified {
  /** PKCS#8, DER. */
  readonly privateKey: Uint8Array
  /** PKCS#8 as PEM text: the `key` option. */
  readonly privateKeyPem: string
}

/** Where something that was issued is an option itself, all of it may be given. */
export const issuedNames: Names<Issued> = {
  certificate: 'any',
  certificatePem: 'any',
  chain: 'any',
  chainPem: 'any',
  privateKey: 'any',
  privateKeyPem: 'any',
}

/** When a certificate is valid. */
export interface ValidityOptions {
  /** Days from now until it expires. */
  readonly days?: number
  /** Milliseconds since the epoch; default: an hour before now, for clocks that are late. */
  readonly notBefore?: number
  /** Milliseconds since the epoch, instead of `days`. */
  readonly notAfter?: number
}

export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

const hour = 3_600_000

/** Whole seconds; not beyond the issuer's own end unless the caller says so. */
export const validityOf = (options: ValidityOptions, now: number, defaultDays: number, issuer?: Validity): Validity => {
  const days = options.days ?? defaultDays
  if (!(days > 0 && days < 400_000)) throw new TlsError('bad_option', `days: ${days} is not a number of days`)
  const notBefore = options.notBefore ?? Math.max(now - hour, issuer?.notBefore ?? 0)
  const notAfter = options.notAfter ?? Math.min(now + days * 24 * hour, issuer?.notAfter ?? Number.POSITIVE_INFINITY)
  if (!(notAfter >= notBefore)) throw new TlsError('bad_option', 'a certificate that ends before it begins')
  checkYear('notBefore', notBefore)
  checkYear('notAfter', notAfter)
  return { notBefore: wholeSecond(notBefore), notAfter: wholeSecond(notAfter) }
}

/** What section 4.1.2.5 can say: UTCTime begins in 1950, GeneralizedTime has four digits for the year. */
const checkYear = (option: string, time: number): void => {
  const year = new Date(time).getUTCFullYear()
  if (!(year >= 1950 && year <= 9999))
    throw new TlsError('bad_option', `${option}: not in the years 1950 to 9999 (RFC 5280 section 4.1.2.5)`)
}

const wholeSecond = (time: number): number => Math.floor(time / 1000) * 1000

export interface Signed {
  /** Distinguished names, DER. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly validity: Validity
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  readonly signer: KeyPair
  readonly extensions: readonly RawExtension[]
  readonly serialNumber?: Uint8Array
}

/** The DER certificate: TBSCertificate of version 3, the algorithm again, the signature. */
export const signCertificate = async (of: Signed): Promise<Uint8Array> => {
  const { identifier } = of.signer.signing
  const tbs = derSequence(
    derElement(constructedTag(0), derInteger(2)),
    derInteger(of.serialNumber ?? randomSerial()),
    identifier,
    of.issuer,
    derSequence(derTime(of.validity.notBefore), derTime(of.validity.notAfter)),
    of.subject,
    of.spki,
    ...(of.extensions.length === 0
      ? []
      : [derElement(constructedTag(3), derSequence(...of.extensions.map(encodeExtension)))]),
  )
  return derSequence(tbs, identifier, derBits(await signWith(of.signer, tbs)))
}

/** 16 random bytes as a positive integer that is no shorter (RFC 5280 section 4.1.2.2 allows 20). */
export const randomSerial = (): Uint8Array => {
  const serial = crypto.getRandomValues(new Uint8Array(16))
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  return serial
}

/** `above` is the issuer's chain without the root. */
export const certified = (certificate: Uint8Array, above: readonly Uint8Array[]): Certified => {
  const chain = [certificate, ...above]
  const pems = chain.map((der) => encodePem('CERTIFICATE', der))
  return { certificate, certificatePem: pems[0] ?? '', chain, chainPem: pems.join('') }
}

/** With the private key, where it is known. */
export function issued(
  certificate: Uint8Array,
  above: readonly Uint8Array[],
  keys: KeyPair & { readonly pkcs8: Uint8Array },
): Issued
export function issued(certificate: Uint8Array, above: readonly Uint8Array[], keys: KeyPair): Certified | Issued
export function issued(certificate: Uint8Array, above: readonly Uint8Array[], { pkcs8 }: KeyPair): Certified | Issued {
  const one = certified(certificate, above)
  return pkcs8 === undefined ? one : { ...one, privateKey: pkcs8, privateKeyPem: encodePem('PRIVATE KEY', pkcs8) }
}
