// `puretls cert`, judged by OpenSSL.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { createCa } from '../../src/pki/index.ts'
import { hasOpenssl } from '../pki/openssl.ts'
import { jsonOf, runCli, scratchFolder } from './harness.ts'

const folder = scratchFolder()
const run = (line: string, options: Parameters<typeof runCli>[1] = {}) => runCli(line, { cwd: folder, ...options })
const ok = async (line: string, options: Parameters<typeof runCli>[1] = {}): Promise<string> => {
  const { code, stdout, stderr } = await run(line, options)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return stdout
}
const json = async (name: string, rest = '') => jsonOf(name, await run(`${name} ${rest} --json`))[0]
const openssl = (...args: string[]): string => {
  try {
    return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const failed = error as { code?: string; stdout?: string; stderr?: string }
    if (failed.code === 'ENOENT') throw new Error('this test needs the openssl command', { cause: error })
    return `${failed.stdout}${failed.stderr}`
  }
}
const mode = (path: string): number => statSync(join(folder, path)).mode & 0o777
const caPem = '.config/puretls/ca/ca.pem'

beforeAll(async () => {
  await ok('cert ca --name "CN=Test CA, O=Example"')
})

describe.runIf(hasOpenssl)('puretls cert', () => {
  it('keeps its CA where only its owner can look', async () => {
    expect(mode('.config/puretls/ca')).toBe(0o700)
    expect(mode('.config/puretls/ca/ca-key.pem')).toBe(0o600)
    expect(mode(caPem)).toBe(0o644)
    expect(openssl('x509', '-in', caPem, '-noout', '-subject', '-nameopt', 'RFC2253')).toMatch(
      /subject=(CN=Test CA,O=Example|O=Example,CN=Test CA)/,
    )
    expect(await run('cert ca')).toMatchObject({ code: 3, stderr: expect.stringContaining('there is a CA already') })
  })

  it('leaf: certificates that OpenSSL verifies, for each kind of key', async () => {
    for (const kind of ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa-2048', 'ed25519']) {
      const made = await json('cert leaf', `localhost 127.0.0.1 ::1 --kind ${kind} --out ${kind}.pem`)
      expect(made).toMatchObject({
        files: { certificate: `${kind}.pem`, key: `${kind}-key.pem` },
        certificate: { names: ['dns:localhost', 'ip:127.0.0.1', 'ip:::1'] },
      })
      expect(
        openssl('verify', '-CAfile', caPem, '-verify_hostname', 'localhost', '-purpose', 'sslserver', `${kind}.pem`),
      ).toContain('OK')
      expect(openssl('verify', '-CAfile', caPem, '-verify_ip', '127.0.0.1', `${kind}.pem`)).toContain('OK')
      expect(openssl('pkey', '-in', `${kind}-key.pem`, '-pubout')).toBe(
        openssl('x509', '-in', `${kind}.pem`, '-pubkey', '-noout'),
      )
      expect(mode(`${kind}-key.pem`)).toBe(0o600)
    }
    expect(await json('cert leaf', 'pq.example --kind ml-dsa-44')).toMatchObject({ certificate: { key: 'ML-DSA-44' } })
  })

  it('leaf: validity, wildcard, subject, must-staple, places', async () => {
    await ok(
      "cert leaf example.com '*.example.com' --validity 90d --subject 'CN=example.com, O=Example, C=DE' " +
        '--must-staple --ocsp-url http://ocsp.example/ --crl-url http://crl.example/ca.crl --issuer-url ' +
        'http://ca.example/ca.der',
    )
    const text = openssl('x509', '-in', 'example.com.pem', '-noout', '-text')
    expect(text).toMatch(/DNS:example\.com, DNS:\*\.example\.com/)
    expect(text).toMatch(/O ?= ?Example/)
    expect(text).toMatch(/OCSP - URI:http:\/\/ocsp\.example\/[\s\S]*CA Issuers - URI:http:\/\/ca\.example/)
    expect(text).toMatch(/URI:http:\/\/crl\.example\/ca\.crl/)
    expect(text).toMatch(/TLS Feature|status_request/)
    expect(openssl('x509', '-in', 'example.com.pem', '-noout', '-checkend', String(89 * 86_400))).toContain(
      'will not expire',
    )
    expect(openssl('x509', '-in', 'example.com.pem', '-noout', '-checkend', String(91 * 86_400))).toContain(
      'will expire',
    )
  })

  it('client: for clients only', async () => {
    await ok('cert client alice --email alice@example.com')
    expect(openssl('verify', '-CAfile', caPem, '-purpose', 'sslclient', 'alice.pem')).toContain('OK')
    expect(openssl('verify', '-CAfile', caPem, '-purpose', 'sslserver', 'alice.pem')).not.toContain('OK')
    expect(openssl('x509', '-in', 'alice.pem', '-noout', '-ext', 'subjectAltName')).toContain('email:alice@example.com')
  })

  it('csr and sign, OpenSSL in between', async () => {
    await ok('cert csr www.example.com example.com')
    expect(openssl('req', '-in', 'www.example.com.csr.pem', '-noout', '-verify', '-text')).toMatch(
      /DNS:www\.example\.com, DNS:example\.com/,
    )
    await ok('cert sign www.example.com.csr.pem --validity 30d')
    expect(openssl('verify', '-CAfile', caPem, '-verify_hostname', 'www.example.com', 'www.example.com.pem')).toContain(
      'OK',
    )
    openssl(
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'theirs.key',
      '-out',
      'theirs.csr',
      '-subj',
      '/CN=theirs.example',
      '-addext',
      'subjectAltName=DNS:theirs.example',
    )
    await ok('cert sign theirs.csr')
    expect(openssl('verify', '-CAfile', caPem, '-verify_hostname', 'theirs.example', 'theirs.pem')).toContain('OK')
    const pem = await ok('cert csr onstdout.example --key theirs.key --out -')
    expect(pem).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----/)
    openssl(
      'req',
      '-new',
      '-key',
      'theirs.key',
      '-out',
      'ca.csr',
      '-subj',
      '/CN=Sub',
      '-addext',
      'basicConstraints=critical,CA:TRUE',
    )
    expect(await run('cert sign ca.csr')).toMatchObject({ code: 2, stderr: expect.stringContaining('--ca') })
    writeFileSync(
      join(folder, 'bent.csr'),
      readFileSync(join(folder, 'theirs.csr'), 'utf8').replace(
        /\n(.)(.*)\n-----END/,
        (_, one: string, rest: string) => `\n${one === 'A' ? 'B' : 'A'}${rest}\n-----END`,
      ),
    )
    expect((await run('cert sign bent.csr')).code).not.toBe(0)
  })

  it('self-signed', async () => {
    await ok('cert self-signed localhost --out self.pem')
    expect(openssl('verify', '-CAfile', 'self.pem', '-verify_hostname', 'localhost', 'self.pem')).toContain('OK')
  })

  it('an intermediate CA, one with constraints, one with a password', async () => {
    await ok(
      "cert ca --ca-folder inner --under .config/puretls/ca --name 'Inner CA' --permit example.com --path-length 0",
    )
    await ok('cert leaf a.example.com --ca-folder inner')
    expect(openssl('verify', '-CAfile', caPem, '-untrusted', 'inner/ca.pem', 'a.example.com.pem')).toContain('OK')
    expect(await run('cert leaf other.example --ca-folder inner')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is outside what the name constraints permit'),
    })
    expect(openssl('x509', '-in', 'inner/ca.pem', '-noout', '-text')).toMatch(/Permitted:\s+DNS:example\.com/)
    await ok('cert ca --ca-folder locked --ca-password pass:sesame')
    expect(readFileSync(join(folder, 'locked/ca-key.pem'), 'utf8')).toContain('ENCRYPTED')
    expect(await run('cert leaf x.example --ca-folder locked')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('--ca-password'),
    })
    await ok('cert leaf x.example --ca-folder locked --ca-password pass:sesame')
  })

  it('encrypts a new key', async () => {
    await ok('cert leaf locked.example --encrypt pass:sesame')
    expect(openssl('pkey', '-in', 'locked.example-key.pem', '-passin', 'pass:sesame', '-noout')).toBe('')
    expect(readFileSync(join(folder, 'locked.example-key.pem'), 'utf8')).toContain('ENCRYPTED PRIVATE KEY')
  })

  it('replaces nothing unless told to, and leaves no key behind', async () => {
    await ok('cert leaf twice.example')
    const before = readFileSync(join(folder, 'twice.example.pem'), 'utf8')
    expect(await run('cert leaf twice.example')).toMatchObject({ code: 3, stderr: expect.stringContaining('--force') })
    expect(readFileSync(join(folder, 'twice.example.pem'), 'utf8')).toBe(before)
    await ok('cert leaf twice.example --force')
    expect(readFileSync(join(folder, 'twice.example.pem'), 'utf8')).not.toBe(before)
    writeFileSync(join(folder, 'taken.pem'), 'x')
    await run('cert leaf taken')
    expect(existsSync(join(folder, 'taken-key.pem'))).toBe(false)
  })

  it('revoke and crl', async () => {
    await ok('cert leaf revoked.example')
    const first = await json('cert revoke', 'revoked.example.pem --reason keyCompromise')
    expect(first).toMatchObject({ reason: 'keyCompromise', number: 1, revoked: 1 })
    await ok('cert crl --out ca.crl')
    expect(openssl('crl', '-in', 'ca.crl', '-noout', '-text')).toMatch(/Key Compromise/)
    expect(openssl('verify', '-CAfile', caPem, '-CRLfile', 'ca.crl', '-crl_check', 'revoked.example.pem')).toContain(
      'certificate revoked',
    )
    expect(openssl('verify', '-CAfile', caPem, '-CRLfile', 'ca.crl', '-crl_check', 'example.com.pem')).toContain('OK')
    expect(await run('cert revoke revoked.example.pem')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('revoked already'),
    })
    const held = await json('cert leaf', 'held.example')
    await ok(`cert revoke ${held.certificate.serialNumber} --reason certificateHold`)
    await ok('cert revoke held.example.pem --undo')
    expect(await json('cert crl')).toMatchObject({ revoked: 1, number: 5 })
    expect(await run('cert revoke self.pem')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('and not by the CA in'),
    })
    expect(await json('cert verify', `revoked.example.pem --local-ca --crl ca.crl`)).toMatchObject({
      ok: false,
      reason: 'certificate_revoked',
    })
  })

  it('two processes issue and revoke at once', async () => {
    await Promise.all(['p1', 'p2', 'p3', 'p4'].map((name) => ok(`cert leaf ${name}.example`)))
    await Promise.all(['p1', 'p2', 'p3'].map((name) => ok(`cert revoke ${name}.example.pem`)))
    expect(await json('cert crl')).toMatchObject({ revoked: 4 })
    const index = JSON.parse(readFileSync(join(folder, '.config/puretls/ca/index.json'), 'utf8'))
    for (const name of ['p1', 'p2', 'p3', 'p4']) expect(JSON.stringify(index)).toContain(`dns:${name}.example`)
  })
})

describe.runIf(hasOpenssl)('puretls cert show', () => {
  it('tells what a file holds, PEM and DER', async () => {
    openssl('x509', '-in', 'example.com.pem', '-outform', 'DER', '-out', 'example.der')
    openssl(
      'pkcs12',
      '-export',
      '-in',
      'example.com.pem',
      '-inkey',
      'example.com-key.pem',
      '-out',
      'example.p12',
      '-passout',
      'pass:sesame',
    )
    openssl('crl2pkcs7', '-nocrl', '-certfile', 'example.com.pem', '-out', 'example.p7b')
    const kinds = async (rest: string): Promise<string[]> =>
      (await json('cert show', rest)).contents.map(({ kind }: { kind: string }) => kind)
    expect(await kinds('example.com.pem example.com-key.pem')).toEqual(['certificate', 'key'])
    expect(await kinds('example.der')).toEqual(['certificate'])
    expect(await kinds('example.p12 --password pass:sesame')).toEqual(['certificate', 'key'])
    expect(await kinds('example.p7b')).toEqual(['certificate'])
    expect(await kinds('theirs.csr ca.crl locked.example-key.pem')).toEqual(['request', 'crl', 'encrypted key'])
    expect(await ok('cert show example.com.pem')).toMatch(/names +example\.com, \*\.example\.com/)
    expect(await ok('cert show example.com.pem --text')).toContain('X509v3 Subject Alternative Name')
    expect(await ok('cert show theirs.csr ca.crl example.com-key.pem')).toMatch(
      /a certificate request[\s\S]*CRL of [\s\S]*private key, ECDSA P-256/,
    )
  })

  it('has one sentence for what is none of that', async () => {
    writeFileSync(join(folder, 'empty'), '')
    writeFileSync(join(folder, 'noise'), 'hello')
    writeFileSync(join(folder, 'cut.pem'), readFileSync(join(folder, 'example.com.pem'), 'utf8').slice(0, 300))
    writeFileSync(join(folder, 'cut.der'), readFileSync(join(folder, 'example.der')).subarray(0, 300))
    for (const file of ['empty', 'noise', 'cut.pem', 'cut.der', 'nosuch', '.', 'example.p12']) {
      const { code, stderr } = await run(`cert show ${file}`)
      expect(code, file).toBe(3)
      expect(stderr.split('\n')[0], file).toMatch(/^error: /)
      expect(stderr).not.toContain('    at ')
    }
    expect(await run('cert show example.p12 --password pass:wrong')).toMatchObject({ code: 3 })
  })
})

describe.runIf(hasOpenssl)('puretls cert verify', () => {
  it('tells every path that was tried', async () => {
    const root = await createCa({ name: 'Root' })
    const old = await createCa({ name: 'Root', notBefore: Date.now() - 2e10, notAfter: Date.now() - 1e10 })
    const inner = await root.createIntermediate({ name: 'Inner' })
    const expired = await root.createIntermediate({
      name: 'Inner',
      key: inner.privateKeyPem,
      notBefore: Date.now() - 2e9,
      notAfter: Date.now() - 1e9,
    })
    const leaf = await inner.issue({ names: ['localhost'] })
    writeFileSync(join(folder, 'v-leaf.pem'), leaf.certificatePem)
    writeFileSync(join(folder, 'v-inner.pem'), expired.certificatePem + inner.certificatePem)
    writeFileSync(join(folder, 'v-root.pem'), old.certificatePem + root.certificatePem)
    const found = await json('cert verify', 'v-leaf.pem v-inner.pem --ca v-root.pem --name localhost')
    expect(found).toMatchObject({ ok: true, chain: ['CN=localhost', 'CN=Inner', 'CN=Root'] })
    expect(found.tried.filter((one: { ok: boolean }) => one.ok)).toHaveLength(1)
    const refused = await json('cert verify', 'v-leaf.pem --ca v-root.pem')
    expect(refused).toMatchObject({
      ok: false,
      reason: 'unknown_ca',
      tried: [
        {
          path: ['CN=localhost'],
          anchor: null,
          reason: 'unknown_ca',
          message: expect.stringContaining('nobody of the name CN=Inner'),
        },
      ],
    })
    writeFileSync(join(folder, 'v-expired.pem'), expired.certificatePem)
    const late = await json('cert verify', 'v-leaf.pem v-expired.pem --ca v-root.pem')
    expect(late).toMatchObject({ ok: false, reason: 'certificate_expired' })
    expect(late.tried.length).toBeGreaterThan(0)
    const { stdout, code } = await run('cert verify v-leaf.pem v-expired.pem --ca v-root.pem')
    expect(code).toBe(6)
    expect(stdout).toMatch(
      /Ways tried \(\d+\)\n {2}1\. CN=localhost <- CN=Inner[\s\S]*fails: [\s\S]*refused: [\s\S]*to mend it: /,
    )
  })

  it('by name, purpose and time', async () => {
    expect(await json('cert verify', 'example.com.pem --local-ca --name www.example.com')).toMatchObject({ ok: true })
    expect(await json('cert verify', 'example.com.pem --local-ca --name other.example')).toMatchObject({
      ok: false,
      reason: 'certificate_name_mismatch',
    })
    expect(await json('cert verify', 'alice.pem --local-ca')).toMatchObject({ ok: false, reason: 'certificate_usage' })
    expect(await json('cert verify', 'alice.pem --local-ca --purpose client')).toMatchObject({ ok: true })
    expect(await json('cert verify', 'example.com.pem --local-ca --at 2099-01-01')).toMatchObject({
      ok: false,
      reason: 'certificate_expired',
    })
    expect(await run('cert verify example.com.pem --at tomorrow')).toMatchObject({ code: 2 })
    expect(await json('cert verify', 'self.pem --ca self.pem --name localhost')).toMatchObject({ ok: true })
  })
})

describe.runIf(hasOpenssl)('puretls cert convert', () => {
  it('to PKCS#12 and back, which OpenSSL reads', async () => {
    await ok(
      'cert convert example.com.pem --key example.com-key.pem --out made.p12 --new-password pass:sesame --name web',
    )
    expect(mode('made.p12')).toBe(0o600)
    expect(openssl('pkcs12', '-in', 'made.p12', '-passin', 'pass:sesame', '-nodes')).toMatch(
      /friendlyName: web[\s\S]*BEGIN PRIVATE KEY|BEGIN PRIVATE KEY[\s\S]*friendlyName: web/,
    )
    const pem = await ok('cert convert made.p12 --password pass:sesame')
    expect(pem).toContain(readFileSync(join(folder, 'example.com.pem'), 'utf8').trim())
    expect(pem).toContain('BEGIN PRIVATE KEY')
    expect(await ok('cert convert made.p12 --password pass:sesame --chain-only')).not.toContain('PRIVATE')
    expect(await ok('cert convert example.com-key.pem --new-password pass:new')).toContain('ENCRYPTED PRIVATE KEY')
  })

  it('to DER and back', async () => {
    await ok('cert convert example.com.pem --out made.der')
    expect(readFileSync(join(folder, 'made.der')).equals(readFileSync(join(folder, 'example.der')))).toBe(true)
    expect(await ok('cert convert made.der')).toBe(readFileSync(join(folder, 'example.com.pem'), 'utf8'))
    expect(await run('cert convert example.com.pem example.com-key.pem --to der')).toMatchObject({ code: 2 })
    expect(await run('cert convert example.com.pem --to p12')).toMatchObject({ code: 2 })
  })
})

describe.runIf(hasOpenssl)('bad input', () => {
  it.each([
    ['cert leaf', 2, /NAME/],
    ['cert leaf https://example.com/', 2, /name the host alone/],
    ['cert leaf a..b', 2, /a\.\.b/],
    ['cert leaf x.example --kind dsa', 2, /ecdsa-p256/],
    ['cert leaf x.example --validity 0', 2, /more than 0/],
    ['cert leaf x.example --kind ed25519 --key example.com-key.pem', 2, /exclude each other/],
    ['cert leaf x.example --subject CN=x,Q=y', 2, /"Q"/],
    ['cert leaf x.example --ca-folder nosuch', 3, /there is no CA in/],
    ['cert leaf x.example --key example.com.pem', 3, /no private key/],
    ['cert leaf x.example --out nosuch/x.pem', 3, /nosuch/],
    ['cert sign example.com.pem', 2, /certificate request/],
    ['cert revoke nosuch.pem', 3, /no such file/],
    ['cert verify nosuch.pem', 3, /no such file/],
    ['cert convert nosuch.pem', 3, /no such file/],
    ['cert crl --ca-folder nosuch', 3, /there is no CA in/],
  ])('%s', async (line, code, sentence) => {
    const { code: got, stderr } = await run(line)
    expect(stderr).toMatch(sentence)
    expect(got).toBe(code)
    expect(stderr).not.toContain('    at ')
  })
})
