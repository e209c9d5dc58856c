import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import { createCa, selfSigned } from '../../src/pki/index.ts'
import type { IssuedCrl, RawExtension } from '../../src/pki/index.ts'
import { crlCheck } from '../../src/x509/crl-check.ts'
import type { CrlCheckOptions, CrlInput } from '../../src/x509/crl-check.ts'
import { parseCrl, parseCrls } from '../../src/x509/crl.ts'
import { verifyChain } from '../../src/x509/index.ts'
import type { PathPair } from '../../src/x509/path-pairs.ts'
import { OpensslDirectory, withOpenssl } from '../pki/openssl.ts'
import { basic, makeCa, makeKeys, makeLeaf, usage } from './make.ts'
import { makeCrl } from './make-crl.ts'
import { clock, now, smallPki, verdict, verifyWith } from './support.ts'
import type { SmallPki } from './support.ts'

const day = 86_400_000
let pki: SmallPki
let rootCrl: IssuedCrl
beforeAll(async () => {
  pki = await smallPki({ crlUrls: ['http://crl.example/1'] })
  rootCrl = await pki.root.createCrl()
})

const check = (crls: CrlInput | readonly CrlInput[], options: Partial<CrlCheckOptions> = {}): Promise<string> =>
  verdict(verifyWith(pki, [crlCheck({ crls, ...options })]))
const checkLeaf = async (
  options: Parameters<SmallPki['middle']['createCrl']>[0],
  more: Partial<CrlCheckOptions> = {},
): Promise<string> => check([rootCrl.crl, (await pki.middle.createCrl(options)).crl], more)

describe('CRLs on a path (RFC 5280 section 6.3)', () => {
  test('not on the lists: accepted', async () => {
    expect(await checkLeaf({ revoked: [{ serialNumber: '0102' }] })).toBe('ok')
  })

  test('on the list: refused, with date and reason, in soft mode too', async () => {
    const revoked = [{ certificate: pki.leaf.certificate, reason: 'keyCompromise', date: now - day }] as const
    expect(await checkLeaf({ revoked })).toBe(
      'certificate_revoked: "CN=a.example" was revoked on 2026-05-31T12:00:00Z: keyCompromise',
    )
    expect(await checkLeaf({ revoked }, { mode: 'soft' })).toMatch(/^certificate_revoked/)
  })

  test('an intermediate is looked up too, unless depth is leaf', async () => {
    const roots = await pki.root.createCrl({ revoked: [{ certificate: pki.middle.certificate }] })
    const own = await pki.middle.createCrl()
    expect(await check([roots.crlPem, own.crlPem])).toMatch(/^certificate_revoked: "CN=Middle"/)
    expect(await check([roots.crlPem, own.crlPem], { depth: 'leaf' })).toBe('ok')
  })

  test('a list of 130,000 entries is made and read', async () => {
    const serialNumber = (i: number): Uint8Array => Uint8Array.of(1, i >> 16, (i >> 8) & 0xff, i & 0xff)
    const revoked = Array.from({ length: 130_000 }, (_, i) => ({ serialNumber: serialNumber(i) }))
    const crl = parseCrl((await pki.middle.createCrl({ revoked })).crl)
    expect(crl.entries.size).toBe(130_000)
    expect(crl.find(serialNumber(129_999))?.revocationDate).toBe(now)
    expect(crl.find(serialNumber(130_000))).toBeUndefined()
  })

  test('no CRL of the issuer: refused hard, accepted soft', async () => {
    expect(await check(rootCrl.crlPem)).toMatch(/^revocation_unknown: .*"CN=a\.example" .*no CRL of its issuer/)
    expect(await check(rootCrl.crlPem, { mode: 'soft' })).toBe('ok')
  })

  test('a function finds CRLs; what it throws is "none"', async () => {
    const find = async ({ certificate }: PathPair): Promise<readonly CrlInput[]> =>
      certificate.subject.toString() === 'CN=a.example' ? [(await pki.middle.createCrl()).crl] : [rootCrl.crl]
    expect(await verdict(verifyWith(pki, [crlCheck({ crls: find })]))).toBe('ok')
    const fails = (): never => {
      throw new Error('no network')
    }
    expect(await verdict(verifyWith(pki, [crlCheck({ crls: fails })]))).toMatch(/^revocation_unknown/)
  })

  test("an invalid list is the caller's mistake", () => {
    expect(() => crlCheck({ crls: 'no PEM' })).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringMatching(/^crls: /) }),
    )
    expect(() => crlCheck({ crls: [Uint8Array.of(0x30, 0)] })).toThrow(expect.objectContaining({ code: 'bad_option' }))
  })

  const raw = (oid: string, critical: boolean, ...value: number[]): RawExtension => ({
    oid,
    critical,
    value: Uint8Array.from(value),
  })
  const entryWith = (extension: RawExtension): { revoked: { serialNumber: string; extensions: RawExtension[] }[] } => ({
    revoked: [{ serialNumber: '01', extensions: [extension] }],
  })
  test.each([
    ['5.1.2.4: thisUpdate in the future', { thisUpdate: now + day }, /from the future/],
    ['5.1.2.5: nextUpdate in the past', { thisUpdate: now - 9 * day }, /expired 2 days ago/],
    ['5.2: an unknown critical extension', { extensions: [raw('1.2.3', true, 5, 0)] }, /critical extension, 1\.2\.3/],
    ['5.3: an unknown critical entry extension', entryWith(raw('1.2.4', true, 5, 0)), /critical extension, 1\.2\.4/],
    ['5.2.4: a delta CRL alone', { extensions: [raw('2.5.29.27', true, 2, 1, 1)] }, /only delta CRLs/],
    ['5.3.3: an entry of another issuer', entryWith(raw('2.5.29.29', true, 0x30, 0)), /indirect/],
    ['5.2.5: attribute certificates', { extensions: [raw('2.5.29.28', true, 0x30, 3, 0x85, 1, 0xff)] }, /attribute/],
    ['5.2.5: CA certificates only', { scope: { only: 'authorities' } }, /only CA certificates/],
    ['5.2.5: another distribution point', { scope: { urls: ['http://crl.example/2'] } }, /another distribution point/],
    ['5.2.5: some reasons only', { extensions: [raw('2.5.29.28', true, 0x30, 4, 0x83, 2, 6, 0x40)] }, /some reasons/],
    ['5.2.5: a flag that is no BOOLEAN', { extensions: [raw('2.5.29.28', true, 0x30, 3, 0x84, 1, 1)] }, /flag of/],
  ] as const)('section %s', async (_, options, sentence) => {
    expect(await checkLeaf(options)).toMatch(/^revocation_unknown/)
    expect(await checkLeaf(options)).toMatch(sentence)
    expect(await checkLeaf(options, { mode: 'soft' })).toBe('ok')
  })

  test('section 5.2.5: a scope that the certificate is in', async () => {
    expect(await checkLeaf({ scope: { urls: ['http://crl.example/1'], only: 'leaves' } })).toBe('ok')
  })

  test('expired CRLs count when the caller says so', async () => {
    expect(await checkLeaf({ thisUpdate: now - 9 * day }, { expiry: 'ignore' })).toBe('ok')
  })

  test('section 6.3.3 (g): signed by another key, or changed', async () => {
    const impostor = await createCa({ name: 'Middle', clock })
    expect(await check([rootCrl.crl, (await impostor.createCrl()).crl])).toMatch(/signature of the CRL/)
    const { crl } = await pki.middle.createCrl({ revoked: [{ serialNumber: '55' }] })
    const changed = crl.slice()
    changed[changed.indexOf(0x55)] = 0x56
    expect(await check([rootCrl.crl, changed])).toMatch(/^revocation_unknown/)
  })

  test('section 6.3.3 (f): an issuer without cRLSign', async () => {
    const keys = makeKeys()
    const root = makeCa('Root', { keys, extensions: [basic(true), usage(0x04, 2)] })
    const chain = [makeLeaf(root).der]
    const checks = [crlCheck({ crls: makeCrl(root) })]
    const result = verifyChain(chain, { provider: nodeProvider, trust: root.der, time: now, checks })
    expect(await verdict(result)).toMatch(/without cRLSign/)
  })

  test('a certificate that is trusted by itself has no issuer to ask', async () => {
    const alone = await selfSigned({ names: ['a.example'], clock })
    const trust = { root: { certificate: alone.certificate } as SmallPki['root'], chain: alone.chain }
    expect(await verdict(verifyWith(trust, [crlCheck({ crls: rootCrl.crl })]))).toBe('ok')
  })

  test("an invalid CRL is the caller's mistake", () => {
    expect(() => crlCheck({ crls: Uint8Array.of(0x30, 0) })).toThrow(expect.objectContaining({ code: 'bad_option' }))
    expect(() => crlCheck({ crls: pki.root.certificatePem })).toThrow(/no CRL in it/)
  })

  test('the signature of a CRL is checked once per issuer key', async () => {
    const once = crlCheck({ crls: [rootCrl.crl, (await pki.middle.createCrl()).crl] })
    let count = 0
    const counting = nodeProvider.verifiers.map((verifier) => ({
      ...verifier,
      verify: (...args: Parameters<typeof verifier.verify>) => {
        count++
        return verifier.verify(...args)
      },
    }))
    const provider = { ...nodeProvider, verifiers: counting }
    expect(await verdict(verifyWith(pki, [once], { provider }))).toBe('ok')
    const first = count
    expect(await verdict(verifyWith(pki, [once], { provider }))).toBe('ok')
    expect([first, count - first]).toEqual([4, 2])
  })

  test('no bytes make the parser throw anything but TlsError', () => {
    const { crl } = rootCrl
    fc.assert(
      fc.property(fc.nat(crl.length - 1), fc.nat(255), (at, value) => {
        const changed = crl.slice()
        changed[at] = value
        try {
          const parsed = parseCrl(changed)
          void [parsed.entries, parsed.unknownCritical, parsed.crlNumber, parsed.issuingDistributionPoint]
        } catch (error) {
          expect(error).toBeInstanceOf(TlsError)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('CRLs of openssl', () => {
  const openssl = new OpensslDirectory()
  afterAll(() => openssl.remove())

  withOpenssl('are read: number, dates, entries', async () => {
    openssl.write('ca.pem', pki.middle.certificatePem)
    openssl.write('ca.key', pki.middle.privateKeyPem)
    const [ends, revoked] = ['300101000000Z', '260102030405Z']
    const lines = [
      `R\t${ends}\t${revoked},keyCompromise\t0A0B\tunknown\t/CN=x`,
      `R\t${ends}\t${revoked}\t80\tunknown\t/CN=y`,
    ]
    openssl.write('index.txt', `${lines.join('\n')}\n`)
    openssl.write('number', '2A\n')
    const settings = ['database=index.txt', 'crlnumber=number', 'default_md=sha256', 'default_crl_days=30']
    openssl.write('ca.cnf', `[ca]\ndefault_ca=d\n[d]\n${settings.join('\n')}\n`)
    const keys = ['-cert', 'ca.pem', '-keyfile', 'ca.key']
    const made = openssl.run('ca', '-gencrl', '-config', 'ca.cnf', ...keys, '-out', 'crl.pem')
    expect(made.status, made.output).toBe(0)
    const [crl] = parseCrls(new TextDecoder().decode(openssl.bytes('crl', '-in', 'crl.pem')))
    expect(crl?.crlNumber).toBe('2a')
    const revocationDate = Date.UTC(2026, 0, 2, 3, 4, 5)
    expect(crl?.find(Uint8Array.of(0x0a, 0x0b))).toMatchObject({ reason: 'keyCompromise', revocationDate })
    expect(crl?.find(Uint8Array.of(0, 0x80))?.reason).toBeUndefined()
    expect(crl?.find(Uint8Array.of(0x80))).toBeUndefined()
    const time = Date.now()
    const fresh = await verdict(verifyWith(pki, [crlCheck({ crls: crl ?? '', depth: 'leaf' })], { time }))
    expect(fresh).toBe('ok')
  })
})
