// What puretls/pki issues, in the eyes of others: zlint (peers/zlint, built when first needed), GnuTLS' certtool and
// openssl -x509_strict. Go's and Java's verifiers see it in the handshakes of the other tests here.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCa } from '../../src/pki/index.ts'
import type { KeyKind } from '../../src/pki/index.ts'
import { present, run } from './process.ts'

const directory = mkdtempSync(join(tmpdir(), 'puretls-issued-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const has = {
  go: await present('go', 'version'),
  certtool: await present('certtool', '--version'),
  openssl: await present('openssl', 'version'),
}

const write = (name: string, text: string): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

/** All that the Baseline Requirements want of a certificate and that a private CA leaves out. */
const places = {
  policies: ['2.23.140.1.2.1'],
  crlUrls: ['http://crl.example.com/a.crl'],
  ocspUrls: ['http://ocsp.example.com'],
  issuerUrls: ['http://ca.example.com/a.cer'],
}

const issue = async (key: KeyKind) => {
  const nameOf = (commonName: string) => ({ commonName, organization: 'Example', country: 'DE' })
  const root = await createCa({ name: nameOf('Example Root'), key })
  const middle = await root.createIntermediate({ name: nameOf('Example Sub'), key, ...places })
  const server = await middle.issue({ names: ['www.example.com', '*.example.com'], key, days: 90, ...places })
  const client = await middle.issue({
    name: 'Alice',
    names: ['alice@example.com'],
    client: true,
    key,
    days: 90,
    crlUrls: places.crlUrls,
  })
  const crl = await middle.createCrl({ revoked: [{ certificate: client.certificate, reason: 'keyCompromise' }] })
  const empty = await root.createCrl()
  return { root, middle, server, client, crl, empty }
}

const kinds: readonly KeyKind[] = ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048']
interface Finding {
  readonly lint: string
  readonly status: string
}

describe('zlint', () => {
  const program = join(directory, 'zlint')
  beforeAll(async () => {
    if (!has.go) return
    const cwd = new URL('./peers/zlint', import.meta.url).pathname
    const { code, output } = await run('go', ['build', '-o', program, '.'], { cwd, env: { GOTOOLCHAIN: 'local' } })
    if (code !== 0) throw new Error(`go build: ${output}`)
  }, 600_000)

  const lint = async (...files: readonly string[]): Promise<Finding[][]> => {
    const { code, output } = await run(program, [...files])
    if (code !== 0) throw new Error(output)
    return output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).findings)
  }
  const faults = (findings: readonly Finding[]): Finding[] =>
    findings.filter(({ status }) => status === 'error' || status === 'fatal')

  test.skipIf(!has.go).each(kinds)('has no error on certificates and CRLs of %s keys', async (key) => {
    const { root, middle, server, client, crl, empty } = await issue(key)
    const texts = [root, middle, server, client].map(({ certificatePem }) => certificatePem)
    const results = await lint(...[...texts, crl.crlPem, empty.crlPem].map((text, i) => write(`zlint-${i}.pem`, text)))
    expect(results).toHaveLength(6)
    for (const [index, findings] of results.entries())
      expect({ index, faults: faults(findings) }).toEqual({ index, faults: [] })
  })
  test.skipIf(!has.go)('does see a fault where there is one', async () => {
    const { middle } = await issue('ecdsa-p256')
    const odd = await middle.issue({
      names: ['www.example.com'],
      days: 90,
      ...places,
      extensions: [{ oid: '2.5.29.14', critical: true, value: Uint8Array.of(4, 1, 1) }],
    })
    const [findings = []] = await lint(write('odd.pem', odd.certificatePem))
    expect(faults(findings).map((one) => one.lint)).toContain('e_ext_subject_key_identifier_critical')
  })
})

describe.each(kinds)('chains of %s keys', (key) => {
  test.skipIf(!has.certtool)('certtool', async () => {
    const { root, middle, server } = await issue(key)
    const chain = write('chain.pem', server.certificatePem + middle.certificatePem + root.certificatePem)
    const { code, output } = await run('certtool', ['--verify-chain', '--verify-profile', 'medium', '--infile', chain])
    expect({
      code,
      trusted: output.includes('Chain verification output: Verified. The certificate is trusted.'),
    }).toEqual({ code: 0, trusted: true })
  })
  test.skipIf(!has.openssl)('openssl -x509_strict, with CRLs', async () => {
    const { root, middle, server, client, crl, empty } = await issue(key)
    const [roots, middles] = [write('root.pem', root.certificatePem), write('middle.pem', middle.certificatePem)]
    const crls = write('crls.pem', crl.crlPem + empty.crlPem)
    const verify = async (purpose: string, pem: string) =>
      run('openssl', [
        'verify',
        '-x509_strict',
        '-crl_check_all',
        '-CRLfile',
        crls,
        '-purpose',
        purpose,
        '-CAfile',
        roots,
        '-untrusted',
        middles,
        write('leaf.pem', pem),
      ])
    expect((await verify('sslserver', server.certificatePem)).output).toMatch(/: OK\n$/)
    expect((await verify('sslclient', client.certificatePem)).output).toMatch(/revoked/)
  })
})
