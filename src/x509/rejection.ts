// Why a chain is not acceptable, typed: a reason that a program can switch on, a sentence that a person can act on, and
// the certificate it is about. Thrown inside x509/; verifyChain() hands it out as a value, chainVerifier() as the
// TlsError it is.

import { TlsError } from '../errors.ts'
import type { TlsErrorCode } from '../errors.ts'
import type { Certificate } from './certificate.ts'
import { quote, shorten } from './text.ts'

export { quote, shorten }

/**
 * Why a chain was refused; stable, for programs. Where the error code says it already, the reason is the code; the
 * others say more exactly what `bad_certificate`, `unsupported_certificate`, `unknown_ca` or `certificate_unknown` was.
 * */
export type RejectionReason =
  | 'malformed'
  | 'nonconforming'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'unknown_ca'
  | 'anchor_refused'
  | 'bad_signature'
  | 'certificate_name_mismatch'
  | 'certificate_usage'
  | 'not_a_ca'
  | 'path_too_long'
  | 'unknown_critical_extension'
  | 'name_constraints'
  | 'policy'
  | 'weak'
  | 'broken_hash'
  | 'unsupported_algorithm'
  | 'too_complex'
  | 'certificate_revoked'
  | 'revocation_unknown'
  | 'bad_certificate_status'
  | 'refused'

/** Reason -> error code (and by the table in errors.ts the alert). */
const codes: Readonly<Record<RejectionReason, TlsErrorCode>> = {
  /** The DER, or an extension in it, can't be read. */
  malformed: 'bad_certificate',
  /** Readable, but against a rule of RFC 5280 section 4 or of the profile. */
  nonconforming: 'bad_certificate',
  certificate_expired: 'certificate_expired',
  certificate_not_yet_valid: 'certificate_not_yet_valid',
  /** No path to a trust anchor. */
  unknown_ca: 'unknown_ca',
  /** The caller's acceptAnchor said no. */
  anchor_refused: 'unknown_ca',
  bad_signature: 'bad_certificate',
  certificate_name_mismatch: 'certificate_name_mismatch',
  certificate_usage: 'certificate_usage',
  not_a_ca: 'bad_certificate',
  path_too_long: 'bad_certificate',
  unknown_critical_extension: 'unsupported_certificate',
  name_constraints: 'bad_certificate',
  policy: 'bad_certificate',
  /** Key too short, or signed with what was not offered. */
  weak: 'unsupported_certificate',
  /** Signed with MD5 or SHA-1 (RFC 9846 section 4.5.1.3 names the alert). */
  broken_hash: 'bad_certificate',
  /** Key or signature of a kind that the provider or the profile does not have. */
  unsupported_algorithm: 'unsupported_certificate',
  /** A budget ran out. */
  too_complex: 'certificate_unknown',
  certificate_revoked: 'certificate_revoked',
  revocation_unknown: 'revocation_unknown',
  bad_certificate_status: 'bad_certificate_status',
  /** A check that the caller added said no. */
  refused: 'certificate_unknown',
}

/** A TlsError about a certificate, with the typed reason. */
export class CertificateError extends TlsError {
  readonly reason: RejectionReason
  readonly certificate: Certificate | undefined

  constructor(reason: RejectionReason, message: string, certificate?: Certificate, cause?: unknown) {
    super(codes[reason], message, cause === undefined ? {} : { cause })
    this.reason = reason
    this.certificate = certificate
  }
}

export const reject = (reason: RejectionReason, message: string, certificate?: Certificate): never => {
  throw new CertificateError(reason, message, certificate)
}

/** The same with a sentence that begins with the certificate's name. */
export const refuse = (certificate: Certificate, reason: RejectionReason, rest: string): never =>
  reject(reason, `${describe(certificate)} ${rest}`, certificate)

/** Whatever parsing, a provider or a caller's check threw, as an error about this certificate. Misuse of the API
 * stays what it is. */
export const asCertificateError = (thrown: unknown, certificate?: Certificate): CertificateError => {
  if (thrown instanceof CertificateError) return thrown
  if (!(thrown instanceof TlsError)) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    return new CertificateError('refused', why, certificate, thrown)
  }
  if (thrown.fault !== 'certificate') throw thrown
  const where = certificate === undefined ? '' : ` (in ${describe(certificate)})`
  return new CertificateError(
    reasonsOfCodes.get(thrown.code) ?? 'refused',
    `${thrown.message}${where}`,
    certificate,
    thrown,
  )
}

/** What an error about certificates says; any other is thrown again. */
export const sentenceOf = (error: unknown): string => {
  if (error instanceof TlsError && error.fault === 'certificate') return error.message
  throw error
}

const reasonsOfCodes: ReadonlyMap<TlsErrorCode, RejectionReason> = new Map<TlsErrorCode, RejectionReason>([
  ['bad_certificate', 'malformed'],
  ['unsupported_certificate', 'unsupported_algorithm'],
  ['certificate_revoked', 'certificate_revoked'],
  ['revocation_unknown', 'revocation_unknown'],
  ['bad_certificate_status', 'bad_certificate_status'],
  ['certificate_expired', 'certificate_expired'],
  ['certificate_usage', 'certificate_usage'],
  ['unknown_ca', 'unknown_ca'],
])

/** How a certificate is called in a message. */
export const describe = (certificate: Certificate): string => {
  const subject = certificate.subject.brief
  return subject === ''
    ? `the certificate with serial number ${shorten(certificate.serialNumberHex, 64)}`
    : quote(subject)
}

/** "3 days", for messages. */
export const span = (milliseconds: number): string => {
  const units: [number, string][] = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1000, 'second'],
  ]
  for (const [size, name] of units) {
    const count = Math.floor(milliseconds / size)
    if (count >= 1) return `${count} ${name}${count === 1 ? '' : 's'}`
  }
  return 'less than a second'
}

export const isoTime = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')
