// Chains of puretls/pki by many combinations of options, in the eyes of Go (peers/go-verify), openssl -x509_strict,
// GnuTLS' certtool and this verifier: all take them, or all refuse them.

import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { createCa } from '../../src/pki/index.ts'
import type { CaOptions, LeafOptions, PublicLeafOptions } from '../../src/pki/index.ts'
import { verifyChain } from '../../src/x509/index.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { present, run } from './process.ts'

const directory = mkdtempSync(join(tmpdir(), 'puretls-options-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const has = {
  go: await present('go', 'version'),
  certtool: await present('certtool', '--version'),
  openssl: await present('openssl', 'version'),
}

const program = join(directory, 'go-verify')
beforeAll(async () => {
  if (!has.go) return
  const source = new URL('./peers/go-verify/main.go', import.meta.url).pathname
  const { code, output } = await run('go', ['build', '-o', program, source], { env: { GOTOOLCHAIN: 'local' } })
  if (code !== 0) throw new Error(`go build: ${output}`)
}, 600_000)

type Verdict = 'taken' | 'refused'

interface Chain {
  /** Leaf first, PEM. */
  readonly certificates: readonly string[]
  readonly root: string
  readonly name: string | undefined
}

let files = 0
const write = (text: string): string => {
  const path = join(directory, `${files++}.pem`)
  writeFileSync(path, text)
  return path
}
const isAddress = (name: string): boolean => /^[\d.]+$|:/.test(name)

const verifiers: Readonly<Record<string, (chain: Chain) => Promise<Verdict | 'absent'>>> = {
  puretls: async ({ certificates, root, name }) => {
    const options = { provider: nodeProvider, trust: root, ...(name === undefined ? {} : { serverName: name }) }
    return (
      await verifyChain(
        certificates.flatMap((pem) => decodePem(pem).map(({ bytes }) => bytes)),
        options,
      )
    ).ok
      ? 'taken'
      : 'refused'
  },
  go: async ({ certificates, root, name }) => {
    if (!has.go) return 'absent'
    const { output } = await run(program, [
      write(root),
      write(certificates.join('')),
      ...(name === undefined ? [] : [name]),
    ])
    return output.trim() === 'ok' ? 'taken' : 'refused'
  },
  openssl: async ({ certificates: [leaf = '', ...more], root, name }) => {
    if (!has.openssl) return 'absent'
    const how = name !== undefined && isAddress(name) ? '-verify_ip' : '-verify_hostname'
    const { code } = await run('openssl', [
      'verify',
      '-x509_strict',
      '-CAfile',
      write(root),
      ...(more.length === 0 ? [] : ['-untrusted', write(more.join(''))]),
      ...(name === undefined ? [] : [how, name]),
      write(leaf),
    ])
    return code === 0 ? 'taken' : 'refused'
  },
  certtool: async ({ certificates, root, name }) => {
    if (!has.certtool) return 'absent'
    const { code } = await run('certtool', [
      '--verify',
      '--load-ca-certificate',
      write(root),
      ...(name === undefined ? [] : ['--verify-hostname', name]),
      '--infile',
      write(certificates.join('')),
    ])
    return code === 0 ? 'taken' : 'refused'
  },
}

interface Case {
  readonly root?: Partial<CaOptions>
  readonly middle?: Partial<CaOptions>
  readonly leaf: LeafOptions | PublicLeafOptions
  readonly name?: string
  /** Who has another verdict, and which. */
  readonly but?: Readonly<Record<string, Verdict>>
}

const make = async ({ root = {}, middle, leaf, name }: Case): Promise<Chain> => {
  const top = await createCa({ name: 'Root', ...root })
  const issuer = middle && (await top.createIntermediate({ name: 'Middle', ...middle }))
  const { certificatePem } = await (issuer ?? top).issue(leaf as LeafOptions)
  const certificates = [certificatePem, ...(issuer === undefined ? [] : [issuer.certificatePem])]
  return { certificates, root: top.certificatePem, name }
}

const verdicts = async (one: Case): Promise<Record<string, string>> => {
  const chain = await make(one)
  const entries = Object.entries(verifiers).map(async ([who, verify]) => [who, await verify(chain)] as const)
  return Object.fromEntries((await Promise.all(entries)).filter(([, verdict]) => verdict !== 'absent'))
}
const expectAll = async (one: Case, verdict: Verdict): Promise<void> => {
  const found = await verdicts(one)
  const wanted = Object.fromEntries(Object.keys(found).map((who) => [who, one.but?.[who] ?? verdict]))
  expect(found).toEqual(wanted)
}

const spki = (type: 'ed448'): string =>
  generateKeyPairSync(type).publicKey.export({ format: 'pem', type: 'spki' }).toString()
const long = Uint8Array.from({ length: 20 }, (_, i) => (i === 0 ? 0x7f : 0xff))
const host = 'www.example.com'
const names = [host]
const places = { crlUrls: ['http://crl.example.com/a.crl'], ocspUrls: ['http://ocsp.example.com'] }

describe('taken by all', () => {
  test.each<[string, Case]>([
    ['a name with umlauts', { leaf: { names: ['bücher.example.com'] }, name: 'xn--bcher-kva.example.com' }],
    ['an IPv6 address', { leaf: { names: ['2001:db8::1'] }, name: '2001:db8::1' }],
    [
      'IPv6 in the range of a constraint',
      {
        middle: { nameConstraints: { permitted: ['2001:db8::/32', '10.0.0.0/8'] } },
        leaf: { names: ['2001:db8:1::1', '10.1.2.3'] },
        name: '2001:db8:1::1',
      },
    ],
    [
      'a host in a constrained domain, one excluded below it',
      {
        middle: { nameConstraints: { permitted: ['example.com'], excluded: ['bad.example.com'] } },
        leaf: { names },
        name: host,
      },
    ],
    [
      'mailbox and URI in constrained domains',
      {
        middle: { nameConstraints: { permitted: ['example.com', '@example.com'] } },
        leaf: { names: [host, 'alice@example.com'] },
        name: host,
      },
    ],
    ['a URI and a mailbox', { leaf: { names: ['spiffe://example.com/web', 'alice@example.com', host] }, name: host }],
    ['pathLength 0 above a leaf', { middle: { pathLength: 0 }, leaf: { names }, name: host }],
    ['pathLength 1 at the root', { root: { pathLength: 1 }, middle: { pathLength: 0 }, leaf: { names }, name: host }],
    [
      'policies all the way',
      {
        middle: { policies: ['1.2.3.4', '2.23.140.1.2.1'] },
        leaf: { names, policies: ['2.23.140.1.2.1'] },
        name: host,
      },
    ],
    [
      'CRL, OCSP and issuer locations',
      {
        middle: { ...places, issuerUrls: ['http://ca.example.com/a.cer'] },
        leaf: { names, ...places, issuerUrls: ['http://ca.example.com/b.cer', 'ldap://ca.example.com/cn=b'] },
        name: host,
      },
    ],
    [
      'serial numbers of 20 bytes, and of one',
      {
        middle: { serialNumber: long },
        leaf: { names, serialNumber: Uint8Array.of(1) },
        name: host,
      },
    ],
    [
      'dates beyond 2049',
      {
        root: { notAfter: Date.UTC(2055, 0), notBefore: Date.UTC(2020, 0) },
        middle: { notAfter: Date.UTC(2050, 0, 1), notBefore: Date.UTC(2020, 0) },
        leaf: { names, notAfter: Date.UTC(2049, 11, 31, 23, 59, 59), notBefore: Date.UTC(2020, 0) },
        name: host,
      },
    ],
    [
      'the year 9999',
      {
        leaf: { names, notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) },
        root: { notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) },
        name: host,
      },
    ],
    ['Ed25519', { root: { key: 'ed25519' }, middle: { key: 'ed25519' }, leaf: { names, key: 'ed25519' }, name: host }],
    ['P-521 above RSA', { root: { key: 'ecdsa-p521' }, middle: { key: 'rsa-3072' }, leaf: { names }, name: host }],
    ['a wildcard', { leaf: { names: ['*.example.com'] }, name: host }],
    [
      'a subject with everything',
      {
        root: { name: { commonName: 'Wurzel ü', organization: 'Ö & Co, "KG"', country: 'DE' } },
        middle: { name: { commonName: '中間', organization: 'a+b=c;<d>#\\' } },
        leaf: { names, name: { commonName: host, organization: ' spaces  inside ' } },
        name: host,
      },
    ],
    ['no subject', { leaf: { names, name: {} }, name: host }],
    ['must-staple and delegation', { leaf: { names, mustStaple: true, delegation: true }, name: host }],
    // The profile of the web has no such keys.
    ['an Ed448 key', { leaf: { names, publicKey: spki('ed448') }, name: host, but: { puretls: 'refused' } }],
  ])('%s', async (_, one) => {
    await expectAll(one, 'taken')
  })
})

describe('refused by all', () => {
  test.each<[string, Case]>([
    ['another name', { leaf: { names }, name: 'other.example.com' }],
    ['a wildcard for two labels', { leaf: { names: ['*.example.com'] }, name: 'a.www.example.com' }],
    ['another address', { leaf: { names: ['2001:db8::1'] }, name: '2001:db8::2' }],
    ['dates that are over', { leaf: { names, notBefore: Date.UTC(2020, 0), notAfter: Date.UTC(2021, 0) }, name: host }],
  ])('%s', async (_, one) => {
    await expectAll(one, 'refused')
  })
})
