// Forms of RSASSA-PSS-params on a certificate (RFC 4055 section 3.1): what means MGF1 of the same hash with a salt of
// its length is taken however it is written, anything else is refused. Verdicts of OpenSSL beside it.

import { constants, sign } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { constructedTag, derBits, derElement, derInteger, derNull, derOid, derSequence } from '../../src/wire/der.ts'
import { encodePem } from '../../src/wire/pem.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { verifyChain } from '../../src/x509/index.ts'
import { OpensslDirectory, withOpenssl } from '../pki/openssl.ts'
import { makeCa, makeKeys, makeLeaf, now } from './make.ts'

const openssl = new OpensslDirectory()
afterAll(() => openssl.remove())

const root = makeCa('Root', {
  keys: makeKeys(2048),
  algorithm: derSequence(derOid('1.2.840.113549.1.1.11'), derNull()),
})
openssl.write('root.pem', encodePem('CERTIFICATE', root.der))

const hashOids = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1', sha384: '2.16.840.1.101.3.4.2.2' } as const
type Hash = keyof typeof hashOids
const lengths = { sha1: 20, sha256: 32, sha384: 48 } as const

const hash = (name: Hash, ...parameters: Uint8Array[]): Uint8Array => derSequence(derOid(hashOids[name]), ...parameters)
const mgf1 = (...content: Uint8Array[]): Uint8Array => derSequence(derOid('1.2.840.113549.1.1.8'), ...content)
const given = (n: number, ...value: Uint8Array[]): Uint8Array => derElement(constructedTag(n), ...value)
const pss = (...parameters: Uint8Array[]): Uint8Array => derSequence(derOid('1.2.840.113549.1.1.10'), ...parameters)
const fields = (name: Hash, salt: number = lengths[name], ...more: Uint8Array[]): Uint8Array =>
  pss(derSequence(given(0, hash(name)), given(1, mgf1(hash(name))), given(2, derInteger(salt)), ...more))

const [plain, long] = [fields('sha256'), fields('sha384')]
const withNulls = pss(
  derSequence(
    given(0, hash('sha256', derNull())),
    given(1, mgf1(hash('sha256', derNull()))),
    given(2, derInteger(32)),
    given(3, derInteger(1)),
  ),
)
const parts = [given(0, hash('sha256')), given(1, mgf1(hash('sha256'))), given(2, derInteger(32))]
const [first = plain, second = plain, third = plain] = parts

interface Form {
  readonly inner: Uint8Array
  readonly outer?: Uint8Array
  readonly name?: Hash
  readonly salt?: number
}

const certificate = (
  { inner, outer = inner, name = 'sha256', salt = lengths[name] }: Form,
  issuer = root,
): Uint8Array => {
  const draft = makeLeaf(issuer, { algorithm: inner, outerAlgorithm: outer })
  const { tbs } = parseCertificate(draft.der)
  const key = { key: root.keys.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt }
  return derSequence(tbs, outer, derBits(new Uint8Array(sign(name, tbs, key))))
}

const judge = async (der: Uint8Array): Promise<string> => {
  const result = await verifyChain([der], { provider: nodeProvider, trust: root.der, time: now })
  return result.ok ? 'ok' : result.reason.code
}
const judgeByOpenssl = (der: Uint8Array): string => {
  openssl.write('leaf.pem', encodePem('CERTIFICATE', der))
  const { status } = openssl.run('verify', '-attime', String(now / 1000), '-CAfile', 'root.pem', 'leaf.pem')
  return status === 0 ? 'ok' : 'refused'
}

const taken: readonly [string, Form][] = [
  ['SHA-256, the trailerField left out', { inner: plain }],
  ['the trailerField written out', { inner: fields('sha256', 32, given(3, derInteger(1))) }],
  ['NULL for the parameters of hashes', { inner: withNulls }],
  ['SHA-384', { inner: long, name: 'sha384' }],
]
test.each(taken)('taken: %s', async (_, form) => {
  expect(await judge(certificate(form))).toBe('ok')
})
withOpenssl.each(taken)('taken by OpenSSL too: %s', (_, form) => {
  expect(judgeByOpenssl(certificate(form))).toBe('ok')
})
test('the same in two forms, inside and outside', async () => {
  expect(await judge(certificate({ inner: plain, outer: withNulls }))).toBe('ok')
  expect(await judge(certificate({ inner: withNulls, outer: plain }))).toBe('ok')
})

const refused: readonly [string, Form][] = [
  ['trailerField 2', { inner: fields('sha256', 32, given(3, derInteger(2))) }],
  ['trailerField 0', { inner: fields('sha256', 32, given(3, derInteger(0))) }],
  ['no parameters', { inner: pss() }],
  ['NULL as parameters', { inner: pss(derNull()) }],
  ['all defaults, over SHA-256', { inner: pss(derSequence()) }],
  ['MGF1 of SHA-1 by default', { inner: pss(derSequence(first, third)) }],
  ['MGF1 of another hash', { inner: pss(derSequence(first, given(1, mgf1(hash('sha384'))), third)) }],
  ['MGF1 without a hash', { inner: pss(derSequence(first, given(1, mgf1()), third)) }],
  ['another hash than that of the signature', { inner: long }],
  ['another salt than that of the signature', { inner: fields('sha256', 20) }],
  ['a negative salt', { inner: pss(derSequence(first, second, given(2, derElement(2, Uint8Array.of(0xe0))))) }],
  ['a salt beyond all numbers', { inner: fields('sha256', 0x7fff_ffff) }],
  ['two salts', { inner: pss(derSequence(first, second, third, third)) }],
  ['fields in another order', { inner: pss(derSequence(second, first, third)) }],
  ['a field that there is not', { inner: pss(derSequence(first, second, third, given(4, derInteger(1)))) }],
  ['more after the parameters', { inner: pss(derSequence(...parts), derNull()) }],
  ['two algorithms', { inner: plain, outer: long }],
]
test.each(refused)('refused: %s', async (_, form) => {
  expect(await judge(certificate(form))).not.toBe('ok')
})
withOpenssl.each(refused)('refused by OpenSSL too: %s', (_, form) => {
  expect(judgeByOpenssl(certificate(form))).toBe('refused')
})

const otherSalts: readonly [string, Form][] = [
  ['a salt of 20 bytes, by default', { inner: pss(derSequence(first, second)), salt: 20 }],
  ['a salt as long as the key allows', { inner: fields('sha256', 222), salt: 222 }],
  ['no salt', { inner: fields('sha256', 0), salt: 0 }],
  ['SHA-1', { inner: pss(derSequence()), name: 'sha1' }],
]
test.each(otherSalts)('TLS has no such scheme: %s', async (_, form) => {
  expect(await judge(certificate(form))).toBe('unsupported_algorithm')
})
withOpenssl.each(otherSalts)('OpenSSL takes it: %s', (_, form) => {
  expect(judgeByOpenssl(certificate(form))).toBe('ok')
})

test('a key for PSS alone (section 1.2) signs certificates with PSS alone', async () => {
  const pkcs1 = derSequence(derOid('1.2.840.113549.1.1.11'), derNull())
  const { raw } = parseCertificate(root.der).publicKey
  const spki = derSequence(plain, derBits(raw))
  const ca = makeCa('PSS', { keys: root.keys, spki, issuer: root, algorithm: pkcs1 })
  const verdict = async (der: Uint8Array): Promise<boolean> =>
    (await verifyChain([der, ca.der], { provider: nodeProvider, trust: root.der, time: now })).ok
  expect(await verdict(makeLeaf(ca, { algorithm: pkcs1 }).der)).toBe(false)
  expect(await verdict(certificate({ inner: withNulls }, ca))).toBe(true)
})

test('RFC 9846 section 4.3.3: the parameters of a key are those of its signatures', async () => {
  const { raw } = parseCertificate(root.der).publicKey
  const pkcs1 = derSequence(derOid('1.2.840.113549.1.1.11'), derNull())
  const verdict = async (parameters: Uint8Array): Promise<boolean> => {
    const ca = makeCa('PSS', {
      keys: root.keys,
      spki: derSequence(parameters, derBits(raw)),
      issuer: root,
      algorithm: pkcs1,
    })
    const chain = [certificate({ inner: plain }, ca), ca.der]
    return (await verifyChain(chain, { provider: nodeProvider, trust: root.der, time: now })).ok
  }
  expect(await verdict(pss())).toBe(true)
  expect(await verdict(plain)).toBe(true)
  expect(await verdict(fields('sha256', 20))).toBe(false)
  expect(await verdict(long)).toBe(false)
})
