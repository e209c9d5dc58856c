// What a parsed certificate tells: fields, extensions, names and texts; and what the parser refuses.

import { describe, expect, test } from 'vitest'
import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { nodeProvider } from '../../src/crypto/node.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { derElement, derInteger, derNull, derOctets, derOid, derSequence, derSet } from '../../src/wire/der.ts'
import { decodePem } from '../../src/wire/pem.ts'
import { certificateCoversName, extensionOids, parseCertificate, sameName } from '../../src/x509/index.ts'
import { formatIp } from '../../src/x509/general-name.ts'
import { dnsMatches, isDnsName, parseIp, referenceName } from '../../src/x509/names.ts'
import {
  deviationsOf,
  altNames,
  basic,
  constraints,
  directory,
  dns,
  email,
  extension,
  ip,
  make,
  makeCa,
  makeLeaf,
  name,
  purposes,
  text,
  uri,
  usage,
} from './make.ts'
import type { Made } from './make.ts'

const root = makeCa('root')
const withExtension = (...extra: Uint8Array[]): ReturnType<typeof parseCertificate> =>
  parseCertificate(make({ extensions: extra }).der)
const oid = extensionOids

describe('fields', () => {
  test('agree with node:crypto on every root that node ships', () => {
    for (const pem of rootCertificates) {
      const ours = parseCertificate(decodePem(pem)[0]?.bytes ?? new Uint8Array())
      const theirs = new X509Certificate(pem)
      expect(ours.fingerprint(nodeProvider)).toBe(theirs.fingerprint256.replaceAll(':', '').toLowerCase())
      expect(BigInt(`0x${ours.serialNumberHex}`)).toBe(BigInt(`0x${theirs.serialNumber}`))
      expect(ours.notAfter).toBe(Date.parse(theirs.validTo))
      expect(ours.notBefore).toBe(Date.parse(theirs.validFrom))
      expect(ours.basicConstraints?.ca).toBe(theirs.ca)
      expect(toHex(ours.spki)).toBe(theirs.publicKey.export({ format: 'der', type: 'spki' }).toString('hex'))
      expect(ours.isSelfIssued).toBe(true)
    }
  })
  test('PEM and back, and a summary in JSON', () => {
    const leaf = parseCertificate(makeLeaf(root).der)
    expect(decodePem(leaf.toPem())[0]?.bytes).toEqual(leaf.der)
    const summary = JSON.parse(JSON.stringify(leaf))
    expect(summary).toMatchObject({
      subject: 'CN=host.example',
      issuer: 'CN=root',
      notAfter: '2035-01-01T00:00:00.000Z',
      subjectAltNames: ['dns:host.example'],
      publicKey: { type: 'p256', bits: 256 },
      isCa: false,
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'],
    })
  })
  test('a provider without the hash is named', () => {
    const provider = { ...nodeProvider, name: 'bare', hashes: {} }
    expect(() => parseCertificate(root.der).fingerprint(provider, 'sha384')).toThrow(/bare has no sha384/)
  })
  test('what the parser refuses: bytes after the end, an unknown version; and what it notes', () => {
    expect(() => parseCertificate(Uint8Array.from([...root.der, 0]))).toThrow(/after its last field/)
    expect(parseCertificate(make({ version: 0, extensions: [] }).der).deviations).toEqual([
      'version is encoded although it has its default value',
    ])
    expect(() => parseCertificate(make({ version: 3 }).der)).toThrow(/version field is 3/)
    expect(
      parseCertificate(make({ extra: [], extensions: [], unique: derElement(0xa3, derSequence()) }).der).deviations,
    ).toEqual(['extensions is an empty list'])
  })
})

describe('extensions', () => {
  test('each is undefined where it is not', () => {
    const bare = withExtension()
    for (const property of [
      'basicConstraints',
      'keyUsage',
      'subjectAltNames',
      'certificatePolicies',
      'sctList',
      'tlsFeatures',
      'inhibitAnyPolicy',
    ] as const) {
      expect(bare[property]).toBeUndefined()
    }
  })
  test('general names of every form', () => {
    const other = derElement(0xa0, derOid('1.2.3'), derElement(0xa0, derNull()))
    const names = [
      dns('a.example'),
      email('me@a.example'),
      uri('https://a.example/'),
      ip(192, 0, 2, 1),
      directory(name('x')),
      derElement(0x88, Uint8Array.of(0x2a, 3)),
      other,
      derElement(0xa5, derNull()),
    ]
    const kinds = withExtension(altNames(...names)).subjectAltNames?.map(({ kind, value }) => `${kind} ${value}`)
    expect(kinds).toEqual([
      'dns a.example',
      'email me@a.example',
      'uri https://a.example/',
      'ip 192.0.2.1',
      'directory CN=x',
      'registeredId 1.2.3',
      'otherName 1.2.3',
      'undecoded ediPartyName',
    ])
  })
  test('4.2.1.6: no empty list, no address of odd length, no unknown form', () => {
    expect(deviationsOf(withExtension(altNames()), (it) => it.subjectAltNames)).toMatch(/empty/)
    expect(deviationsOf(withExtension(altNames(ip(1, 2, 3))), (it) => it.subjectAltNames)).toMatch(/3 bytes/)
    expect(deviationsOf(withExtension(altNames(derElement(0x89, text('x')))), (it) => it.subjectAltNames)).toMatch(
      /no known form/,
    )
    expect(
      deviationsOf(withExtension(altNames(derElement(0x82, Uint8Array.of(0xe4)))), (it) => it.subjectAltNames),
    ).toMatch(/ASCII/)
  })
  test('4.2.1.9: basic constraints', () => {
    expect(withExtension(basic(true, 3)).basicConstraints).toEqual({ ca: true, pathLength: 3 })
    expect(withExtension(basic(false)).basicConstraints).toEqual({ ca: false, pathLength: undefined })
    const explicit = extension(oid.basicConstraints, derSequence(derElement(1, Uint8Array.of(0))))
    expect(deviationsOf(withExtension(explicit), (it) => it.basicConstraints)).toMatch(/default/)
    expect(
      () =>
        withExtension(extension(oid.basicConstraints, derSequence(derElement(2, Uint8Array.of(0xff)))))
          .basicConstraints,
    ).toThrow(/negative/)
  })
  test('4.2.1.3: key usage has a bit set', () => {
    expect(withExtension(usage(0xa0, 5)).keyUsage).toEqual(['digitalSignature', 'keyEncipherment'])
    expect(
      deviationsOf(withExtension(extension(oid.keyUsage, derElement(3, Uint8Array.of(0)))), (it) => it.keyUsage),
    ).toMatch(/no usage/)
  })
  test('4.2.1.12: extended key usage is not empty', () => {
    expect(deviationsOf(withExtension(purposes()), (it) => it.extendedKeyUsage)).toMatch(/empty/)
  })
  test('4.2.1.1: issuer and serial number come together', () => {
    const aki = (...fields: Uint8Array[]): Uint8Array => extension(oid.authorityKeyIdentifier, derSequence(...fields))
    const [issuer, serial] = [derElement(0xa1, directory(name('x'))), derElement(0x82, Uint8Array.of(1))]
    expect(withExtension(aki(issuer, serial)).authorityKeyIdentifier?.serialNumber).toEqual(Uint8Array.of(1))
    expect(deviationsOf(withExtension(aki(issuer)), (it) => it.authorityKeyIdentifier)).toMatch(
      /without a serial number/,
    )
  })
  test('4.2.1.10: name constraints are not empty, and ranges have masks', () => {
    const empty = (...content: Uint8Array[]): Uint8Array =>
      extension(oid.nameConstraints, derSequence(...content), true)
    expect(deviationsOf(withExtension(empty()), (it) => it.nameConstraints)).toMatch(/nothing/)
    expect(() => withExtension(empty(derElement(0xa0))).nameConstraints).toThrow(/empty/)
    expect(deviationsOf(withExtension(constraints([ip(127, 0, 0, 1)], [])), (it) => it.nameConstraints)).toMatch(
      /4 bytes/,
    )
    expect(
      withExtension(constraints([ip(10, 0, 0, 0, 255, 0, 0, 0)], [])).nameConstraints?.permitted?.[0]?.base.value,
    ).toBe('10.0.0.0/255.0.0.0')
  })
  test('4.2.1.4: no policy twice; 4.2.1.11: constraints are not empty', () => {
    const policy = derSequence(derOid('1.2.3'))
    expect(withExtension(extension(oid.certificatePolicies, derSequence(policy))).certificatePolicies).toEqual([
      { oid: '1.2.3', qualifiers: [] },
    ])
    expect(
      () => withExtension(extension(oid.certificatePolicies, derSequence(policy, policy))).certificatePolicies,
    ).toThrow(/twice/)
    expect(
      deviationsOf(withExtension(extension(oid.policyConstraints, derSequence())), (it) => it.policyConstraints),
    ).toMatch(/nothing/)
  })
  test('4.2.1.13: a distribution point names something', () => {
    const point = (...fields: Uint8Array[]): Uint8Array =>
      extension(oid.crlDistributionPoints, derSequence(derSequence(...fields)))
    const full = derElement(0xa0, derElement(0xa0, uri('http://crl.example/')))
    expect(withExtension(point(full)).crlDistributionPoints?.[0]?.fullName?.[0]?.value).toBe('http://crl.example/')
    expect(
      deviationsOf(withExtension(point(derElement(0x81, Uint8Array.of(6, 0x40)))), (it) => it.crlDistributionPoints),
    ).toMatch(/names nothing/)
  })
  test('RFC 7633 and RFC 6962', () => {
    expect(withExtension(extension(oid.tlsFeature, derSequence(derInteger(5)))).tlsFeatures).toEqual([5])
    expect(withExtension(extension(oid.sctList, derOctets(Uint8Array.of(0, 0)))).sctList).toEqual(Uint8Array.of(0, 0))
  })
})

describe('names', () => {
  const rdn = (type: string, value: string, tag = 0x0c): Uint8Array =>
    derSequence(derOid(type), derElement(tag, text(value)))
  const parsedName = (subject: Uint8Array): ReturnType<typeof parseCertificate>['subject'] =>
    parseCertificate(make({ subject }).der).subject
  test('RFC 4514 text', () => {
    const subject = derSequence(
      derSet(rdn('2.5.4.6', 'DE', 0x13)),
      derSet(rdn('2.5.4.10', 'A, B+C'), rdn('2.5.4.11', ' x ')),
      derSet(rdn('1.2.3.4', '#1\n')),
    )
    expect(parsedName(subject).toString()).toBe('1.2.3.4=\\#1\\0a,OU=\\ x\\ +O=A\\, B\\+C,C=DE')
    expect(parsedName(subject).get('2.5.4.6')).toBe('DE')
  })
  test('BMPString, TeletexString and what is no string', () => {
    const of = (tag: number, ...bytes: number[]): string =>
      parsedName(
        derSequence(derSet(derSequence(derOid('2.5.4.3'), derElement(tag, Uint8Array.from(bytes))))),
      ).toString()
    expect(of(0x1e, 0, 0x41, 1, 0x42)).toBe('CN=A\u0142')
    expect(of(0x14, 0xe4)).toBe('CN=ä')
    expect(of(0x02, 1)).toBe('CN=#020101')
  })
  test('section 7.1: case, spaces and the kind of string do not matter', () => {
    const one = parsedName(name('Some  Name'))
    expect(sameName(one, parsedName(name('some name ', 0x13)))).toBe(true)
    expect(sameName(one, parsedName(name('some names')))).toBe(false)
    expect(sameName(one, parsedName(derSequence(derSet(rdn('2.5.4.10', 'Some  Name')))))).toBe(false)
    expect(one.key).toBe(parsedName(name('SOME NAME')).key)
  })
  test('a key can not be forged with separators', () => {
    const two = derSequence(derSet(rdn('2.5.4.3', 'a')), derSet(rdn('2.5.4.3', 'b')))
    expect(parsedName(two).key).not.toBe(parsedName(name('a,2.5.4.3=b')).key)
  })
  test('sets are in DER order, and not empty', () => {
    const [a, b] = [rdn('2.5.4.3', 'a'), rdn('2.5.4.3', 'b')]
    const noted = (subject: Uint8Array): string => parseCertificate(make({ subject }).der).deviations.join()
    expect(noted(derSequence(derElement(0x31, b, a)))).toMatch(/DER order/)
    expect(noted(derSequence(derElement(0x31, a, a)))).toMatch(/DER order/)
    expect(noted(derSequence(derElement(0x31)))).toMatch(/without attributes/)
  })
  test('section 7.1: text that its type does not allow equals itself only, never a value that is no text', () => {
    const of = (tag: number, ...bytes: number[]): ReturnType<typeof parsedName> =>
      parsedName(derSequence(derSet(derSequence(derOid('2.5.4.3'), derElement(tag, Uint8Array.from(bytes))))))
    expect(sameName(of(0x0c, 0xff), of(0x0c, 0xfe))).toBe(false)
    expect(sameName(of(0x0c, 0xff), of(0x0c, 0xff))).toBe(true)
    expect(sameName(of(0x13, 0xff), of(0x16, 0xff))).toBe(false)
    expect(sameName(of(0x1e, 0xd8, 0), of(0x1e, 0xd9, 0))).toBe(false)
    expect(sameName(of(0x1c, 0, 0x11, 0, 0), of(0x1c, 0, 0x12, 0, 0))).toBe(false)
    expect(sameName(of(0x0c, ...text('#0500')), of(0x05))).toBe(false)
    expect(sameName(of(0x0c, ...text('so\u00adft')), of(0x1e, 0, 0x53, 0, 0x4f, 0, 0x46, 0, 0x54))).toBe(true)
  })
})

describe('names of servers', () => {
  const covering = (...names: Uint8Array[]): Made => makeLeaf(root, { names })
  test('certificateCoversName chooses by alternative names', () => {
    const leaf = parseCertificate(covering(dns('a.example'), dns('*.b.example'), ip(192, 0, 2, 1)).der)
    const covered = ['a.example', 'A.EXAMPLE.', 'x.b.example', '192.0.2.1']
    const others = ['b.example', 'x.y.b.example', '192.0.2.2', 'not a name', '', '::1']
    expect(covered.every((serverName) => certificateCoversName(leaf, serverName))).toBe(true)
    expect(others.some((serverName) => certificateCoversName(leaf, serverName))).toBe(false)
  })
  test.each([
    ['1.2.3.4', '01020304'],
    ['::', '00'.repeat(16)],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['[::1]', `${'00'.repeat(15)}01`],
    ['::ffff:1.2.3.4', '00000000000000000000ffff01020304'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1::', `0001${'00'.repeat(14)}`],
  ])('address %s', (address, hex) => {
    expect(toHex(parseIp(address) ?? new Uint8Array())).toBe(hex)
  })
  test.each([
    '1.2.3',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.4.',
    ':::',
    '1:2:3',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'fe80::1%eth0',
    '12345::',
    '[1.2.3.4]',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
  ])('%s is no address', (address) => {
    expect(parseIp(address)).toBeUndefined()
  })
  test('RFC 5952 text', () => {
    const written = ['::1', '2001:db8::1', '1:0:0:2::3', '::', '1:2:3:4:5:6:7:8', '2001:db8::1:0:0:1', '1::']
    expect(written.map((address) => formatIp(parseIp(address) ?? new Uint8Array(4)))).toEqual(written)
  })
  test('DNS names in preferred syntax', () => {
    expect(
      ['a', 'a-b.c', 'xn--bcher-kva.example', '*.a.b', 'A.B', '1a.b2', `${'a'.repeat(63)}.b`].every((dnsName) =>
        isDnsName(dnsName),
      ),
    ).toBe(true)
    const bad = [
      '',
      '.',
      'a.',
      '.a',
      'a..b',
      '-a',
      'a-',
      'a.-b',
      'a_b',
      '1.2.3.4',
      'a.1',
      'a*.b',
      '*',
      '*.',
      '*.*.a',
      'a.*.b',
      'ä.b',
      `${'a'.repeat(64)}.b`,
      'a.'.repeat(127) + 'aa',
    ]
    expect(bad.filter((dnsName) => isDnsName(dnsName))).toEqual([])
    expect(isDnsName('*.a.b', false)).toBe(false)
  })
  test('reference names', () => {
    expect(referenceName('Example.COM.')).toEqual({ kind: 'dns', value: 'example.com' })
    expect(referenceName('bücher.example')?.value).toBe('xn--bcher-kva.example')
    expect(
      ['a b', 'a/b', 'ä/b', 'a..b', '*.a', '1.2.3', 'user@ä.example', ''].filter(
        (value) => referenceName(value) !== undefined,
      ),
    ).toEqual([])
  })
  test('a wildcard is one whole label in front', () => {
    expect(dnsMatches('*.a.b', 'x.a.b')).toBe(true)
    for (const presented of ['x*.a.b', '*x.a.b', '*.*.b', 'x.*.b', '*', '*.b', '**.a.b'])
      expect(dnsMatches(presented, 'x.a.b'), presented).toBe(false)
  })
})
