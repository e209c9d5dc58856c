import { mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCa } from '../../src/pki/index.ts'
import { systemRootTexts, systemRoots } from '../../src/x509/trust.node.ts'
import { OpensslDirectory } from '../pki/openssl.ts'

const directory = new OpensslDirectory()
afterAll(() => directory.remove())
let first: string
let second: string
beforeAll(async () => {
  first = (await createCa({ name: 'First' })).certificatePem
  second = (await createCa({ name: 'Second' })).certificatePem
})
const names = (env: Record<string, string>): string[] =>
  systemRoots({ env })
    .anchors.map(({ name }) => name.toString())
    .toSorted()

describe('roots of the machine', () => {
  test("without variables: the runtime's own", () => {
    const { anchors } = systemRoots({ env: {} })
    expect(anchors.length).toBeGreaterThan(100)
    expect(systemRootTexts({ source: 'bundled', env: { SSL_CERT_FILE: '/nowhere' } })).toHaveLength(
      rootCertificates.length,
    )
  })

  test('SSL_CERT_FILE: a bundle, a broken certificate in it ignored', () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    const file = directory.write('bundle.pem', `# comment\n${first}${broken}${second}`)
    expect(names({ SSL_CERT_FILE: file })).toEqual(['CN=First', 'CN=Second'])
  })

  test('files in UTF-16, as PowerShell writes them', () => {
    const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'))
    const [file, extra] = [directory.write('utf16.pem', utf16(first)), directory.write('extra16.pem', utf16(second))]
    expect(names({ SSL_CERT_FILE: file, NODE_EXTRA_CA_CERTS: extra })).toEqual(['CN=First', 'CN=Second'])
  })

  test('SSL_CERT_DIR: every file of a list of directories, once', () => {
    for (const [name, files] of [
      ['d1', [first, 'not a certificate']],
      ['d2', [first, second]],
    ] as const) {
      mkdirSync(join(directory.path, name, 'sub'), { recursive: true })
      files.forEach((text, i) => directory.write(join(name, `${i}.0`), text))
    }
    const list = [join(directory.path, 'd1'), join(directory.path, 'missing'), join(directory.path, 'd2')].join(
      delimiter,
    )
    expect(names({ SSL_CERT_DIR: list })).toEqual(['CN=First', 'CN=Second'])
  })

  test("NODE_EXTRA_CA_CERTS: on top of the runtime's roots, of SSL_CERT_FILE and of SSL_CERT_DIR, once each", () => {
    const extra = directory.write('extra.pem', second)
    expect(systemRoots({ env: { NODE_EXTRA_CA_CERTS: extra } }).anchors.length).toBe(
      systemRoots({ env: {} }).anchors.length + 1,
    )
    expect(names({ NODE_EXTRA_CA_CERTS: extra, SSL_CERT_FILE: directory.write('one.pem', first) })).toEqual([
      'CN=First',
      'CN=Second',
    ])
    expect(names({ NODE_EXTRA_CA_CERTS: extra, SSL_CERT_FILE: extra })).toEqual(['CN=Second'])
    expect(systemRootTexts({ source: 'bundled', env: { NODE_EXTRA_CA_CERTS: extra } })).toHaveLength(
      rootCertificates.length,
    )
    expect(() => systemRoots({ env: { NODE_EXTRA_CA_CERTS: directory.write('empty.pem', '') } })).toThrow(
      /NODE_EXTRA_CA_CERTS: .* holds no PEM certificate/,
    )
  })

  test('what is set and holds nothing is an error, not an empty list', () => {
    expect(() => systemRoots({ env: { SSL_CERT_FILE: join(directory.path, 'none.pem') } })).toThrow(
      /SSL_CERT_FILE: .* can't be read/,
    )
    expect(() => systemRoots({ env: { SSL_CERT_DIR: join(directory.path, 'none') } })).toThrow(/hold no certificate/)
  })
})
