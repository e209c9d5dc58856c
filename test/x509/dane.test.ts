import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { TlsError } from '../../src/errors.ts'
import { createCa } from '../../src/pki/index.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { daneVerifier, parseTlsa } from '../../src/x509/dane.ts'
import type { DaneOptions, TlsaRecord } from '../../src/x509/dane.ts'
import { clock, now, smallPki } from './support.ts'
import type { SmallPki } from './support.ts'

let pki: SmallPki
let full: readonly Uint8Array[]
beforeAll(async () => {
  pki = await smallPki()
  full = [...pki.chain, pki.root.certificate]
})

const record = (usage: number, certificate: Uint8Array, selector = 1, matchingType = 1): TlsaRecord => {
  const bytes = selector === 0 ? certificate : parseCertificate(certificate).spki
  const data =
    matchingType === 0
      ? bytes
      : createHash(matchingType === 1 ? 'sha256' : 'sha512')
          .update(bytes)
          .digest()
  return { usage, selector, matchingType, data: new Uint8Array(data) }
}

const check = async (
  records: readonly TlsaRecord[],
  options: Partial<DaneOptions> & { chain?: readonly Uint8Array[]; name?: string; time?: number } = {},
): Promise<string> => {
  const { chain = full, name = 'a.example', time = now, ...more } = options
  try {
    const verifier = daneVerifier({ provider: nodeProvider, records, ...more })
    const verified = await verifier.verify({ chain, peer: 'server', serverName: name, time })
    return `ok ${verified.chain.length}`
  } catch (error) {
    if (error instanceof TlsError) return `${error.code}: ${error.message}`
    throw error
  }
}

describe('DANE-EE, usage 3 (RFC 7671 section 5.1)', () => {
  test.each([
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
  ])('selector %i, matching type %i', async (selector, matchingType) => {
    expect(await check([record(3, pki.leaf.certificate, selector, matchingType)])).toBe('ok 1')
    expect(await check([record(3, pki.middle.certificate, selector, matchingType)])).toMatch(
      /^unknown_ca: no TLSA record matches/,
    )
  })

  test('names and dates do not count', async () => {
    expect(await check([record(3, pki.leaf.certificate)], { name: 'other.example', time: now * 2 })).toBe('ok 1')
  })

  test('one match of several is enough', async () => {
    expect(await check([record(3, pki.root.certificate), record(3, pki.leaf.certificate)])).toBe('ok 1')
  })
})

describe('DANE-TA, usage 2 (section 5.2)', () => {
  test('the root that the server sent along, or the intermediate, is the anchor', async () => {
    expect(await check([record(2, pki.root.certificate)])).toBe('ok 3')
    expect(await check([record(2, pki.middle.certificate, 0, 2)])).toBe('ok 2')
  })

  test('a certificate or key that the record holds whole need not be sent', async () => {
    expect(await check([record(2, pki.root.certificate, 0, 0)], { chain: pki.chain })).toBe('ok 3')
    expect(await check([record(2, pki.root.certificate, 1, 0)], { chain: pki.chain })).toBe('ok 2')
    expect(await check([record(2, pki.root.certificate, 0, 1)], { chain: pki.chain })).toMatch(/^unknown_ca/)
  })

  test('names and dates count (section 5.2.3)', async () => {
    expect(await check([record(2, pki.root.certificate)], { name: 'other.example' })).toMatch(
      /^certificate_name_mismatch/,
    )
    expect(await check([record(2, pki.root.certificate)], { time: now + 800 * 86_400_000 })).toMatch(
      /^certificate_expired/,
    )
  })

  test('a matching certificate that did not sign the chain is no help', async () => {
    const other = await createCa({ name: 'Middle', clock })
    expect(await check([record(2, other.certificate)], { chain: [pki.leaf.certificate, other.certificate] })).toMatch(
      /^bad_certificate/,
    )
  })

  test('the leaf itself is no trust anchor', async () => {
    expect(await check([record(2, pki.leaf.certificate)])).toMatch(/^unknown_ca/)
  })
})

describe('PKIX-TA and PKIX-EE, usages 0 and 1 (sections 5.3 and 5.4)', () => {
  test('the path has to be good, and to have a match', async () => {
    const trust = pki.root.certificate
    expect(await check([record(1, pki.leaf.certificate)], { trust })).toBe('ok 3')
    expect(await check([record(0, pki.middle.certificate)], { trust })).toBe('ok 3')
    expect(await check([record(0, pki.root.certificate)], { trust, chain: pki.chain })).toBe('ok 3')
    expect(await check([record(1, pki.middle.certificate)], { trust })).toMatch(
      /^certificate_unknown: no TLSA record matches/,
    )
    expect(await check([record(0, pki.leaf.certificate)], { trust })).toMatch(
      /^certificate_unknown: no TLSA record matches/,
    )
    const other = await createCa({ name: 'Other', clock })
    expect(await check([record(1, pki.leaf.certificate)], { trust: other.certificate })).toMatch(/^unknown_ca/)
    expect(await check([record(1, pki.leaf.certificate)])).toMatch(/^unknown_ca: .*no trust anchors were given/)
  })

  test('a record of another usage that matches is enough', async () => {
    expect(await check([record(1, pki.middle.certificate), record(2, pki.root.certificate)])).toBe('ok 3')
  })
})

describe('records', () => {
  test('unusable ones do not count; if none is usable, ordinary rules apply (section 4)', async () => {
    const unusable = [
      { ...record(3, pki.root.certificate), usage: 9 },
      { ...record(3, pki.root.certificate), data: new Uint8Array(31) },
    ]
    expect(await check(unusable, { trust: pki.root.certificate })).toBe('ok 3')
    expect(await check(unusable)).toMatch(/^unknown_ca: no TLSA record is usable/)
    expect(await check([...unusable, record(3, pki.leaf.certificate)])).toBe('ok 1')
    expect(await check([{ usage: 2, selector: 0, matchingType: 0, data: Uint8Array.of(1) }])).toMatch(
      /^unknown_ca: no TLSA record matches/,
    )
  })

  test('in the words of a zone file', () => {
    expect(parseTlsa('3 1 1 00ff A0')).toEqual({
      usage: 3,
      selector: 1,
      matchingType: 1,
      data: Uint8Array.of(0, 255, 160),
    })
    for (const text of ['', '3 1 1', '3 1 1 0', '3 1 1 xy', '3 1 1111 00'])
      expect(() => parseTlsa(text)).toThrow(/not a TLSA record/)
    expect(() => daneVerifier({ provider: nodeProvider, records: [] })).toThrow(/there is none/)
  })
})

describe('the certificates and records of OpenSSL (vectors/dane)', async () => {
  const vectors: {
    readonly host: string
    readonly certificates: Readonly<Record<'anonymous' | 'leaf' | 'issuer' | 'root', string>>
    readonly records: Readonly<Record<'anonymous' | 'leaf' | 'issuer' | 'root', readonly string[]>>
  } = JSON.parse(readFileSync(new URL('../../vectors/dane/openssl-danetest.json', import.meta.url), 'utf8'))
  const der = (name: keyof typeof vectors.certificates): Uint8Array =>
    Uint8Array.from(Buffer.from(vectors.certificates[name], 'base64'))
  const chain = [der('leaf'), der('issuer'), der('root')]
  const time = Date.UTC(2016, 0, 1)
  const verdict = (text: string, more: object = {}): Promise<string> =>
    check([parseTlsa(text)], { chain, name: vectors.host, time, ...more })
  const damaged = (text: string): string => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`

  test.each(vectors.records.leaf)('DANE-EE of the leaf: %s', async (text) => {
    expect(await verdict(text)).toBe('ok 1')
    expect(await verdict(damaged(text))).toMatch(/^unknown_ca/)
    expect(await verdict(text, { name: 'other.example' })).toBe('ok 1')
  })

  test.each(vectors.records.anonymous)(
    'DANE-EE of a certificate without a name that was never valid: %s',
    async (text) => {
      expect(await verdict(text, { chain: [der('anonymous')] })).toBe('ok 1')
      expect(await verdict(damaged(text), { chain: [der('anonymous')] })).toMatch(/^unknown_ca/)
    },
  )

  test.each([...vectors.records.issuer, ...vectors.records.root])('DANE-TA: %s', async (text) => {
    const length = vectors.records.issuer.includes(text) ? 2 : 3
    expect(await verdict(text)).toBe(`ok ${length}`)
    expect(await verdict(damaged(text))).toMatch(/^unknown_ca/)
    expect(await verdict(text, { name: 'other.example' })).toMatch(/^certificate_name_mismatch/)
    expect(await verdict(text, { time: Date.UTC(2015, 0, 1) })).toMatch(/^certificate_not_yet_valid/)
  })
})
