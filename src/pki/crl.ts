// Certificate revocation lists, version 2 (RFC 5280 section 5), signed by a CA.

import { checkOptions } from '../checked-options.ts'
import type { Names } from '../checked-options.ts'
import { TlsError } from '../errors.ts'
import { fromHex, joined } from '../wire/bytes.ts'
import {
  constructedTag,
  contextTag,
  derBits,
  derElement,
  derGeneralizedTime,
  derInteger,
  derSequence,
  tags,
} from '../wire/der.ts'
import { encodePem } from '../wire/pem.ts'
import type { PemOrDer } from '../wire/pem.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { serialKey } from '../x509/revocation-terms.ts'
import { certificateBytes } from '../x509/load.ts'
import { authorityKeyIdentifier, encodeExtension, fullName, merged } from './extensions.ts'
import type { RawExtension } from './extensions.ts'
import { shown } from './names.ts'
import { signWith } from './keys.ts'
import type { KeyPair } from './keys.ts'

/** CRLReason (section 5.3.1). */
export const revocationReasons = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCRL: 8,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const

export type RevocationReason = keyof typeof revocationReasons

export interface Revocation {
  /** The certificate (PEM or DER); or its serial number. */
  readonly certificate?: string | Uint8Array
  /** Hex, as printed, or bytes. */
  readonly serialNumber?: string | Uint8Array
  /** Milliseconds since the epoch; default: thisUpdate. */
  readonly date?: number
  readonly reason?: RevocationReason
  readonly extensions?: readonly RawExtension[]
}

export interface CrlOptions {
  readonly revoked?: readonly Revocation[]
  /** CRL number (section 5.2.3), which grows from one CRL to the next; default 1. */
  readonly number?: number
  /** Milliseconds since the epoch; default: now. */
  readonly thisUpdate?: number
  /** Milliseconds since the epoch; default: `days` after thisUpdate. */
  readonly nextUpdate?: number
  /** Default 7. */
  readonly days?: number
  /** issuingDistributionPoint (section 5.2.5): the scope of this CRL. */
  readonly scope?: { readonly urls?: readonly string[]; readonly only?: 'leaves' | 'authorities' }
  readonly extensions?: readonly RawExtension[]
  readonly clock?: () => number
}

const revocationNames: Names<Revocation> = {
  certificate: 'any',
  serialNumber: 'any',
  date: 'number',
  reason: 'any',
  extensions: 'list',
}
const names: Names<CrlOptions> = {
  revoked: 'list',
  number: 'number',
  thisUpdate: 'number',
  nextUpdate: 'number',
  days: 'number',
  scope: { urls: 'list', only: ['leaves', 'authorities'] },
  extensions: 'list',
  clock: 'function',
}

/** Throws `bad_option`. */
export const checkCrlOptions = (options: CrlOptions): void => {
  checkOptions(options, names, { elsewhere: { entries: 'revoked', revokedCertificates: 'revoked' } })
  const { days, revoked = [], scope, extensions = [] } = options
  if (days !== undefined && !(days > 0 && days < 400_000))
    throw new TlsError('bad_option', `days: ${days} is not a number of days`)
  if (scope !== undefined && (scope.urls ?? []).length === 0 && scope.only === undefined)
    throw new TlsError('bad_option', 'scope: it says nothing; leave it out (RFC 5280 section 5.2.5)')
  const isDelta = extensions.some((extension) => extension?.oid === '2.5.29.27')
  for (const one of revoked) {
    checkOptions(one, revocationNames, { elsewhere: { revokedAt: 'date', serial: 'serialNumber' } }, 'revoked')
    if (one.reason === 'removeFromCRL' && !isDelta)
      throw new TlsError('bad_option', 'reason: removeFromCRL is for delta CRLs only (RFC 5280 section 5.3.1)')
  }
}

export interface IssuedCrl {
  readonly crl: Uint8Array
  readonly crlPem: string
}

export interface CrlIssuer {
  readonly keys: KeyPair
  /** Distinguished name, DER. */
  readonly issuer: Uint8Array
  readonly identifier: Uint8Array
}

export const createCrl = async ({ keys, issuer, identifier }: CrlIssuer, options: CrlOptions): Promise<IssuedCrl> => {
  const thisUpdate = options.thisUpdate ?? (options.clock ?? Date.now)()
  const nextUpdate = options.nextUpdate ?? thisUpdate + (options.days ?? 7) * 86_400_000
  if (!(nextUpdate >= thisUpdate)) throw new TlsError('bad_option', 'nextUpdate: a CRL that ends before it begins')
  const entries = entriesOf(options.revoked ?? [], thisUpdate)
  const extensions = merged(
    authorityKeyIdentifier(identifier),
    { oid: '2.5.29.20', value: derInteger(options.number ?? 1) },
    ...(options.scope === undefined ? [] : [issuingDistributionPoint(options.scope)]),
    ...(options.extensions ?? []),
  )
  const tbs = derSequence(
    derInteger(1),
    keys.signing.identifier,
    issuer,
    derTime(thisUpdate),
    derTime(nextUpdate),
    ...(entries.length === 0 ? [] : [derSequence(joined(entries))]),
    derElement(constructedTag(0), derSequence(...extensions.map(encodeExtension))),
  )
  const crl = derSequence(tbs, keys.signing.identifier, derBits(await signWith(keys, tbs)))
  return { crl, crlPem: encodePem('X509 CRL', crl) }
}

/** Two entries for one certificate would contradict each other. */
const entriesOf = (revoked: readonly Revocation[], thisUpdate: number): readonly Uint8Array[] => {
  const seen = new Set<string>()
  return revoked.map((revocation) => {
    const serial = serialOf(revocation)
    const key = serialKey(serial)
    if (seen.has(key)) throw new TlsError('bad_option', `revoked: serial number ${key} occurs twice`)
    seen.add(key)
    return entryOf(revocation, serial, thisUpdate)
  })
}

const entryOf = (revocation: Revocation, serial: Uint8Array, thisUpdate: number): Uint8Array => {
  const { reason = 'unspecified' } = revocation
  const extensions = merged(
    ...(reason === 'unspecified' ? [] : [{ oid: '2.5.29.21', value: reasonCode(reason) }]),
    ...(revocation.extensions ?? []),
  )
  return derSequence(
    derInteger(serial),
    derTime(revocation.date ?? thisUpdate),
    ...(extensions.length === 0 ? [] : [derSequence(...extensions.map(encodeExtension))]),
  )
}

/** CRLReason, as CRLs and OCSP responses have it. */
export const reasonCode = (reason: RevocationReason): Uint8Array => {
  if (typeof reason !== 'string' || !Object.hasOwn(revocationReasons, reason)) {
    throw new TlsError('bad_option', `reason: none of ${Object.keys(revocationReasons).join(', ')}`)
  }
  return derElement(tags.enumerated, Uint8Array.of(revocationReasons[reason]))
}

/** The serial number of what is revoked. */
export const serialOf = (revocation: Pick<Revocation, 'certificate' | 'serialNumber'>): Uint8Array => {
  const { certificate, serialNumber } = revocation
  if (certificate !== undefined && serialNumber !== undefined)
    throw new TlsError('bad_option', 'serialNumber: the certificate is given too; leave one of the two out')
  if (serialNumber !== undefined) {
    if (serialNumber instanceof Uint8Array && serialNumber.length > 0) return serialNumber
    if (typeof serialNumber !== 'string') throw new TlsError('bad_option', 'serialNumber: expected hex, or bytes')
    const digits = serialNumber.replace(/[:\s]/g, '')
    if (digits === '' || /[^0-9a-fA-F]/.test(digits))
      throw new TlsError('bad_option', `serialNumber: "${shown(serialNumber)}" is not hex`)
    return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`)
  }
  if (certificate === undefined) {
    throw new TlsError('bad_option', 'revoked: each entry needs a certificate or a serialNumber')
  }
  return parseCertificate(certificateDer(certificate)).serialNumber
}

/** The first certificate of PEM text or bytes, or DER as it is. */
export const certificateDer = (certificate: PemOrDer): Uint8Array =>
  certificateBytes(certificate, 'certificate')[0] ?? new Uint8Array()

const issuingDistributionPoint = ({ urls = [], only }: NonNullable<CrlOptions['scope']>): RawExtension => ({
  oid: '2.5.29.28',
  critical: true,
  value: derSequence(
    ...(urls.length === 0 ? [] : [fullName(urls)]),
    ...(only === undefined ? [] : [derElement(contextTag(only === 'leaves' ? 1 : 2), Uint8Array.of(0xff))]),
  ),
})

/** UTCTime until 2049, GeneralizedTime from 2050 (section 5.1.2.4). */
export const derTime = (time: number): Uint8Array => {
  const generalized = derGeneralizedTime(time)
  const year = new Date(time).getUTCFullYear()
  return year < 1950 || year > 2049 ? generalized : derElement(tags.utcTime, generalized.subarray(4))
}
