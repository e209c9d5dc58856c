// One letter for a server, with the reasons: what is found puts a ceiling on the grade. The scale is that of the
// well-known scanners, A to F, T for a certificate that is not trusted, M for one that is for another name.

import { grades } from './report.ts'
import type { Grade, GradeReason, ScanReport } from './report.ts'

interface Rule {
  readonly ceiling: Grade
  readonly reason: string
  readonly holds: (report: Omit<ScanReport, 'grade'>) => boolean
}

const offered =
  (name: string) =>
  (report: Omit<ScanReport, 'grade'>): boolean =>
    report.versions.some((version) => version.name === name && version.offered)
const weak =
  (name: string, ...verdicts: readonly string[]) =>
  (report: Omit<ScanReport, 'grade'>): boolean =>
    report.weaknesses.some(
      (weakness) =>
        weakness.name === name && (verdicts.length > 0 ? verdicts : ['vulnerable']).includes(weakness.verdict),
    )
const fault =
  (code: string) =>
  (report: Omit<ScanReport, 'grade'>): boolean =>
    report.chain.faults.some((one) => one.code === code)
const suites = (report: Omit<ScanReport, 'grade'>) => report.suites.flatMap((finding) => finding.suites)

const rules: readonly Rule[] = [
  { ceiling: 'F', reason: 'SSL 2.0 is offered', holds: offered('SSL 2.0') },
  ...[
    'Heartbleed',
    'CCS injection',
    'ticketbleed',
    'ROBOT',
    'FREAK',
    'NULL',
    'anonymous',
    'EXPORT',
    'insecure renegotiation',
  ].map((name): Rule => ({ ceiling: 'F', reason: `vulnerable: ${name}`, holds: weak(name) })),
  { ceiling: 'F', reason: 'LOGJAM: Diffie-Hellman that can be broken', holds: weak('LOGJAM') },
  { ceiling: 'C', reason: 'SSL 3.0 is offered (POODLE)', holds: offered('SSL 3.0') },
  { ceiling: 'C', reason: 'RC4 is offered', holds: weak('RC4') },
  { ceiling: 'C', reason: 'ciphers with blocks of 64 bits (SWEET32)', holds: weak('SWEET32') },
  { ceiling: 'C', reason: 'compression (CRIME)', holds: weak('CRIME') },
  {
    ceiling: 'C',
    reason: 'neither TLS 1.2 nor TLS 1.3',
    holds: (report) => !offered('TLS 1.2')(report) && !offered('TLS 1.3')(report),
  },
  {
    ceiling: 'B',
    reason: 'TLS 1.0 or 1.1 is offered (RFC 8996)',
    holds: (report) => offered('TLS 1.0')(report) || offered('TLS 1.1')(report),
  },
  { ceiling: 'B', reason: 'Diffie-Hellman of 1024 bits', holds: weak('LOGJAM', 'potentially vulnerable') },
  { ceiling: 'B', reason: 'Diffie-Hellman keys are used again (Raccoon)', holds: weak('Raccoon') },
  {
    ceiling: 'B',
    reason: 'no suite with forward secrecy',
    holds: (report) => !suites(report).some(({ forwardSecrecy }) => forwardSecrecy),
  },
  { ceiling: 'B', reason: 'no AEAD suite', holds: (report) => !suites(report).some(({ aead }) => aead) },
  { ceiling: 'A-', reason: 'no TLS 1.3', holds: (report) => !offered('TLS 1.3')(report) },
  {
    ceiling: 'A-',
    reason: 'suites without forward secrecy are offered',
    holds: (report) => suites(report).some(({ forwardSecrecy }) => !forwardSecrecy),
  },
  { ceiling: 'A-', reason: 'clients may renegotiate at will', holds: weak('client renegotiation') },
  {
    ceiling: 'A-',
    reason: 'a fall back to a lower version is taken',
    holds: weak('downgrade', 'potentially vulnerable'),
  },
  {
    ceiling: 'T',
    reason: 'the certificate is not trusted',
    holds: (report) => !report.chain.trusted && !fault('name_mismatch')(report),
  },
  { ceiling: 'T', reason: 'the certificate has expired', holds: fault('expired') },
  { ceiling: 'M', reason: 'the certificate is for another name', holds: fault('name_mismatch') },
  { ceiling: 'F', reason: 'a weak key in the chain', holds: fault('weak_key') },
  { ceiling: 'F', reason: 'a weak signature in the chain', holds: fault('weak_signature') },
]

const HALF_A_YEAR = 15_768_000

/** The lowest ceiling; A+ for a server that has none and holds browsers to TLS. */
export const gradeOf = (
  report: Omit<ScanReport, 'grade'>,
): { readonly grade: Grade; readonly reasons: readonly GradeReason[] } => {
  const reasons = rules.filter(({ holds }) => holds(report)).map(({ ceiling, reason }) => ({ ceiling, reason }))
  const worst = reasons.reduce((lowest, { ceiling }) => Math.max(lowest, grades.indexOf(ceiling)), 1)
  const age = report.hsts === null ? 0 : report.hsts.maxAge
  if (reasons.length === 0 && age >= HALF_A_YEAR)
    return { grade: 'A+', reasons: [{ ceiling: 'A+', reason: `HSTS for ${Math.round(age / 86_400)} days` }] }
  return { grade: grades[worst] ?? 'F', reasons }
}
