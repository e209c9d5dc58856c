// Certificates that a hostile peer can send before anybody trusts it, each kind in any size: what the bench times by
// growth and test/x509/hostile.test.ts counts. Nothing here needs a signature that holds.

import { createECDH } from 'node:crypto'
import { derBits, derElement, derInteger, derOctets, derOid, derSequence, derSet } from '../../src/wire/der.ts'
import { extensionOids } from '../../src/x509/oids.ts'
import {
  altNames,
  basic,
  certSign,
  constraints,
  dns,
  directory,
  email,
  extension,
  fixedKeys,
  ip,
  make,
  makeCa,
  makeLeaf,
  name,
  text,
  uri,
} from '../x509/make.ts'
import type { Made } from '../x509/make.ts'

export interface Hostile {
  readonly what: string
  /** Chain of DER certificates, leaf first, of a size that grows with `n`. */
  readonly chain: (n: number) => readonly Uint8Array[]
}

const rootKeys = fixedKeys(1)
export const root: Made = makeCa('root', { keys: rootKeys })
const stranger = fixedKeys(2)
const forger = { subject: root.subject, keys: stranger }
const keys = fixedKeys(3)
const count = <T>(n: number, item: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => item(i))

/** Junk is not signed: the bytes of an ECDSA signature that never holds. */
const signature = Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1)

/** The key with other last bytes: a point that is on no curve, which nobody finds out without using it. */
const spkiOf = (i: number): Uint8Array => {
  const spki = keys.spki.slice()
  spki[spki.length - 1] = i & 255
  spki[spki.length - 2] = i >> 8
  return spki
}

/** Keys of P-384 or P-521, all of them points of the curve, so that checks with them take longest. `curve`: as OpenSSL
 * calls it. */
const dearSpki = (curve: string, oid: string): ((i: number) => Uint8Array) => {
  const algorithm = derSequence(derOid('1.2.840.10045.2.1'), derOid(oid))
  const pair = createECDH(curve)
  return (i) => {
    pair.setPrivateKey(Uint8Array.of(1, i >> 8, i & 255))
    return derSequence(algorithm, derBits(new Uint8Array(pair.getPublicKey())))
  }
}
const p384 = dearSpki('secp384r1', '1.3.132.0.34')
const p521 = dearSpki('secp521r1', '1.3.132.0.35')

/** One whose key makes its children dear to check, under the name of the root or its own. */
const dear = (spki: Uint8Array, issuer: string): Uint8Array =>
  make({ subject: name('S'), issuer: { subject: name(issuer), keys }, keys, spki, extensions: [basic(true)] }).der

const junk = (i: number, subject: string, issuer: string, extensions = [basic(true)]): Uint8Array =>
  make({
    subject: name(subject),
    issuer: { subject: name(issuer), keys },
    keys,
    spki: spkiOf(i),
    signature,
    extensions,
  }).der

const leafBelow = (subject: string): Uint8Array =>
  makeLeaf({ der: root.der, subject: name(subject), keys }, { keys }).der
/** One that the root did sign, as anybody can have it: without it there is nothing to search. */
const genuine = makeCa('genuine', { issuer: root, keys: fixedKeys(4), extensions: [basic(true), certSign] }).der

/** Says that the root issued it. */
const top = (subject: string): Uint8Array =>
  makeCa(subject, { issuer: forger, keys, extensions: [basic(true), certSign] }).der

/** `n` levels of two CAs of one name, each certified by both above. */
export const ladder = (n: number, isGood: boolean): readonly Uint8Array[] => {
  let above: Made[] = [isGood ? root : { ...root, keys: stranger }]
  const all: Uint8Array[] = []
  for (let level = 1; level <= n; level++) {
    const pairs = [0, 1].map((side) =>
      above.map((issuer) =>
        makeCa(`level ${level}`, {
          issuer,
          keys: fixedKeys(2 * level + side + 3),
          extensions: [basic(true), certSign],
        }),
      ),
    )
    all.unshift(...pairs.flat().map(({ der }) => der))
    above = pairs.flatMap(([first]) => (first === undefined ? [] : [first]))
  }
  const [last = root] = above
  return [makeLeaf(last, { keys }).der, ...all]
}

const chainWith = (leafExtensions: Uint8Array[], caExtensions: Uint8Array[]): readonly Uint8Array[] => {
  const ca = makeCa('ca', { issuer: root, keys, extensions: [basic(true), certSign, ...caExtensions] })
  return [make({ subject: name('leaf'), issuer: ca, keys, extensions: leafExtensions }).der, ca.der]
}

const policies = (n: number): Uint8Array =>
  extension(extensionOids.certificatePolicies, derSequence(...count(n, (i) => derSequence(derOid(`1.2.3.${i}`)))))
const mappings = (n: number): Uint8Array =>
  extension(
    extensionOids.policyMappings,
    derSequence(...count(n, (i) => derSequence(derOid(`1.2.3.${i}`), derOid('1.2.4')))),
  )
const requirePolicy = extension(extensionOids.policyConstraints, derSequence(derElement(0x80, Uint8Array.of(0))), true)
const keyIdentifier = (length: number, last: number): Uint8Array =>
  extension(extensionOids.subjectKeyIdentifier, derOctets(new Uint8Array(length).fill(last, length - 1)))
const longName = (n: number): Uint8Array =>
  derSequence(...count(n, (i) => derSet(derSequence(derOid('2.5.4.11'), derElement(0x0c, text(`Unit  \u00c4 ${i}`))))))

const unit = (value: string): Uint8Array => derSequence(derOid('2.5.4.11'), derElement(0x0c, text(value)))
/** Combining marks in an order that is not theirs, and a character that becomes 18. */
const marks = (i: number): string => `a${'\u0315\u0300\u05ae'.repeat(8)}${'\ufdfa'.repeat(8)}${i}`

export const hostileInputs: readonly Hostile[] = [
  {
    what: 'junk of one name that issues itself',
    chain: (n) => [leafBelow('S'), genuine, ...count(n, (i) => junk(i, 'S', 'S')), top('S')],
  },
  {
    what: 'junk of two names that issue each other',
    chain: (n) => [
      leafBelow('S'),
      genuine,
      ...count(n, (i) => (i % 2 === 0 ? junk(i, 'S', 'M') : junk(i, 'M', 'S'))),
      top('S'),
    ],
  },
  {
    what: 'junk that has nothing to do with the leaf',
    chain: (n) => [leafBelow('S'), ...count(n, (i) => junk(i, 'Z', 'Y'))],
  },
  {
    what: "junk below the root's name",
    chain: (n) => [leafBelow('S'), genuine, ...count(n, (i) => junk(i, 'S', 'root'))],
  },
  {
    what: 'junk with long key identifiers that differ at the end',
    chain: (n) => [
      leafBelow('S'),
      genuine,
      ...count(n, (i) => junk(i, 'S', 'S', [basic(true), keyIdentifier(500, i)])),
      top('S'),
    ],
  },
  {
    what: 'one certificate, again and again',
    chain: (n) => [leafBelow('S'), ...count(n, () => junk(1, 'S', 'S')), top('S')],
  },
  {
    what: 'junk with keys of P-384',
    chain: (n) => [leafBelow('S'), genuine, ...count(n, (i) => dear(p384(i), 'S')), dear(p384(n), 'root')],
  },
  {
    what: 'junk with keys of P-521',
    chain: (n) => [leafBelow('S'), genuine, ...count(n, (i) => dear(p521(i), 'S')), dear(p521(n), 'root')],
  },
  {
    what: 'a ladder of CAs without a root',
    chain: (n) => {
      const [leaf = genuine, ...cas] = ladder(Math.ceil(n / 8), false)
      return [leaf, genuine, ...cas]
    },
  },
  {
    what: 'one certificate of many extensions',
    chain: (n) =>
      chainWith(
        [altNames(dns('host.example')), ...count(n * 10, (i) => extension(`1.2.3.${i}`, Uint8Array.of(5, 0)))],
        [],
      ),
  },
  {
    what: 'many alternative names',
    chain: (n) => chainWith([altNames(...count(n * 10, (i) => dns(`a${i}.example`)))], []),
  },
  {
    what: 'names and constraints',
    chain: (n) =>
      chainWith(
        [altNames(...count(n, (i) => dns(`a${i}.example`)))],
        [
          constraints(
            [],
            count(n, (i) => dns(`b${i}.example`)),
          ),
        ],
      ),
  },
  {
    what: 'addresses of mail and constraints',
    chain: (n) =>
      chainWith(
        [altNames(...count(n, (i) => email(`a${i}@b.example`)))],
        [
          constraints(
            [],
            count(n, (i) => email(`${i}@b.example`)),
          ),
        ],
      ),
  },
  {
    what: 'URIs and constraints',
    chain: (n) =>
      chainWith(
        [altNames(...count(n, (i) => uri(`https://a${i}.example/`)))],
        [
          constraints(
            [],
            count(n, (i) => uri(`b${i}.example`)),
          ),
        ],
      ),
  },
  {
    what: 'directory names and constraints',
    chain: (n) =>
      chainWith(
        [altNames(...count(n, (i) => directory(name(`a${i}`))))],
        [
          constraints(
            [],
            count(n, (i) => directory(name(`b${i}`))),
          ),
        ],
      ),
  },
  {
    what: 'addresses and constraints',
    chain: (n) =>
      chainWith(
        [altNames(...count(n, (i) => ip(10, 0, i >> 8, i & 255)))],
        [
          constraints(
            [],
            count(n, (i) => ip(11, 0, i >> 8, i & 255, 255, 255, 255, 255)),
          ),
        ],
      ),
  },
  {
    what: 'names of texts that take long to normalise',
    chain: (n) => {
      const [issuer, subject] = [0, 1].map((i) => derSequence(...count(n, () => derSet(unit(marks(i))))))
      if (issuer === undefined || subject === undefined) return []
      return [make({ subject, issuer: { subject: issuer, keys }, keys, extensions: [basic(true)] }).der]
    },
  },
  {
    what: 'one text that takes the square of its length to normalise',
    chain: (n) => {
      const subject = derSequence(derSet(unit(marks(0).repeat(n * 4))))
      return [make({ subject, issuer: { subject: name('root'), keys }, keys, extensions: [basic(true)] }).der]
    },
  },
  {
    what: 'such texts in directory names and constraints',
    chain: (n) => {
      const names = count(n, (i) => directory(derSequence(derSet(unit(marks(i))))))
      return chainWith([altNames(...names)], [constraints([], names.slice(1))])
    },
  },
  {
    what: 'names that are malformed, each in its own way',
    chain: (n) =>
      chainWith(
        [altNames(...count(n * 10, (i) => derElement(i % 2 === 0 ? 0xa4 : 0xa0, Uint8Array.of(0x30, 1, i & 255))))],
        [constraints([directory(name('a'))], [])],
      ),
  },
  {
    what: 'policies and mappings',
    chain: (n) => chainWith([policies(n * 10)], [policies(n * 10), mappings(n * 10), requirePolicy]),
  },
  {
    what: 'names of many attributes',
    chain: (n) => [
      make({
        subject: longName(n * 4),
        issuer: { subject: longName(n * 4), keys },
        keys,
        extensions: [basic(true)],
        serial: derInteger(1),
      }).der,
    ],
  },
]
