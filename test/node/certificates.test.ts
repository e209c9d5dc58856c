// Certificates as getPeerCertificate() shows them: where a runtime gives less or something else, the same comes out.

import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { detailedObject, legacyObject, linkedCertificate } from '../../src/node/certificates.ts'
import { createCa } from '../../src/pki/index.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { hasOpenssl } from '../pki/openssl.ts'

const ders = (pem: string): readonly Uint8Array[] => decodePem(pem).map(({ bytes }) => bytes)
const root = await createCa({ name: 'Shown Root' })
const middle = await root.createIntermediate({ name: 'Shown Middle' })
const leaf = await middle.issue({ names: ['a.test', '127.0.0.1'] })
const stranger = await createCa({ name: 'Stranger' })
const [leafDer, middleDer] = ders(leaf.chainPem)
const [rootDer] = ders(root.certificatePem)
if (!leafDer || !middleDer || !rootDer) throw new Error('no chain')

/** With several values under one name, and where to ask about it. */
let described: Uint8Array
const folder = mkdtempSync(join(tmpdir(), 'puretls-shown-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeAll(() => {
  if (!hasOpenssl) return
  const config = join(folder, 'config')
  writeFileSync(
    config,
    `[req]\ndistinguished_name = name\nx509_extensions = more\nprompt = no
[name]\nC = XX\nO = One\n0.OU = First\n1.OU = Second
2.OU = Third\nCN = a.test\n[more]\nextendedKeyUsage = serverAuth,clientAuth\nsubjectAltName = DNS:a.test,DNS:b.test
authorityInfoAccess = OCSP;URI:http://a.test/ocsp,OCSP;URI:http://b.test/ocsp,caIssuers;URI:http://a.test/ca\n`,
  )
  const made = join(folder, 'made.pem')
  const command = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-config', config, '-keyout', join(folder, 'key')]
  execFileSync('openssl', [...command, '-out', made, '-days', '30'], { stdio: 'ignore' })
  described = ders(readFileSync(made, 'utf8'))[0] ?? new Uint8Array(0)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.doUnmock('../../src/crypto/runtime.ts')
  vi.resetModules()
})

describe.runIf(hasOpenssl)('infoAccess', () => {
  it('given as text is shown as lists by method', () => {
    const lists = {
      'OCSP - URI': ['http://a.test/ocsp', 'http://b.test/ocsp'],
      'CA Issuers - URI': ['http://a.test/ca'],
    }
    expect({ ...legacyObject(described).infoAccess }).toEqual(lists)
    const text = 'OCSP - URI:http://a.test/ocsp\nOCSP - URI:http://b.test/ocsp\nCA Issuers - URI:http://a.test/ca'
    for (const [infoAccess, expected] of [
      [text, lists],
      [`${text}\n`, lists],
      ['OCSP - URI:"http://a.test/\\"quoted\\""', { 'OCSP - URI': ['http://a.test/"quoted"'] }],
    ] as const) {
      vi.spyOn(X509Certificate.prototype, 'toLegacyObject').mockReturnValue({ infoAccess } as never)
      const shown = legacyObject(described).infoAccess
      expect({ ...shown }).toEqual(expected)
      expect(Object.getPrototypeOf(shown)).toBeNull()
    }
  })
  it('given as lists, or not at all, stays as it is', () => {
    const infoAccess = { x: ['y'] }
    vi.spyOn(X509Certificate.prototype, 'toLegacyObject').mockReturnValue({ infoAccess } as never)
    expect(legacyObject(described).infoAccess).toBe(infoAccess)
    vi.spyOn(X509Certificate.prototype, 'toLegacyObject').mockReturnValue({} as never)
    expect(legacyObject(described)).toEqual({})
  })
})

it.runIf(hasOpenssl)(
  'in workerd, whose own fails where there are key purposes, the fields are those of Node',
  async () => {
    vi.resetModules()
    vi.doMock('../../src/crypto/runtime.ts', () => ({ inWorkerd: true }))
    const there = await import('../../src/node/certificates.ts')
    for (const der of [described, leafDer, middleDer, rootDer]) {
      const { pubkey, modulus, exponent, asn1Curve, nistCurve, ...expected } = legacyObject(der) as unknown as Record<
        string,
        unknown
      >
      void [pubkey, modulus, exponent, asn1Curve, nistCurve]
      const shown = there.legacyObject(der) as unknown as Record<string, unknown>
      const given = Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined))
      expect(given).toEqual(Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)))
    }
  },
)

describe('the chain', () => {
  const names = (certificate: object | undefined): readonly unknown[] => {
    const seen = new Set<object>()
    const list: unknown[] = []
    for (let at = certificate; at; at = Reflect.get(at, 'issuerCertificate') as object | undefined) {
      list.push(
        seen.has(at) ? 'itself' : (Reflect.get(Object(Reflect.get(at, 'subject')), 'CN') ?? Reflect.get(at, 'subject')),
      )
      if (seen.has(at)) break
      seen.add(at)
    }
    return list
  }
  const none = (): undefined => undefined

  it('is linked as far as it was sent, in any order, and as far as authorities are known', () => {
    const known = parseCertificate(rootDer)
    const byName = (issued: { issuer: { key: string } }) =>
      issued.issuer.key === known.subject.key ? known : undefined
    expect(names(detailedObject([leafDer, middleDer], byName))).toEqual([
      'a.test',
      'Shown Middle',
      'Shown Root',
      'itself',
    ])
    expect(names(detailedObject([leafDer, rootDer, middleDer], none))).toEqual([
      'a.test',
      'Shown Middle',
      'Shown Root',
      'itself',
    ])
    expect(names(detailedObject([leafDer, middleDer], none))).toEqual(['a.test', 'Shown Middle'])
    expect(names(detailedObject([leafDer], byName))).toEqual(['a.test'])
    expect(names(detailedObject([rootDer], none))).toEqual(['Shown Root', 'itself'])
    expect(detailedObject([], none)).toBeUndefined()
  })
  it('leaves out what does not belong to it, and what cannot be read', () => {
    const other = ders(stranger.certificatePem)
    expect(names(detailedObject([leafDer, Uint8Array.of(0x30, 0), ...other, middleDer], none))).toEqual([
      'a.test',
      'Shown Middle',
    ])
  })
  it('of node:crypto is linked as well, and none for no certificate', () => {
    const linked = linkedCertificate([leafDer, rootDer, middleDer])
    expect([linked?.subject, linked?.issuerCertificate?.subject]).toEqual([
      new X509Certificate(leafDer).subject,
      'CN=Shown Middle',
    ])
    expect(linked?.issuerCertificate?.issuerCertificate?.subject).toBe('CN=Shown Root')
    expect(Object.getOwnPropertyDescriptor(linked, 'issuerCertificate')).toMatchObject({
      configurable: true,
      enumerable: true,
    })
    expect(linkedCertificate([])).toBeUndefined()
  })
  it('that goes in a circle ends', () => {
    const [one, two] = [parseCertificate(middleDer), parseCertificate(rootDer)]
    const circle = (): typeof one => one
    expect(names(detailedObject([leafDer], circle)).length).toBe(2)
    expect(two.isSelfIssued).toBe(true)
  })
})
