// CRLs for the tests, right or wrong in any field, signed with node:crypto: what src/pki can't make.

import { sign } from 'node:crypto'
import { constructedTag, derBits, derElement, derGeneralizedTime, derInteger, derSequence } from '../../src/wire/der.ts'
import { extensionOids } from '../../src/x509/oids.ts'
import { directory, ecdsaSha256, extension, now } from './make.ts'
import type { Made } from './make.ts'

const DAY = 86_400_000

export interface CrlSpec {
  /** Default: the issuer's own key. */
  readonly signer?: Pick<Made, 'keys'>
  /** Field value; undefined leaves it out (version 1). */
  readonly version?: number | undefined
  readonly thisUpdate?: number
  readonly nextUpdate?: number | undefined
  /** Undefined leaves out the list; empty: an empty list. */
  readonly entries?: readonly Uint8Array[] | undefined
  /** Undefined leaves it out. */
  readonly number?: Uint8Array | undefined
  readonly extensions?: readonly Uint8Array[]
  readonly algorithm?: Uint8Array
  readonly innerAlgorithm?: Uint8Array
  readonly hash?: string
}

export const crlNumber = (n: number, critical = false): Uint8Array => extension('2.5.29.20', derInteger(n), critical)
export const deltaTo = (n: number): Uint8Array => extension('2.5.29.27', derInteger(n), true)
export const scope = (...fields: Uint8Array[]): Uint8Array => extension('2.5.29.28', derSequence(...fields), true)
/** A BOOLEAN of issuingDistributionPoint: 1 users, 2 CAs, 4 indirect, 5 attribute certificates. */
export const flag = (n: number): Uint8Array => derElement(0x80 | n, Uint8Array.of(0xff))
export const fullName = (...names: Uint8Array[]): Uint8Array => derElement(0xa0, derElement(0xa0, ...names))
export const relativeName = (attribute: Uint8Array): Uint8Array => derElement(0xa0, derElement(0xa1, attribute))
export const points = (...list: Uint8Array[][]): Uint8Array =>
  extension(extensionOids.crlDistributionPoints, derSequence(...list.map((fields) => derSequence(...fields))))
/** cRLIssuer of a distribution point. */
export const crlIssuer = (name: Uint8Array): Uint8Array => derElement(0xa2, directory(name))
export const keyIdentifier = ({ keys }: Pick<Made, 'keys'>): Uint8Array =>
  extension(extensionOids.authorityKeyIdentifier, derSequence(derElement(0x80, keys.id)))

/** Entry extensions: CRLReason by number, certificateIssuer by name. */
export const reason = (n: number): Uint8Array => extension('2.5.29.21', derElement(0x0a, Uint8Array.of(n)))
export const certificateIssuer = (name: Uint8Array): Uint8Array =>
  extension('2.5.29.29', derSequence(directory(name)), true)

export const entry = (serial: number | Uint8Array, ...extensions: Uint8Array[]): Uint8Array => {
  const more = extensions.length === 0 ? [] : [derSequence(...extensions)]
  return derSequence(derInteger(serial), derGeneralizedTime(now - DAY), ...more)
}

export const makeCrl = (issuer: Pick<Made, 'subject' | 'keys'>, spec: CrlSpec = {}): Uint8Array => {
  const { algorithm = ecdsaSha256, signer = issuer, entries } = spec
  const version = 'version' in spec ? spec.version : 1
  const nextUpdate = 'nextUpdate' in spec ? spec.nextUpdate : now + 6 * DAY
  const number = 'number' in spec ? spec.number : crlNumber(1)
  const extensions = [...(number === undefined ? [] : [number]), ...(spec.extensions ?? [])]
  const tbs = derSequence(
    ...(version === undefined ? [] : [derInteger(version)]),
    spec.innerAlgorithm ?? algorithm,
    issuer.subject,
    derGeneralizedTime(spec.thisUpdate ?? now - DAY),
    ...(nextUpdate === undefined ? [] : [derGeneralizedTime(nextUpdate)]),
    ...(entries === undefined ? [] : [derSequence(...entries)]),
    ...(extensions.length === 0 ? [] : [derElement(constructedTag(0), derSequence(...extensions))]),
  )
  return derSequence(tbs, algorithm, derBits(new Uint8Array(sign(spec.hash ?? 'sha256', tbs, signer.keys.privateKey))))
}
