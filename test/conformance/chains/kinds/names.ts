// Subject alternative names that are names or are none, with what is asked of them; and how names of CAs are written.

import { derElement, derInteger, derOctets, derOid, derSequence, derSet } from '../../../../src/wire/der.ts'
import { extensionOids } from '../../../../src/x509/oids.ts'
import { altNames, directory, dns, email, extension, ip, name, text, uri } from '../../../x509/make.ts'
import { ca, chance, drawn, host, leaf, question, root } from '../case.ts'
import type { Draw } from '../case.ts'

const dnsForms: readonly string[] = [
  ...['a_b.test', '_sip.a.test', '192.0.2.1', 'www.a.test.', 'www.a.test:443', '*', '*.test', '*.a.test', 'w*.a.test'],
  ...['*w.a.test', 'www.*.test', '*.*.test', '**.a.test', 'xn--bcher-kva.test', 'xn--*.test', 'WWW.A.TEST', '', '.'],
  ...['www..test', '.a.test', '-a.test', 'a-.test', ' www.a.test', 'www.a.test ', 'www.a.test\0.b.test', 'localhost'],
  ...['http://www.a.test', 'www.a.test/x', 'a@a.test', 'www.a.1', '1.2.3', '::1', '[::1]', 'www.a.test%2e', 'a,b.test'],
  ...[`${'a'.repeat(63)}.test`, `${'a'.repeat(64)}.test`, `${'abcd.'.repeat(50)}test`, `${'abcd.'.repeat(52)}test`],
  ...[
    'bücher.test',
    'www.a.test\n',
    "a'b.test",
    'a"b.test',
    'www.a.te\x7fst',
    '_*.a.test',
    '*._a.test',
    '*.1',
    '*.a_b.test',
  ],
]

/** What is asked for: the name itself where it can be one, names that it might stand for, and others. */
const asked = [host, 'a_b.test', '192.0.2.1', 'a.test', 'x.test', 'xn--bcher-kva.test', 'WWW.A.TEST', 'x.y.a.test']

export const dnsNames: Draw = (r) => {
  const form = r.pick(dnsForms)
  const beside = chance(r, 2)
  const wanted = r.pick(asked)
  const names = [dns(form), ...(beside ? [dns(host)] : [])]
  if (chance(r, 2)) names.reverse()
  const label = `${JSON.stringify(form)}${beside ? ' and a good name' : ''}, asked for ${wanted}`
  return question('dns names', label, [leaf(root, { parts: { names: altNames(...names) } })], [root], { name: wanted })
}

const latin1 = (value: string): Uint8Array => Uint8Array.from(value, (sign) => sign.charCodeAt(0))
const otherName = (oid: string, ...value: Uint8Array[]): Uint8Array =>
  derElement(0xa0, derOid(oid), derElement(0xa0, ...value))

const otherForms = {
  'mail without @': email('alice'),
  'mail with two @': email('a@b@a.test'),
  'mail without a host': email('alice@'),
  'mail without a mailbox': email('@a.test'),
  'mail at an address': email('alice@[192.0.2.1]'),
  'mail in quotes': email('"al ice"@a.test'),
  'mail with a space': email('al ice@a.test'),
  'mail with a name': email('Alice <alice@a.test>'),
  'mail of nothing': email(''),
  'mail that is not ASCII': derElement(0x81, text('älice@a.test')),
  'mail in Latin-1': derElement(0x81, latin1('älice@a.test')),
  'a URI': uri('https://www.a.test/x'),
  'a URI without a scheme': uri('www.a.test/x'),
  'a URI that is a path': uri('/x'),
  'a URI without a host': uri('urn:uuid:1'),
  'a URI of nothing': uri(''),
  'a URI with a space': uri('http://a b/'),
  'a URI with a user': uri('http://u:p@www.a.test/'),
  'a URI with a port that is none': uri('http://www.a.test:port/'),
  'a URI with a bracket': uri('http://[::1/'),
  'a URI with a broken escape': uri('http://www.a.test/%zz'),
  'a URI with a control sign': uri('http://www.a.test/\x01'),
  'a URI that is not ASCII': derElement(0x86, text('http://bücher.test/')),
  'an address of no bytes': ip(),
  'an address of 3 bytes': ip(1, 2, 3),
  'an address of 5 bytes': ip(1, 2, 3, 4, 5),
  'an address with a mask': ip(10, 0, 0, 0, 255, 0, 0, 0),
  'an address of 16 bytes': ip(...Array.from({ length: 16 }, (_, i) => i)),
  'an address of 17 bytes': ip(...Array.from({ length: 17 }, (_, i) => i)),
  'a directory name': directory(name('x')),
  'a directory name of nothing': directory(derSequence()),
  'a registered identifier': derElement(0x88, Uint8Array.of(0x2a, 3)),
  'a registered identifier of nothing': derElement(0x88),
  'another name of unknown kind': otherName('1.2.3', derInteger(1)),
  'another name with a principal': otherName('1.3.6.1.4.1.311.20.2.3', derElement(0x0c, text('alice@a.test'))),
  'another name without a value': derElement(0xa0, derOid('1.2.3')),
  'an X.400 address': derElement(0xa3, derSequence()),
  'an EDI party': derElement(0xa5, derElement(0xa1, derElement(0x0c, text('x')))),
  'a tag of no kind of name': derElement(0x89, text('x')),
  'no context tag': derOctets(text('x')),
  SmtpUTF8Mailbox: otherName('1.3.6.1.5.5.7.8.9', derElement(0x0c, text('älice@a.test'))),
  SRVName: otherName('1.3.6.1.5.5.7.8.7', derElement(0x16, text('_https.a.test'))),
}

export const otherNames: Draw = (r) => {
  const [label, form] = drawn(r, otherForms)
  const alone = chance(r, 3)
  const names = altNames(...(alone ? [form] : [dns(host), form]))
  const end = leaf(root, { parts: { names } })
  return question('other names', alone ? `${label} alone` : label, [end], [root], alone ? { name: undefined } : {})
}

const altNameForms = {
  'an empty list': extension(extensionOids.subjectAltName, derSequence()),
  'an empty value': extension(extensionOids.subjectAltName, new Uint8Array()),
  'no list': extension(extensionOids.subjectAltName, dns(host)),
  critical: extension(extensionOids.subjectAltName, derSequence(dns(host)), true),
  'bytes after the list': extension(extensionOids.subjectAltName, Uint8Array.of(...derSequence(dns(host)), 0)),
  'left out': undefined,
}

export const altNameExtensions: Draw = (r) => {
  const [label, names] = drawn(r, altNameForms)
  const withName = chance(r, 2)
  const subject = chance(r, 3) ? name(host) : chance(r, 2) ? derSequence() : name('leaf')
  const named = subject.length <= 2 ? 'no subject' : subject.length === name(host).length ? 'its host' : 'a title'
  const end = leaf(root, { subject, parts: { names } })
  const what = `${label}, the subject is ${named}, ${withName ? 'name asked' : 'no name asked'}`
  return question('subjectAltName', what, [end], [root], withName ? {} : { name: undefined })
}

const attribute = (oid: string, tag: number, value: Uint8Array): Uint8Array =>
  derSequence(derOid(oid), derElement(tag, value))
const cn = (value: string, tag = 0x0c): Uint8Array => attribute('2.5.4.3', tag, text(value))
const organization = attribute('2.5.4.10', 0x0c, text('O'))

/** The name of a CA as it stands in its certificate, and in what it issued. */
const namePairs: Readonly<Record<string, readonly [Uint8Array, Uint8Array]>> = {
  'in another case': [name('Middle CA'), name('MIDDLE ca')],
  'with spaces before and after': [name('Middle CA'), name('  Middle CA ')],
  'with two spaces inside': [name('Middle CA'), name('Middle  CA')],
  'as PrintableString': [name('Middle'), name('Middle', 0x13)],
  'as IA5String': [name('Middle'), name('Middle', 0x16)],
  'as T61String': [name('Middle'), name('Middle', 0x14)],
  'as BMPString': [name('M'), derSequence(derSet(attribute('2.5.4.3', 0x1e, Uint8Array.of(0, 0x4d))))],
  'as UniversalString': [name('M'), derSequence(derSet(attribute('2.5.4.3', 0x1c, Uint8Array.of(0, 0, 0, 0x4d))))],
  'as NumericString': [name('12'), name('12', 0x12)],
  'as OCTET STRING': [name('Middle'), name('Middle', 0x04)],
  'with more': [derSequence(derSet(cn('Middle'))), derSequence(derSet(cn('Middle')), derSet(organization))],
  'in another order': [
    derSequence(derSet(cn('Middle')), derSet(organization)),
    derSequence(derSet(organization), derSet(cn('Middle'))),
  ],
  'in one set and in two': [
    derSequence(derSet(cn('Middle'), organization)),
    derSequence(derSet(cn('Middle')), derSet(organization)),
  ],
  'with a set out of order': [
    derSequence(derSet(cn('Middle'), organization)),
    derSequence(derElement(0x31, organization, cn('Middle'))),
  ],
  'composed and decomposed': [name('M\u00fcnchen'), name('Mu\u0308nchen')],
  'of another case beyond ASCII': [name('MÜNCHEN'), name('münchen')],
  empty: [derSequence(), derSequence()],
  'an empty set': [derSequence(derSet()), derSequence(derSet())],
  'invalid UTF-8, the same': [badUtf8(0xff), badUtf8(0xff)],
  'invalid UTF-8, another': [badUtf8(0xff), badUtf8(0xfe)],
  'PrintableString with @': [name('a@b', 0x13), name('a@b', 0x13)],
  'an empty common name': [derSequence(derSet(cn(''))), derSequence(derSet(cn('')))],
  'a NUL inside': [name('a\0b'), name('a\0b')],
  'another name': [name('Middle'), name('Center')],
}

function badUtf8(byte: number): Uint8Array {
  return derSequence(derSet(attribute('2.5.4.3', 0x0c, Uint8Array.of(0x41, byte))))
}

export const caNames: Draw = (r) => {
  const [label, pair] = drawn(r, namePairs)
  const turned = chance(r, 2)
  const [subject = pair[0], written = pair[1]] = turned ? pair.toReversed() : pair
  const between = ca('Middle', root, { subject })
  const end = leaf({ subject: written, keys: between.keys })
  return question('names of CAs', `${label}${turned ? ', turned round' : ''}`, [end, between], [root])
}
