// Certificates for the tests, right or wrong in any field, written byte by byte with the DER writer and signed with
// node:crypto. Beside src/pki, which can't make wrong ones.

import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { concat } from '../../src/wire/bytes.ts'
import {
  derBits,
  derBoolean,
  derElement,
  derGeneralizedTime,
  derInteger,
  derOctets,
  derOid,
  derSequence,
  derSet,
} from '../../src/wire/der.ts'
import { extensionOids, purposeOids } from '../../src/x509/oids.ts'

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** RDNSequence of one common name; empty text: an empty name. */
export const name = (commonName: string, tag = 0x0c): Uint8Array =>
  commonName === ''
    ? derSequence()
    : derSequence(derSet(derSequence(derOid('2.5.4.3'), derElement(tag, text(commonName)))))

export const extension = (oid: string, value: Uint8Array, critical = false): Uint8Array =>
  derSequence(derOid(oid), ...(critical ? [derBoolean(true)] : []), derOctets(value))

export const dns = (value: string): Uint8Array => derElement(0x82, text(value))
export const email = (value: string): Uint8Array => derElement(0x81, text(value))
export const uri = (value: string): Uint8Array => derElement(0x86, text(value))
export const ip = (...bytes: number[]): Uint8Array => derElement(0x87, Uint8Array.from(bytes))
export const directory = (value: Uint8Array): Uint8Array => derElement(0xa4, value)

export const altNames = (...names: Uint8Array[]): Uint8Array =>
  extension(extensionOids.subjectAltName, derSequence(...names))
export const purposes = (...oids: string[]): Uint8Array =>
  extension(extensionOids.extendedKeyUsage, derSequence(...oids.map(derOid)))
export const basic = (ca: boolean, pathLength?: number): Uint8Array =>
  extension(
    extensionOids.basicConstraints,
    derSequence(...(ca ? [derBoolean(true)] : []), ...(pathLength === undefined ? [] : [derInteger(pathLength)])),
    true,
  )
/** `bits`: first octet of the named bit list, `unused` bits at its end. */
export const usage = (bits: number, unused: number): Uint8Array =>
  extension(extensionOids.keyUsage, derElement(0x03, Uint8Array.of(unused, bits)), true)
export const certSign: Uint8Array = usage(0x06, 1)
export const constraints = (permitted: Uint8Array[], excluded: Uint8Array[], critical = true): Uint8Array => {
  const list = (tag: number, bases: Uint8Array[]): Uint8Array[] =>
    bases.length === 0 ? [] : [derElement(tag, ...bases.map((base) => derSequence(base)))]
  return extension(
    extensionOids.nameConstraints,
    derSequence(...list(0xa0, permitted), ...list(0xa1, excluded)),
    critical,
  )
}
/** requireExplicitPolicy after so many certificates. */
export const policyConstraints = (skip: number): Uint8Array =>
  extension(extensionOids.policyConstraints, derSequence(derElement(0x80, Uint8Array.of(skip))), true)

export interface Keys {
  readonly privateKey: KeyObject
  readonly spki: Uint8Array
  readonly id: Uint8Array
}

export const makeKeys = (bits?: number): Keys => {
  const pair =
    bits === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: bits })
  return keysOf(pair.privateKey, new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' })))
}

const keysOf = (privateKey: KeyObject, spki: Uint8Array): Keys => ({
  privateKey,
  spki,
  id: new Uint8Array(createHash('sha1').update(spki).digest()),
})

/** A key pair by number, the same in every run: for fuzzing that can be repeated. P-256, its scalar is the number. */
export const fixedKeys = (n: number): Keys => {
  const sec1 = derSequence(derInteger(1), derOctets(Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? n + 1 : 0))))
  const algorithm = derSequence(derOid('1.2.840.10045.2.1'), derOid('1.2.840.10045.3.1.7'))
  const pkcs8 = derSequence(derInteger(0), algorithm, derOctets(sec1))
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  const { x = '', y = '' } = privateKey.export({ format: 'jwk' })
  const point = concat(Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url'))
  return keysOf(privateKey, derSequence(algorithm, derBits(point)))
}

export const ecdsaSha256: Uint8Array = derSequence(derOid('1.2.840.10045.4.3.2'))
export const utcTime = (value: string): Uint8Array => derElement(0x17, text(value))

export interface Made {
  readonly der: Uint8Array
  readonly subject: Uint8Array
  readonly keys: Keys
}

export interface Spec {
  readonly subject?: Uint8Array
  /** Default: signs itself. */
  readonly issuer?: Pick<Made, 'subject' | 'keys'>
  readonly keys?: Keys
  /** SubjectPublicKeyInfo in place of the keys' own. */
  readonly spki?: Uint8Array
  readonly serial?: Uint8Array
  /** Field value; undefined leaves it out (version 1). */
  readonly version?: number | undefined
  readonly notBefore?: Uint8Array
  readonly notAfter?: Uint8Array
  /** Whole extensions; undefined leaves the field out. */
  readonly extensions?: readonly Uint8Array[] | undefined
  readonly extra?: readonly Uint8Array[]
  /** Comes before the extensions: unique identifiers. */
  readonly unique?: Uint8Array
  readonly algorithm?: Uint8Array
  readonly outerAlgorithm?: Uint8Array
  readonly hash?: string
  readonly signature?: Uint8Array
}

export const make = (spec: Spec): Made => {
  const keys = spec.keys ?? makeKeys()
  const subject = spec.subject ?? name('test')
  const issuer = spec.issuer ?? { subject, keys }
  const algorithm = spec.algorithm ?? ecdsaSha256
  const version = 'version' in spec ? spec.version : 2
  const extensions = [...(spec.extensions ?? []), ...(spec.extra ?? [])]
  const tbs = derSequence(
    ...(version === undefined ? [] : [derElement(0xa0, derInteger(version))]),
    spec.serial ?? derInteger(7),
    algorithm,
    issuer.subject,
    derSequence(spec.notBefore ?? utcTime('250101000000Z'), spec.notAfter ?? utcTime('350101000000Z')),
    subject,
    spec.spki ?? keys.spki,
    ...(spec.unique === undefined ? [] : [spec.unique]),
    ...(extensions.length === 0 ? [] : [derElement(0xa3, derSequence(...extensions))]),
  )
  const signature = spec.signature ?? new Uint8Array(sign(spec.hash ?? 'sha256', tbs, issuer.keys.privateKey))
  return { der: derSequence(tbs, spec.outerAlgorithm ?? algorithm, derBits(signature)), subject, keys }
}

export const keyIdentifiers = (own: Keys | undefined, issuer: Keys | undefined): Uint8Array[] => [
  ...(own === undefined ? [] : [extension(extensionOids.subjectKeyIdentifier, derOctets(own.id))]),
  ...(issuer === undefined
    ? []
    : [extension(extensionOids.authorityKeyIdentifier, derSequence(derElement(0x80, issuer.id)))]),
]

/** A CA certificate that conforms in everything that `spec` does not change. */
export const makeCa = (commonName: string, spec: Spec & { readonly pathLength?: number } = {}): Made => {
  const keys = spec.keys ?? makeKeys()
  const extensions = [basic(true, spec.pathLength), certSign, ...keyIdentifiers(keys, spec.issuer?.keys)]
  return make({ subject: name(commonName), extensions, ...spec, keys })
}

/** A server's certificate for `host.example` that conforms in everything that `spec` does not change. */
export const makeLeaf = (issuer: Made, spec: Spec & { readonly names?: Uint8Array[] } = {}): Made => {
  const keys = spec.keys ?? makeKeys()
  const extensions = [
    altNames(...(spec.names ?? [dns('host.example')])),
    purposes(purposeOids.serverAuth),
    usage(0x80, 7),
    ...keyIdentifiers(undefined, issuer.keys),
  ]
  return make({ subject: name('host.example'), extensions, issuer, ...spec, keys })
}

/** A moment when everything made here is valid. */
export const now: number = Date.UTC(2026, 5, 1)

export const generalized = (time: number): Uint8Array => derGeneralizedTime(time)

/** What a tolerant reading noted, after `read` has been read; empty if nothing. */
export const deviationsOf = <T extends { readonly deviations: readonly string[] }>(
  certificate: T,
  read: (it: T) => unknown,
): string => {
  read(certificate)
  return certificate.deviations.join('; ')
}
