// Lists that try to hide a revocation in what is odd about them (RFC 5280 sections 5 and 6.3.3): duplicates, padding,
// fields that nobody can read, issuers that are named where none may be; and lists that are odd and harmless.

import { constants, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { concat } from '../../src/wire/bytes.ts'
import {
  constructedTag,
  derBits,
  derElement,
  derGeneralizedTime,
  derInteger,
  derNull,
  derOctets,
  derOid,
  derSequence,
} from '../../src/wire/der.ts'
import { crlCheck, verifyChain } from '../../src/x509/index.ts'
import {
  altNames,
  directory,
  dns,
  ecdsaSha256,
  extension,
  make,
  makeCa,
  makeKeys,
  name,
  now,
  utcTime,
  makeLeaf,
  uri,
} from './make.ts'
import type { Made } from './make.ts'
import {
  certificateIssuer,
  crlIssuer,
  crlNumber,
  deltaTo,
  entry,
  flag,
  fullName,
  makeCrl,
  points,
  reason,
  scope,
} from './make-crl.ts'
import type { CrlSpec } from './make-crl.ts'
import { verdict } from './support.ts'

const DAY = 86_400_000
const SERIAL = 7
const root = makeCa('Root')
const leaf = makeLeaf(root)

/** Verdicts in hard and soft mode. Found by a function: a list that can't be read at all is then none. */
const both = async (crls: readonly Uint8Array[], end: Made = leaf, trust: Made = root): Promise<readonly string[]> =>
  Promise.all(
    (['hard', 'soft'] as const).map(async (mode) => {
      const checks = [crlCheck({ crls: () => crls, mode })]
      const options = { provider: nodeProvider, trust: trust.der, time: now, checks }
      return (await verdict(verifyChain([end.der], options))).replace(/:.*/, '')
    }),
  )
const revoked = ['certificate_revoked', 'certificate_revoked']
const refused = ['revocation_unknown', 'revocation_unknown']
const unknown = ['revocation_unknown', 'ok']
const ok = ['ok', 'ok']

/** A list from its fields, for what `makeCrl` has no place for. */
const fields = (...tbs: Uint8Array[]): Uint8Array => {
  const signed = derSequence(...tbs)
  return derSequence(signed, ecdsaSha256, derBits(new Uint8Array(sign('sha256', signed, root.keys.privateKey))))
}
const [yesterday, tomorrow] = [derGeneralizedTime(now - DAY), derGeneralizedTime(now + DAY)]
const list = derSequence(entry(SERIAL))
const v2 = derInteger(1)
const other = name('Other')
const integer = (...content: number[]): Uint8Array => derElement(0x02, Uint8Array.from(content))
const listed = (...content: number[]): Uint8Array => derSequence(integer(...content), yesterday)
const twice = [reason(1), reason(1)]
const garbage = extension('2.5.29.21', Uint8Array.of(0x0a, 0x00))
const hold = entry(SERIAL, reason(6))

describe('an authentic list that names the certificate refuses it (section 6.3.3)', () => {
  test.each<[string, Uint8Array[]]>([
    ['5.1.2.6: a serial number with a byte too many', [listed(0, SERIAL)]],
    ['5.1.2.6: with many', [listed(0, 0, 0, 0, SERIAL)]],
    ['5.1.2.6: after an empty one', [listed(), entry(SERIAL)]],
    ['5.1.2.6: after a negative one and a long one', [listed(0x87), listed(1, ...Array(40).fill(9)), entry(SERIAL)]],
    ['5.1.2.6: after an entry that is no SEQUENCE', [derNull(), entry(SERIAL)]],
    ['5.1.2.6: before one', [entry(SERIAL), derNull()]],
    ['5.1.2.6: its date in a form that there is not', [derSequence(derInteger(SERIAL), utcTime('2605010000Z'))]],
    ['5.1.2.6: revoked in the future', [derSequence(derInteger(SERIAL), tomorrow)]],
    ['5.3: its extensions are a NULL', [derSequence(derInteger(SERIAL), yesterday, derNull())]],
    ['5.3: the same extension twice', [entry(SERIAL, ...twice)]],
    ['5.3: an empty list of extensions', [derSequence(derInteger(SERIAL), yesterday, derSequence())]],
    ['5.3: more after the extensions', [derSequence(derInteger(SERIAL), yesterday, derSequence(reason(1)), derNull())]],
    ['5.3.1: a reason without a number', [entry(SERIAL, garbage)]],
    ['5.3.1: a reason that is an INTEGER', [entry(SERIAL, extension('2.5.29.21', derInteger(8)))]],
    ['5.3.1: reason 255', [entry(SERIAL, reason(255))]],
    ['5.3.1: a critical reason', [entry(SERIAL, extension('2.5.29.21', derElement(0x0a, Uint8Array.of(1)), true))]],
    ['5.3.2: an invalidity date that is still to come', [entry(SERIAL, extension('2.5.29.24', tomorrow))]],
    ['5.3.2: an unreadable invalidity date', [entry(SERIAL, extension('2.5.29.24', derNull(), true))]],
    ['5.3.3: another issuer, on a list that is not indirect', [entry(SERIAL, certificateIssuer(other))]],
    ['5.3.3: another issuer on the entry before', [entry(1, certificateIssuer(other)), entry(SERIAL)]],
    ['5.3.3: an unreadable issuer on the entry before', [entry(1, extension('2.5.29.29', derNull())), entry(SERIAL)]],
    [
      '5.3.3: an issuer without a directory name',
      [entry(1, extension('2.5.29.29', derSequence(uri('a:b'))))].concat(list.slice(2)),
    ],
  ])('section %s', async (_, entries) => {
    expect(await both([makeCrl(root, { entries })])).toEqual(revoked)
  })

  test.each<[string, CrlSpec]>([
    ['5.1.2.1: version 300', { version: 300 }],
    [
      '5.1.1.2: ECDSA with NULL as parameters inside',
      { innerAlgorithm: derSequence(derOid('1.2.840.10045.4.3.2'), derNull()) },
    ],
    ['5.1.2.4: thisUpdate after nextUpdate', { thisUpdate: now - DAY, nextUpdate: now - 2 * DAY }],
    ['5.2: an extension twice', { extensions: [crlNumber(1)] }],
    ['5.2: an unreadable key identifier', { extensions: [extension('2.5.29.35', derNull())] }],
    ['5.2.3: an invalid number', { number: extension('2.5.29.20', derNull()) }],
    ['5.2.3: a number of 40 bytes', { number: extension('2.5.29.20', integer(1, ...Array(39).fill(0))) }],
    ['5.2.5: a scope of users', { extensions: [scope(flag(1))] }],
    ['5.2.5: an indirect list', { extensions: [scope(flag(4))] }],
    ['5.2.5: a scope that contradicts itself', { extensions: [scope(flag(1), flag(2))] }],
    ['5.2.5: no reasons', { extensions: [scope(derElement(0x83, Uint8Array.of(0)))] }],
    ['5.2.5: an unknown field', { extensions: [scope(derElement(0x89, Uint8Array.of(0xff)))] }],
    ['5.2.6: an unreadable freshest CRL', { extensions: [extension('2.5.29.46', derNull(), true)] }],
  ])('section %s', async (_, spec) => {
    expect(await both([makeCrl(root, { ...spec, entries: [entry(SERIAL)] })])).toEqual(revoked)
  })

  test.each<[string, Uint8Array[]]>([
    ['5.1.2.4: thisUpdate without seconds', [v2, ecdsaSha256, root.subject, utcTime('2605310000Z'), tomorrow, list]],
    ['5.1.2.4: no thisUpdate', [v2, ecdsaSha256, root.subject, list]],
    ['5.1.2.4: thisUpdate is a NULL', [v2, ecdsaSha256, root.subject, derNull(), tomorrow, list]],
    [
      '5.1.2.5: nextUpdate with a fraction',
      [v2, ecdsaSha256, root.subject, yesterday, derElement(0x18, new TextEncoder().encode('20260701000000.5Z')), list],
    ],
    ['5.1.2.5: three dates', [v2, ecdsaSha256, root.subject, yesterday, tomorrow, tomorrow, list]],
    ['5.1.2.1: a negative version', [integer(0xff), ecdsaSha256, root.subject, yesterday, tomorrow, list]],
    ['5.1.2.1: a padded version', [integer(0, 1), ecdsaSha256, root.subject, yesterday, tomorrow, list]],
    [
      '5.1.2.7: invalid extensions',
      [v2, ecdsaSha256, root.subject, yesterday, tomorrow, list, derElement(constructedTag(0), derNull())],
    ],
    [
      '5.1.2.7: a field after the extensions',
      [
        v2,
        ecdsaSha256,
        root.subject,
        yesterday,
        tomorrow,
        list,
        derElement(constructedTag(0), derSequence(crlNumber(1))),
        derNull(),
      ],
    ],
  ])('section %s, and nobody can rely on what such a list leaves out', async (_, tbs) => {
    expect(await both([fields(...tbs)])).toEqual(revoked)
    expect(await both([fields(...tbs.filter((field) => field !== list))])).toEqual(unknown)
  })

  test('section 5.3.1: a hold does not hide a revocation beside it, in one list or in two', async () => {
    for (const entries of [
      [hold, entry(SERIAL, reason(1))],
      [entry(SERIAL, reason(1)), hold],
    ]) {
      const lifted = makeCrl(root, { number: crlNumber(2) })
      expect(await both([makeCrl(root, { entries }), lifted])).toEqual(revoked)
    }
    const [held, gone] = [[hold], [entry(SERIAL)]].map((entries) => makeCrl(root, { entries }))
    expect(await both([held, gone, makeCrl(root, { number: crlNumber(2) })].flatMap((crl) => crl ?? []))).toEqual(
      revoked,
    )
  })

  test('section 5.2.4: beside a list, removed by a delta that is odd', async () => {
    const base = makeCrl(root, { number: crlNumber(5), entries: [hold] })
    const removal = { number: crlNumber(6), entries: [entry(SERIAL, reason(8))] }
    const delta = (spec: CrlSpec): Uint8Array => makeCrl(root, { ...removal, extensions: [deltaTo(5)], ...spec })
    expect(await both([base, delta({})])).toEqual(ok)
    const odd: CrlSpec[] = [
      { extensions: [deltaTo(5), deltaTo(5)] },
      { extensions: [extension('2.5.29.27', derNull(), true)] },
      { extensions: [deltaTo(5), extension('1.2.3', derNull(), true)] },
      { thisUpdate: now + DAY },
      { number: undefined },
      { version: undefined },
      { signer: { keys: makeKeys() } },
      { entries: [entry(SERIAL, reason(8)), entry(SERIAL, reason(1))] },
      { entries: [entry(SERIAL, reason(8)), derNull()] },
    ]
    for (const spec of odd) expect(await both([base, delta(spec)])).toEqual(revoked)
  })

  test('section 5.2.5: a list of certificates of another kind, unless one of its own kind says otherwise', async () => {
    const apart = makeCrl(root, { entries: [entry(SERIAL)], extensions: [scope(flag(2))] })
    expect(await both([apart])).toEqual(refused)
    expect(await both([apart, makeCrl(root)])).toEqual(ok)
  })

  test('section 5.3.3: an entry of an indirect list whose extensions cannot be read is of any issuer', async () => {
    const own = makeLeaf(root, { extra: [points([crlIssuer(root.subject)])] })
    const entries = [entry(1, certificateIssuer(other)), entry(SERIAL, ...twice)]
    expect(await both([makeCrl(root, { entries, extensions: [scope(flag(4))] })], own)).toEqual(revoked)
    const named = [entry(1, certificateIssuer(other)), entry(SERIAL)]
    expect(await both([makeCrl(root, { entries: named, extensions: [scope(flag(4))] })], own)).toEqual(ok)
    expect(await both([makeCrl(root, { entries: named, extensions: [scope(flag(4)), scope(flag(4))] })], own)).toEqual(
      revoked,
    )
  })

  test('serial numbers of 20 bytes, negative and zero', async () => {
    for (const content of [[0x7f, ...Array(19).fill(0xab)], [0x87], [0]]) {
      const end = makeLeaf(root, { serial: integer(...content) })
      const [first = 0] = content
      const padded = listed(first >= 0x80 ? 0xff : 0, ...content)
      expect(await both([makeCrl(root, { entries: [listed(...content)] })], end)).toEqual(revoked)
      expect(await both([makeCrl(root, { entries: [padded] })], end)).toEqual(revoked)
      expect(await both([makeCrl(root, { entries: [entry(1)] })], end)).toEqual(ok)
    }
    // -121 and 135 are two numbers.
    expect(
      await both([makeCrl(root, { entries: [listed(0, 0x87)] })], makeLeaf(root, { serial: integer(0x87) })),
    ).toEqual(ok)
  })
})

describe('RSA (RFC 4055)', () => {
  const authority = makeCa('RSA', {
    keys: makeKeys(2048),
    algorithm: derSequence(derOid('1.2.840.113549.1.1.11'), derNull()),
  })
  const end = makeLeaf(authority, { algorithm: derSequence(derOid('1.2.840.113549.1.1.11')) })
  const rsa = derSequence(derOid('1.2.840.113549.1.1.11'), derNull())
  const absent = derSequence(derOid('1.2.840.113549.1.1.11'))

  test.each<[string, CrlSpec]>([
    ['NULL', { algorithm: rsa }],
    ['absent', { algorithm: absent }],
    ['NULL outside, absent inside', { algorithm: rsa, innerAlgorithm: absent }],
    ['absent outside, NULL inside', { algorithm: absent, innerAlgorithm: rsa }],
  ])('section 5: parameters: %s', async (_, spec) => {
    expect(await both([makeCrl(authority, { ...spec, entries: [entry(SERIAL)] })], end, authority)).toEqual(revoked)
    expect(await both([makeCrl(authority, { ...spec, entries: [entry(1)] })], end, authority)).toEqual(ok)
  })
  test('another algorithm inside: only what is listed counts', async () => {
    const spec = { algorithm: rsa, innerAlgorithm: ecdsaSha256 }
    expect(await both([makeCrl(authority, { ...spec, entries: [entry(SERIAL)] })], end, authority)).toEqual(revoked)
    expect(await both([makeCrl(authority, spec)], end, authority)).toEqual(unknown)
  })
  test('section 3.1: RSASSA-PSS', async () => {
    const hash = derSequence(derOid('2.16.840.1.101.3.4.2.1'))
    const mask = derSequence(derOid('1.2.840.113549.1.1.8'), hash)
    const given = (n: number, value: Uint8Array): Uint8Array => derElement(constructedTag(n), value)
    const pss = (...more: Uint8Array[]): Uint8Array =>
      derSequence(
        derOid('1.2.840.113549.1.1.10'),
        derSequence(given(0, hash), given(1, mask), given(2, derInteger(32)), ...more),
      )
    const signed = (inner: Uint8Array, outer: Uint8Array, ...entries: Uint8Array[]): Uint8Array => {
      const tbs = derSequence(v2, inner, authority.subject, yesterday, tomorrow, derSequence(...entries))
      const key = { key: authority.keys.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      return derSequence(tbs, outer, derBits(new Uint8Array(sign('sha256', tbs, key))))
    }
    for (const outer of [pss(), pss(given(3, derInteger(1)))]) {
      expect(await both([signed(pss(), outer, entry(SERIAL))], end, authority)).toEqual(revoked)
      expect(await both([signed(pss(), outer, entry(1))], end, authority)).toEqual(ok)
    }
    expect(await both([signed(pss(), pss(given(3, derInteger(2))), entry(SERIAL))], end, authority)).toEqual(unknown)
  })
})

describe('a list that is odd and does not name the certificate', () => {
  test.each<[string, CrlSpec]>([
    ['5.1.2.6: padded serial numbers of others', { entries: [listed(0, 1)] }],
    ['5.1.2.6: negative and long ones', { entries: [listed(0x87), listed(1, ...Array(40).fill(9))] }],
    ['5.1.2.6: duplicates', { entries: [entry(1), entry(1)] }],
    ['5.3.1: reasons that there are not', { entries: [entry(1, reason(7)), entry(2, reason(11))] }],
    ['5.3.2: an invalidity date', { entries: [entry(1, extension('2.5.29.24', yesterday))] }],
    [
      '5.1.1.2: ECDSA with NULL as parameters inside',
      { innerAlgorithm: derSequence(derOid('1.2.840.10045.4.3.2'), derNull()) },
    ],
    ['5.1.1.2: and outside', { algorithm: derSequence(derOid('1.2.840.10045.4.3.2'), derNull()) }],
    ['5.2.2: an alternative name', { extensions: [altNames(dns('ca.example'))] }],
    ['5.2: an unknown extension', { extensions: [extension('1.2.3', derNull())] }],
    ['5.2.3: a number of 40 bytes', { number: extension('2.5.29.20', integer(1, ...Array(39).fill(0))) }],
    ['5.2.5: users only', { extensions: [scope(flag(1))] }],
    [
      '5.2.5: a name of another list, where the certificate names none',
      { extensions: [scope(fullName(directory(root.subject)))] },
    ],
  ])('counts: section %s', async (_, spec) => {
    expect(await both([makeCrl(root, spec)])).toEqual(ok)
  })
})

test('section 6.3.3 (g): what nobody who may has signed never counts, whatever it says', async () => {
  const namesake = makeCa('Root')
  const user = make({ subject: root.subject, issuer: root, extensions: [altNames(dns('Root'))] })
  const crl = makeCrl(root, { entries: [entry(SERIAL)] })
  const changed = crl.with(crl.length - 1, (crl.at(-1) ?? 0) ^ 1)
  const unsigned = derSequence(derOctets(concat(crl)))
  const forged = [makeCrl(namesake, { entries: [entry(SERIAL)] }), makeCrl(user, { entries: [entry(SERIAL)] }), changed]
  for (const one of [...forged, unsigned]) {
    expect(await both([one])).toEqual(unknown)
    expect(await both([one, makeCrl(root)])).toEqual(ok)
  }
  for (const good of [makeCrl(namesake), makeCrl(user)]) expect(await both([good])).toEqual(unknown)
})
