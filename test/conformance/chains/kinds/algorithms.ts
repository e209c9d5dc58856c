// Keys of every kind and strength, signature algorithms however they are written, and signatures that are wrong.

import { constants, createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { concat } from '../../../../src/wire/bytes.ts'
import { derBits, derElement, derInteger, derNull, derOid, derSequence } from '../../../../src/wire/der.ts'
import { parseCertificate } from '../../../../src/x509/certificate.ts'
import type { Keys, Made } from '../../../x509/make.ts'
import { ca, chance, drawn, keysOf, leaf, placed, question, root } from '../case.ts'
import type { Draw, Plan } from '../case.ts'

interface Pair extends Keys {
  readonly publicKey: KeyObject
}

const pairOf = ({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): Pair => {
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
  return { privateKey, publicKey, spki, id: new Uint8Array(createHash('sha1').update(spki).digest()) }
}

/** Keys are made when first asked for. */
const makers: Readonly<Record<string, () => Pair>> = {
  'RSA of 1024 bits': () => pairOf(generateKeyPairSync('rsa', { modulusLength: 1024 })),
  'RSA of 2047 bits': () => pairOf(generateKeyPairSync('rsa', { modulusLength: 2047 })),
  'RSA of 2048 bits': () => pairOf(generateKeyPairSync('rsa', { modulusLength: 2048 })),
  'RSA of 2049 bits': () => pairOf(generateKeyPairSync('rsa', { modulusLength: 2049 })),
  'RSA of 2048 bits, exponent 3': () => pairOf(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })),
  'RSA for PSS alone': () => pairOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })),
  'P-224': () => pairOf(generateKeyPairSync('ec', { namedCurve: 'P-224' })),
  'P-256': () => pairOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  'P-384': () => pairOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
  'P-521': () => pairOf(generateKeyPairSync('ec', { namedCurve: 'P-521' })),
  secp256k1: () => pairOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })),
  brainpoolP256r1: () => pairOf(generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' })),
  'P-256 with explicit parameters': () =>
    pairOf(generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })),
  Ed25519: () => pairOf(generateKeyPairSync('ed25519')),
  Ed448: () => pairOf(generateKeyPairSync('ed448')),
  DSA: () => pairOf(generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 })),
}
const made = new Map<string, Pair>()
const pair = (title: string): Pair => {
  let found = made.get(title)
  if (found === undefined) made.set(title, (found = (makers[title] ?? failed(title))()))
  return found
}
const failed = (title: string): never => {
  throw new Error(`no key ${title}`)
}

/** Public keys with something odd about how they are written. */
const oddKeys: Readonly<Record<string, () => Keys>> = {
  'RSA without parameters': () => rewritten(derSequence(derOid('1.2.840.113549.1.1.1')), rsaPoint()),
  'RSA with parameters of another kind': () =>
    rewritten(derSequence(derOid('1.2.840.113549.1.1.1'), derInteger(1)), rsaPoint()),
  'RSA with an even exponent': () => rsaOf((n) => derSequence(n, derInteger(4))),
  'RSA with exponent 1': () => rsaOf((n) => derSequence(n, derInteger(1))),
  'RSA with a negative modulus': () => rsaOf((_, bytes) => derSequence(derElement(2, bytes), derInteger(65_537))),
  'RSA with an exponent of 5 bytes': () => rsaOf((n) => derSequence(n, derElement(2, Uint8Array.of(1, 0, 0, 0, 1)))),
  'RSA with more after the exponent': () => rsaOf((n) => derSequence(n, derInteger(65_537), derInteger(1))),
  'P-256 compressed': () => {
    const { spki, ...more } = keysOf('leaf')
    const point = spki.subarray(-65)
    const last = point.at(-1) ?? 0
    return { ...more, spki: ecKey(concat(Uint8Array.of(2 + (last & 1)), point.subarray(1, 33))) }
  },
  'P-256 hybrid point': () => {
    const { spki, ...more } = keysOf('leaf')
    const point = spki.subarray(-65)
    return { ...more, spki: ecKey(concat(Uint8Array.of(6 + ((point.at(-1) ?? 0) & 1)), point.subarray(1))) }
  },
  'P-256 not on the curve': () => {
    const { spki, ...more } = keysOf('leaf')
    return { ...more, spki: spki.map((byte, i) => (i === spki.length - 1 ? byte ^ 1 : byte)) }
  },
  'P-256 at infinity': () => ({ ...keysOf('leaf'), spki: ecKey(Uint8Array.of(0)) }),
  'P-256 short': () => ({ ...keysOf('leaf'), spki: ecKey(keysOf('leaf').spki.subarray(-65, -1)) }),
  'P-256 without parameters': () => ({
    ...keysOf('leaf'),
    spki: derSequence(derSequence(derOid('1.2.840.10045.2.1')), derBits(keysOf('leaf').spki.subarray(-65))),
  }),
  'Ed25519 with NULL': () => ({
    ...pair('Ed25519'),
    spki: derSequence(derSequence(derOid('1.3.101.112'), derNull()), derBits(pair('Ed25519').spki.subarray(-32))),
  }),
  'an unknown kind': () => ({
    ...keysOf('leaf'),
    spki: derSequence(derSequence(derOid('1.2.3.4')), derBits(Uint8Array.of(1))),
  }),
  X25519: () => {
    const spki = new Uint8Array(generateKeyPairSync('x25519').publicKey.export({ format: 'der', type: 'spki' }))
    return { ...keysOf('leaf'), spki }
  },
}
const ecKey = (point: Uint8Array): Uint8Array =>
  derSequence(derSequence(derOid('1.2.840.10045.2.1'), derOid('1.2.840.10045.3.1.7')), derBits(point))
const rsaPoint = (): Uint8Array => parseCertificateKey(pair('RSA of 2048 bits').spki)
const parseCertificateKey = (spki: Uint8Array): Uint8Array => parseCertificate(leaf(root, { spki }).der).publicKey.raw
const rewritten = (algorithm: Uint8Array, raw: Uint8Array): Keys => ({
  ...pair('RSA of 2048 bits'),
  spki: derSequence(algorithm, derBits(raw)),
})
const rsaOf = (build: (modulus: Uint8Array, bytes: Uint8Array) => Uint8Array): Keys => {
  const jwk = pair('RSA of 2048 bits').publicKey.export({ format: 'jwk' })
  const bytes = new Uint8Array(Buffer.from(jwk.n ?? '', 'base64url'))
  return rewritten(
    derSequence(derOid('1.2.840.113549.1.1.1'), derNull()),
    build(derElement(2, Uint8Array.of(0), bytes), bytes),
  )
}

export const leafKeys: Draw = (r) => {
  const titles = [...Object.keys(makers), ...Object.keys(oddKeys)]
  const title = r.pick(titles)
  const keys = oddKeys[title]?.() ?? pair(title)
  return placed('keys of leaves', title, 'leaf', { keys })
}

const rsaWith = (last: number, ...parameters: Uint8Array[]): Uint8Array =>
  derSequence(derOid(`1.2.840.113549.1.1.${last}`), ...parameters)
const ecdsaWith = (last: string, ...parameters: Uint8Array[]): Uint8Array =>
  derSequence(derOid(`1.2.840.10045.4.${last}`), ...parameters)

interface Signing {
  readonly key: string
  readonly hash: string
  readonly algorithm: Uint8Array
  readonly outer?: Uint8Array
  /** Length of the salt; with PSS. */
  readonly salt?: number
  readonly mgf?: string
}

const hashOids: Readonly<Record<string, string>> = {
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}
const hash = (title: string, ...parameters: Uint8Array[]): Uint8Array =>
  derSequence(derOid(hashOids[title] ?? ''), ...parameters)
const mgf1 = (title: string): Uint8Array => derSequence(derOid('1.2.840.113549.1.1.8'), hash(title, derNull()))
const field = (n: number, value: Uint8Array): Uint8Array => derElement(0xa0 | n, value)
const pss = (title: string, salt: number, mask = title, ...more: Uint8Array[]): Uint8Array =>
  rsaWith(10, derSequence(field(0, hash(title, derNull())), field(1, mgf1(mask)), field(2, derInteger(salt)), ...more))

const rsa = 'RSA of 2048 bits'
const signings: Readonly<Record<string, Signing>> = {
  'RSA with SHA-256': { key: rsa, hash: 'sha256', algorithm: rsaWith(11, derNull()) },
  'RSA with SHA-384': { key: rsa, hash: 'sha384', algorithm: rsaWith(12, derNull()) },
  'RSA with SHA-512': { key: rsa, hash: 'sha512', algorithm: rsaWith(13, derNull()) },
  'RSA with SHA-224': { key: rsa, hash: 'sha224', algorithm: rsaWith(14, derNull()) },
  'RSA with SHA-1': { key: rsa, hash: 'sha1', algorithm: rsaWith(5, derNull()) },
  'RSA with MD5': { key: rsa, hash: 'md5', algorithm: rsaWith(4, derNull()) },
  'RSA without parameters': { key: rsa, hash: 'sha256', algorithm: rsaWith(11) },
  'RSA with two ways to write it': { key: rsa, hash: 'sha256', algorithm: rsaWith(11), outer: rsaWith(11, derNull()) },
  'RSA with an integer as parameters': { key: rsa, hash: 'sha256', algorithm: rsaWith(11, derInteger(1)) },
  'RSA, another hash outside': {
    key: rsa,
    hash: 'sha256',
    algorithm: rsaWith(12, derNull()),
    outer: rsaWith(11, derNull()),
  },
  'RSA of 1024 bits': { key: 'RSA of 1024 bits', hash: 'sha256', algorithm: rsaWith(11, derNull()) },
  'RSA with exponent 3': { key: 'RSA of 2048 bits, exponent 3', hash: 'sha256', algorithm: rsaWith(11, derNull()) },
  'PSS with SHA-256': { key: rsa, hash: 'sha256', salt: 32, algorithm: pss('sha256', 32) },
  'PSS with SHA-384': { key: rsa, hash: 'sha384', salt: 48, algorithm: pss('sha384', 48) },
  'PSS with SHA-512': { key: rsa, hash: 'sha512', salt: 64, algorithm: pss('sha512', 64) },
  'PSS with SHA-1': { key: rsa, hash: 'sha1', salt: 20, algorithm: rsaWith(10, derSequence()) },
  'PSS with SHA-224': { key: rsa, hash: 'sha224', salt: 28, algorithm: pss('sha224', 28) },
  'PSS, hashes without NULL': {
    key: rsa,
    hash: 'sha256',
    salt: 32,
    algorithm: rsaWith(
      10,
      derSequence(
        field(0, hash('sha256')),
        field(1, derSequence(derOid('1.2.840.113549.1.1.8'), hash('sha256'))),
        field(2, derInteger(32)),
      ),
    ),
  },
  'PSS, trailer written out': {
    key: rsa,
    hash: 'sha256',
    salt: 32,
    algorithm: pss('sha256', 32, 'sha256', field(3, derInteger(1))),
  },
  'PSS, another trailer': {
    key: rsa,
    hash: 'sha256',
    salt: 32,
    algorithm: pss('sha256', 32, 'sha256', field(3, derInteger(2))),
  },
  'PSS with a salt of 20': { key: rsa, hash: 'sha256', salt: 20, algorithm: pss('sha256', 20) },
  'PSS with another salt than it says': { key: rsa, hash: 'sha256', salt: 20, algorithm: pss('sha256', 32) },
  'PSS, another mask hash than it says': { key: rsa, hash: 'sha256', salt: 32, algorithm: pss('sha256', 32, 'sha384') },
  'PSS without parameters': { key: rsa, hash: 'sha256', salt: 32, algorithm: rsaWith(10) },
  'PSS with NULL': { key: rsa, hash: 'sha256', salt: 32, algorithm: rsaWith(10, derNull()) },
  'PSS by a key for PSS': { key: 'RSA for PSS alone', hash: 'sha256', salt: 32, algorithm: pss('sha256', 32) },
  'P-256 with SHA-256': { key: 'P-256', hash: 'sha256', algorithm: ecdsaWith('3.2') },
  'P-256 with SHA-384': { key: 'P-256', hash: 'sha384', algorithm: ecdsaWith('3.3') },
  'P-256 with SHA-1': { key: 'P-256', hash: 'sha1', algorithm: ecdsaWith('1') },
  'P-256 with SHA-224': { key: 'P-256', hash: 'sha224', algorithm: ecdsaWith('3.1') },
  'P-256 with NULL': { key: 'P-256', hash: 'sha256', algorithm: ecdsaWith('3.2', derNull()) },
  'P-256 with an integer as parameters': { key: 'P-256', hash: 'sha256', algorithm: ecdsaWith('3.2', derInteger(1)) },
  'P-384 with SHA-384': { key: 'P-384', hash: 'sha384', algorithm: ecdsaWith('3.3') },
  'P-384 with SHA-256': { key: 'P-384', hash: 'sha256', algorithm: ecdsaWith('3.2') },
  'P-521 with SHA-512': { key: 'P-521', hash: 'sha512', algorithm: ecdsaWith('3.4') },
  'P-224 with SHA-256': { key: 'P-224', hash: 'sha256', algorithm: ecdsaWith('3.2') },
  'secp256k1 with SHA-256': { key: 'secp256k1', hash: 'sha256', algorithm: ecdsaWith('3.2') },
  'brainpoolP256r1 with SHA-256': { key: 'brainpoolP256r1', hash: 'sha256', algorithm: ecdsaWith('3.2') },
  'P-256 with explicit parameters': {
    key: 'P-256 with explicit parameters',
    hash: 'sha256',
    algorithm: ecdsaWith('3.2'),
  },
  Ed25519: { key: 'Ed25519', hash: '', algorithm: derSequence(derOid('1.3.101.112')) },
  'Ed25519 with NULL': { key: 'Ed25519', hash: '', algorithm: derSequence(derOid('1.3.101.112'), derNull()) },
  Ed448: { key: 'Ed448', hash: '', algorithm: derSequence(derOid('1.3.101.113')) },
  'DSA with SHA-256': { key: 'DSA', hash: 'sha256', algorithm: derSequence(derOid('2.16.840.1.101.3.4.3.2')) },
  'an unknown algorithm': { key: 'P-256', hash: 'sha256', algorithm: derSequence(derOid('1.2.3.4')) },
  'ECDSA named, RSA meant': { key: rsa, hash: 'sha256', algorithm: ecdsaWith('3.2') },
}

const signed = (tbs: Uint8Array, { key, hash: digest, salt }: Signing): Uint8Array =>
  new Uint8Array(
    sign(digest === '' ? null : digest, tbs, {
      key: pair(key).privateKey,
      ...(salt === undefined ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt }),
    }),
  )

/** A certificate that an authority signs as `how` says. */
const signedAs = (how: Signing, issuer: Made, end: boolean): Made => {
  const plan: Plan = {
    algorithm: how.algorithm,
    outerAlgorithm: how.outer ?? how.algorithm,
    signature: Uint8Array.of(0),
  }
  const draft = end ? leaf(issuer, plan) : ca('Lower', issuer, plan)
  const tbs = draft.der.subarray(...tbsOf(draft.der))
  return { ...draft, der: derSequence(tbs, plan.outerAlgorithm ?? how.algorithm, derBits(signed(tbs, how))) }
}
/** Where the tbsCertificate is; its length and that of the whole take three bytes or less. */
const tbsOf = (der: Uint8Array): [number, number] => {
  const start = 2 + ((der[1] ?? 0) & 0x80 ? (der[1] ?? 0) & 0x7f : 0)
  const size = der[start + 1] ?? 0
  const count = size & 0x80 ? size & 0x7f : 0
  const length =
    count === 0 ? size : der.subarray(start + 2, start + 2 + count).reduce((sum, byte) => sum * 256 + byte, 0)
  return [start, start + 2 + count + length]
}

const rootAlgorithm = (how: Signing): Plan => ({ algorithm: how.algorithm, signature: Uint8Array.of(0x30, 0) })

export const signatures: Draw = (r) => {
  const [label, how] = drawn(r, signings)
  const onCa = chance(r, 3)
  const keys = pair(how.key)
  // A root is not asked for its own signature.
  const top = ca('Root', undefined, { keys, ...rootAlgorithm(signings['RSA with SHA-256'] ?? how) })
  if (!onCa) return question('signatures', label, [signedAs(how, top, true)], [top])
  const between = signedAs(how, top, false)
  return question('signatures', `${label}, on a CA`, [leaf(between), between], [top])
}

const ecdsa = (r: Uint8Array, s: Uint8Array): Uint8Array => derSequence(derElement(2, r), derElement(2, s))
const wrong: Readonly<Record<string, (right: Uint8Array) => Uint8Array>> = {
  empty: () => derBits(new Uint8Array()),
  'unused bits': (right) => derElement(3, Uint8Array.of(1), right),
  'a byte after it': (right) => derBits(concat(right, Uint8Array.of(0))),
  'a byte less': (right) => derBits(right.subarray(0, -1)),
  'a changed bit': (right) => derBits(right.map((byte, i) => (i === right.length - 1 ? byte ^ 1 : byte))),
  zeros: () => derBits(ecdsa(Uint8Array.of(0), Uint8Array.of(0))),
  ones: () => derBits(ecdsa(Uint8Array.of(1), Uint8Array.of(1))),
  'r padded': (right) => derBits(padded(right)),
  'its length in two bytes': (right) => derBits(concat(Uint8Array.of(0x30, 0x81), right.subarray(1))),
  'r and s as they are': (right) => derBits(right.subarray(4)),
  'no bit string': (right) => derElement(4, right),
}
const padded = (right: Uint8Array): Uint8Array => {
  const length = right[3] ?? 0
  const first = right.subarray(4, 4 + length)
  return derSequence(derElement(2, Uint8Array.of(0), first), right.subarray(4 + length))
}

export const wrongSignatures: Draw = (r) => {
  const [label, change] = drawn(r, wrong)
  const end = leaf(root)
  const [from, to] = tbsOf(end.der)
  const tbs = end.der.subarray(from, to)
  const algorithm = ecdsaWith('3.2')
  const right = new Uint8Array(sign('sha256', tbs, root.keys.privateKey))
  return question('wrong signatures', label, [derSequence(tbs, algorithm, change(right))], [root])
}
