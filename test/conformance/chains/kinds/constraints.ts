// Name constraints of every form against names of that form, in a CA below the root or in the root itself.

import { derElement, derInteger, derOid, derSequence } from '../../../../src/wire/der.ts'
import { extensionOids } from '../../../../src/x509/oids.ts'
import { altNames, constraints, directory, dns, email, extension, ip, name, text, uri } from '../../../x509/make.ts'
import type { Made } from '../../../x509/make.ts'
import { ca, chance, drawn, keysOf, leaf, placed, places, question, root } from '../case.ts'
import type { ChainCase, Draw } from '../case.ts'

interface Form {
  readonly bases: Readonly<Record<string, Uint8Array>>
  readonly names: Readonly<Record<string, Uint8Array>>
}

const texts = (make: (value: string) => Uint8Array, ...values: readonly string[]): Record<string, Uint8Array> =>
  Object.fromEntries(values.map((value) => [JSON.stringify(value), make(value)]))
const addresses = (...values: readonly (readonly number[])[]): Record<string, Uint8Array> =>
  Object.fromEntries(values.map((value) => [value.join('.'), ip(...value)]))

const v6 = (first: number, ...rest: readonly number[]): number[] => [
  first,
  ...Array<number>(15 - rest.length).fill(0),
  ...rest,
]

const forms: Readonly<Record<string, Form>> = {
  dns: {
    bases: texts(
      dns,
      'a.test',
      '.a.test',
      'A.TEST',
      '',
      '.',
      'test',
      '*.a.test',
      'www.a.test',
      'a.test.',
      'a_b.test',
      '-a.test',
      'a..test',
      'a test',
      'xn--bcher-kva.test',
      '192.0.2.1',
      'b.test',
    ),
    names: texts(
      dns,
      'a.test',
      'www.a.test',
      'x.y.a.test',
      'ba.test',
      'b.test',
      '*.a.test',
      '*.test',
      'WWW.A.TEST',
      'www.a.test.',
      'a_b.test',
      'x.a_b.test',
      'b*.a.test',
      '*',
      '',
      'www..test',
      '192.0.2.1',
      'a b.test',
      'xn--bcher-kva.test',
    ),
  },
  email: {
    bases: texts(
      email,
      'a.test',
      '.a.test',
      'u@a.test',
      'U@A.TEST',
      '@a.test',
      'u@',
      '',
      '*@a.test',
      'u@x@a.test',
      'b.test',
      'A.test',
      '"u"@a.test',
    ),
    names: texts(
      email,
      'u@a.test',
      'U@a.test',
      'u@A.TEST',
      'v@a.test',
      'u@x.a.test',
      'u@b.test',
      'u',
      'u@',
      '@a.test',
      'u@x@a.test',
      '"u"@a.test',
      '"u@b.test"@a.test',
      'u@[192.0.2.1]',
      '',
      'u @a.test',
    ),
  },
  uri: {
    bases: texts(
      uri,
      'a.test',
      '.a.test',
      'www.a.test',
      'A.TEST',
      '',
      'http://a.test/',
      '192.0.2.1',
      '*.a.test',
      'b.test',
      'a.test:443',
    ),
    names: texts(
      uri,
      'http://a.test/',
      'https://www.a.test:8080/x?y#z',
      'http://WWW.A.test/',
      'http://b.test/',
      'http://u@a.test/',
      'http://a.test@b.test/',
      'http://u@a.test@b.test/',
      'http://192.0.2.1/',
      'http://[::1]/',
      'urn:x',
      'http:///x',
      'http://a.test\\@b.test/',
      'a.test',
      'http://a.test./',
      'http://%61.test/',
      'http://b.test/?http://a.test/',
      'http://b.test#@a.test/',
      '',
    ),
  },
  ip: {
    bases: addresses(
      [10, 0, 0, 0, 255, 0, 0, 0],
      [10, 1, 2, 3, 255, 255, 255, 255],
      [0, 0, 0, 0, 0, 0, 0, 0],
      [10, 0, 0, 0, 255, 0, 255, 0],
      [10, 1, 2, 3, 255, 0, 0, 0],
      [10, 0, 0, 0],
      [...v6(0x20, 1), ...v6(0xff)],
      [...v6(0), ...v6(0)],
      [...v6(0x20), ...Array<number>(16).fill(255)],
    ),
    names: addresses(
      [10, 1, 2, 3],
      [11, 1, 2, 3],
      [10, 9, 2, 3],
      v6(0x20, 1),
      v6(0x20),
      v6(0x21),
      [10, 1, 2],
      [10, 1, 2, 3, 4],
      [...Array<number>(10).fill(0), 255, 255, 10, 1, 2, 3],
    ),
  },
  directory: {
    bases: {
      'CN=x': directory(name('x')),
      'CN=X': directory(name('X')),
      'CN=x printable': directory(name('x', 0x13)),
      nothing: directory(derSequence()),
      'CN=y': directory(name('y')),
    },
    names: {
      'CN=x': directory(name('x')),
      'CN=X': directory(name('X')),
      'CN=y': directory(name('y')),
      nothing: directory(derSequence()),
    },
  },
  other: {
    bases: {
      'a registered identifier': derElement(0x88, Uint8Array.of(0x2a, 3)),
      'another name': derElement(0xa0, derOid('1.2.3'), derElement(0xa0, derInteger(1))),
      'an EDI party': derElement(0xa5, derElement(0xa1, derElement(0x0c, text('x')))),
    },
    names: {
      'a registered identifier': derElement(0x88, Uint8Array.of(0x2a, 3)),
      'another name': derElement(0xa0, derOid('1.2.3'), derElement(0xa0, derInteger(1))),
      'an EDI party': derElement(0xa5, derElement(0xa1, derElement(0x0c, text('x')))),
    },
  },
}

/** A constraint out of `bases` in a CA, and a name out of `names` in the certificate below it. */
const constrained = (
  r: Parameters<Draw>[0],
  kind: string,
  [form, { bases }]: readonly [string, Pick<Form, 'bases'>],
  [other, { names }]: readonly [string, Pick<Form, 'names'>],
): ChainCase => {
  const [baseLabel, base] = drawn(r, bases)
  const [nameLabel, one] = drawn(r, names)
  const excludes = chance(r, 2)
  const extra = constraints(excludes ? [] : [base], excludes ? [base] : [])
  const between = ca('Middle', root, { parts: { constraints: extra } })
  const end = leaf(between, { parts: { names: altNames(one) } })
  const label = `${form} ${excludes ? 'excluded' : 'permitted'} ${baseLabel}, ${other}name ${nameLabel}`
  return question(kind, label, [end, between], [root], { name: undefined })
}

/** One constraint of a form, one name of the same form, and the host's name beside it. */
export const constraintPairs: Draw = (r) => {
  const [form, parts] = drawn(r, forms)
  return constrained(r, 'constraints', [form, parts], ['', parts])
}

/** A constraint of one form, a name of another. */
export const constraintsOfOthers: Draw = (r) => {
  const [form, parts] = drawn(r, forms)
  const [other, otherParts] = drawn(r, forms)
  if (form === other) return constraintPairs(r)
  return constrained(r, 'constraints of other forms', [form, parts], [`${other} `, otherParts])
}

const nc = (value: Uint8Array, critical = true): Uint8Array => extension(extensionOids.nameConstraints, value, critical)
const subtree = (...parts: Uint8Array[]): Uint8Array => derElement(0xa0, derSequence(...parts))
const without = derSequence()

const shapes: Readonly<Record<string, Uint8Array>> = {
  'not critical, permits': constraints([dns('a.test')], [], false),
  'not critical, excludes': constraints([], [dns('a.test')], false),
  'permits and excludes': constraints([dns('a.test')], [dns('b.test')]),
  'permits and excludes the same': constraints([dns('a.test')], [dns('www.a.test')]),
  'permits two': constraints([dns('b.test'), dns('a.test')], []),
  'an empty list': nc(without),
  'an empty list of permitted': nc(derSequence(derElement(0xa0))),
  'an empty list of excluded': nc(derSequence(derElement(0xa1))),
  'an empty subtree': nc(derSequence(subtree())),
  'minimum 0 written out': nc(derSequence(subtree(dns('a.test'), derElement(0x80, Uint8Array.of(0))))),
  'minimum 1': nc(derSequence(subtree(dns('a.test'), derElement(0x80, Uint8Array.of(1))))),
  'maximum 1': nc(derSequence(subtree(dns('a.test'), derElement(0x81, Uint8Array.of(1))))),
  'excluded before permitted': nc(
    derSequence(derElement(0xa1, derSequence(dns('b.test'))), derElement(0xa0, derSequence(dns('a.test')))),
  ),
  'bytes after it': nc(Uint8Array.of(...derSequence(subtree(dns('a.test'))), 0)),
  'an empty value': nc(new Uint8Array()),
}

export const constraintShapes: Draw = (r) => {
  const [label, extra] = drawn(r, shapes)
  return placed('shapes of constraints', label, r.pick(places), { parts: { constraints: extra } })
}

const mailSubject = derSequence(
  derElement(0x31, derSequence(derOid('1.2.840.113549.1.9.1'), derElement(0x16, text('u@b.test')))),
)
const under = (top: Made, permitted: Uint8Array[], excluded: Uint8Array[] = []): Made =>
  ca('Middle', top, { parts: { constraints: constraints(permitted, excluded) } })

/** Where constraints hold: roots, several CAs, self-issued ones, names of CAs and subjects. */
const scopes: Readonly<Record<string, (inside: boolean) => readonly [Made[], Made]>> = {
  'root and middle': (inside) => {
    const top = ca('Root', undefined, { parts: { constraints: constraints([dns('test')], []) } })
    const between = under(top, [dns(inside ? 'a.test' : 'b.test')])
    return [[leaf(between), between], top]
  },
  'a self-issued CA': (inside) => {
    const first = under(root, [dns('a.test')])
    const names = altNames(dns(inside ? 'a.test' : 'c.test'))
    const second = ca('Middle', first, { keys: keysOf('Middle 2'), parts: { names } })
    return [[leaf(second), second, first], root]
  },
  'the name of a CA': (inside) => {
    const first = under(root, [dns('a.test')])
    const names = altNames(dns(inside ? 'a.test' : 'c.test'))
    const second = ca('Lower', first, { parts: { names } })
    return [[leaf(second), second, first], root]
  },
  'the subject of the leaf': (inside) => {
    const between = under(root, [directory(name(inside ? 'leaf' : 'other'))])
    return [[leaf(between), between], root]
  },
  'the subject of a CA': (inside) => {
    const top = ca('Root', undefined, {
      parts: { constraints: constraints([], [directory(name(inside ? 'x' : 'Middle'))]) },
    })
    const between = ca('Middle', top)
    return [[leaf(between), between], top]
  },
  'mail in the subject': (inside) => {
    const between = under(root, [email('a.test')])
    const parts = inside ? {} : { names: undefined }
    return [[leaf(between, { subject: mailSubject, parts }), between], root]
  },
  'a host in the common name': (inside) => {
    const between = under(root, [dns('a.test')])
    const parts = { names: inside ? altNames(dns('a.test')) : undefined }
    return [[leaf(between, { subject: name('www.b.test'), parts }), between], root]
  },
}

export const constraintScopes: Draw = (r) => {
  const [label, build] = drawn(r, scopes)
  const inside = chance(r, 2)
  const [chain, top] = build(inside)
  return question('scopes of constraints', `${label}, ${inside ? 'inside' : 'outside'}`, chain, [top], {
    name: undefined,
  })
}
