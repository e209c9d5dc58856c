// OCSP responses for the tests, right or wrong in any field, signed with node:crypto: what src/pki can't make.

import { createHash, sign } from 'node:crypto'
import {
  constructedTag,
  contextTag,
  derBits,
  derElement,
  derGeneralizedTime,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
  tags,
} from '../../src/wire/der.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { ecdsaSha256, now } from './make.ts'
import type { Made } from './make.ts'

const HOUR = 3_600_000
const hashes = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1', md5: '1.2.840.113549.2.5' } as const

const digest = (hash: string, bytes: Uint8Array): Uint8Array => new Uint8Array(createHash(hash).update(bytes).digest())
const rawKey = ({ der }: Made): Uint8Array => parseCertificate(der).publicKey.raw

/** CertID of a certificate. */
export const certId = (issuer: Made, serial = 7, hash: keyof typeof hashes = 'sha1'): Uint8Array =>
  derSequence(
    derSequence(derOid(hashes[hash]), derNull()),
    derOctets(digest(hash, issuer.subject)),
    derOctets(digest(hash, rawKey(issuer))),
    derInteger(serial),
  )

export const good: Uint8Array = derElement(contextTag(0))
export const unknown: Uint8Array = derElement(contextTag(2))
export const revoked = (reason?: number): Uint8Array => {
  const code = derElement(tags.enumerated, Uint8Array.of(reason ?? 0))
  const why = reason === undefined ? [] : [derElement(constructedTag(0), code)]
  return derElement(constructedTag(1), derGeneralizedTime(now - 24 * HOUR), ...why)
}

export interface SingleSpec {
  readonly thisUpdate?: number
  readonly nextUpdate?: number | undefined
  readonly extensions?: readonly Uint8Array[]
}

export const single = (id: Uint8Array, status: Uint8Array, spec: SingleSpec = {}): Uint8Array => {
  const { thisUpdate = now - HOUR, extensions = [] } = spec
  const nextUpdate = 'nextUpdate' in spec ? spec.nextUpdate : thisUpdate + 48 * HOUR
  return derSequence(
    id,
    status,
    derGeneralizedTime(thisUpdate),
    ...(nextUpdate === undefined ? [] : [derElement(constructedTag(0), derGeneralizedTime(nextUpdate))]),
    ...(extensions.length === 0 ? [] : [derElement(constructedTag(1), derSequence(...extensions))]),
  )
}

export interface ResponseSpec {
  /** Field value; left out by default. */
  readonly version?: number
  readonly producedAt?: number
  readonly extensions?: readonly Uint8Array[]
  readonly certificates?: readonly Uint8Array[]
  readonly algorithm?: Uint8Array
  readonly hash?: string
}

export const respond = (signer: Made, singles: readonly Uint8Array[], spec: ResponseSpec = {}): Uint8Array => {
  const { algorithm = ecdsaSha256, extensions = [], certificates = [] } = spec
  const data = derSequence(
    ...(spec.version === undefined ? [] : [derElement(constructedTag(0), derInteger(spec.version))]),
    derElement(constructedTag(2), derOctets(digest('sha1', rawKey(signer)))),
    derGeneralizedTime(spec.producedAt ?? now - HOUR),
    derSequence(...singles),
    ...(extensions.length === 0 ? [] : [derElement(constructedTag(1), derSequence(...extensions))]),
  )
  const basic = derSequence(
    data,
    algorithm,
    derBits(new Uint8Array(sign(spec.hash ?? 'sha256', data, signer.keys.privateKey))),
    ...(certificates.length === 0 ? [] : [derElement(constructedTag(0), derSequence(...certificates))]),
  )
  return derSequence(
    derElement(tags.enumerated, Uint8Array.of(0)),
    derElement(constructedTag(0), derSequence(derOid('1.3.6.1.5.5.7.48.1.1'), derOctets(basic))),
  )
}
