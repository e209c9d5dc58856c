// Findings of `puretls scan` on ten servers of nginx, OpenSSL and Go, good and bad, against those of testssl.sh on the
// same ones (testssl.json, recorded by scripts/record-testssl.ts).

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonOf, runCli } from '../cli/harness.ts'
import { run, stopChildren } from '../interop/process.ts'
import { scanFiles, scanServers } from './servers.ts'
import type { Files } from './servers.ts'

const recorded: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(new URL('testssl.json', import.meta.url), 'utf8'),
)

const missing: string[] = []
for (const [program, version] of [
  ['nginx', '-v'],
  ['openssl', 'version'],
  ['go', 'version'],
] as const) {
  if ((await run(program, [version])).code !== 0) missing.push(program)
}

const versionIds = {
  SSLv2: 'SSL 2.0',
  SSLv3: 'SSL 3.0',
  TLS1: 'TLS 1.0',
  TLS1_1: 'TLS 1.1',
  TLS1_2: 'TLS 1.2',
  TLS1_3: 'TLS 1.3',
}
const weaknessIds = {
  heartbleed: 'Heartbleed',
  CCS: 'CCS injection',
  ticketbleed: 'ticketbleed',
  ROBOT: 'ROBOT',
  CRIME_TLS: 'CRIME',
  BREACH: 'BREACH',
  POODLE_SSL: 'POODLE',
  SWEET32: 'SWEET32',
  FREAK: 'FREAK',
  DROWN: 'DROWN',
  BEAST: 'BEAST',
  LUCKY13: 'LUCKY13',
  RC4: 'RC4',
  secure_client_renego: 'client renegotiation',
  fallback_SCSV: 'downgrade',
  cipherlist_NULL: 'NULL',
  cipherlist_aNULL: 'anonymous',
  cipherlist_EXPORT: 'EXPORT',
}
const curveNames: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }

const isBad = (finding: string): boolean => finding !== '' && !/^(OK|INFO|WARN)/.test(finding)
/** Some findings have a certificate's number behind their id. */
const ofCertificate = (facts: Record<string, string>, id: string): readonly string[] =>
  Object.entries(facts)
    .filter(([name]) => name === id || name.startsWith(`${id} <`))
    .map(([, finding]) => finding)

let files: Files
beforeAll(async () => {
  if (missing.length === 0) files = await scanFiles()
})
afterAll(async () => {
  await stopChildren()
  files?.remove()
})

it('nginx, OpenSSL and Go are here, where nothing may be skipped', () => {
  expect(process.env['CI'] === 'true' ? missing : []).toEqual([])
})

describe.runIf(missing.length === 0).each(scanServers.map((server) => [server.name, server] as const))(
  '%s',
  (name, server) => {
    it('finds what testssl.sh finds', async () => {
      const facts = recorded[name]
      if (!facts) throw new Error(`no facts about ${name}`)
      const running = await server.start(files)
      const result = await runCli(`scan localhost:${running.port} --ca ${files.ca} --delay 0ms --parallel 4 --json`)
      await running.stop()
      expect(result.stderr).toBe('')
      const [report] = jsonOf('scan', result)

      const versions = Object.fromEntries(
        Object.entries(versionIds).map(([id, version]) => [version, /: offered/.test(facts[id] ?? '')]),
      )
      expect(
        Object.fromEntries(
          report.versions.map((version: { name: string; offered: boolean }) => [version.name, version.offered]),
        ),
      ).toEqual(versions)

      const theirs = Object.keys(facts)
        .flatMap((id) => /^cipher(?:-.*)?_x([0-9a-f]+)$/.exec(id)?.[1] ?? [])
        .map((hex) => Number.parseInt(hex, 16))
      const ours = report.suites.flatMap(({ suites }: { suites: { id: number }[] }) => suites.map(({ id }) => id))
      const numbers = (ids: readonly number[]): readonly number[] => [...new Set(ids)].toSorted((a, b) => a - b)
      expect(numbers(ours)).toEqual(numbers(theirs))

      const curves = [facts['PFS_ECDHE_curves'], facts['DH_groups']]
        .flatMap((finding) => (finding ?? '').split(': ')[1]?.split(' ') ?? [])
        .filter((curve) => /^(prime|secp|X|ffdhe)/.test(curve))
        .map((curve) => curveNames[curve] ?? curve)
      const groups: string[] = report.groups.flatMap((finding: { groups: { name: string; postQuantum: boolean }[] }) =>
        finding.groups.filter(({ postQuantum }) => !postQuantum).map((group) => group.name),
      )
      expect([...new Set(groups)].toSorted()).toEqual([...new Set(curves)].toSorted())

      const order = facts['cipher_order'] ?? ''
      const older = report.suites.find(({ version }: { version: string }) => version !== 'TLS 1.3')
      if (/^OK: server|NOT a cipher order/.test(order))
        expect(older.order).toBe(order.startsWith('OK') ? 'server' : 'client')

      const verdicts = Object.fromEntries(
        report.weaknesses.map(({ name: weakness, verdict }: { name: string; verdict: string }) => [
          weakness,
          /^(potentially )?vulnerable$/.test(verdict),
        ]),
      )
      const expected = Object.fromEntries(
        Object.entries(weaknessIds).map(([id, weakness]) => [weakness, isBad(facts[id] ?? '')]),
      )
      expect(verdicts).toMatchObject({
        ...expected,
        LOGJAM: isBad(facts['LOGJAM'] ?? '') || /^(HIGH|CRITICAL)/.test(facts['LOGJAM-common_primes'] ?? ''),
      })

      const alpn = [facts['ALPN_HTTP2'], facts['ALPN']]
        .map((finding) => finding?.split(': ')[1] ?? '')
        .filter((protocol) => !['', 'not offered'].includes(protocol))
      expect(report.alpn.filter((protocol: string) => ['h2', 'http/1.1'].includes(protocol))).toEqual(alpn)
      expect(report.ocspStapling).toBe(
        !/not offered/.test(facts['OCSP_stapling'] ?? ofCertificate(facts, 'OCSP_stapling')[0] ?? 'not offered'),
      )
      const hsts = /=(\d+) seconds/.exec(facts['HSTS_time'] ?? facts['HSTS'] ?? '')?.[1]
      expect(report.hsts?.maxAge ?? null).toBe(hsts === undefined ? null : Number(hsts))
      if (!versions['TLS 1.3'] && versions['TLS 1.2']) {
        expect(report.resumption.ticket12).toBe(facts['sessionresumption_ticket'] === 'INFO: supported')
        expect(report.resumption.id12).toBe(facts['sessionresumption_ID'] === 'INFO: supported')
      }

      expect(report.chain.trusted && report.chain.coversName).toBe(
        [...ofCertificate(facts, 'cert_chain_of_trust'), ...ofCertificate(facts, 'cert_trust')].every((finding) =>
          finding.startsWith('OK'),
        ),
      )
      const [leaf] = report.chain.certificates
      expect(
        ofCertificate(facts, 'cert_keySize').some((finding) =>
          finding.includes(/P-256/.test(leaf.key) ? '256 bits' : `${/\d{4}/.exec(leaf.key)?.[0]} bits`),
        ),
      ).toBe(true)
      const faults: string[] = report.chain.faults.map(({ code }: { code: string }) => code)
      expect(faults.includes('weak_signature')).toBe(
        ofCertificate(facts, 'cert_signatureAlgorithm').some((finding) => finding.includes('SHA1')),
      )
      expect(faults.includes('expired')).toBe(
        ofCertificate(facts, 'cert_expirationStatus').some((finding) => finding.includes('expired')),
      )
      expect(faults.includes('wrong_order')).toBe(name.startsWith('OpenSSL') && name !== 'OpenSSL weak certificate')
    })
  },
)

it('grades, with reasons, and what changed between two scans', async () => {
  if (missing.length > 0) return
  const [modern, , old] = scanServers
  const folder = files.folder
  const one = await modern?.start(files)
  const first = await runCli(`scan localhost:${one?.port} --ca ca.pem --delay 0ms --json`, { cwd: folder })
  await one?.stop()
  expect(jsonOf('scan', first)[0].grade.grade).toBe('A+')
  const { writeFileSync } = await import('node:fs')
  writeFileSync(`${folder}/before.json`, first.stdout)
  const two = await old?.start(files)
  const second = await runCli(
    `scan localhost:${two?.port} --ca ca.pem --delay 0ms --json --compare before.json --min-grade A`,
    { cwd: folder },
  )
  await two?.stop()
  expect(second.code).toBe(1)
  const [report, comparison] = jsonOf('scan', second)
  expect(report.grade).toMatchObject({
    grade: 'B',
    reasons: expect.arrayContaining([{ ceiling: 'B', reason: 'TLS 1.0 or 1.1 is offered (RFC 8996)' }]),
  })
  expect(comparison.changes).toEqual(
    expect.arrayContaining(['grade: A+ -> B', 'version new: TLS 1.0', 'version gone: TLS 1.3']),
  )
})
