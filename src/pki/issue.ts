// Signs one certificate (RFC 5280 section 4.1) with a CA's key or with its own, and hands it out in every form that the
// `cert` and `key` options take. Called by ca.ts.

import { TlsError } from '../errors.ts'
import { encodePem } from '../wire/pem.ts'
import { plain } from './keys.ts'
import type { KeyPair } from './keys.ts'
import { encodeExtension } from './extensions.ts'
import type { RawExtension } from './extensions.ts'
import { Extension, Name, X509CertificateGenerator } from './peculiar.ts'

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
  return { notBefore: wholeSecond(notBefore), notAfter: wholeSecond(notAfter) }
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

/** The DER certificate. */
export const signCertificate = async (of: Signed): Promise<Uint8Array> => {
  const certificate = await X509CertificateGenerator.create({
    serialNumber: hex(of.serialNumber ?? randomSerial()),
    issuer: new Name(plain(of.issuer)),
    subject: new Name(plain(of.subject)),
    notBefore: new Date(of.validity.notBefore),
    notAfter: new Date(of.validity.notAfter),
    publicKey: plain(of.spki),
    signingKey: of.signer.privateKey,
    signingAlgorithm: of.signer.signing.algorithm,
    extensions: of.extensions.map(toPeculiar),
  })
  return new Uint8Array(certificate.rawData)
}

export const toPeculiar = (extension: RawExtension): Extension => new Extension(plain(encodeExtension(extension)))

/** 16 random bytes as a positive integer that is no shorter (RFC 5280 section 4.1.2.2 allows 20). */
export const randomSerial = (): Uint8Array => {
  const serial = crypto.getRandomValues(new Uint8Array(16))
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  return serial
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** `above` is the issuer's chain without the root. */
export const certified = (certificate: Uint8Array, above: readonly Uint8Array[]): Certified => {
  const chain = [certificate, ...above]
  const pems = chain.map((der) => encodePem('CERTIFICATE', der))
  return { certificate, certificatePem: pems[0] ?? '', chain, chainPem: pems.join('') }
}

export const issued = (certificate: Uint8Array, above: readonly Uint8Array[], keys: KeyPair): Issued => ({
  ...certified(certificate, above),
  privateKey: keys.pkcs8,
  privateKeyPem: encodePem('PRIVATE KEY', keys.pkcs8),
})
