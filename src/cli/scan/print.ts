// A scan for people.

import type { Style } from '../output.ts'
import { stapledText } from '../stapled.ts'
import { grades } from './report.ts'
import type { ScanReport } from './report.ts'

export const scanLines = (report: ScanReport, style: Style): readonly string[] => [
  style.bold(report.host),
  '',
  style.bold('versions'),
  ...report.versions.map(({ name, offered, downgradedTo }) =>
    row(name, versionText(name, offered, style) + (downgradedTo === null ? '' : `, ${downgradedTo} comes instead`)),
  ),
  ...report.suites.flatMap(({ version, order, suites }) => [
    '',
    style.bold(
      `${version}${
        order === null ? '' : order === 'server' ? ', in the order of the ' + 'server' : ", in the client's order"
      }`,
    ),
    ...suites.map(
      ({ name, weaknesses }) =>
        `  ${weaknesses.length === 0 ? name : `${style.yellow(name)}  ${weaknesses.join(', ')}`}`,
    ),
  ]),
  '',
  style.bold('key exchange and signatures'),
  ...report.groups.map(({ version, groups }) =>
    row(version, groups.map(({ name, postQuantum }) => (postQuantum ? style.green(name) : name)).join(', ')),
  ),
  ...(report.diffieHellmanBits === null ? [] : [row('DHE', `${report.diffieHellmanBits} bits`)]),
  ...report.signatureSchemes.map(({ version, schemes }) => row(version, schemes.join(', '))),
  '',
  style.bold('certificates'),
  ...report.chain.certificates.flatMap(({ subject, issuer, key, signature, notAfter }) => [
    `  ${subject}`,
    `      from ${issuer}, ${key}, ${signature}, until ${notAfter.slice(0, 10)}`,
  ]),
  row('trusted', report.chain.trusted ? style.green('yes') : style.red(`no: ${report.chain.reason}`)),
  ...report.chain.faults.map(({ message }) => `  ${style.red(message)}`),
  row('OCSP', stapledText(report.ocsp)),
  '',
  style.bold('sessions and protocols'),
  row('resumption', resumptionText(report)),
  row('early data', report.earlyData === null ? 'no' : `${report.earlyData} bytes`),
  row('ALPN', report.alpn.join(', ') || 'none'),
  row('ECH', report.ech ? 'yes' : 'no'),
  ...(report.httpsRecord === null ? [] : [row('HTTPS record', recordText(report.httpsRecord))]),
  row(
    'HSTS',
    report.hsts === null
      ? 'no'
      : `${Math.round(report.hsts.maxAge / 86_400)} days${report.hsts.includeSubDomains ? ', with subdomains' : ''}`,
  ),
  '',
  style.bold('known weaknesses'),
  ...report.weaknesses.map(({ name, verdict, because }) => row(name, `${coloured(verdict, style)}: ${because}`)),
  '',
  `${style.bold('grade')}  ${gradeText(report, style)}`,
  ...report.grade.reasons.map(({ ceiling, reason }) => `  ${ceiling.padEnd(3)} ${reason}`),
  style.dim(`${report.connections} connections`),
]

const row = (name: string, text: string): string => `  ${name.padEnd(22)} ${text}`

const recordText = ({ alpn, port, ech, echAccepted }: NonNullable<ScanReport['httpsRecord']>): string =>
  [
    ...(alpn.length > 0 ? [alpn.join(', ')] : []),
    ...(port === null ? [] : [`port ${port}`]),
    ech ? `ECH, ${echAccepted === true ? 'which the server takes' : 'which the server does not take'}` : 'no ECH',
  ].join('; ')

const versionText = (name: string, offered: boolean, style: Style): string => {
  const modern = name === 'TLS 1.2' || name === 'TLS 1.3'
  if (!offered) return modern ? style.yellow('no') : 'no'
  return modern ? style.green('yes') : style.red('yes')
}

const coloured = (verdict: string, style: Style): string =>
  verdict === 'vulnerable'
    ? style.red(verdict)
    : verdict === 'potentially vulnerable'
      ? style.yellow(verdict)
      : verdict === 'not vulnerable'
        ? style.green(verdict)
        : verdict

const resumptionText = ({ resumption }: ScanReport): string => {
  const { tickets13, resumed13, ticket12, id12 } = resumption
  const parts = [
    tickets13 === null ? undefined : `TLS 1.3 ${resumed13 === true ? `yes (${tickets13} tickets)` : 'no'}`,
    ticket12 === null ? undefined : `TLS 1.2 by ticket ${ticket12 ? 'yes' : 'no'}`,
    id12 === null ? undefined : `by session ID ${id12 ? 'yes' : 'no'}`,
  ].filter((part) => part !== undefined)
  return parts.join(', ') || 'not tried'
}

const gradeText = ({ grade }: ScanReport, style: Style): string => {
  const rank = grades.indexOf(grade.grade)
  return rank <= 2 ? style.green(grade.grade) : rank <= 4 ? style.yellow(grade.grade) : style.red(grade.grade)
}
