// Whether the peer's certificates are good, by the rules of a secure context, answered as node:tls answers: the
// handshake goes on, and the verdict has one of OpenSSL's codes. Names are compared later, by checkServerIdentity.

import process from 'node:process'

import { andThen } from '../crypto/maybe.ts'
import { nodeProvider } from '../crypto/node.ts'
import type { MaybePromise } from '../crypto/provider.ts'
import { asTlsError } from '../errors.ts'
import { parseCertificate } from '../x509/certificate.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { CrlInput } from '../x509/crl-check.ts'
import { fingerprintOf, withFingerprint } from '../x509/fingerprint.ts'
import type { PathCheck, PathCheckRequest } from '../x509/options.ts'
import { pathVerifier } from '../x509/path-verifier.ts'
import { CertificateError, reject } from '../x509/rejection.ts'
import { signatureAlgorithmOf } from '../x509/signature.ts'
import type { TrustStore } from '../x509/trust.ts'
import type { CertificateVerifier, VerifyRequest } from '../x509/verifier.ts'
import { lateCrlCheck } from './late.ts'
import { isOpenSslAtLeast } from './openssl.ts'
import { sslError } from './ssl-errors.ts'

/** What is wrong with a certificate, as node:tls says it. */
export interface VerifyError extends Error {
  readonly code: string
}

const texts = {
  UNABLE_TO_GET_ISSUER_CERT: 'unable to get issuer certificate',
  UNABLE_TO_GET_CRL: 'unable to get certificate CRL',
  CERT_SIGNATURE_FAILURE: 'certificate signature failure',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
  CERT_HAS_EXPIRED: 'certificate has expired',
  CRL_HAS_EXPIRED: 'CRL has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unable to get local issuer certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
  CERT_CHAIN_TOO_LONG: 'certificate chain too long',
  CERT_REVOKED: 'certificate revoked',
  INVALID_CA: 'invalid CA certificate',
  PATH_LENGTH_EXCEEDED: 'path length constraint exceeded',
  INVALID_PURPOSE: 'unsuitable certificate purpose',
  CERT_REJECTED: 'certificate rejected',
} as const
type VerifyCode = keyof typeof texts

/** What Node says behind two of them since 24.0. */
const hint =
  Number.parseInt(process.versions.node, 10) >= 24
    ? '; if the root CA is installed locally, try running Node.js with --use-system-ca'
    : ''
const isHinted = (code: VerifyCode): boolean =>
  code === 'DEPTH_ZERO_SELF_SIGNED_CERT' || code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'

/** `cause`: the library's own error, with its sentence. */
export const verifyError = (code: VerifyCode | 'UNSPECIFIED', cause?: Error): VerifyError => {
  const text =
    code === 'UNSPECIFIED'
      ? (cause?.message ?? 'the certificate is not acceptable')
      : `${texts[code]}${isHinted(code) ? hint : ''}`
  return Object.assign(new Error(text, cause === undefined ? undefined : { cause }), { code })
}

export interface VerifyRules {
  readonly trust: TrustStore
  /** Certificates of `ca` that are no anchors by themselves, but may stand between one and the peer's. DER. */
  readonly intermediates: readonly Uint8Array[]
  /**
   * CRLs: with any, every certificate below the anchor has to be on none of them, and each of their issuers to have
   * one.
   */
  readonly crls: readonly CrlInput[]
  /** Whether a certificate that is not self-signed may be an anchor. */
  readonly allowPartialTrustChain: boolean
  /** OpenSSL's security level, which sets the least strength of keys and hashes. */
  readonly level: number
}

/** What was found out about a chain. */
export interface Verdict {
  readonly error: VerifyError | undefined
  /** As it was proved, leaf first; empty with an error. */
  readonly chain: readonly Certificate[]
}

export interface Judge {
  /** In handshakes: takes every chain, and keeps the verdict with `record`. */
  verifier(record: (verdict: Verdict) => void): CertificateVerifier
  /** The same verdict outside a handshake. `chain`: DER, leaf first. */
  judge(chain: readonly Uint8Array[], peer: 'server' | 'client', time: number): MaybePromise<Verdict>
}

export const judgeBy = (rules: VerifyRules): Judge => {
  const checks = [strengthCheck(rules.level), ...(rules.crls.length > 0 ? [lateCrlCheck(rules.crls)] : [])]
  const strict = pathVerifier({
    provider: nodeProvider,
    trust: rules.trust,
    profile: 'path',
    maxDepth: 100,
    partialChain: rules.allowPartialTrustChain,
    checks,
    defaultChecks: false,
  })
  const attempt = (request: VerifyRequest): MaybePromise<Verdict> => {
    const failed = (thrown: unknown): Verdict => ({ error: classify(asTlsError(thrown), request, rules), chain: [] })
    try {
      const verified = strict.verify({ ...request, chain: [...request.chain, ...rules.intermediates] })
      if (verified instanceof Promise) return verified.then(({ chain }) => ({ error: undefined, chain }), failed)
      return { error: undefined, chain: verified.chain }
    } catch (thrown) {
      return failed(thrown)
    }
  }
  let fingerprint: string | undefined
  return {
    judge: (chain, peer, time) => {
      const leaf = chain[0] && strict.recall?.(chain[0])
      return attempt({ chain, ...(leaf && { leaf }), peer, time, serverName: undefined })
    },
    verifier: (record) => ({
      recall: (der) => strict.recall?.(der),
      verify: ({ chain, leaf, peer, time }) => {
        const first = leaf ?? parseCertificate(chain[0] ?? new Uint8Array(0))
        return andThen(attempt({ chain, leaf: first, peer, time, serverName: undefined }), (verdict) => {
          record(verdict)
          return { leaf: first, chain: verdict.chain }
        })
      },
      // no accessor: each would have a hidden class of its own
      fingerprint: (fingerprint ??= fingerprintOf(nodeProvider, 'node', { of: strict.fingerprint ?? '' })),
    }),
  }
}

/** OpenSSL begins at level 2 since 3.2. */
export const defaultSecurityLevel: number = isOpenSslAtLeast(3, 2) ? 2 : 1

const leastRsaBits = [0, 1024, 2048, 3072, 7680, 15360]
const leastEcBits = [0, 160, 224, 256, 384, 512]

/** Throws ERR_SSL_EE_KEY_TOO_SMALL for a certificate of our own whose key is below the level. */
export const checkStrength = ([leaf]: readonly Uint8Array[], level: number): void => {
  const [certificate] = leaf ? readable(leaf) : []
  if (certificate && isTooSmall(certificate, level)) throw sslError(399, 'ee key too small')
}

const isTooSmall = (certificate: Certificate, level: number): boolean => {
  try {
    const { type, bits } = certificate.publicKey
    const least = type.startsWith('rsa') ? leastRsaBits[level] : /^p\d/.test(type) ? leastEcBits[level] : 0
    return bits < (least ?? 0)
  } catch {
    return false // a kind of key that is not known here
  }
}

/**
 * Keys and hashes of a path, by the level (SSL_CTX_set_security_level(3)); what an anchor is signed with does not
 * count.
 */
const strengthCheck = (level: number): PathCheck =>
  withFingerprint(
    function* ({ path, anchor }: PathCheckRequest) {
      for (const certificate of path) {
        if (isTooSmall(certificate, level)) {
          reject('weak', `a key of ${certificate.publicKey.bits} bits (security level ${level})`, certificate)
        }
        if (certificate === anchor.certificate || certificate.isSelfIssued || level === 0) continue
        const algorithm = signatureAlgorithmOf(certificate.signatureAlgorithm)
        if (algorithm?.endsWith('sha1')) reject('weak', 'signed with SHA-1', certificate)
      }
    },
    'strength',
    { level },
  )

const codes: Readonly<Record<string, VerifyCode | 'UNSPECIFIED'>> = {
  malformed: 'CERT_REJECTED',
  nonconforming: 'CERT_REJECTED',
  certificate_expired: 'CERT_HAS_EXPIRED',
  certificate_not_yet_valid: 'CERT_NOT_YET_VALID',
  bad_signature: 'CERT_SIGNATURE_FAILURE',
  certificate_usage: 'INVALID_PURPOSE',
  not_a_ca: 'INVALID_CA',
  path_too_long: 'PATH_LENGTH_EXCEEDED',
  certificate_revoked: 'CERT_REVOKED',
  revocation_unknown: 'UNABLE_TO_GET_CRL',
  too_complex: 'CERT_CHAIN_TOO_LONG',
}

/** OpenSSL's code for what our verifier refused. */
const classify = (error: Error, request: VerifyRequest, rules: VerifyRules): VerifyError => {
  const reason = error instanceof CertificateError ? error.reason : 'malformed'
  if (reason === 'revocation_unknown' && /expired|next update|nextUpdate/i.test(error.message))
    return verifyError('CRL_HAS_EXPIRED', error)
  if (reason !== 'unknown_ca' && reason !== 'anchor_refused') return verifyError(codes[reason] ?? 'UNSPECIFIED', error)
  const { certificates, code } = chainWithout(request.chain, rules.trust)
  // OpenSSL looks at all of it and names what it found last, which are the dates.
  const late = certificates.findLast(({ notAfter }) => notAfter < request.time)
  const early = certificates.findLast(({ notBefore }) => notBefore > request.time)
  return verifyError(late ? 'CERT_HAS_EXPIRED' : early ? 'CERT_NOT_YET_VALID' : code, error)
}

/** The chain as far as it can be built by names, and what stops it. */
const chainWithout = (
  sent: readonly Uint8Array[],
  trust: TrustStore,
): { readonly certificates: readonly Certificate[]; readonly code: VerifyCode } => {
  const [leaf, ...others] = sent.flatMap(readable)
  if (!leaf) return { certificates: [], code: 'CERT_REJECTED' }
  const certificates = [leaf]
  let fromStore = trust.find(leaf) !== undefined
  for (let last = leaf; certificates.length < 100;) {
    if (last.isSelfIssued) {
      const code = certificates.length === 1 ? 'DEPTH_ZERO_SELF_SIGNED_CERT' : 'SELF_SIGNED_CERT_IN_CHAIN'
      return { certificates, code }
    }
    const anchor = trust.byName(last.issuer, true).flatMap(({ certificate }) => certificate ?? [])[0]
    const issuer = anchor ?? others.find((one) => one.subject.key === last.issuer.key)
    if (!issuer || certificates.includes(issuer)) break
    fromStore = anchor !== undefined
    certificates.push(issuer)
    last = issuer
  }
  if (certificates.length === 1) return { certificates, code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }
  return { certificates, code: fromStore ? 'UNABLE_TO_GET_ISSUER_CERT' : 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' }
}

const readable = (der: Uint8Array): readonly Certificate[] => {
  try {
    return [parseCertificate(der)]
  } catch {
    return []
  }
}
