// The scan of servers that are truly weak: OpenSSL 1.0.1e, which has Heartbleed and takes an early ChangeCipherSpec,
// and OpenSSL 1.0.0m with SSL 2.0, both inside Node.js of 2013 (test/scan/old-openssl, installed by .ci/run).

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonOf, runCli } from '../cli/harness.ts'
import { Child, run, stopChildren } from '../interop/process.ts'
import { scanFiles } from './servers.ts'
import type { Files } from './servers.ts'

const here = new URL('old-openssl/', import.meta.url).pathname
const versions = { '1.0.0m': ['1.0.0', '0.8.28'], '1.0.1e': ['1.0.1e', '0.10.1'] } as const
const tarball = (openssl: keyof typeof versions): string => {
  const [name, node] = versions[openssl]
  return join(here, `node_modules/node-with-openssl-${name}/node-v${node}-linux-x64.tar.gz`)
}
const isHere = process.arch === 'x64' && existsSync(tarball('1.0.0m')) && existsSync(tarball('1.0.1e'))

it('they are here in CI', () => {
  if (process.env['CI'] !== undefined) expect(isHere).toBe(true)
})

describe.runIf(isHere)('servers of 2013', () => {
  let files: Files
  let folder: string
  beforeAll(async () => {
    files = await scanFiles()
    folder = mkdtempSync(join(tmpdir(), 'puretls-old-'))
    for (const openssl of ['1.0.0m', '1.0.1e'] as const)
      expect((await run('tar', ['xzf', tarball(openssl), '-C', folder])).code).toBe(0)
  })
  afterAll(async () => {
    await stopChildren()
    files.remove()
    rmSync(folder, { recursive: true })
  })

  const scanned = async (openssl: keyof typeof versions, method: string) => {
    const program = join(folder, `node-v${versions[openssl][1]}-linux-x64/bin/node`)
    const server = new Child(program, [join(here, 'server.cjs'), files.rsa.key, files.rsa.cert, method])
    const [, port] = await server.waitFor(/port (\d+)/)
    const result = await runCli(`scan 127.0.0.1:${port} --ca ${files.ca} --delay 0ms --parallel 6 --json`)
    await server.stop()
    expect(result.stderr).toBe('')
    const [report] = jsonOf('scan', result)
    return {
      grade: report.grade.grade as string,
      versions: report.versions.flatMap((one: { name: string; offered: boolean }) => (one.offered ? [one.name] : [])),
      verdicts: Object.fromEntries(
        report.weaknesses.map(({ name, verdict }: { name: string; verdict: string }) => [name, verdict]),
      ),
    }
  }

  it('OpenSSL 1.0.1e: Heartbleed, an early ChangeCipherSpec, SSL 2.0 to TLS 1.2', async () => {
    const { grade, versions: spoken, verdicts } = await scanned('1.0.1e', 'SSLv23_method')
    expect(grade).toBe('F')
    expect(spoken).toEqual(['SSL 2.0', 'SSL 3.0', 'TLS 1.0', 'TLS 1.1', 'TLS 1.2'])
    expect(verdicts).toMatchObject({
      Heartbleed: 'vulnerable',
      'CCS injection': 'potentially vulnerable',
      DROWN: 'vulnerable',
      POODLE: 'vulnerable',
      BEAST: 'vulnerable',
      SWEET32: 'vulnerable',
      RC4: 'vulnerable',
      NULL: 'vulnerable',
      downgrade: 'potentially vulnerable',
      'client renegotiation': 'vulnerable',
      'insecure renegotiation': 'not vulnerable',
      ROBOT: 'not vulnerable',
      CRIME: 'not vulnerable',
      EXPORT: 'not vulnerable',
      FREAK: 'not vulnerable',
    })
  })

  it('OpenSSL 1.0.0m: SSL 2.0 to TLS 1.0, no Heartbleed, and the early ChangeCipherSpec is mended', async () => {
    const { versions: spoken, verdicts } = await scanned('1.0.0m', 'SSLv23_method')
    expect(spoken).toEqual(['SSL 2.0', 'SSL 3.0', 'TLS 1.0'])
    expect(verdicts).toMatchObject({
      Heartbleed: 'not vulnerable',
      'CCS injection': 'not vulnerable',
      DROWN: 'vulnerable',
      POODLE: 'vulnerable',
      'insecure renegotiation': 'not vulnerable',
    })
  })

  it.each(['1.0.0m', '1.0.1e'] as const)('OpenSSL %s with SSL 3.0 alone', async (openssl) => {
    const { versions: spoken, verdicts } = await scanned(openssl, 'SSLv3_method')
    expect(spoken).toEqual(['SSL 3.0'])
    expect(verdicts).toMatchObject({
      POODLE: 'vulnerable',
      DROWN: 'not vulnerable',
      Heartbleed: 'not vulnerable',
      'insecure renegotiation': 'not vulnerable',
    })
  })

  it.each(['1.0.0m', '1.0.1e'] as const)('OpenSSL %s with SSL 2.0 alone', async (openssl) => {
    const { grade, versions: spoken, verdicts } = await scanned(openssl, 'SSLv2_method')
    expect([grade, spoken]).toEqual(['F', ['SSL 2.0']])
    expect(verdicts).toMatchObject({ DROWN: 'vulnerable', POODLE: 'not vulnerable' })
  })
})
