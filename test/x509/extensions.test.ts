// Every extension that is understood, right, and wrong in the same ways: a field too many, bytes after the end, nothing
// in it (RFC 5280 section 4.2; X.690 section 11). And signatures whose algorithm is not that of the key.

import { describe, expect, test } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { concat } from '../../src/wire/bytes.ts'
import { derBoolean, derElement, derInteger, derNull, derOctets, derOid, derSequence } from '../../src/wire/der.ts'
import { extensionOids, parseCertificate, verifyChain } from '../../src/x509/index.ts'
import type { Certificate } from '../../src/x509/index.ts'
import {
  basic,
  certSign,
  deviationsOf,
  directory,
  dns,
  extension,
  keyIdentifiers,
  make,
  makeCa,
  makeKeys,
  makeLeaf,
  name,
  now,
  uri,
  usage,
} from './make.ts'
import type { Made } from './make.ts'

const keys = makeKeys()
const holding = (oid: string, value: Uint8Array): Certificate =>
  parseCertificate(make({ keys, extensions: [extension(oid, value)] }).der)

/** What is inside the outermost SEQUENCE, and what comes out. */
const sequences: [keyof typeof extensionOids, keyof Certificate, Uint8Array[], unknown][] = [
  ['basicConstraints', 'basicConstraints', [derBoolean(true), derInteger(3)], { ca: true, pathLength: 3 }],
  [
    'policyConstraints',
    'policyConstraints',
    [derElement(0x80, Uint8Array.of(0)), derElement(0x81, Uint8Array.of(2))],
    { requireExplicitPolicy: 0, inhibitPolicyMapping: 2 },
  ],
  [
    'authorityKeyIdentifier',
    'authorityKeyIdentifier',
    [derElement(0x80, Uint8Array.of(1)), derElement(0xa1, dns('a')), derElement(0x82, Uint8Array.of(5))],
    { keyIdentifier: Uint8Array.of(1), issuer: [{ kind: 'dns', value: 'a' }], serialNumber: Uint8Array.of(5) },
  ],
  [
    'nameConstraints',
    'nameConstraints',
    [derElement(0xa1, derSequence(dns('a')))],
    { permitted: undefined, excluded: [{ base: { kind: 'dns', value: 'a' }, minimum: 0, maximum: undefined }] },
  ],
  ['extendedKeyUsage', 'extendedKeyUsage', [derOid('1.2.3')], ['1.2.3']],
  ['subjectAltName', 'subjectAltNames', [dns('a')], [{ kind: 'dns', value: 'a' }]],
  ['issuerAltName', 'issuerAltNames', [uri('b:c')], [{ kind: 'uri', value: 'b:c' }]],
  [
    'authorityInfoAccess',
    'authorityInfoAccess',
    [derSequence(derOid('1.2.3'), uri('b:c'))],
    [{ method: '1.2.3', location: { kind: 'uri', value: 'b:c' } }],
  ],
  [
    'subjectInfoAccess',
    'subjectInfoAccess',
    [derSequence(derOid('1.2.3'), uri('b:c'))],
    [{ method: '1.2.3', location: { kind: 'uri', value: 'b:c' } }],
  ],
  [
    'policyMappings',
    'policyMappings',
    [derSequence(derOid('1.2.3'), derOid('1.2.4'))],
    [{ issuerDomainPolicy: '1.2.3', subjectDomainPolicy: '1.2.4' }],
  ],
  ['certificatePolicies', 'certificatePolicies', [derSequence(derOid('1.2.3'))], [{ oid: '1.2.3', qualifiers: [] }]],
  ['tlsFeature', 'tlsFeatures', [derInteger(5), derInteger(17)], [5, 17]],
]

describe.each(sequences)('%s', (oid, property, fields, expected) => {
  const read = (value: Uint8Array): unknown => holding(extensionOids[oid], value)[property]

  test('is read', () => expect(read(derSequence(...fields))).toEqual(expected))
  test('with a field too many', () => {
    const value = derSequence(...fields, derNull())
    // Among names it is a name of a form that nobody knows, which matches nothing.
    if (oid.endsWith('AltName'))
      expect(deviationsOf(holding(extensionOids[oid], value), (it) => it[property])).toMatch(/no known form/)
    else expect(() => read(value)).toThrow(/malformed/)
  })
  test('with bytes after it', () =>
    expect(() => read(concat(derSequence(...fields), derNull()))).toThrow(/bytes after its last field/))
  test('empty', () => {
    if (oid === 'basicConstraints') expect(read(derSequence())).toEqual({ ca: false, pathLength: undefined })
    else if (oid === 'authorityKeyIdentifier') expect(read(derSequence())).toEqual({})
    else expect(deviationsOf(holding(extensionOids[oid], derSequence()), (it) => it[property])).toMatch(/empty|nothing/)
  })
})

const lists = ['authorityInfoAccess', 'subjectInfoAccess', 'policyMappings', 'certificatePolicies'] as const
test.each(lists)('%s, with a field too many in its first item', (oid) => {
  const [, property, [item = new Uint8Array()] = []] = sequences.find(([each]) => each === oid) ?? []
  if (property === undefined) throw new Error('not in the table')
  expect(() => holding(extensionOids[oid], derSequence(derSequence(item.subarray(2), derNull())))[property]).toThrow(
    /malformed/,
  )
})

test.each([
  ['subjectKeyIdentifier', 'subjectKeyIdentifier', derOctets(Uint8Array.of(7)), Uint8Array.of(7)],
  ['sctList', 'sctList', derOctets(Uint8Array.of(0, 0)), Uint8Array.of(0, 0)],
  ['inhibitAnyPolicy', 'inhibitAnyPolicy', derInteger(0), 0],
  ['keyUsage', 'keyUsage', derElement(0x03, Uint8Array.of(7, 0x80)), ['digitalSignature']],
] as const)('%s, and with bytes after it', (oid, property, value, expected) => {
  expect(holding(extensionOids[oid], value)[property]).toEqual(expected)
  expect(() => holding(extensionOids[oid], concat(value, derNull()))[property]).toThrow(/bytes after its last field/)
})

test('section 4.2.1.6: a name that ends beyond what holds it is refused, and not read for ever', () => {
  for (const tag of [0xa0, 0xa3, 0xa4, 0xa5, 0x82, 0x87, 0x88, 0x9e]) {
    for (const header of [[0x7f], [0xa2], [0x80], [0x82, 0xff, 0xff], []]) {
      const certificate = holding(extensionOids.subjectAltName, derSequence(Uint8Array.of(tag, ...header)))
      expect(() => certificate.subjectAltNames).toThrow(expect.objectContaining({ code: 'bad_certificate' }))
    }
  }
})

test('section 4.2.1.4: all qualifiers of a policy, at least one', () => {
  const policy = (...qualifiers: Uint8Array[]): Uint8Array =>
    derSequence(derSequence(derOid('1.2.3'), derSequence(...qualifiers)))
  const qualifier = (oid: string, ...more: Uint8Array[]): Uint8Array => derSequence(derOid(oid), derNull(), ...more)
  const read = (value: Uint8Array): Certificate['certificatePolicies'] =>
    holding(extensionOids.certificatePolicies, value).certificatePolicies
  expect(read(policy(qualifier('1.5'), qualifier('1.6')))?.[0]?.qualifiers.map(({ oid }) => oid)).toEqual([
    '1.5',
    '1.6',
  ])
  expect(deviationsOf(holding(extensionOids.certificatePolicies, policy()), (it) => it.certificatePolicies)).toMatch(
    /qualifiers is an empty list/,
  )
  expect(() => read(policy(qualifier('1.5', derNull())))).toThrow(/bytes after its last field/)
})

describe('on a path', () => {
  const root = makeCa('root')
  const verify = async (
    chain: readonly Made[],
    trust: Made,
    profile: 'web-pki' | 'rfc5280' = 'web-pki',
  ): Promise<string> => {
    const result = await verifyChain(
      chain.map(({ der }) => der),
      { provider: nodeProvider, trust: trust.der, time: now, serverName: 'host.example', profile },
    )
    return result.ok ? 'ok' : `${result.reason.code}: ${result.reason.message}`
  }

  test('section 4.1.1.2: an algorithm that does not go with the key is no signature', async () => {
    const rsa = makeCa('rsa', {
      keys: makeKeys(2048),
      algorithm: derSequence(derOid('1.2.840.113549.1.1.11'), derNull()),
    })
    const signedByRsa = derSequence(derOid('1.2.840.113549.1.1.11'), derNull())
    expect(await verify([makeLeaf(rsa, { algorithm: signedByRsa })], rsa)).toBe('ok')
    expect(await verify([makeLeaf(rsa)], rsa)).toMatch(/^bad_signature/)
    expect(await verify([makeLeaf(root, { algorithm: signedByRsa })], root)).toMatch(/^bad_signature/)
    expect(await verify([makeLeaf(root, { algorithm: derSequence(derOid('1.3.101.112')) })], root)).toMatch(
      /^bad_signature/,
    )
  })
  test('section 4.2.1.4: critical policies are understood with their qualifiers, or refused', async () => {
    const policies = (qualifier: string, critical: boolean): Promise<string> => {
      const qualified = derSequence(derOid('1.2.3'), derSequence(derSequence(derOid(qualifier), derNull())))
      return verify(
        [makeLeaf(root, { extra: [extension(extensionOids.certificatePolicies, derSequence(qualified), critical)] })],
        root,
      )
    }
    expect(await policies('1.5', false)).toBe('ok')
    expect(await policies('1.5', true)).toMatch(/^unknown_critical_extension: .*qualifier .*1\.5/)
    expect(await policies('1.3.6.1.5.5.7.2.1', true)).toBe('ok')
    expect(await policies('1.3.6.1.5.5.7.2.2', true)).toBe('ok')
  })
  test('section 4.2.1.9: a path length is for CAs that may sign certificates', async () => {
    const ca = (...extensions: Uint8Array[]): Promise<string> => {
      const own = makeKeys()
      const middle = make({
        subject: name('middle'),
        issuer: root,
        keys: own,
        extensions: [...extensions, ...keyIdentifiers(own, root.keys)],
      })
      return verify([makeLeaf(middle), middle], root, 'rfc5280')
    }
    expect(await ca(basic(true, 0), certSign)).toBe('ok')
    expect(await ca(basic(true), certSign)).toBe('ok')
    expect(await ca(basic(true, 0))).toMatch(/^nonconforming: .*path length, but may not sign/)
    const leaf = makeLeaf(root, { extra: [basic(false, 0)] })
    expect(await verify([leaf], root, 'rfc5280')).toMatch(/^nonconforming: .*path length, but may not sign/)
    expect(await ca(basic(true, 0), usage(0x80, 7))).toMatch(/^not_a_ca/)
  })
  test('section 4.2.1.6: a directory name among the alternative names', async () => {
    expect(holding(extensionOids.subjectAltName, derSequence(directory(name('x')))).subjectAltNames?.[0]?.value).toBe(
      'CN=x',
    )
    expect(await verify([makeLeaf(root, { names: [directory(name('x')), dns('host.example')] })], root)).toBe('ok')
  })
})
