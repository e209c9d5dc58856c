// Long lists of what can't be read, and long texts, cost what it takes to walk over them: counted, not timed.

import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  DerReader,
  derBits,
  derElement,
  derInteger,
  derOctets,
  derOid,
  derSequence,
  derSet,
} from '../../src/wire/der.ts'
import { parseCertificate, parseCrl, verifyChain } from '../../src/x509/index.ts'
import { sameName } from '../../src/x509/name.ts'
import { nodeProvider } from '../../src/crypto/node.ts'
import { parseOcspResponse } from '../../src/x509/ocsp.ts'
import { altNames, dns, ecdsaSha256, extension, fixedKeys, make, makeCa, name, now, text, utcTime } from './make.ts'

afterEach(() => vi.restoreAllMocks())

const N = 2000
const many = (item: (i: number) => Uint8Array): Uint8Array[] => Array.from({ length: N }, (_, i) => item(i))

/** How many different errors a DerReader throws meanwhile. */
const errorsIn = (read: () => unknown): number => {
  const fail = vi.spyOn(DerReader.prototype, 'fail')
  read()
  return new Set(fail.mock.results.map(({ value }) => value)).size
}

const crlOf = (entries: Uint8Array[]): Uint8Array => {
  const times = [utcTime('250101000000Z'), utcTime('350101000000Z')]
  const tbs = derSequence(derInteger(1), ecdsaSha256, name('CA'), ...times, derSequence(...entries))
  return derSequence(tbs, ecdsaSha256, derBits(new Uint8Array(70)))
}

const serial = (i: number): Uint8Array => derElement(2, Uint8Array.of(1, i >> 8, i & 255))
const date = utcTime('250101000000Z')

describe('of all entries of a CRL that can not be read, one is put into words', () => {
  test.each<[string, (i: number) => Uint8Array]>([
    ['no dates', (i) => derSequence(serial(i))],
    ['invalid dates', (i) => derSequence(serial(i), derElement(0x17, Uint8Array.of(0x30)))],
    ['fields that there are not', (i) => derSequence(serial(i), date, derElement(5, new Uint8Array()))],
  ])('%s', (_, entry) => {
    const crl = parseCrl(crlOf(many(entry)))
    expect(errorsIn(() => crl.entries)).toBeLessThanOrEqual(2)
    expect(crl.entries.size).toBe(N)
    expect(crl.fault).toMatch(/malformed CRL/)
  })

  test('and an entry after them counts', () => {
    const crl = parseCrl(
      crlOf([
        ...many((i) => derSequence(serial(i), date, Uint8Array.of(0x30, 1, 0x30))),
        derSequence(derInteger(5), date),
      ]),
    )
    expect(crl.find(Uint8Array.of(5))).toBeDefined()
    expect(crl.entries.size).toBe(N + 1)
  })
})

describe('what a long CRL takes', () => {
  const wrongDate = utcTime('259901000000Z')

  test('dates are read once, and none any more after one that can not be', () => {
    const times = (date: (i: number) => Uint8Array): number => {
      const crl = parseCrl(crlOf(many((i) => derSequence(serial(i), date(i)))))
      const time = vi.spyOn(DerReader.prototype, 'time').mockClear()
      expect(crl.find(Uint8Array.of(1, 0, 5))).toBeDefined()
      expect(crl.find(Uint8Array.of(1, 0, 6))).toBeDefined()
      return time.mock.calls.length
    }
    expect(times(() => date)).toBe(N + 2)
    expect(times((i) => (i === 9 ? wrongDate : date))).toBe(10 + 2)
  })

  test('the date of an entry that is found is its own, whatever others have', () => {
    const crl = parseCrl(crlOf(many((i) => derSequence(serial(i), i % 2 === 0 ? wrongDate : date))))
    expect(crl.find(Uint8Array.of(1, 0, 4))).toEqual({ revocationDate: undefined, extensions: [], reason: undefined })
    expect(crl.find(Uint8Array.of(1, 0, 5))?.revocationDate).toBe(Date.UTC(2025, 0, 1))
    expect(crl.fault).toMatch(/revocationDate is not a UTCTime/)
  })

  test('extensions that many entries have are read once', () => {
    const reason = (n: number): Uint8Array => derSequence(extension('2.5.29.21', derElement(10, Uint8Array.of(n))))
    const crl = parseCrl(crlOf(many((i) => derSequence(serial(i), date, reason(i % 3)))))
    const oid = vi.spyOn(DerReader.prototype, 'oid')
    expect(crl.fault).toBeUndefined()
    expect(oid).toHaveBeenCalledTimes(3)
    expect(crl.find(Uint8Array.of(1, 0, 5))?.reason).toBe('cACompromise')
  })

  test('serial numbers of any length are found, and told apart by what the longest ones begin with', () => {
    const long = (last: number, length: number): Uint8Array => {
      const content = new Uint8Array(length).fill(1)
      content[length - 1] = last
      return content
    }
    const listed = [long(2, 20), long(2, 1024), long(3, 1024), long(2, 20_000), long(2, 20_001)]
    const entries = listed.map((content) => derSequence(derElement(2, content), date))
    const crl = parseCrl(crlOf(entries))
    for (const content of listed) expect(crl.find(content)).toBeDefined()
    expect(crl.find(long(3, 20))).toBeUndefined()
    expect(crl.find(long(4, 1024))).toBeUndefined()
    expect(crl.entries.size).toBe(4) // what is revoked stays so, under the first of two that begin alike
  })

  test('an entry is found by the value of its serial number, however long it is written', () => {
    const serials = [
      [0, 5],
      [0xff, 0xfe],
      [0, 0x80],
    ].map((content) => derElement(2, Uint8Array.from(content)))
    const crl = parseCrl(crlOf(serials.map((one) => derSequence(one, date))))
    for (const content of [[5], [0, 0, 5], [0xfe], [0xff, 0xff, 0xfe], [0, 0x80], [0, 0, 0x80]])
      expect(crl.find(Uint8Array.from(content))).toBeDefined()
    for (const content of [[0x80], [0], [], [5, 0], [0, 0xfe]])
      expect(crl.find(Uint8Array.from(content))).toBeUndefined()
    expect([...crl.entries.keys()]).toEqual(['05', 'fe', '0080'])
  })
})

test('a CRL that nobody signed is not read', async () => {
  const time = vi.spyOn(DerReader.prototype, 'time')
  parseCrl(crlOf(many((i) => derSequence(serial(i), date))))
  expect(time).toHaveBeenCalledTimes(2)
})

describe('an OCSP response', () => {
  const responseOf = (answers: Uint8Array[]): Uint8Array => {
    const produced = derElement(0x18, text('20250101000000Z'))
    const data = derSequence(derElement(0xa1, name('R')), produced, derSequence(...answers))
    const basic = derSequence(data, ecdsaSha256, derBits(new Uint8Array(70)))
    const bytes = derSequence(derOid('1.3.6.1.5.5.7.48.1.1'), derOctets(basic))
    return derSequence(derElement(0x0a, Uint8Array.of(0)), derElement(0xa0, bytes))
  }

  test('of more than 256 KiB is refused before anything of it is read', () => {
    const sequence = vi.spyOn(DerReader.prototype, 'sequence')
    const long = responseOf([derOctets(new Uint8Array(262_144))])
    expect(() => parseOcspResponse(long)).toThrow(
      expect.objectContaining({ code: 'bad_certificate_status', message: expect.stringMatching(/at most 262144/) }),
    )
    expect(sequence).not.toHaveBeenCalled()
  })

  test('below that is read, whatever its answers are', () => {
    const read = parseOcspResponse(responseOf(many(() => derSequence(derOctets(new Uint8Array(60))))))
    expect(read).toMatchObject({ basic: { answers: [], damage: expect.stringMatching(/malformed OCSP response/) } })
  })
})

test('after 4,096 malformed names of a certificate, names of many parts are not taken apart', () => {
  const broken = derElement(0xa4, Uint8Array.of(0x30, 1, 5))
  const whole = derElement(0xa4, name('whole'))
  const kindsAfter = (count: number): readonly string[] => {
    const names = [...Array.from({ length: count }, () => broken), whole, dns('a.test')]
    const { der } = make({ subject: name('leaf'), extensions: [altNames(...names)] })
    return (
      parseCertificate(der)
        .subjectAltNames?.slice(-2)
        .map(({ kind }) => kind) ?? []
    )
  }
  expect(kindsAfter(4095)).toEqual(['directory', 'dns'])
  expect(kindsAfter(4096)).toEqual(['malformed', 'dns'])
})

test('malformed names of a certificate are not put into words', () => {
  const names = many((i) => derElement(i % 2 === 0 ? 0xa4 : 0xa0, Uint8Array.of(0x30, 1, i & 255)))
  const keys = fixedKeys(3)
  const issuer = { subject: name('CA'), keys }
  const certificate = parseCertificate(make({ subject: name('a'), issuer, keys, extensions: [altNames(...names)] }).der)
  expect(errorsIn(() => certificate.subjectAltNames)).toBe(1)
  expect(certificate.subjectAltNames?.length).toBe(N)
  expect(certificate.subjectAltNames?.[0]).toMatchObject({ kind: 'malformed', form: 'directory' })
})

describe('texts are prepared for comparing (RFC 5280 section 7.1) up to a length', () => {
  const named = (value: string): Uint8Array =>
    derSequence(derSet(derSequence(derOid('2.5.4.3'), derElement(0x0c, text(value)))))
  const marks = (n: number): string => `a${'\u0315\u0300\u05ae'.repeat(n)}`
  const subjectOf = (subject: Uint8Array) => {
    const keys = fixedKeys(3)
    return parseCertificate(make({ subject, issuer: { subject: name('CA'), keys }, keys }).der).subject
  }

  test('combining marks, which take the square of their number to put in order', () => {
    const normalize = vi.spyOn(String.prototype, 'normalize')
    const [one, other] = [subjectOf(named(marks(5000))), subjectOf(named(`A${marks(5000).slice(1)}`))]
    expect(one.key).not.toBe(other.key)
    expect(one.rdnKeys).not.toEqual(other.rdnKeys)
    expect(sameName(one, other)).toBe(false)
    expect(normalize).not.toHaveBeenCalled()
  })

  test('short ones, and any ASCII, match as before', () => {
    expect(subjectOf(named(marks(10))).key).toBe(subjectOf(named(`A${marks(10).slice(1)}`)).key)
    expect(subjectOf(named('a'.repeat(3000))).key).toBe(subjectOf(named('A'.repeat(3000))).key)
    expect(sameName(subjectOf(named('Ä')), subjectOf(named('ä')))).toBe(true)
  })

  test('names of junk use up what a search prepares', async () => {
    const normalize = vi.spyOn(String.prototype, 'normalize')
    const keys = fixedKeys(3)
    const root = makeCa('root', { keys: fixedKeys(1) })
    const junk = Array.from({ length: 150 }, (_, i) => {
      const subject = named(`${marks(20)}${i}`)
      return make({ subject, issuer: { subject, keys }, keys }).der
    })
    const leaf = make({
      subject: name('leaf'),
      issuer: { subject: name('Root'), keys },
      keys,
      extensions: [altNames(dns('a.test'))],
    })
    const result = await verifyChain([leaf.der, ...junk], { provider: nodeProvider, trust: root.der, time: now })
    expect(result.ok).toBe(false)
    expect(normalize.mock.calls.length).toBeLessThan(500)
  })
})
