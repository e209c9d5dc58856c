// The chain that a server sends, and its faults.

import { nodeProvider } from '../../crypto/node.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { verifyChain } from '../../x509/chain-verifier.ts'
import { sameName } from '../../x509/name.ts'
import { certificateCoversName } from '../../x509/names.ts'
import { ocspCheck } from '../../x509/ocsp-check.ts'
import { algorithmName, signatureAlgorithmOf } from '../../x509/signature.ts'
import type { TrustStore } from '../../x509/trust.ts'
import { keyText } from '../certificates.ts'

export interface ChainCertificate {
  readonly subject: string
  readonly issuer: string
  readonly names: readonly string[]
  readonly notBefore: string
  readonly notAfter: string
  readonly key: string
  readonly signature: string
  readonly selfSigned: boolean
}

export interface ChainFinding {
  readonly certificates: readonly ChainCertificate[]
  readonly trusted: boolean
  /** Why it is not, as the verifier says it. */
  readonly reason: string | null
  readonly coversName: boolean
  readonly daysLeft: number | null
  readonly faults: readonly Fault[]
}

export interface Fault {
  readonly code:
    | 'untrusted'
    | 'self_signed'
    | 'name_mismatch'
    | 'expired'
    | 'not_yet_valid'
    | 'expires_soon'
    | 'weak_signature'
    | 'weak_key'
    | 'wrong_order'
    | 'root_sent'
    | 'unreadable'
  readonly message: string
}

const DAY = 86_400_000

export const judgeChain = async (
  chain: readonly Uint8Array[],
  serverName: string,
  trust: TrustStore,
  now: number,
  stapled?: Uint8Array,
): Promise<ChainFinding> => {
  const faults: Fault[] = []
  const certificates = chain.flatMap((der): readonly Certificate[] => {
    try {
      return [parseCertificate(der)]
    } catch (error) {
      faults.push({ code: 'unreadable', message: error instanceof Error ? error.message : String(error) })
      return []
    }
  })
  const [leaf] = certificates
  if (!leaf)
    return { certificates: [], trusted: false, reason: 'no certificate', coversName: false, daysLeft: null, faults }
  const verified = await verifyChain(chain, {
    provider: nodeProvider,
    trust,
    serverName,
    time: now,
    // what a handshake showed: a certificate that has to be stapled is held to it
    checks: [ocspCheck()],
    ...(stapled && { ocspResponse: stapled }),
  })
  const coversName = certificateCoversName(leaf, serverName)
  const selfSigned = sameName(leaf.subject, leaf.issuer)
  const reason = verified.ok ? null : verified.reason.message
  if (selfSigned) faults.push({ code: 'self_signed', message: 'the certificate is signed by its own key' })
  else if (!verified.ok && coversName && leaf.notAfter > now && leaf.notBefore <= now)
    faults.push({ code: 'untrusted', message: verified.reason.message })
  if (!coversName) faults.push({ code: 'name_mismatch', message: `it is not for ${serverName}` })
  faults.push(...validityFaults(leaf, now), ...certificates.flatMap((certificate, i) => strengthFaults(certificate, i)))
  const shown = certificates.map(chainCertificate)
  if (
    certificates.slice(1).some((certificate, i) => !sameName(certificate.subject, (certificates[i] ?? leaf).issuer))
  ) {
    faults.push({ code: 'wrong_order', message: 'a certificate is not followed by that of its issuer' })
  }
  if (
    certificates.length > 1 &&
    certificates.slice(1).some((certificate) => sameName(certificate.subject, certificate.issuer))
  ) {
    faults.push({ code: 'root_sent', message: 'the root is sent too, which no client needs' })
  }
  return {
    certificates: shown,
    trusted: verified.ok,
    reason,
    coversName,
    daysLeft: Math.floor((leaf.notAfter - now) / DAY),
    faults,
  }
}

const validityFaults = ({ notBefore, notAfter }: Certificate, now: number): readonly Fault[] => {
  if (notAfter <= now)
    return [{ code: 'expired', message: `it expired on ${new Date(notAfter).toISOString().slice(0, 10)}` }]
  if (notBefore > now)
    return [{ code: 'not_yet_valid', message: `it is valid from ${new Date(notBefore).toISOString().slice(0, 10)}` }]
  const days = Math.floor((notAfter - now) / DAY)
  return days < 30 ? [{ code: 'expires_soon', message: `it expires in ${days} days` }] : []
}

/** A root's own signature counts for nothing. */
const strengthFaults = (certificate: Certificate, index: number): readonly Fault[] => {
  const { bits, type } = certificate.publicKey
  const faults: Fault[] = []
  const isRoot = index > 0 && sameName(certificate.subject, certificate.issuer)
  const signature = signatureName(certificate)
  if (/sha1|md5|md2/i.test(signature) && !isRoot)
    faults.push({ code: 'weak_signature', message: `signed with ${signature}` })
  if (type.startsWith('rsa') && bits < 2048) faults.push({ code: 'weak_key', message: `an RSA key of ${bits} bits` })
  return faults
}

const signatureName = (certificate: Certificate): string => {
  try {
    const algorithm = signatureAlgorithmOf(certificate.signatureAlgorithm)
    return algorithm ?? algorithmName(certificate.signatureAlgorithm)
  } catch {
    return 'an algorithm that is not known here'
  }
}

const chainCertificate = (certificate: Certificate): ChainCertificate => ({
  subject: certificate.subject.toString(),
  issuer: certificate.issuer.toString(),
  names: namesOf(certificate),
  notBefore: new Date(certificate.notBefore).toISOString(),
  notAfter: new Date(certificate.notAfter).toISOString(),
  key: keyText(certificate),
  signature: signatureName(certificate),
  selfSigned: sameName(certificate.subject, certificate.issuer),
})

const namesOf = (certificate: Certificate): readonly string[] => {
  try {
    return (certificate.subjectAltNames ?? []).map(({ kind, value }) => `${kind}:${String(value)}`)
  } catch {
    return [] // an extension that can't be read is the verifier's to judge
  }
}
