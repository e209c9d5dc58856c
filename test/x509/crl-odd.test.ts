// Revocation never fails open (RFC 5280 section 6.3): an authentic CRL that names a certificate refuses it, whatever
// else is odd about the list; and what is only odd does not make a list useless.

import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { derElement, derInteger, derNull, derOid, derSequence } from '../../src/wire/der.ts'
import { crlCheck, parseCrl, verifyChain } from '../../src/x509/index.ts'
import type { CrlCheckOptions } from '../../src/x509/index.ts'
import { ecdsaSha256, extension, makeCa, makeKeys, makeLeaf, now, text, uri } from './make.ts'
import { crlNumber, deltaTo, entry, flag, fullName, keyIdentifier, makeCrl, points, reason, scope } from './make-crl.ts'
import type { CrlSpec } from './make-crl.ts'
import { verdict } from './support.ts'

const DAY = 86_400_000
const SERIAL = 7
const root = makeCa('Root')
const leaf = makeLeaf(root, { extra: [points([fullName(uri('http://crl.example/a'))])] })

const judge = (crls: readonly Uint8Array[], options: Partial<CrlCheckOptions> = {}): Promise<string> =>
  verdict(
    verifyChain([leaf.der], {
      provider: nodeProvider,
      trust: root.der,
      time: now,
      checks: [crlCheck({ crls, ...options })],
    }),
  )
const both = async (...crls: Uint8Array[]): Promise<readonly string[]> =>
  Promise.all((['hard', 'soft'] as const).map(async (mode) => (await judge(crls, { mode })).replace(/:.*/, '')))

const version1 = { version: undefined, number: undefined }
const otherAlgorithm = derSequence(derOid('1.2.840.10045.4.3.3'))
const critical = extension('1.2.3.4', derNull(), true)
const sha1 = { algorithm: derSequence(derOid('1.2.840.10045.4.1')), hash: 'sha1' }

describe('an authentic list that names the certificate', () => {
  test.each<[string, CrlSpec]>([
    ['plain', {}],
    ['5.1.2.1: version 1', { version: undefined, number: undefined }],
    ['5.1.2.1: version 1 written out', { version: 0, number: undefined }],
    ['5.1.2.1: an unknown version', { version: 4 }],
    ['5.1.2.1: version 1 with extensions', { version: undefined }],
    ['5.1.2.2: two algorithms', { innerAlgorithm: otherAlgorithm }],
    ['5.1.1.2: SHA-1', sha1],
    ['5.1.2.4: from the future', { thisUpdate: now + DAY }],
    ['5.1.2.5: expired', { nextUpdate: now - DAY }],
    ['5.1.2.5: without nextUpdate, and old', { nextUpdate: undefined, thisUpdate: now - 90 * DAY }],
    ['5.2: a critical extension that is not known', { extensions: [critical] }],
    ['5.2.3: no number', { number: undefined }],
    ['5.2.3: a critical number', { number: crlNumber(1, true) }],
    ['5.2.5: a malformed scope', { extensions: [scope(derNull())] }],
    ['5.2.5: some reasons', { extensions: [scope(derElement(0x83, Uint8Array.of(6, 0x40)))] }],
  ])('section %s', async (_, spec) => {
    expect(await both(makeCrl(root, { ...spec, entries: [entry(SERIAL)] }))).toEqual([
      'certificate_revoked',
      'certificate_revoked',
    ])
  })

  test.each<[string, Uint8Array[]]>([
    ['5.3: a critical entry extension that is not known', [entry(SERIAL, critical)]],
    ['5.3: the same on the entry of another', [entry(1, critical), entry(SERIAL)]],
    ['5.3.1: reason 7', [entry(SERIAL, reason(7))]],
    ['5.3.1: reason 11', [entry(SERIAL, reason(11))]],
    ['5.3.1: reason 7 on the entry of another', [entry(1, reason(7)), entry(SERIAL, reason(1))]],
    ['5.3.1: removeFromCRL on a complete list', [entry(SERIAL, reason(8))]],
    ['5.3.1: twice, once removed', [entry(SERIAL, reason(1)), entry(SERIAL, reason(8))]],
    ['5.3.1: twice, the other way round', [entry(SERIAL, reason(8)), entry(SERIAL, reason(1))]],
    ['5.3.3: an entry whose issuer cannot be read', [entry(SERIAL, extension('2.5.29.29', derNull(), true))]],
    ['5.1.2.6: an entry without a date', [derSequence(derInteger(SERIAL))]],
    ['5.1.2.6: an invalid entry of another', [derSequence(derNull()), entry(SERIAL)]],
  ])('section %s', async (_, entries) => {
    expect(await both(makeCrl(root, { entries }))).toEqual(['certificate_revoked', 'certificate_revoked'])
  })

  test('section 5.2.5: a CRL of another distribution point, alone or beside its own', async () => {
    const apart = makeCrl(root, {
      entries: [entry(SERIAL)],
      extensions: [scope(fullName(uri('http://crl.example/b')))],
    })
    expect(await both(apart)).toEqual(['revocation_unknown', 'revocation_unknown'])
    expect(await both(apart, makeCrl(root))).toEqual(['ok', 'ok'])
    expect(await both(makeCrl(root), apart)).toEqual(['ok', 'ok'])
    expect(await both(apart, makeCrl(root, { entries: [entry(SERIAL)] }))).toEqual([
      'certificate_revoked',
      'certificate_revoked',
    ])
    expect(await both(apart, makeCrl(root, { nextUpdate: now - DAY }))).toEqual([
      'revocation_unknown',
      'revocation_unknown',
    ])
  })

  test('section 5.2.4: a delta CRL, beside the complete one or alone', async () => {
    const delta = makeCrl(root, { entries: [entry(SERIAL)], extensions: [deltaTo(1)], number: crlNumber(2) })
    const base = makeCrl(root)
    expect(await both(base, delta)).toEqual(['certificate_revoked', 'certificate_revoked'])
    expect(await both(delta, base)).toEqual(['certificate_revoked', 'certificate_revoked'])
    expect(await both(delta)).toEqual(['revocation_unknown', 'revocation_unknown'])
  })

  test('an older list among newer ones', async () => {
    const older = makeCrl(root, { entries: [entry(SERIAL)], thisUpdate: now - 3 * DAY })
    expect(await both(older, makeCrl(root, { number: crlNumber(2) }))).toEqual([
      'certificate_revoked',
      'certificate_revoked',
    ])
  })

  test('section 6.3.3 (g): not if anybody could have made it', async () => {
    const stranger = { signer: { keys: makeKeys() }, entries: [entry(SERIAL)] }
    expect(await both(makeCrl(root, stranger))).toEqual(['revocation_unknown', 'ok'])
  })

  test('section 5.2.5: a list of CA certificates, and one of attribute certificates', async () => {
    const listedBy = (n: number): Uint8Array =>
      makeCrl(root, { entries: [entry(SERIAL)], extensions: [scope(flag(n))] })
    expect(await both(listedBy(2))).toEqual(['revocation_unknown', 'revocation_unknown'])
    expect(await both(listedBy(5))).toEqual(['revocation_unknown', 'ok'])
  })
})

describe('a list that does not name the certificate', () => {
  test.each<[string, CrlSpec]>([
    ['5.1.2.6: an empty list', { entries: [] }],
    ['5.1.2.1: version 1', { version: undefined, number: undefined }],
    ['5.1.2.1: version 1 written out', { version: 0, number: undefined }],
    ['5.2.3: no number', { number: undefined }],
    ['5.2.3: a critical number', { number: crlNumber(1, true) }],
    ['5.1.2.4: two minutes ahead', { thisUpdate: now + 120_000 }],
    ['5.1.2.5: two minutes late', { nextUpdate: now - 120_000 }],
    ['5.1.2.5: without nextUpdate, a day old', { nextUpdate: undefined }],
    ['5.2.5: FALSE written out', { extensions: [scope(derElement(0x81, Uint8Array.of(0)))] }],
    ['5.2.5: URIs differ in case of scheme and host', { extensions: [scope(fullName(uri('HTTP://CRL.example/a')))] }],
    ['5.2.5: indirect, by the issuer itself', { extensions: [scope(flag(4))] }],
  ])('counts: section %s', async (_, spec) => {
    expect(await judge([makeCrl(root, spec)])).toBe('ok')
  })

  test.each<[string, CrlSpec, RegExp]>([
    ['5.1.2.1: an unknown version', { version: 4 }, /version 5/],
    ['5.1.2.1: version 1 with extensions', { version: undefined }, /version 1 and has extensions/],
    ['5.1.2.1: version 1 with entry extensions', { ...version1, entries: [entry(1, reason(1))] }, /entries with/],
    ['5.1.1.2: SHA-1', sha1, /ecdsa_sha1/],
    ['5.1.2.2: two algorithms', { innerAlgorithm: otherAlgorithm }, /two different signature algorithms/],
    ['5.1.2.4: an hour ahead', { thisUpdate: now + 3_600_000 }, /from the future/],
    ['5.1.2.5: without nextUpdate, eight days old', { nextUpdate: undefined, thisUpdate: now - 8 * DAY }, /8 days old/],
    ['5.2: a critical extension that is not known', { extensions: [critical] }, /1\.2\.3\.4/],
    ['5.3: an entry that cannot be read', { entries: [derSequence(derNull())] }, /malformed/],
    ['5.3.3: an unreadable issuer', { entries: [entry(1, extension('2.5.29.29', derNull()))] }, /indirect/],
    ['5.2.5: an empty scope', { extensions: [scope()] }, /issuingDistributionPoint is empty/],
  ])('does not count: section %s', async (_, spec, sentence) => {
    expect(await judge([makeCrl(root, spec)])).toMatch(sentence)
    expect(await judge([makeCrl(root, spec)])).toMatch(/^revocation_unknown/)
    expect(await judge([makeCrl(root, spec)], { mode: 'soft' })).toBe('ok')
  })

  test('options: strict, allowSha1, maxAge, skew', async () => {
    expect(await judge([makeCrl(root)], { strict: true })).toBe('ok')
    expect(await judge([makeCrl(root, { number: undefined })], { strict: true })).toMatch(/no CRL number/)
    expect(await judge([makeCrl(root, { number: crlNumber(1, true) })], { strict: true })).toMatch(
      /CRL number is critical/,
    )
    expect(await judge([makeCrl(root, { version: undefined, number: undefined })], { strict: true })).toMatch(
      /version 1/,
    )
    expect(await judge([makeCrl(root, { nextUpdate: undefined })], { strict: true })).toMatch(/no nextUpdate/)
    expect(await judge([makeCrl(root, sha1)], { allowSha1: true })).toBe('ok')
    expect(await judge([makeCrl(root)], { maxAge: DAY / 2 })).toMatch(/1 day old/)
    expect(await judge([makeCrl(root, { thisUpdate: now + 1000 })], { skew: 0 })).toMatch(/from the future/)
  })

  test('section 6.3.3 (d): reasons of several lists add up', async () => {
    const some = (...bits: number[]): Uint8Array =>
      makeCrl(root, { extensions: [scope(derElement(0x83, Uint8Array.from(bits)))] })
    const [first, rest] = [some(5, 0x60), some(7, 0x1f, 0x80)]
    expect(await judge([first])).toMatch(/some reasons only/)
    expect(await judge([first, rest])).toBe('ok')
  })
})

describe('holds and delta CRLs (sections 5.2.4 and 5.3.1)', () => {
  const hold = (n: number, more: CrlSpec = {}): Uint8Array =>
    makeCrl(root, { number: crlNumber(n), entries: [entry(SERIAL, reason(6))], ...more })
  const removal = (n: number, base: number, more: readonly Uint8Array[] = []): Uint8Array =>
    makeCrl(root, { number: crlNumber(n), entries: [entry(SERIAL, reason(8))], extensions: [deltaTo(base), ...more] })

  test('the newest delta lifts a hold', async () => {
    expect(await both(hold(5), removal(6, 5))).toEqual(['ok', 'ok'])
    expect(await both(hold(6), removal(7, 5))).toEqual(['ok', 'ok'])
    const again = hold(8, { extensions: [deltaTo(5)] })
    expect(await both(hold(5), removal(7, 5), again)).toEqual(['certificate_revoked', 'certificate_revoked'])
  })
  test('not a delta to a later list, an older one, of another scope or key, or an expired one', async () => {
    expect(await both(hold(5), removal(7, 6))).toEqual(['certificate_revoked', 'certificate_revoked'])
    expect(await both(hold(5), removal(5, 4))).toEqual(['certificate_revoked', 'certificate_revoked'])
    expect(await both(hold(5), removal(6, 5, [scope(flag(1))]))).toEqual(['certificate_revoked', 'certificate_revoked'])
    expect(await both(hold(5), removal(6, 5, [keyIdentifier(root)]))).toEqual([
      'certificate_revoked',
      'certificate_revoked',
    ])
    const entries = [entry(SERIAL, reason(8))]
    const old = makeCrl(root, { number: crlNumber(6), entries, extensions: [deltaTo(5)], nextUpdate: now - DAY })
    expect(await both(hold(5), old)).toEqual(['certificate_revoked', 'certificate_revoked'])
  })
  test('only a hold can be lifted', async () => {
    const compromised = makeCrl(root, { number: crlNumber(5), entries: [entry(SERIAL, reason(1))] })
    expect(await both(compromised, removal(6, 5))).toEqual(['certificate_revoked', 'certificate_revoked'])
    expect(await both(compromised, makeCrl(root, { number: crlNumber(6) }))).toEqual([
      'certificate_revoked',
      'certificate_revoked',
    ])
  })
  test('a newer complete list lifts it too, and an older one does not', async () => {
    expect(await both(hold(5), makeCrl(root, { number: crlNumber(6) }))).toEqual(['ok', 'ok'])
    expect(await both(hold(5), makeCrl(root, { number: crlNumber(4) }))).toEqual([
      'certificate_revoked',
      'certificate_revoked',
    ])
  })
  test('a delta with nothing about the certificate changes nothing', async () => {
    const delta = makeCrl(root, { number: crlNumber(2), extensions: [deltaTo(1)] })
    expect(await both(makeCrl(root), delta)).toEqual(['ok', 'ok'])
    expect(await both(removal(2, 1))).toEqual(['revocation_unknown', 'ok'])
  })
})

test('entries of a list: dates and reasons that cannot be read are undefined', () => {
  const undated = derSequence(derInteger(2), derElement(0x17, text('nonsense')))
  const crl = parseCrl(makeCrl(root, { entries: [entry(1, reason(7)), undated] }))
  expect(crl.find(Uint8Array.of(1))).toMatchObject({ reason: undefined, revocationDate: now - DAY })
  expect(crl.find(Uint8Array.of(2))).toMatchObject({ revocationDate: undefined })
  expect(crl.entries.size).toBe(2)
  expect(ecdsaSha256).toEqual(crl.signatureAlgorithm)
})
