// `puretls scan`: asks in an order in which each answer tells what is worth asking next.

import { TLS12, TLS13 } from '../../wire/registry.ts'
import { describeSignatureScheme, describeVersion } from '../../inspect/describe.ts'
import type { TrustStore } from '../../x509/trust.ts'
import type { Context, Options } from '../command.ts'
import { trustOf } from '../connect/settings.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { readText } from '../files.ts'
import { parseTarget } from '../target.ts'
import { judgeChain } from './chain.ts'
import { changes, readReport } from './compare.ts'
import { gradeOf } from './grade.ts'
import { scanLines } from './print.ts'
import { Prober } from './prober.ts'
import { findGroups, findSchemes12, findSuites, findVersions } from './protocols.ts'
import type { SuiteFinding } from './protocols.ts'
import { grades, groupJson, suiteJson } from './report.ts'
import type { Grade, ScanReport } from './report.ts'
import { findSessions } from './sessions.ts'
import { findHttpsRecord } from './https-record.ts'
import { stapledStatus } from '../stapled.ts'
import { starttlsProtocols } from '../starttls/index.ts'
import type { StartTlsName } from '../starttls/index.ts'
import type { HttpAnswer } from './sessions.ts'
import { dhHellos, knownWeaknesses, primeBits } from './known-weaknesses.ts'
import { probedWeaknesses } from './probed-weaknesses.ts'

interface ScanOptions {
  readonly starttls: StartTlsName | undefined
  readonly httpsRecord: boolean
  readonly resolver: string | undefined
  readonly servername: string | undefined
  readonly ca: readonly string[]
  readonly parallel: number | undefined
  readonly delay: number | undefined
  readonly timeout: number | undefined
  readonly compare: string | undefined
  readonly minGrade: Grade | undefined
}

export const runScan = async ({ io, out, args, options: given }: Context<Options>): Promise<ExitCode> => {
  const options = given as unknown as ScanOptions
  const { starttls } = options
  const target = parseTarget(args[0] ?? '', starttls === undefined ? 443 : starttlsProtocols[starttls].port)
  const before =
    options.compare === undefined ? undefined : readReport(await readText(io, options.compare), options.compare)
  const trust = await trustOf(io, options.ca)
  const settings = {
    target,
    serverName: options.servername ?? target.host,
    starttls,
    timeoutMs: options.timeout ?? 10_000,
    parallel: options.parallel ?? 2,
    delayMs: options.delay ?? 20,
  }
  const prober = new Prober(io, settings, (line) => out.progress(`${target.shown}: ${line}`))
  const report = await scan(prober, trust, io.clock(), options)
  await out.progress(undefined)
  await out.json(report)
  await out.print(...scanLines(report, out.style))
  const differences = before ? changes(before, report) : []
  if (before) {
    await out.json({ before: before.time, after: report.time, changes: differences })
    await out.print(
      '',
      out.style.bold(`since ${before.time}`),
      ...(differences.length > 0 ? differences.map((line) => `  ${line}`) : ['  nothing changed']),
    )
  }
  const tooLow = options.minGrade !== undefined && grades.indexOf(report.grade.grade) > grades.indexOf(options.minGrade)
  return differences.length > 0 || tooLow ? exitCodes.negative : exitCodes.ok
}

const scan = async (
  prober: Prober,
  trust: TrustStore,
  now: number,
  { httpsRecord, resolver }: ScanOptions,
): Promise<ScanReport> => {
  const { target, serverName, starttls } = prober.settings
  const versions = await findVersions(prober)
  const spoken = versions.filter(({ first }) => first !== undefined)
  if (!versions.some(({ offered }) => offered)) {
    throw new CliError('handshake', `${target.shown} speaks no version of TLS or SSL`, {
      code: 'not_tls',
      remedy: 'is this a TLS port? One that begins in the clear wants --starttls',
    })
  }
  const suites: SuiteFinding[] = []
  for (const { id } of spoken.toReversed()) suites.push(await findSuites(prober, id))
  const suitesOf = (version: number): readonly number[] =>
    suites.find((finding) => finding.version === version)?.suites ?? []
  const best = spoken.findLast(({ id }) => id !== TLS13)?.id
  const groups = [
    ...(suitesOf(TLS13).length > 0
      ? [{ version: TLS13, groups: await findGroups(prober, TLS13, suitesOf(TLS13)) }]
      : []),
    ...(best === undefined ? [] : [{ version: best, groups: await findGroups(prober, best, suitesOf(best)) }]),
  ]
  const schemes12 = suitesOf(TLS12).length > 0 ? await findSchemes12(prober, suitesOf(TLS12)) : []
  const speaks = { tls12: suitesOf(TLS12).length > 0, tls13: suitesOf(TLS13).length > 0 }
  const sessions = await findSessions(prober, speaks)
  const clear = suites.flatMap(({ hellos }) => hellos).find(({ chain }) => chain.length > 0)
  const chain = await judgeChain(
    sessions.chain.length > 0 ? sessions.chain : (clear?.chain ?? []),
    serverName,
    trust,
    now,
    sessions.stapled,
  )
  const known = { versions, suites, ticket: sessions.ticket, httpCompression: compressed(sessions.http) }
  const weaknesses = [...(await probedWeaknesses(prober, known)), ...knownWeaknesses(known)]
  const primes = dhHellos(suites).flatMap(({ prime }) => (prime ? [primeBits(prime)] : []))
  const nameOf = (id: number): string => describeVersion(id).name
  const found = {
    host: target.shown,
    serverName,
    starttls: starttls ?? null,
    time: new Date(now).toISOString(),
    connections: prober.connections,
    versions: versions.map(({ name, offered, downgradedTo }) => ({
      name,
      offered,
      downgradedTo: downgradedTo ?? null,
    })),
    suites: suites.map(({ version, order, suites: ids }) => ({
      version: nameOf(version),
      order: order ?? null,
      suites: ids.map(suiteJson),
    })),
    groups: groups
      .filter(({ groups: ids }) => ids.length > 0)
      .map(({ version, groups: ids }) => ({ version: nameOf(version), groups: ids.map(groupJson) })),
    diffieHellmanBits: primes.length > 0 ? Math.min(...primes) : null,
    signatureSchemes: [
      ...(sessions.schemes13.length > 0 ? [{ version: nameOf(TLS13), schemes: sessions.schemes13 }] : []),
      ...(schemes12.length > 0
        ? [{ version: nameOf(TLS12), schemes: schemes12.map((id) => describeSignatureScheme(id).name) }]
        : []),
    ],
    chain,
    ocspStapling: sessions.stapled !== undefined,
    ocsp: stapledStatus(sessions.stapled),
    scts: sessions.scts,
    resumption: sessions.resumption,
    ticketLifetimeSeconds: sessions.ticketLifetimeSeconds,
    earlyData: sessions.earlyData,
    alpn: sessions.alpn,
    ech: sessions.ech,
    httpsRecord: httpsRecord ? await findHttpsRecord(prober, resolver) : null,
    hsts: hstsOf(sessions.http),
    http: sessions.http ? { status: sessions.http.status, server: sessions.http.headers['server'] ?? null } : null,
    weaknesses,
  }
  return { ...found, grade: gradeOf(found) }
}

const compressed = (http: HttpAnswer | undefined): boolean | undefined =>
  http && /gzip|deflate|br|zstd/.test(http.headers['content-encoding'] ?? '')

/** RFC 6797 section 6.1. */
const hstsOf = (http: HttpAnswer | undefined): ScanReport['hsts'] => {
  const value = http?.headers['strict-transport-security']
  const maxAge = /max-age="?(\d+)/i.exec(value ?? '')?.[1]
  return value === undefined || maxAge === undefined
    ? null
    : { maxAge: Number(maxAge), includeSubDomains: /includesubdomains/i.test(value), preload: /preload/i.test(value) }
}
