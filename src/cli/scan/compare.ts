// What changed between two scans, in sentences.

import { CliError } from '../errors.ts'
import type { ScanReport } from './report.ts'

/** A report that --json printed before. Throws CliError `input`. */
export const readReport = (text: string, path: string): ScanReport => {
  try {
    const [first = ''] = text.trim().split('\n')
    const value = (first.endsWith('}') ? JSON.parse(first) : JSON.parse(text)) as Partial<ScanReport>
    if (Array.isArray(value.versions) && Array.isArray(value.weaknesses) && value.grade) return value as ScanReport
  } catch {
    // told below
  }
  throw new CliError('input', `${path}: it is not what \`puretls scan --json\` printed`, { code: 'not_a_scan' })
}

export const changes = (before: ScanReport, after: ScanReport): readonly string[] => [
  ...one('grade', before.grade.grade, after.grade.grade),
  ...lists('version', offeredOf(before), offeredOf(after)),
  ...after.suites.flatMap(({ version, suites }) =>
    lists(
      `${version} suite`,
      namesOf(before.suites.find((finding) => finding.version === version)?.suites),
      namesOf(suites),
    ),
  ),
  ...after.suites.flatMap(({ version, order }) =>
    one(`order of ${version}`, before.suites.find((finding) => finding.version === version)?.order ?? null, order),
  ),
  ...after.groups.flatMap(({ version, groups }) =>
    lists(
      `${version} group`,
      namesOf(before.groups.find((finding) => finding.version === version)?.groups),
      namesOf(groups),
    ),
  ),
  ...lists('protocol', before.alpn, after.alpn),
  ...one('chain', chainText(before), chainText(after)),
  ...lists(
    'fault of the chain',
    before.chain.faults.map(({ code }) => code),
    after.chain.faults.map(({ code }) => code),
  ),
  ...one('OCSP stapling', before.ocspStapling, after.ocspStapling),
  ...one('OCSP', before.ocsp?.status ?? null, after.ocsp?.status ?? null),
  ...one('early data', before.earlyData, after.earlyData),
  ...one('ECH', before.ech, after.ech),
  ...one('HSTS', before.hsts?.maxAge ?? null, after.hsts?.maxAge ?? null),
  ...after.weaknesses.flatMap(({ name, verdict }) =>
    one(name, before.weaknesses.find((weakness) => weakness.name === name)?.verdict ?? null, verdict),
  ),
]

const offeredOf = ({ versions }: ScanReport): readonly string[] =>
  versions.filter(({ offered }) => offered).map(({ name }) => name)
const namesOf = (list: readonly { readonly name: string }[] = []): readonly string[] => list.map(({ name }) => name)
const chainText = ({ chain }: ScanReport): string =>
  chain.certificates.map(({ subject, notAfter }) => `${subject} until ${notAfter.slice(0, 10)}`).join(', ')

const one = (what: string, before: unknown, after: unknown): readonly string[] =>
  before === after ? [] : [`${what}: ${String(before)} -> ${String(after)}`]
const lists = (what: string, before: readonly string[], after: readonly string[]): readonly string[] => [
  ...after.filter((name) => !before.includes(name)).map((name) => `${what} new: ${name}`),
  ...before.filter((name) => !after.includes(name)).map((name) => `${what} gone: ${name}`),
]
