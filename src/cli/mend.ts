// What to do about a chain that was refused: one sentence for each reason of the verifier.

import { equalBytes } from '../wire/bytes.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { CertificateError, RejectionReason } from '../x509/rejection.ts'
import { accessMethods } from '../x509/oids.ts'

type Mend = (about: {
  readonly error: CertificateError
  readonly chain: readonly Certificate[]
  readonly serverName: string | undefined
}) => string

const mends: Readonly<Record<RejectionReason, Mend>> = {
  malformed: () => 'have the certificate issued again: no verifier has to read this one',
  nonconforming: () => 'have the certificate issued again by a CA that keeps to RFC 5280',
  certificate_expired: ({ error, chain }) =>
    error.certificate === undefined || isLeaf(error.certificate, chain)
      ? 'renew the certificate; if it is new, check the clock of this machine'
      : 'let the server send a current intermediate certificate: an expired one is in its chain',
  certificate_not_yet_valid: () => 'check the clock of this machine and of the one that issued the certificate',
  unknown_ca: ({ error, chain }) => unknownCa(error.certificate ?? chain.at(-1), chain),
  anchor_refused: () => 'take an authority that is accepted',
  bad_signature: () =>
    'the chain has certificates that do not belong together: let the server send the intermediate that ' +
    'issued its certificate',
  certificate_name_mismatch: ({ chain }) => nameMismatch(chain[0]),
  certificate_usage: () =>
    'have a certificate issued for this purpose (extended key usage serverAuth for servers, clientAuth for clients)',
  not_a_ca: () => 'let the chain be issued by CA certificates: one in it is not (basicConstraints)',
  path_too_long: () => 'a CA in the chain may not issue further CAs: take another intermediate',
  unknown_critical_extension: () => 'a critical extension is not understood: have the certificate issued without it',
  name_constraints: () => 'the CA may not issue for this name: take a name within its constraints, or another CA',
  policy: () => 'the chain lacks the certificate policies that are asked for',
  broken_hash: () => 'have the certificate issued again, signed with SHA-256 or better',
  weak: () => 'have the certificate issued for a longer key, and signed with SHA-256 or better',
  unsupported_algorithm: () => 'have the certificate issued for RSA, ECDSA, Ed25519 or ML-DSA',
  too_complex: () => 'send a shorter chain',
  certificate_revoked: () => 'replace certificate and key: it was revoked',
  revocation_unknown: () => 'check that the OCSP responder or the CRL can be reached',
  bad_certificate_status: () => 'let the server renew the OCSP response that it staples',
  refused: () => 'see the sentence above',
}

export const mendOf: Mend = (about) => mends[about.error.reason](about)

const unknownCa = (last: Certificate | undefined, chain: readonly Certificate[]): string => {
  if (last === undefined) return 'give the authority with --ca'
  if (last.isSelfIssued) {
    return chain.length === 1
      ? 'trust this certificate with --ca FILE (`--pem > FILE` saves it), if you know that it is the right one'
      : 'give its root certificate with --ca FILE, or install it with `puretls cert trust`'
  }
  const url = issuerUrl(last)
  return (
    `let the server send the intermediate certificate as ` +
    `well${url === undefined ? '' : ` (it is at ${url})`}, or give the authority with --ca FILE`
  )
}

const isLeaf = (certificate: Certificate, [leaf]: readonly Certificate[]): boolean =>
  leaf !== undefined && equalBytes(certificate.der, leaf.der)

const issuerUrl = (certificate: Certificate): string | undefined => {
  try {
    const access = certificate.authorityInfoAccess?.find(({ method }) => method === accessMethods.caIssuers)
    return access?.location.kind === 'uri' ? String(access.location.value) : undefined
  } catch {
    return undefined
  }
}

const nameMismatch = (leaf: Certificate | undefined): string => {
  let names: readonly string[] = []
  try {
    names = (leaf?.subjectAltNames ?? [])
      .filter(({ kind }) => kind === 'dns' || kind === 'ip')
      .map(({ value }) => String(value))
  } catch {
    // a malformed extension names nothing
  }
  const [first] = names
  const known =
    first === undefined
      ? 'have a certificate issued with names (subjectAltName)'
      : `connect by a name that the certificate has (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''})`
  return `${known}, or have one issued for this name`
}
