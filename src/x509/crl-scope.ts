// Which certificates, reasons and distribution points a CRL is about (RFC 5280 sections 4.2.1.13 and 5.2.5, 6.3.3 (b)
// and (d)).

import { equalBytes } from '../wire/bytes.ts'
import { DerReader, derElement, derSequence, tags } from '../wire/der.ts'
import { attempt } from './attempt.ts'
import type { Certificate } from './certificate.ts'
import type { Crl, IssuingDistributionPoint } from './crl.ts'
import type { DistributionPoint } from './extensions.ts'
import type { GeneralName } from './general-name.ts'
import { readName, sameName } from './name.ts'
import type { Name } from './name.ts'

/** ReasonFlags 1 to 8 (section 4.2.1.13), all of them. */
export const allReasons = 0b1_1111_1110

/** Where a CRL for a certificate comes from, and what it covers. */
export interface CrlPoint {
  /** Undefined if the point names no place. */
  readonly names: readonly GeneralName[] | undefined
  /** ReasonFlags bits. */
  readonly reasons: number
  /** Who signs CRLs of this point, if not the issuer of the certificate; undefined: that issuer. */
  readonly crlIssuers: readonly Name[] | undefined
}

/** The points that the certificate names, and what section 6.3.3 adds to them: any CRL of the certificate's issuer. */
export const crlPointsOf = (certificate: Certificate): readonly CrlPoint[] => [
  ...namedPoints(certificate),
  { names: [directoryName(certificate.issuer)], reasons: allReasons, crlIssuers: undefined },
]

/** Points that can't be read are none: what the issuer itself says of the certificate counts all the same. */
const namedPoints = (certificate: Certificate): readonly CrlPoint[] =>
  attempt(() => certificate.crlDistributionPoints?.map((point) => pointOf(point, certificate.issuer))) ?? []

const pointOf = ({ fullName, relativeName, reasons, crlIssuer }: DistributionPoint, issuer: Name): CrlPoint => {
  const crlIssuers = crlIssuer?.flatMap((name) => (name.kind === 'directory' ? [name.name] : []))
  const names = fullName ?? (relativeName && (crlIssuers ?? [issuer]).map((name) => relativeTo(name, relativeName)))
  return { names: names ?? crlIssuers?.map(directoryName), reasons: reasons ?? allReasons, crlIssuers }
}

/** Whether the CRL is from who has to sign it for this point (6.3.3 (b) (1)). */
export const isFromPoint = (crl: Crl, { crlIssuers }: CrlPoint, certificate: Certificate): boolean =>
  (crlIssuers ?? [certificate.issuer]).some((name) => sameName(name, crl.issuer))

/** Why certificates of this kind are not on the CRL, whatever their point (6.3.3 (b) (2)). */
export const whyNotItsKind = (crl: Crl, certificate: Certificate): string | undefined => {
  const scope = crl.issuingDistributionPoint
  if (scope === undefined) return undefined
  const isCa = certificate.basicConstraints?.ca === true
  if (scope.onlyContainsUserCerts && isCa) return 'the CRL has no CA certificates in its scope'
  if (scope.onlyContainsCaCerts && !isCa) return 'the CRL has only CA certificates in its scope'
  return undefined
}

/** Why the CRL is not that of a point, which `isFromPoint` says it is from (6.3.3 (b)). */
export const whyNotOfPoint = (crl: Crl, point: CrlPoint): string | undefined => {
  const scope = crl.issuingDistributionPoint
  if (point.crlIssuers !== undefined && scope?.indirect !== true) {
    return 'the CRL is by another issuer and does not say that it is indirect'
  }
  const names = scope && namesOf(scope, crl.issuer)
  if (names === undefined || point.names === undefined) return undefined
  const { names: wanted } = point
  const found = names.some((name) => wanted.some((other) => sameGeneralName(name, other)))
  return found ? undefined : 'the CRL is of another distribution point'
}

/** ReasonFlags that the CRL covers of the point's. */
export const reasonsCovered = (crl: Crl, { reasons }: CrlPoint): number =>
  (crl.issuingDistributionPoint?.onlySomeReasons ?? allReasons) & reasons

type PointNames = readonly GeneralName[] | undefined

const namesOf = ({ fullName, relativeName }: IssuingDistributionPoint, issuer: Name): PointNames =>
  fullName ?? (relativeName && [relativeTo(issuer, relativeName)])

const directoryName = (name: Name): GeneralName => ({
  kind: 'directory',
  name,
  get value() {
    return name.toString()
  },
})

/** nameRelativeToCRLIssuer: one more relative name, `rdn` being what is in it, below the issuer's. */
const relativeTo = (issuer: Name, rdn: Uint8Array): GeneralName => {
  const open = (der: Uint8Array): DerReader => new DerReader(der, 'revocation_unknown', 'distribution point')
  const above = open(issuer.der).content(tags.sequence, 'issuer')
  return directoryName(readName(open(derSequence(above, derElement(tags.set, rdn))), 'name'))
}

const sameGeneralName = (a: GeneralName, b: GeneralName): boolean => {
  if (a.kind === 'directory') return b.kind === 'directory' && sameName(a.name, b.name)
  if ('bytes' in a) return 'bytes' in b && a.kind === b.kind && equalBytes(a.bytes, b.bytes)
  return a.kind === b.kind && uriKey(a) === uriKey(b)
}

/** Scheme and host of a URI are compared without regard to case (section 7.4). */
const uriKey = ({ kind, value }: GeneralName): string =>
  kind === 'uri' ? value.replace(/^[a-z][a-z0-9+.-]*:(\/\/[^/?#]*)?/i, (prefix) => prefix.toLowerCase()) : value
